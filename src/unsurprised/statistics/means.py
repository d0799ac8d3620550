"""The mean of values that are at hand, one a row, in exact sums and with its interval."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from unsurprised.states import Sums
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import Spread
from unsurprised.statistics.totals import Totals, ratio
from unsurprised.weights import in_power_of_two

Values = NDArray[np.float64]


def mean_of(
    values: Values,
    groups: NDArray[np.uint64],
    weights: Values | None,
    unit: str = "bits",
    *,
    refused: bool = False,
) -> Estimate:
    """A weighted mean in exact sums and its jackknife interval."""
    return mean_and_spread(values, groups, weights, unit, refused=refused)[0]


def mean_and_spread(
    values: Values,
    groups: NDArray[np.uint64],
    weights: Values | None,
    unit: str = "bits",
    *,
    refused: bool = False,
) -> tuple[Estimate, Spread | None]:
    """The same, and how it differs from one set of rows to another; ``None`` if unknown."""
    rows = len(values)
    if np.isinf(values).any():
        both = np.isposinf(values).any() and np.isneginf(values).any()
        value = math.nan if both else math.inf if np.isposinf(values).any() else -math.inf
        return Estimate(value, value, value, unit, rows), None
    sums = Sums(["rows", "weight", "value"], unweighted=1)
    columns = {"rows": None, "weight": None, "value": np.ascontiguousarray(values)}
    relative = None if weights is None else in_power_of_two(weights)[0]
    sums.update(np.ascontiguousarray(groups), columns, relative)
    totals = sums.totals()
    if not totals["weight"] > 0:
        return Estimate(math.nan, math.nan, math.nan, unit, rows), None
    part = Totals(totals, sums.without_each_group(), refused=refused)
    return part.with_spread(ratio("value", "weight"), unit)
