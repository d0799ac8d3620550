"""The ratios of sums that reported means are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

#: Sums by column: one of each, or one of each group.
Columns = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MeanRatio:
    """A column's sum (less another's) as a share of a weight (without that of some rows).

    Examples
    --------
    >>> import numpy as np
    >>> sums = {name: np.array([value]) for name, value in (("a", 6.0), ("b", 1.0), ("w", 2.0))}
    >>> float(MeanRatio("a", "w", less="b")(sums)[0])
    2.5
    """

    column: str
    weight: str = "weight"
    less: str | None = None
    without: str | None = None

    def __call__(self, sums: Columns) -> Any:
        """The ratio of each set of sums."""
        above = sums[self.column] if self.less is None else sums[self.column] - sums[self.less]
        whole = sums[self.weight]
        return above / (whole if self.without is None else whole - sums[self.without])

    @property
    def numerator(self) -> str:
        """What a column of the numerators of single rows is called."""
        return self.column if self.less is None else difference_of(self.column, self.less)


@dataclass(frozen=True, slots=True)
class Excess:
    """The mean surprisal of some rows above that of all others, infinite ones left out."""

    def __call__(self, sums: Columns) -> Any:
        """That of each set of sums."""
        own = sums["weight"] - sums["infinite"]
        others = sums["all_weight"] - sums["all_infinite"] - own
        return sums["surprisal"] / own - (sums["all_surprisal"] - sums["surprisal"]) / others


def difference_of(column: str, less: str) -> str:
    """What a column of the differences of two others is called."""
    return f"{column} less {less}"


def numerators(columns: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The values of columns, some of which are differences of two others."""
    return {
        name: columns[column] - columns[less] if less else columns[column]
        for name, column, less in _parts(names)
    }


@cache
def _parts(names: tuple[str, ...]) -> list[tuple[str, str, str]]:
    split = [(name, *name.partition(" less ")) for name in names]
    return [(name, column, less) for name, column, _, less in split]
