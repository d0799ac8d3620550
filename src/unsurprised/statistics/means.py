"""The mean of values that are at hand, one a row, in exact sums and with its interval."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.states import exact_sum
from unsurprised.states.sums import GROUPS
from unsurprised.statistics.cell_means import CellMeans
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import Spread
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
    means = CellMeans(weighted=weights is not None, clustered=clusters is not None)
    if weights is not None:
        means.look(weights)
    means.add(values, None, weights, clusters)
    return means.mean_and_spread(unit=unit, refused=refused)


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
