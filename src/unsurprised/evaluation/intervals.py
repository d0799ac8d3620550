"""Where 95 % intervals come from: delete-a-group jackknife, and order statistics for quantiles."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from unsurprised.evaluation.estimate import Estimate

CONFIDENCE = 0.95

Values = NDArray[np.float64]


def jackknife(value: float, without_group: Values, unit: str, rows: int) -> Estimate:
    """An estimate from its value on all rows and its values with each group left out.

    Groups that hold no row leave the value as it is and are not passed. The interval is
    ``value ± t·s`` with ``s² = (G − 1)/G · Σ (θ_g − θ̄)²`` and Student's t for ``G − 1`` degrees of
    freedom (Shao and Tu, *The Jackknife and Bootstrap*, 1995, section 2.3).
    """
    if math.isinf(value):
        return Estimate(value, value, value, unit, rows)
    from scipy import special  # noqa: PLC0415 - 160 ms that `import unsurprised` must not cost

    groups = len(without_group)
    finite = bool(np.isfinite(without_group).all())
    if math.isnan(value) or groups < 2 or not finite:
        return Estimate(value, math.nan, math.nan, unit, rows)
    deviations = without_group - without_group.mean()
    variance = (groups - 1) / groups * math.fsum((deviations**2).tolist())
    half = float(special.stdtrit(groups - 1, (1 + CONFIDENCE) / 2)) * math.sqrt(variance)
    return Estimate(value, value - half, value + half, unit, rows)


def estimate(
    statistic: Callable[[dict[str, Values]], Values],
    totals: dict[str, float],
    without: dict[str, Values],
    unit: str,
    rows: int,
) -> Estimate:
    """The estimate of a function of totals, from the totals and those without each group."""
    whole = {name: np.array([value]) for name, value in totals.items()}
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        value = float(statistic(whole)[0])
        return jackknife(value, statistic(without), unit, rows)


def quantile_bounds(
    ends: tuple[Values, Values, Values], level: float, rows: int, infinite_weight: float
) -> tuple[float, float, float]:
    """A quantile and its bounds from a histogram: the values at binomial order statistics.

    With weights, ranks are shares of the weight, and ``rows`` tells how sure those are.
    """
    low_end, high_end, weight = ends
    # The lowest bin holds zeros and numbers that are as good as zero.
    middle = np.append(np.where(low_end > 0, low_end / 2 + high_end / 2, 0.0), math.inf)
    reached = np.cumsum(np.append(weight, infinite_weight))
    total = reached[-1]

    def at(share: float) -> float:
        # A hair below the rank, so that its rounding does not reach the next row.
        rank = min(max(share, 0.0), 1.0) * total * (1 - 1e-12)
        index = int(np.searchsorted(reached, rank, side="left"))
        return float(middle[min(index, len(middle) - 1)])

    tail = (1 - CONFIDENCE) / 2
    from scipy import special  # noqa: PLC0415

    first = math.floor(np.nan_to_num(special.bdtrik(tail, rows, level)))
    last = math.ceil(np.nan_to_num(special.bdtrik(1 - tail, rows, level), nan=rows)) + 1
    return at(level), at(first / rows), at(last / rows)
