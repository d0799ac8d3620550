"""What ``compare`` and ``check`` were handed: files and plans, or arrays behind their truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from unsurprised.comparison.opening import sources_of
from unsurprised.errors import CallError
from unsurprised.evaluation.evaluate import column_cluster, columns_by

if TYPE_CHECKING:
    from unsurprised.comparison.files import FileModels

#: What is not said of sources, and its defaults.
_OF_ARRAYS: Mapping[str, Any] = {"weights": None, "ids": None, "axis": -1, "multilabel": False}
_AS_COLUMN = {"weights": "weight", "ids": "id"}


def file_models(
    call: str,
    given: Sequence[Any],
    names: Sequence[str] | None,
    told: Mapping[str, Any],
    *,
    columns: Mapping[str, Any],
    engine: Any,
) -> FileModels | None:
    """The models, if they are files or plans; None where they are arrays.

    ``told`` are arguments that arrays have too, and ``columns`` the others, by their names.
    """
    first, *others = given
    if isinstance(first, Mapping) and not others and names is None:
        if len(first) < 2:
            return None
        names = list(map(str, first))
        first, *others = first.values()
    sources = sources_of(call, first, others)
    if sources is None:
        return None
    from unsurprised.comparison.files import FileModels  # pyarrow is slow

    for name, default in _OF_ARRAYS.items():
        if told.get(name, default) is not default and told[name] != default:
            column = _AS_COLUMN.get(name)
            raise CallError(
                f"{call}(BASE, NEW, {name}=…): {name}=… is for arrays"
                + (f"; sources name a column: {column}=…" if column else "")
            )
    own = {name: value for name, value in told.items() if name not in _OF_ARRAYS}
    own["by"], own["cluster"] = columns_by(own["by"], call), column_cluster(own["cluster"], call)
    said = {**own, **columns}
    return FileModels(call, sources, _said(said), names, engine)


def _said(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that somebody said, and are no default."""
    from unsurprised.sources import Options

    plain = Options()
    return {
        name: value
        for name, value in options.items()
        if value is not None and value != getattr(plain, name, None)
    }


def refuse_of_files(call: str, columns: Mapping[str, Any], join: str, engine: Any) -> None:
    """Raise for what is said of sources, beside arrays."""
    said = [name for name, value in columns.items() if value is not None]
    said += ["join"] if join != "exact" else []
    said += ["engine"] if engine is not None else []
    if said:
        raise CallError(
            f"{call}(y_true, base, new, {said[0]}=…): {said[0]}=… is for files and plans, or is no "
            "option; arrays say their meaning by a form: Logits(base), weights=…, ids=…"
        )
