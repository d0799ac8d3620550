"""What is said of whole documents: by their names where it has any, else in their order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.host import host_array
from unsurprised.batches import SliceColumn
from unsurprised.errors import CallError, InputError, Place
from unsurprised.inputs.row_values import slice_values


@dataclass(frozen=True, slots=True)
class DocumentColumn:
    """A column of a value a document, and what the documents are called beside it."""

    column: SliceColumn
    names: Sequence[str]
    said: str


def places_of(said: Sequence[str], names: Sequence[str], place: Place) -> list[int] | None:
    """Where each of ``names`` is among those that were said; None: names say nothing.

    Numbers that documents without names have been given say nothing, unless all of them were said.

    Examples
    --------
    >>> places_of(["b", "a"], ["a", "b"], Place("texts"))
    [1, 0]
    >>> places_of(["b", "a"], ["0", "1"], Place("texts")) is None
    True
    """
    known = {name: place for place, name in enumerate(said)}
    lacking = next((name for name in names if name not in known), None)
    if lacking is None:
        return [known[name] for name in names]
    if all(name.isdecimal() for name in names) and not any(name in known for name in names):
        return None
    raise InputError(
        f"found nothing of the document {lacking!r:.60}",
        expected="all documents that are measured, by the same names",
        place=place,
    )


def slice_columns(
    by: Mapping[str, Any] | None, size: int, names: Sequence[str], which: NDArray[np.int64]
) -> dict[str, SliceColumn]:
    """What the tokens are sliced by: columns of a value a token, or a document.

    ``names`` are those of the documents, and ``which`` says of each token which is its own.
    """
    if by is None:
        return {}
    if not isinstance(by, Mapping):
        raise CallError(
            f"by is a {type(by).__name__}; expected columns by their names: by={{'language': …}}"
        )
    found = {}
    for name, given in by.items():
        if not isinstance(name, str):
            raise CallError(f"by has a column called {name!r:.40}; expected a text as its name")
        column = _column(given, name, names)
        rows = _rows_of(column)
        if rows not in (size, len(names)):
            raise CallError(
                f"by[{name!r}] holds {rows:,} values for {size:,} tokens of "
                f"{len(names):,} documents; expected one a token, or one a document"
            )
        found[name] = column if rows == size else column.part(which)
    return found


def _column(given: Any, name: str, names: Sequence[str]) -> SliceColumn:
    what = f"by[{name!r}]"
    if isinstance(given, SliceColumn):
        return given
    if isinstance(given, DocumentColumn):
        places = places_of(given.names, names, Place(given.said))
        return given.column if places is None else given.column.part(np.array(places))
    if isinstance(given, Mapping):
        places = places_of([*map(str, given)], names, Place(what))
        values = list(given.values())
        given = values if places is None else [values[place] for place in places]
    array = host_array(given, what)
    return slice_values(array, int(array.values.size), name)


def _rows_of(column: SliceColumn) -> int:
    values = column.codes if column.codes is not None else column.numbers
    return 0 if values is None else len(values)
