"""How often categories were seen: counts by size, whatever the categories are called."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.array_types import Values


@dataclass(frozen=True)
class Tally:
    """Counts of categories by size: an estimate hangs on nothing else.

    A hundred thousand categories have few sizes, and what they are called or how they are ordered
    shows in no bit.
    """

    #: The distinct counts above 0, ascending, and how many categories have each.
    sizes: Values
    times: Values
    #: How many categories exist, where that is known.
    categories: int | None

    @classmethod
    def of(cls, counts: NDArray[Any], categories: int | None = None) -> Tally:
        """The tally of counts by category; zeros among them are left out."""
        sizes, times = np.unique(counts[counts > 0], return_counts=True)
        return cls(sizes.astype(np.float64), times.astype(np.float64), categories)

    @cached_property
    def rows(self) -> int:
        """How many rows were counted: n."""
        return int((self.sizes * self.times).sum())

    @cached_property
    def seen(self) -> int:
        """How many categories were seen: m."""
        return int(self.times.sum())

    @property
    def all_once(self) -> bool:
        """Whether no category was seen twice, which bounds nothing from above."""
        return self.seen == self.rows > 1

    @property
    def is_sparse(self) -> bool:
        """Whether more than a tenth of the rows are of categories that were seen only once."""
        return 10 * self.of_size(1) > self.rows

    @property
    def all(self) -> int:
        """How many categories exist, K; those that were seen where that is not known."""
        return self.seen if self.categories is None else self.categories

    def of_size(self, size: int) -> int:
        """How many categories were seen so many times: f₁ are the singletons."""
        return int(self.times[self.sizes == size].sum())

    @cached_property
    def shares(self) -> Values:
        """Share of the rows by size, p = c / n."""
        return self.sizes / self.rows

    @cached_property
    def surprisals(self) -> Values:
        """Surprisal of a category by its size, ln(n / c) in nats, accurate where c is almost n."""
        rest = (self.rows - self.sizes) / self.rows
        close = -portable.log1p(-np.minimum(rest, 0.5))
        found: Values = np.where(rest < 0.5, close, -portable.log(self.shares))
        return found

    def mean(self, values: Values) -> float:
        """Mean over the rows of a value by size."""
        return float((self.times * self.shares * values).sum())
