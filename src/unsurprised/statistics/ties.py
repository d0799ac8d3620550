"""Rows in the order of a number, those of equal number together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values


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
    #: Where in the order each distinct number begins.
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, numbers: Values) -> Ties:
        """Rank rows by their numbers."""
        order = np.argsort(numbers)  # in whatever order those of equal number come
        ascending = numbers[order]
        return cls(order, np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1])))

    def sums(self, column: Values) -> Values:
        """The sum of a column over the rows of each distinct number, ascending."""
        found: Values = np.add.reduceat(column[self.order], self.starts)
        return found

    def spread(self, per_number: Values) -> Values:
        """What is known of each distinct number, for each row."""
        rows = np.empty(len(self.order), dtype=per_number.dtype)
        rows[self.order] = np.repeat(per_number, np.diff(np.append(self.starts, len(self.order))))
        return rows
