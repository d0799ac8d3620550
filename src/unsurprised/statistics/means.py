"""The mean of values that are at hand, one a row, in exact sums and with its interval."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.states import Moments, Sums, exact_sum
from unsurprised.states.sums import GROUPS
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import Spread
from unsurprised.statistics.ratios import MeanRatio
from unsurprised.statistics.totals import totals_of
from unsurprised.weights import in_power_of_two


def mean_of(
    values: Values,
    clusters: NDArray[np.uint64] | None,
    weights: Values | None,
    unit: str = "bits",
    *,
    refused: bool = False,
) -> Estimate:
    """A weighted mean in exact sums and its interval, of independent rows or of clusters."""
    return mean_and_spread(values, clusters, weights, unit, refused=refused)[0]


def mean_and_spread(
    values: Values,
    clusters: NDArray[np.uint64] | None,
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
    values = np.ascontiguousarray(values)
    relative = None if weights is None else in_power_of_two(weights)[0]
    sums, moments = _added(values, clusters, relative)
    if not sums.totals()["weight"] > 0:
        return Estimate(math.nan, math.nan, math.nan, unit, rows), None
    return totals_of(sums, moments, refused=refused).with_spread(MeanRatio("value"), unit)


def independent_units(
    rows: int, clusters: NDArray[np.uint64] | None, weights: Values | None
) -> float:
    """How many parts of rows, independent of each other, the interval of their mean rests on."""
    if clusters is not None:
        return len(np.unique(clusters % np.uint64(GROUPS)))
    if weights is None:
        return float(rows)
    relative, _ = in_power_of_two(weights)
    total = exact_sum(relative)
    return total * total / exact_sum(relative * relative) if total > 0 else 0.0


def _added(
    values: Values, clusters: NDArray[np.uint64] | None, weights: Values | None
) -> tuple[Sums, Moments | None]:
    columns = {"rows": None, "weight": None, "value": values}
    if clusters is not None:
        sums = Sums(list(columns), unweighted=1)
        return sums.update(np.ascontiguousarray(clusters), columns, weights), None
    sums = Sums(list(columns), unweighted=1, groups=1)
    moments = Moments(["value"], weighted=weights is not None)
    sums.update(np.zeros(len(values), dtype=np.uint64), columns, weights)
    return sums, moments.update({"value": values}, weights, rows=len(values))
