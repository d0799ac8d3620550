"""Numbers to slice by, binned by quantiles that a first look at them tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Up to so many different numbers are slices themselves.
MOST_VALUES = 20
#: Into how many bins of equally many rows other numbers are put.
BINS = 10
#: Bins hold at least so many rows where there are few.
_FEWEST_ROWS = 20

_DROPPED_BITS = 45  # of the 52 bits of a float's fraction: 0.8 % of the number
_KEYS = 1 << (63 - _DROPPED_BITS)


@dataclass(frozen=True, slots=True)
class Bins:
    """Where numbers are cut: bin i holds those from ``edges[i − 1]`` to below ``edges[i]``.

    Without edges each number is a slice of its own.

    Examples
    --------
    >>> Bins((18.0, 65.0)).names()
    ['< 18', '18 to < 65', '≥ 65']
    """

    edges: tuple[float, ...] | None
    #: How many rows the edges were taken from; ``None``: they were given.
    looked: int | None = None

    def names(self) -> list[str]:
        """How the bins are called, from the lowest."""
        edges = self.edges or ()
        if not edges:
            return ["all"]
        told = [""]
        for digits in range(6, 18):  # as few as tell the edges apart
            told = [f"{edge:.{digits}g}" for edge in edges]
            if len(set(told)) == len(edges):
                break
        between = [f"{low} to < {high}" for low, high in pairwise(told)]
        return [f"< {told[0]}", *between, f"≥ {told[-1]}"]


class NumberLook:
    """A first look at numbers: how they are spread, whatever their order.

    Examples
    --------
    >>> look = NumberLook()
    >>> look.add(np.arange(1000.0))
    >>> look.bins().names()[:2]
    ['< 100', '100 to < 200']
    """

    def __init__(self) -> None:
        self.rows = 0
        self._values: NDArray[np.float64] | None = np.empty(0)
        self._counts = np.zeros(2 * _KEYS, dtype=np.int64)

    def add(self, numbers: NDArray[Any]) -> None:
        """Look at more; NaN is passed over."""
        values = np.asarray(numbers, dtype=np.float64)
        values = values[~np.isnan(values)]
        self.rows += len(values)
        if self._values is not None:
            self._keep_values(np.unique(values[~np.isin(values, self._values)]))
        self._counts += np.bincount(_keys(values), minlength=len(self._counts))

    def merge(self, other: NumberLook) -> NumberLook:
        """Add another look's numbers; in whatever order, the bins are the same."""
        self.rows += other.rows
        self._counts += other._counts
        self._keep_values(other._values)
        return self

    def said(self) -> dict[str, Any]:
        """The look as plain values, which do not grow with the numbers."""
        held = np.flatnonzero(self._counts)
        values = None if self._values is None else self._values.tolist()
        counted = self._counts[held].tolist()
        return {"rows": self.rows, "values": values, "keys": held.tolist(), "counts": counted}

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> NumberLook:
        """The look that :meth:`said` told."""
        look = cls()
        look.rows = said["rows"]
        look._values = None if said["values"] is None else np.array(said["values"], np.float64)
        look._counts[said["keys"]] = said["counts"]
        return look

    def _keep_values(self, new: NDArray[np.float64] | None) -> None:
        """Keep in mind which numbers there are, as long as they are few."""
        if self._values is not None and new is not None:
            self._values = np.union1d(self._values, new)
        if new is None or (self._values is not None and len(self._values) > MOST_VALUES):
            self._values = None

    def bins(self) -> Bins:
        """What to do with such numbers."""
        # Few rows have few different numbers, which says nothing of those to come.
        if self._values is not None and 5 * len(self._values) <= self.rows:
            return Bins(None, self.rows)
        held = np.flatnonzero(self._counts)
        reached = np.cumsum(self._counts[held])
        count = min(BINS, max(2, self.rows // _FEWEST_ROWS))
        edges = set()
        for part in range(1, count):
            goal = part / count * self.rows
            above = int(np.searchsorted(reached, goal, side="left"))
            before = reached[above - 1] if above else 0
            # The end of the bin that is nearer to the quantile.
            edge = above if goal - before <= reached[above] - goal else above + 1
            if 0 < edge < len(held):
                edges.add(float(_lower_ends(held[edge : edge + 1])[0]))
        return Bins(tuple(sorted(edges)), self.rows)


def _keys(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """The leading bits as integers in the order of the numbers; a bin holds its lower end."""
    bits = (values + 0.0).view(np.int64)  # −0.0 is 0.0
    ordered = np.where(bits < 0, -(bits & np.int64(2**63 - 1)), bits)
    keys: NDArray[np.int64] = (ordered >> _DROPPED_BITS) + _KEYS
    return keys


def _lower_ends(keys: NDArray[np.int64]) -> NDArray[np.float64]:
    ordered = (keys - _KEYS) << _DROPPED_BITS
    ends: NDArray[np.float64] = np.abs(ordered).view(np.float64)
    return np.where(ordered < 0, -ends, ends)
