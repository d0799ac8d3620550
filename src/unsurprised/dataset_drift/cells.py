"""The cells that two columns are compared by: categories, numbers by rank, what is missing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.dataset_drift.column_state import ColumnState
from unsurprised.dataset_drift.number_counts import NumberCounts, numbers_of
from unsurprised.states.categories import CategoryCounts
from unsurprised.states.keyed import name_hashes

Counts = NDArray[np.int64]

#: So many different numbers are a cell each; more are put together by rank.
MOST_VALUES = 64
#: Cells by rank: as many as half the root of the smaller data set's rows, within these.
_LEAST_RANKS, _MOST_RANKS = 4, 32
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class ColumnCells:
    """Rows of the base and of the new data by cell.

    The cells follow from the rows of both together, as if it were not known which is which, so
    that any way to deal them out is as likely as another where nothing drifted.
    """

    names: Sequence[str]
    base: Counts
    new: Counts
    #: "value": of one value or category; "range": of all numbers from one to another; "null".
    kinds: Sequence[str]

    @property
    def filled(self) -> ColumnCells:
        """The cells that hold a row."""
        kept = np.flatnonzero(self.base + self.new).tolist()
        return ColumnCells(
            [self.names[at] for at in kept],
            self.base[kept],
            self.new[kept],
            [self.kinds[at] for at in kept],
        )


def cells_of(base: ColumnState, new: ColumnState, *, nulls: bool) -> ColumnCells:
    """The cells of a column, without those that hold no row."""
    kind = base.kind if base.kind != "empty" else new.kind
    if kind in ("number", "time"):
        cells = _of_numbers(base, new, kind)
    else:
        cells = _of_categories(base.categories, new.categories)
    if nulls:
        cells = _joined(
            cells, _single("null", base.nulls + base.nans, new.nulls + new.nans, "null")
        )
    return cells.filled


def _single(name: str, base: int, new: int, kind: str) -> ColumnCells:
    return ColumnCells([name], np.array([base]), np.array([new]), [kind])


def _joined(*parts: ColumnCells) -> ColumnCells:
    return ColumnCells(
        [name for part in parts for name in part.names],
        np.concatenate([part.base for part in parts]),
        np.concatenate([part.new for part in parts]),
        [kind for part in parts for kind in part.kinds],
    )


def _of_categories(base: CategoryCounts, new: CategoryCounts) -> ColumnCells:
    """A cell for each category that both would have kept, and one for all others."""
    ours, theirs = base.result(), new.result()
    names = sorted({*ours, *theirs})
    if not (base.complete and new.complete):
        names = _kept_by_both(names, [state for state in (base, new) if not state.complete])
    one, other = (
        np.array([each.get(name, 0) for name in names], np.int64) for each in (ours, theirs)
    )
    cells = ColumnCells(names, one, other, ["value"] * len(names))
    left = base.rows - int(one.sum()), new.rows - int(other.sum())
    return _joined(cells, _single("all others", *left, "others")) if any(left) else cells


def _kept_by_both(names: list[str], cut: Sequence[CategoryCounts]) -> list[str]:
    """The names whose hashes are below all that a state with more categories has dropped."""
    hashes = name_hashes(names)
    held = dict(zip(names, hashes.tolist(), strict=True))
    bound = min(max(held[name] for name in state.result()) for state in cut)
    return [name for name in names if held[name] <= bound]


def _of_numbers(base: ColumnState, new: ColumnState, kind: str) -> ColumnCells:
    """Infinite ones each by itself; few numbers too, many by rank."""
    pooled = NumberCounts(base.numbers.size).merge(base.numbers).merge(new.numbers)
    keys, rest, both = pooled.keys()
    of_base = _counts_in(pooled, base.numbers)
    values = numbers_of(keys, rest)
    show = shown_time(base.clock or new.clock) if kind == "time" else _shown
    if len(values) <= MOST_VALUES:
        cells = ColumnCells(
            [show(value) for value in values], of_base, both - of_base, ["value"] * len(values)
        )
    else:
        cells = _by_rank(values, of_base, both, show, min(base.rows, new.rows))
    ends = [
        _single(name, base.numbers.infinite[at], new.numbers.infinite[at], "value")
        for at, name in enumerate(("-inf", "inf"))
    ]
    return _joined(ends[0], cells, ends[1])


def _counts_in(pooled: NumberCounts, part: NumberCounts) -> Counts:
    """The counts of a part by the numbers of the whole."""
    keys, rest, _ = pooled.keys()
    return part.shortened_as(pooled).counts_of(keys, rest)


def _by_rank(
    values: list[Any], of_base: Counts, both: Counts, show: Any, fewer: int
) -> ColumnCells:
    """About as many rows in each cell; a number with as many rows by itself has one of its own."""
    ranks = min(max(math.isqrt(fewer) // 2, _LEAST_RANKS), _MOST_RANKS)
    rows = int(both.sum())
    heavy = both * ranks >= rows
    before = np.cumsum(both) - both
    # A run of numbers between two heavy ones is divided by rank; heavy ones end runs.
    run = 2 * np.cumsum(heavy) - heavy
    place = np.where(heavy, 0, before * ranks // rows)
    begins = np.flatnonzero(np.concatenate([[True], (np.diff(run) != 0) | (np.diff(place) != 0)]))
    ends = np.append(begins[1:], len(values)) - 1
    base = np.add.reduceat(of_base, begins)
    total = np.add.reduceat(both, begins)
    single = begins == ends
    names = [
        show(values[first]) if first == last else f"{show(values[first])} to {show(values[last])}"
        for first, last in zip(begins, ends, strict=True)
    ]
    return ColumnCells(names, base, total - base, ["value" if one else "range" for one in single])


def _shown(value: float | int) -> str:
    """A number as short as tells it from its neighbours."""
    if isinstance(value, int):
        return str(value)
    short = f"{value:.6g}"
    return short if "e" in short or len(short) < 12 else f"{value:.6g}"


def shown_time(clock: str) -> Any:
    """A function that shows times of a clock, which are whole microseconds."""
    if clock in ("local", "UTC"):
        return _moment
    return _duration


def _duration(micros: float | int) -> str:
    """Days, hours and minutes; the number of microseconds where that is too many."""
    try:
        return str(timedelta(microseconds=int(micros)))
    except OverflowError:
        return f"{int(micros)} µs"


def _moment(micros: float | int) -> str:
    """A time as ISO 8601 writes it; the number of microseconds where no calendar holds it."""
    try:
        moment = _EPOCH + timedelta(microseconds=int(micros))
    except OverflowError:
        return f"{int(micros)} µs"
    text = moment.replace(tzinfo=None).isoformat(sep=" ")
    return text.removesuffix(" 00:00:00")
