"""The sources of several models: told from arrays, opened side by side, and what each is called."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unsurprised.addresses import named
from unsurprised.class_names.names import same_names
from unsurprised.errors import CallError, Place
from unsurprised.evaluation.evaluate import is_plan

if TYPE_CHECKING:
    from unsurprised.sources import Options, Reading


@dataclass(frozen=True, slots=True)
class OpenedModel:
    """A model's source, and with which options it was opened."""

    source: Any
    reading: Reading
    options: Options


def opened_models(
    sources: Sequence[Any],
    columns: Sequence[Any],
    options: Mapping[str, Any],
    *,
    sliced: bool = False,
) -> list[OpenedModel]:
    """The sources of the models, the base first, each with the column of its predictions.

    The base's columns slice the rows, unless those of all are ``sliced``. Where others name the
    base's classes in another order, its order is theirs.
    """
    from unsurprised.sources import Options, open_predictions

    told = [(_key(source), str(column)) for source, column in zip(sources, columns, strict=True)]
    if len(set(told)) < len(told):
        raise CallError("a model is given twice; expected different files or columns")
    opened: list[OpenedModel] = []
    for source, column in zip(sources, columns, strict=True):
        own = {**options, "pred": column, **({"by": ()} if opened and not sliced else {})}
        reading = open_predictions(source, Options(**own))
        if opened and _other_order(reading, opened[0].reading):
            own["classes"] = opened[0].reading.class_names
            reading = open_predictions(source, Options(**own))
        opened.append(OpenedModel(source, reading, Options(**own)))
    return opened


def _key(source: Any) -> Any:
    """What tells a source from another."""
    if _are_paths(source):
        return tuple(_path_key(path) for path in source)
    return _path_key(source) if isinstance(source, str | os.PathLike) else id(source)


def _path_key(path: str | os.PathLike[str]) -> str:
    told = os.fspath(path)
    return told.rstrip("/") if "://" in told else os.path.normpath(told)


def _other_order(reading: Reading, first: Reading) -> bool:
    """Whether a source names the classes of the first in another order: then names bind."""
    names = reading.class_names
    if names is None or first.class_names is None or names == first.class_names:
        return False
    return reading.layout in ("columns", "map") and same_names(names, first.class_names)


def refuse_other_classes(
    classes: Sequence[Sequence[str] | None],
    names: Sequence[str],
    remedy: str = "say it with --classes A,B,…",
) -> None:
    """Raise unless all models have the classes of the first, in its order."""
    for held, name in zip(classes[1:], names[1:], strict=True):
        if held != classes[0]:
            raise CallError(
                f"{name} has the classes {_listed(held)}, {names[0]} has {_listed(classes[0])}; "
                f"expected the same in the same order: {remedy}"
            )


def _listed(classes: Sequence[str] | None) -> str:
    shown = list(classes or ())
    return ", ".join(map(repr, shown[:6])) + (", …" if len(shown) > 6 else "")


def names_of_files(files: Sequence[str]) -> list[str]:
    """The shortest ends of the paths that tell them apart.

    Examples
    --------
    >>> names_of_files(["runs/old/p.csv", "runs/new/p.csv"])
    ['old/p.csv', 'new/p.csv']
    """
    files = [str(Place(file)) for file in files]
    parts = [Path(named(file)).parts for file in files]
    for count in range(1, max(map(len, parts)) + 1):
        names = ["/".join(part[-count:]) for part in parts]
        if len(set(names)) == len(names):
            return names
    return [f"{'/'.join(part)} ({k + 1})" for k, part in enumerate(parts)]


def numbered_names(count: int) -> list[str]:
    """What models are called that have no names: the base, and the new ones."""
    return ["base", *(["new"] if count == 2 else [f"new {k}" for k in range(1, count)])]


#: Where the class of queries stands, which is imported when somebody makes one.
_QUERIES = "unsurprised.sources.databases.query"


def sources_of(call: str, first: Any, others: Sequence[Any]) -> list[Any] | None:
    """The sources of all models that ``call`` was handed; None where it has arrays.

    Arrays come behind their truth, which may be names of classes as paths are names of files: so
    what follows tells.

    Examples
    --------
    >>> sources_of("compare", "base.parquet", ["new.parquet"])
    ['base.parquet', 'new.parquet']
    >>> sources_of("compare", ["cat", "dog"], [[0.5, 0.5], [0.5, 0.5]]) is None
    True
    """
    given = [first, *others]
    if all(_is_one_source(each) or _are_paths(each) for each in given):
        return given
    lone = next((each for each in given if _is_one_source(each)), None)
    if lone is None:
        return None
    other = next(each for each in given if not (_is_one_source(each) or _are_paths(each)))
    raise CallError(
        f"{call} found {lone!r:.60} beside a {type(other).__name__}; expected files (or plans) of "
        f"all models, the base first: {call}(BASE, NEW, label=…), or arrays: {call}(y_true, base, "
        "new)"
    )


def _is_one_source(source: Any) -> bool:
    """Whether something names a file, or is a plan or a query: a text alone is no array."""
    named = isinstance(source, str | os.PathLike)
    return named or is_plan(source) or type(source).__module__ == _QUERIES


def _are_paths(source: Any) -> bool:
    """Whether something may be a list of files, as names of classes may be, too."""
    kinds = (str, os.PathLike)
    return (
        isinstance(source, list | tuple)
        and bool(source)
        and all(isinstance(each, kinds) for each in source)
    )
