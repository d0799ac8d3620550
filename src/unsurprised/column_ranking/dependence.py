"""How y is spread over the values of a column: the small table that a picture is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unsurprised.column_ranking.columns import TableColumn
from unsurprised.column_ranking.pair_counts import CountedColumn
from unsurprised.copies import Record
from unsurprised.errors import shortened

#: Cells of a column, and of y: the categories with the most rows, or parts with as many rows each.
X_CELLS, Y_CELLS = 10, 5
#: Letters of a category that are kept.
_LETTERS = 60

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Dependence(Record):
    """How many rows the cells of a column have by cell of y.

    Cells are categories, those with the most rows and the others together, or numbers from one to
    another, about as many rows in each; nulls are a cell of their own.

    Parameters
    ----------
    name : str
        The column.
    x, y : tuple of str
        The cells of the column and of y.
    counts : tuple of tuple of int
        Rows, by cell of the column and then by cell of y.

    Examples
    --------
    >>> Dependence("sky", ("grey", "blue"), ("rain", "sun"), ((8, 2), (1, 9))).rows
    20
    """

    name: str
    x: tuple[str, ...]
    y: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def rows(self) -> int:
        """How many rows there are in all cells."""
        return sum(map(sum, self.counts))


@dataclass(frozen=True)
class Cut:
    """A column in a few cells: which one each row (or category) is in, and their names."""

    codes: Whole
    names: list[str]


def dependence_of(x: TableColumn, y: TableColumn, sample: pa.Table) -> Dependence:
    """The table of two columns: of all rows where they are counted, else of the sample."""
    if x.counted is not None:
        return _of_counts(x.name, x.counted)
    x_cut = _cut(x, sample.column(x.name), X_CELLS)
    y_cut = _cut(y, sample.column(y.name), Y_CELLS)
    return _table(x.name, x_cut, y_cut, np.ones(sample.num_rows, dtype=np.int64))


def _of_counts(name: str, counted: CountedColumn) -> Dependence:
    y_names = [each[0] if isinstance(each, tuple) else each for each in counted.y_names]
    y_values = list(dict.fromkeys(y_names))
    of_y = {value: place for place, value in enumerate(y_values)}
    y = np.array([of_y[value] for value in y_names])[counted.y]
    by_y = np.bincount(y, counted.counts, len(y_values)).astype(np.int64)
    x_cut = _categories(counted.x_names, counted.by_category, X_CELLS)
    y_cut = _categories(y_values, by_y, Y_CELLS)
    x_cells, y_cells = Cut(x_cut.codes[counted.x], x_cut.names), Cut(y_cut.codes[y], y_cut.names)
    return _table(name, x_cells, y_cells, counted.counts)


def _table(name: str, x: Cut, y: Cut, rows: Whole) -> Dependence:
    size = len(x.names), len(y.names)
    counts = np.bincount(x.codes * size[1] + y.codes, rows, size[0] * size[1]).astype(np.int64)
    told = tuple(map(tuple, counts.reshape(size).tolist()))
    return Dependence(name, tuple(x.names), tuple(y.names), told)


def _cut(column: TableColumn, given: pa.ChunkedArray, most: int) -> Cut:
    if column.is_category:
        found = pc.value_counts(given.combine_chunks())
        values, rows = found.field("values"), found.field("counts")
        cut = _categories(values.to_pylist(), np.asarray(rows), most)
        return Cut(cut.codes[np.asarray(pc.index_in(given, value_set=values))], cut.names)
    return _numbers(column.values, given, most)


def _categories(names: list[Any], rows: Whole, most: int) -> Cut:
    """The cell of each category: its own, that of the others, or that of what is missing.

    Of many integers neighbours stand together, as numbers do.
    """
    present = [code for code, name in enumerate(names) if name is not None]
    if len(present) > most + 1 and all(type(names[code]) is int for code in present):
        return _integers(names, rows, most)
    present.sort(key=lambda code: (-int(rows[code]), names[code]))
    kept = present if len(present) <= most + 1 else present[:most]
    kept = sorted(kept, key=lambda code: names[code])
    told = [shortened(str(names[code]), _LETTERS) for code in kept]
    codes = np.full(len(names), len(kept), dtype=np.int64)
    codes[kept] = np.arange(len(kept))
    if len(kept) < len(present):
        told.append(f"{len(present) - len(kept):,} others")
    if len(present) < len(names):
        codes[[code for code, name in enumerate(names) if name is None]] = len(told)
        told.append("null")
    return Cut(codes, told)


def _integers(names: list[Any], rows: Whole, most: int) -> Cut:
    """Parts of about as many rows each."""
    order = sorted((name, code) for code, name in enumerate(names) if name is not None)
    places = [code for _, code in order]
    reached = np.cumsum(rows[places])
    parts = (reached - 1) * most // reached[-1]
    codes = np.zeros(len(names), dtype=np.int64)
    codes[places] = np.unique(parts, return_inverse=True)[1]
    told = []
    for part in np.unique(parts):
        first, last = (order[int(at)][0] for at in np.flatnonzero(parts == part)[[0, -1]])
        told.append(f"{first}" if first == last else f"{first} to {last}")
    if len(places) < len(names):
        codes[[code for code, name in enumerate(names) if name is None]] = len(told)
        told.append("null")
    return Cut(codes, told)


def _numbers(values: pa.Array, given: pa.ChunkedArray, most: int) -> Cut:
    """Parts of about as many rows each, equal numbers together."""
    missing = np.asarray(values.is_null())
    numbers = np.asarray(pc.fill_null(values, 0.0))
    known = np.flatnonzero(~missing)
    order = known[np.argsort(numbers[known], kind="stable")]
    ends = [-(-len(order) * part // most) - 1 for part in range(1, most + 1)]
    edges = np.unique(numbers[order[[end for end in ends if end >= 0]]])
    codes = np.searchsorted(edges, numbers)
    names = []
    for code in range(len(edges)):
        within = order[codes[order] == code]
        first, last = (_shown(given[int(row)].as_py()) for row in within[[0, -1]])
        names.append(first if first == last else f"{first} to {last}")
    if missing.any():
        codes[missing] = len(names)
        names.append("null")
    return Cut(codes.astype(np.int64), names)


def _shown(value: Any) -> str:
    """A number in a few digits, a time as it is."""
    return f"{value:.4g}" if isinstance(value, float | int) else shortened(str(value), _LETTERS)
