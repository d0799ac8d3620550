"""What ``compare`` and ``check`` were handed: files and plans, or arrays behind their truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from unsurprised.class_names.orders import in_order
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
    on: Mapping[str, Any],
) -> FileModels | None:
    """The models, if they are files or plans; None where they are arrays.

    ``told`` are arguments that arrays have too, and ``columns`` the others, by their names; ``on``
    says where rows are read and matched: the ``engine``, and its ``exchange``.
    """
    names = None if names is None else in_order(names, "names")
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
    return FileModels(call, sources, _said(said), names, **on)


def _said(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that somebody said, and are no default."""
    from unsurprised.sources import Options

    plain = Options()
    return {
        name: value
        for name, value in options.items()
        if value is not None and value != getattr(plain, name, None)
    }


def refuse_of_files(
    call: str, given: Sequence[Any], columns: Mapping[str, Any], join: str, on: Mapping[str, Any]
) -> None:
    """Raise for what is said of sources, beside arrays, and for frames in the place of sources."""
    said = [name for name, value in columns.items() if value is not None]
    said += ["join"] if join != "exact" else []
    said += [name for name, value in on.items() if value is not None]
    _refuse_frames(call, given, as_sources=bool(said))
    if said:
        raise CallError(
            f"{call}(y_true, base, new, {said[0]}=…): {said[0]}=… is for files and plans, or is no "
            "option; arrays say their meaning by a form: Logits(base), weights=…, ids=…"
        )


def _refuse_frames(call: str, given: Sequence[Any], *, as_sources: bool) -> None:
    """Raise for frames in the place of sources; the columns of one may well be an array."""
    first = given[0]
    if isinstance(first, Mapping) and len(given) == 1 and first:
        first = next(iter(first.values()))
    elif len(given) < (3 if call == "compare" else 2) and not isinstance(given[-1], Mapping):
        as_sources = True
    if not (hasattr(type(first), "columns") or hasattr(type(first), "column_names")):
        return
    from unsurprised.sources.frames import is_frame, writing_call  # pyarrow is slow

    writes = writing_call(first)
    if writes is None and not (as_sources and is_frame(first)):
        return
    wanted = "y_true, base, new" if call == "compare" else "y_true, [base,] new"
    named = "BASE, NEW" if call == "compare" else "[BASE,] NEW"
    raise CallError(
        f"{call} found a {type(first).__name__}, which is no file; expected its columns as arrays: "
        f"{call}({wanted}), or files: write it as Parquet{f' ({writes})' if writes else ''}, "
        f"and pass their paths: {call}({named}, …)"
    )
