"""The mean of values that are at hand, one a row, in exact sums and with its interval."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from unsurprised.evaluation.estimate import Estimate
from unsurprised.evaluation.intervals import jackknife
from unsurprised.states import Sums

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
    rows = len(values)
    if np.isinf(values).any():
        both = np.isposinf(values).any() and np.isneginf(values).any()
        value = math.nan if both else math.inf if np.isposinf(values).any() else -math.inf
        return Estimate(value, value, value, unit, rows)
    sums = Sums(["rows", "weight", "value"], unweighted=1)
    columns = {"rows": None, "weight": None, "value": np.ascontiguousarray(values)}
    sums.update(np.ascontiguousarray(groups), columns, weights)
    totals, without = sums.totals(), sums.without_each_group()
    if not totals["weight"] > 0:
        return Estimate(math.nan, math.nan, math.nan, unit, rows)
    held = (without["rows"] < totals["rows"]) & (without["weight"] > 0) & (not refused)
    return jackknife(
        totals["value"] / totals["weight"],
        without["value"][held] / without["weight"][held],
        unit,
        rows,
    )
