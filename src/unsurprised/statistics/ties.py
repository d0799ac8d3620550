"""Rows in the order of a number, those of equal number together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.array_types import Values


@dataclass(frozen=True, slots=True)
class Runs:
    """Rows that are in the order of a number: where each distinct number begins.

    Examples
    --------
    >>> runs = Runs.of(np.array([0.1, 0.5, 0.5]))
    >>> runs.joined(np.array([2.0, 1.0, 4.0]))
    array([2., 5.])
    """

    rows: int
    #: Where in the order each distinct number begins.
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, ascending: Values) -> Runs:
        """Of numbers that are in order."""
        differs = np.append(True, ascending[1:] != ascending[:-1])
        return cls(len(ascending), np.flatnonzero(differs))

    def joined(self, ascending: NDArray[Any] | None) -> Values:
        """The sum of a column over the rows of each number; of ones where there is none."""
        if ascending is None:
            return self._counts().astype(np.float64)
        column: Values = ascending.astype(np.float64, copy=False)
        return column if self._all_distinct else np.add.reduceat(column, self.starts)

    def repeated(self, per_number: Values) -> Values:
        """What is known of each distinct number, for each row."""
        return per_number if self._all_distinct else np.repeat(per_number, self._counts())

    def _counts(self) -> NDArray[np.int64]:
        return np.diff(self.starts, append=self.rows)

    @property
    def _all_distinct(self) -> bool:
        return len(self.starts) == self.rows


@dataclass(frozen=True, slots=True)
class Ties:
    """The order of some rows by a number, found once for all that asks for it.

    Examples
    --------
    >>> ranked = Ties.of(np.array([0.5, 0.1, 0.5]))
    >>> ranked.sums(np.array([1.0, 2.0, 4.0]))
    array([2., 5.])
    >>> ranked.spread(ranked.sums(np.array([1.0, 2.0, 4.0])))
    array([5., 2., 5.])
    """

    order: NDArray[np.int64]
    runs: Runs

    @classmethod
    def of(cls, numbers: Values) -> Ties:
        """Rank rows by their numbers."""
        order = portable.argsort(numbers)
        return cls(order, Runs.of(numbers[order]))

    def sums(self, column: Values) -> Values:
        """The sum of a column over the rows of each distinct number, ascending."""
        return self.runs.joined(column[self.order])

    def spread(self, per_number: Values) -> Values:
        """What is known of each distinct number, for each row."""
        rows = np.empty(len(self.order), dtype=per_number.dtype)
        rows[self.order] = self.runs.repeated(per_number)
        return rows
