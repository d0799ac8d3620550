"""Two columns of categories counted against each other, batch after batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.column_ranking.category_codes import BatchCodes, CategoryCodes
from unsurprised.estimate.conditioned_cells import (
    ConditionedCells,
    conditional_estimate,
    table_of_cells,
)
from unsurprised.estimate.groups import compact
from unsurprised.estimate.result import SampleEstimate
from unsurprised.estimate.table_information import TwoWayTable, counts_of_pairs, table_estimate
from unsurprised.estimate.variables import many_categories

#: Pairs of categories that are kept of two columns, and the most cells of their table.
MOST_PAIRS = 1 << 16
_MOST_CELLS = 1 << 20
#: Cells of a batch's table that is laid out.
_LAID_OUT = 1 << 20
#: Pairs that wait until they are sorted among those that are kept.
_WAITING = 1 << 15

Whole = NDArray[np.int64]


class PairCounts:
    """How many rows have each pair of categories of a column and a target; exact, or given up.

    Up to 65,536 pairs are kept, in a table of up to 2²⁰ cells. Whether there are more hangs on the
    rows alone, not on their order or on how they are split.

    Examples
    --------
    >>> from unsurprised.column_ranking.category_codes import batch_codes
    >>> import pyarrow as pa
    >>> counts = PairCounts()
    >>> counts.update(*(batch_codes(pa.array(column)) for column in (["a", "b", "a"], [7, 8, 7])))
    >>> counts.result()
    ([('a', 7), ('b', 8)], [2, 1])
    """

    def __init__(self) -> None:
        #: Whether there are too many pairs, or a batch held something else.
        self.given_up = False
        self._x, self._y = CategoryCodes(), CategoryCodes()
        self._keys: Whole = np.empty(0, dtype=np.int64)
        self._counts: Whole = np.empty(0, dtype=np.int64)
        self._waiting: list[tuple[Whole, Whole]] = []

    def give_up(self) -> None:
        """Count no longer, and hold nothing."""
        self.__init__()  # type: ignore[misc]
        self.given_up = True

    def update(self, x: BatchCodes | None, y: BatchCodes | None) -> None:
        """Add the rows of a batch; None for a column that cannot be counted."""
        if self.given_up:
            return
        if x is None or y is None:
            self.give_up()
            return
        cells, counts = _cells_of_batch(x, y)
        at_x, at_y = np.divmod(cells, y.size)
        self._add(_coded(self._x, x, at_x), _coded(self._y, y, at_y), counts)

    def merge(self, other: PairCounts) -> None:
        """Add another part's rows."""
        if other.given_up:
            self.give_up()
        if self.given_up:
            return
        other._settle()
        at_x, at_y = other._keys >> 32, other._keys & 0xFFFFFFFF
        self._add(self._x.of(other._x.names)[at_x], self._y.of(other._y.names)[at_y], other._counts)

    def _add(self, x: Whole, y: Whole, counts: Whole) -> None:
        self._waiting.append((x << 32 | y, counts))
        if sum(len(keys) for keys, _ in self._waiting) > _WAITING:
            self._settle()

    def _settle(self) -> None:
        parts = [(self._keys, self._counts), *self._waiting]
        keys, counts = (np.concatenate(each) for each in zip(*parts, strict=True))
        self._keys, places = np.unique(keys, return_inverse=True)
        # Sums of doubles, which are exact up to 2⁵³ rows.
        self._counts = np.bincount(places, counts, len(self._keys)).astype(np.int64)
        self._waiting = []
        if len(self._keys) > MOST_PAIRS or self._x.too_long or self._y.too_long:
            self.give_up()

    def result(self) -> tuple[list[tuple[Any, Any]], list[int]]:
        """The pairs in the order of their values, those that are missing first, and their rows."""
        found = self.counted()
        assert found is not None
        pairs = zip(found.x.tolist(), found.y.tolist(), strict=True)
        return [(found.x_names[x], found.y_names[y]) for x, y in pairs], found.counts.tolist()

    def counted(self) -> CountedColumn | None:
        """What was counted, in an order of its own; None where it was given up."""
        if not self.given_up:
            self._settle()
        x_names, y_names = self._x.names, self._y.names
        if self.given_up or not len(self._keys) or len(x_names) * len(y_names) > _MOST_CELLS:
            return None
        x_places, y_places = _places(x_names), _places(y_names)
        x, y = x_places[self._keys >> 32], y_places[self._keys & 0xFFFFFFFF]
        order = np.lexsort((y, x))
        return CountedColumn(
            sorted(x_names, key=_in_order), sorted(y_names, key=_in_order),
            x[order], y[order], self._counts[order],
        )  # fmt: skip


def _cells_of_batch(x: BatchCodes, y: BatchCodes) -> tuple[Whole, Whole]:
    """The cells of a batch's table that have rows, and how many."""
    if x.size * y.size > _LAID_OUT:
        return np.unique(x.places * y.size + y.places, return_counts=True)
    table = counts_of_pairs(x.values, (x.least, x.size), y.values, (y.least, y.size)).ravel()
    cells = np.flatnonzero(table)
    return cells, table[cells]


def _coded(codes: CategoryCodes, batch: BatchCodes, places: Whole) -> Whole:
    met, of_rows = np.unique(places, return_inverse=True)
    return codes.of(batch.named(met))[of_rows]


def _in_order(name: Any) -> tuple[Any, ...]:
    """Missing ones first; pairs by the first."""
    if isinstance(name, tuple):
        return tuple(part for each in name for part in _in_order(each))
    return (name is not None, 0 if name is None else name)


def _places(names: list[Any]) -> Whole:
    order = sorted(range(len(names)), key=lambda code: _in_order(names[code]))
    places = np.empty(len(names), dtype=np.int64)
    places[order] = np.arange(len(names))
    return places


@dataclass(frozen=True)
class CountedColumn:
    """All rows of a column and a target, a cell for each pair of categories that has some.

    Where a column is given, the target's categories are pairs of the two.
    """

    x_names: list[Any]
    y_names: list[Any]
    x: Whole
    y: Whole
    counts: Whole

    @property
    def rows(self) -> int:
        """How many rows were counted."""
        return int(self.counts.sum())

    @property
    def distinct(self) -> int:
        """How many categories the column has, the missing not counted."""
        return len(self.x_names) - (self.x_names[0] is None)

    @property
    def missing(self) -> int:
        """How many rows hold no value."""
        return int(self.by_category[0]) if self.x_names[0] is None else 0

    @property
    def by_category(self) -> Whole:
        """How many rows each category of the column has."""
        return np.bincount(self.x, self.counts).astype(np.int64)

    def estimate(self, permutations: int, seed: int) -> SampleEstimate:
        """What the column tells of the target, in nats, as of the columns themselves."""
        notes = many_categories("x", len(self.x_names), self.rows)
        if self.missing:
            notes = (f"x: nulls ({self.missing:,}) are a category of their own",)
        if isinstance(self.y_names[0], tuple):
            found = conditional_estimate(self._conditioned(), permutations, seed)
        else:
            table = TwoWayTable(table_of_cells(self.x, self.y, self.counts), None, None)
            found = table_estimate(table, "auto", None, permutations, seed)
        return found.with_notes(notes)

    def _conditioned(self) -> ConditionedCells:
        target, given = (
            np.unique([_key(name[part]) for name in self.y_names], return_inverse=True)[1]
            for part in (0, 1)
        )
        codes = (self.x, target[self.y], given[self.y])
        return ConditionedCells(self.counts, *map(compact, codes))


def _key(name: Any) -> str:
    """A name for what may be missing."""
    return "" if name is None else f"={name}"
