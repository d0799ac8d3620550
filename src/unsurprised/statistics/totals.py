"""A cell of the table of sums: its means, and their intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.errors import InputError
from unsurprised.states.moments import Moments
from unsurprised.states.sums import Cell, Sums
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import (
    Spread,
    effective_groups,
    estimated,
    share_interval,
    within,
)
from unsurprised.statistics.powers import ColumnPair, Powers, Weights, difference
from unsurprised.statistics.ratios import Columns, Excess, MeanRatio

#: Products of weights and values are kept as multiples of this.
_LEAST = 2.0**-1074
#: By how many bits a mean may be off by that: of its own size, and at all.
_RELATIVE, _ABSOLUTE = 1e-14, 1e-40

Statistic = Callable[[Columns], Any]


class Totals:
    """Sums of all groups of rows and of all but each, and what is a function of them.

    Parameters
    ----------
    totals : mapping of str to float
        Each column's sum: rows, infinite_rows, weight, surprisal, infinite, ….
    without : mapping of str to array
        The same without each group.
    refused : bool
        Whether there are too few clusters for any interval.
    """

    #: The sums without each group, those that hold no row included.
    of_each: Columns
    #: Whether the rows of a group share what makes groups differ, as those of one document.
    alike: bool = False

    def __init__(
        self, totals: Mapping[str, float], without: Columns, *, refused: bool = False
    ) -> None:
        self.totals, self.of_each = _held(totals), without
        # A group without rows or without weight (or whose removal leaves none) tells nothing.
        left = without["weight"]
        self.groups = (without["rows"] < totals["rows"]) & (left > 0) & (left < totals["weight"])
        if refused:
            self.groups = np.zeros_like(self.groups)
        self.keep(self.groups)
        self.infinite = totals.get("infinite", 0.0) > 0

    @property
    def rows(self) -> int:
        """How many rows the cell holds."""
        return int(self.totals["rows"])

    def blurs(self, column: str) -> bool:
        """Whether weights are so small that a column's products with them have lost their digits.

        Of each row that has such a weight up to two units of the exact sums are missing.
        """
        lost = 2 * self.totals["rows"] * _LEAST
        kept = abs(self.totals[column]) * _RELATIVE + self.totals["weight"] * _ABSOLUTE
        return 0 < self.totals["weight"] < 1 and lost > kept

    def refuse_blurred(self, *columns: str) -> None:
        """Raise where one of these columns (of those that are there) has lost its digits."""
        if any(self.blurs(column) for column in columns if column in self):
            raise InputError(
                f"found weights that add up to {self.totals['weight']:.6g}, so small that products "
                "with them have lost their digits",
                expected="weights of an ordinary size",
                remedy="rescale all weights by the same factor, which changes no mean",
            )

    def __contains__(self, column: str) -> bool:
        return column in self.totals

    @property
    def tells(self) -> bool:
        """Whether there is an interval of the mean of what all rows have."""
        return bool(self.groups.any())

    @property
    def units(self) -> float:
        """How many parts of the rows, independent of each other, intervals rest on."""
        return float(self.groups.sum())

    @property
    def effective_groups(self) -> float:
        """As how many groups of one size they tell as much of how sure a mean is."""
        return effective_groups(self.sizes, alike=self.alike) if self.tells else 0.0

    def beside(self, whole: Totals) -> Totals:
        """Sums of this cell, and as ``all_…`` those of the rows that it is a part of."""
        both = Totals.__new__(Totals)
        both.totals = {**self.totals, **{f"all_{k}": v for k, v in whole.totals.items()}}
        both.of_each = {**self.of_each, **{f"all_{k}": v for k, v in whole.of_each.items()}}
        both.groups, both.infinite = whole.groups, self.infinite
        both.keep(whole.groups)
        return both

    def excess(self, whole: Totals) -> tuple[Estimate, Spread | None, float]:
        """By how much the mean is above that of the other rows, and the units that tells of."""
        both = self.beside(whole)
        both.keep(self.groups)
        return (*both.with_spread(Excess()), both.units)

    def keep(self, groups: NDArray[np.bool_]) -> None:
        """Leave out these groups alone, of those that tell something."""
        self.groups = self.groups & groups
        self.without = {name: values[self.groups] for name, values in self.of_each.items()}

    def of(self, statistic: Statistic, unit: str = "bits") -> Estimate:
        """The estimate of a function of the sums."""
        return self.with_spread(statistic, unit)[0]

    def with_spread(
        self, statistic: Statistic, unit: str = "bits"
    ) -> tuple[Estimate, Spread | None]:
        """The same, and how it differs from one set of rows to another, if that is known."""
        whole = {name: np.array([value]) for name, value in self.totals.items()}
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            value, without = float(statistic(whole)[0]), statistic(self.without)
        spread = Spread.of(value, without, self.sizes, alike=self.alike)
        return estimated(value, spread, unit, self.rows), spread

    @property
    def sizes(self) -> Values:
        """The weight of each group that tells something."""
        sizes: Values = self.totals["weight"] - self.without["weight"]
        return sizes

    def mean(self, column: str, unit: str = "bits", most: float = math.inf) -> Estimate | None:
        """The mean of a column whose values lie between 0 and ``most``."""
        return self.mean_of(column, "weight", unit, most) if column in self.totals else None

    def mean_of(self, column: str, weight: str, unit: str, most: float = math.inf) -> Estimate:
        """A column as a share of another, between 0 and ``most``."""
        if weight == "weight" and self.blurs(column):
            return self.unknown(unit)
        return within(self.of(MeanRatio(column, weight), unit), 0.0, most)

    def unknown(self, unit: str) -> Estimate:
        """An estimate of what cannot be told."""
        return Estimate(math.nan, math.nan, math.nan, unit, self.rows)

    def share(self, column: str) -> Estimate | None:
        """The share of the weight whose rows are counted in a column."""
        return self.share_of(column) if column in self.totals else None

    def share_of(self, column: str) -> Estimate:
        """The same of a column that is there."""
        return share_interval(*self.with_spread(MeanRatio(column), ""))

    def mean_surprisal(self, less: str | None = None) -> Estimate:
        """The mean surprisal, less that of another column; infinite if any row is."""
        if self.infinite:
            return Estimate(math.inf, math.inf, math.inf, "bits", self.rows)
        if self.blurs("surprisal"):
            return self.unknown("bits")
        if less is None:
            return within(self.of(MeanRatio("surprisal")), 0.0, math.inf)
        return self.of(MeanRatio("surprisal", less=less))

    def finite_mean(self) -> Estimate | None:
        """The mean surprisal of the other rows where some are infinite."""
        if not self.infinite or not self.totals["weight"] > self.totals["infinite"]:
            return None
        found = self.of(MeanRatio("surprisal", without="infinite"))
        finite_rows = self.rows - int(self.totals["infinite_rows"])
        return replace(within(found, 0.0, math.inf), rows=finite_rows)


class RowTotals(Totals):
    """The same where rows are independent: from sums of squares and cubes instead of groups.

    Parameters
    ----------
    totals : mapping of str to float
        Each column's sum.
    powers : Powers
        Of the numerators of all ratios whose interval is asked for.
    refused : bool
        Whether there is to be no interval.
    whole : RowTotals, optional
        The rows that these are a part of.
    """

    def __init__(
        self,
        totals: Mapping[str, float],
        powers: Powers,
        *,
        refused: bool = False,
        whole: RowTotals | None = None,
    ) -> None:
        self.totals, self.powers, self.refused, self.whole = _held(totals), powers, refused, whole
        self.infinite = totals.get("infinite", 0.0) > 0

    @property
    def tells(self) -> bool:
        """Whether there is an interval of the mean of what all rows have."""
        return not self.refused and self.units > 1

    @property
    def units(self) -> float:
        """How many rows of equal weight would tell as much."""
        return self.powers.weights.effective

    def beside(self, whole: Totals) -> RowTotals:
        """Sums of this cell, and as ``all_…`` those of the rows that it is a part of."""
        if not isinstance(whole, RowTotals):
            raise TypeError("rows beside groups of rows")
        totals = {**self.totals, **{f"all_{k}": v for k, v in whole.totals.items()}}
        return RowTotals(totals, self.powers, refused=self.refused, whole=whole)

    def excess(self, whole: Totals) -> tuple[Estimate, Spread | None, float]:
        """By how much the mean is above that of the other rows, and the units that tells of."""
        return (*self.beside(whole).with_spread(Excess()), self.units)

    def with_spread(
        self, statistic: Statistic, unit: str = "bits"
    ) -> tuple[Estimate, Spread | None]:
        """The estimate of a ratio of the sums, and how it differs between sets of rows."""
        # NumPy's, of which a quotient by 0 is no error.
        sums: Any = {name: np.float64(value) for name, value in self.totals.items()}
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            value = float(statistic(sums))
        spread = None
        if isinstance(statistic, MeanRatio) and not self.refused:
            spread = self._of_ratio(statistic, value)
        elif isinstance(statistic, Excess) and not self.refused:
            spread = self._of_excess()
        return estimated(value, spread, unit, self.rows), spread

    def _of_ratio(self, ratio: MeanRatio, value: float) -> Spread | None:
        column = self.powers.columns.get(ratio.numerator)
        if column is None:
            return None
        whole = self if self.whole is None else self.whole
        weights = self.powers.weights if ratio.weight == "weight" else whole.powers.weights
        below = self.totals[ratio.weight]
        if ratio.without is not None:
            weights = self._finite_weights()
            below = weights.total
        pair = ColumnPair.of_mean(column, weights)
        if ratio.weight not in ("weight", "all_weight"):
            pair = ColumnPair.of_share(column, whole.powers.columns[ratio.numerator])
        return pair.spread(value, below, weights)

    def _finite_weights(self) -> Weights:
        if not self.infinite:
            return self.powers.weights
        infinite = self.powers.columns["infinite"]
        of_infinite = Weights(self.totals["infinite"], infinite.wy, infinite.wwy)
        return self.powers.weights - of_infinite

    def _of_excess(self) -> Spread | None:
        if self.whole is None:
            raise TypeError("an excess is that of a part of the rows")
        own, all_weights = self._finite_weights(), self.whole._finite_weights()
        column, whole = (one.powers.columns["surprisal"] for one in (self, self.whole))
        others, rest = all_weights - own, whole - column
        surprisal = self.totals["surprisal"]
        parts = (
            (column, own, surprisal),
            (rest, others, self.whole.totals["surprisal"] - surprisal),
        )
        both = [
            ColumnPair.of_mean(sums, weights).spread(total / weights.total, weights.total, weights)
            if weights.total > 0
            else None
            for sums, weights, total in parts
        ]
        return None if both[0] is None or both[1] is None else difference(both[0], both[1])


def _held(totals: Mapping[str, float]) -> Mapping[str, float]:
    if math.inf in totals.values():
        raise InputError(
            "found numbers whose sum no float holds",
            expected="scores and weights of an ordinary size",
            remedy="write −inf for what is ruled out, rather than the lowest of floats",
        )
    return totals


def totals_of(
    sums: Sums, moments: Moments | None, cell: Cell = (), *, refused: bool = False
) -> Totals:
    """A cell's totals: by its groups of rows, or by its moments where rows are independent."""
    totals = sums.totals(cell)
    if moments is None:
        return Totals(totals, sums.without_each_group(cell), refused=refused)
    powers = Powers.of(
        moments.columns, moments.powers(cell), totals["weight"], weighted=moments.weighted
    )
    return RowTotals(totals, powers, refused=refused)
