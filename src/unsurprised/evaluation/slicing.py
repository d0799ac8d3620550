"""To which cells of the table of sums the rows of a batch belong."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from unsurprised.batches import SliceColumn
from unsurprised.errors import CallError, InputError, Place
from unsurprised.evaluation.bins import Bins, NumberLook
from unsurprised.states.sums import Cell

#: A column of more values than this has no slices: each would hold few rows.
MOST_SLICES = 1000

_NAN = "NaN"

Slicing = dict[str, Bins | None]


def cell_of(column: str, value: str | None) -> Cell:
    """The cell of a slice; of the rows without a value it is the column alone."""
    return (column,) if value is None else (column, value)


def slice_of(cell: Cell) -> tuple[str, str | None]:
    """Column and value of a slice's cell."""
    return cell[0], cell[1] if len(cell) > 1 else None


def slicing_of(columns: Mapping[str, SliceColumn], known: Mapping[str, Bins]) -> Slicing:
    """How each column is cut: by names (``None``), or as ``known`` or a look at it says."""
    slicing: Slicing = {}
    for name, column in columns.items():
        if column.numbers is None:
            slicing[name] = None
        elif name in known:
            slicing[name] = known[name]
        else:
            look = NumberLook()
            look_at(column, look)
            slicing[name] = look.bins()
    return slicing


def look_at(column: SliceColumn, look: NumberLook) -> None:
    """Let a first look at a column see more of it."""
    if column.numbers is not None:
        missing = column.missing
        look.add(column.numbers if missing is None else column.numbers[~missing])


def given_bins(bins: Mapping[str, Sequence[float] | Bins]) -> dict[str, Bins]:
    """Edges that the caller says, checked."""
    checked = {}
    for name, edges in bins.items():
        if isinstance(edges, Bins):
            checked[name] = edges
            continue
        numbers = [float(edge) for edge in edges]
        if not numbers or math.isnan(numbers[0]) or not all(a < b for a, b in pairwise(numbers)):
            raise CallError(
                f"bins[{name!r}]={list(edges)}; expected one number or more, each larger than the "
                "one before it: where the bins are cut"
            )
        checked[name] = Bins(tuple(numbers))
    return checked


def cells_of(
    name: str, column: SliceColumn, bins: Bins | None
) -> tuple[list[Cell], NDArray[np.int32]]:
    """The cells that the rows of a column meet, and the place among them of each row's."""
    if column.codes is not None:
        codes, names = column.codes, list(column.names)
    elif bins is None or bins.edges is None:
        codes, names = _values(column)
    else:
        codes, names = _binned(column, bins)
    met = np.flatnonzero(np.bincount(codes, minlength=len(names)))
    place = np.zeros(len(names), dtype=np.int32)
    place[met] = np.arange(len(met), dtype=np.int32)
    return [cell_of(name, names[code]) for code in met.tolist()], place[codes]


def refuse_many(cells: Iterable[Cell]) -> None:
    """An error for a column of more values than are slices."""
    held: dict[str, int] = {}
    for cell in filter(None, cells):  # the empty one is all rows
        held[cell[0]] = held.get(cell[0], 0) + 1
    for name, count in held.items():
        if count > MOST_SLICES:
            raise InputError(
                f"found more than {MOST_SLICES:,} values",
                expected=f"at most {MOST_SLICES:,} slices, of many rows each",
                remedy="slice by a coarser column, or by a number, which is binned",
                place=Place(column=name),
            )


def _values(column: SliceColumn) -> tuple[NDArray[np.int32], list[str | None]]:
    """Each number as a name of its own."""
    numbers = np.asarray(column.numbers)
    values, codes = np.unique(numbers, return_inverse=True)
    whole = numbers.dtype.kind in "iu"
    names: list[str | None] = [
        _NAN if math.isnan(value) else str(value + 0.0 if not whole else value).removesuffix(".0")
        for value in values.tolist()
    ]
    return _with_missing(codes.reshape(-1).astype(np.int32), names, column.missing)


def _binned(column: SliceColumn, bins: Bins) -> tuple[NDArray[np.int32], list[str | None]]:
    numbers = np.asarray(column.numbers, dtype=np.float64)
    codes = np.searchsorted(np.array(bins.edges), numbers, side="right").astype(np.int32)
    names: list[str | None] = [*bins.names()]
    unordered = np.isnan(numbers)
    if unordered.any():
        codes[unordered] = len(names)
        names.append(_NAN)
    return _with_missing(codes, names, column.missing)


def _with_missing(
    codes: NDArray[np.int32], names: list[str | None], missing: NDArray[np.bool_] | None
) -> tuple[NDArray[np.int32], list[str | None]]:
    if missing is None or not missing.any():
        return codes, names
    return np.where(missing, np.int32(len(names)), codes), [*names, None]
