"""Intervals of quantiles: by order statistics."""

from __future__ import annotations

import math

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.statistics.jackknife import CONFIDENCE, NORMAL

#: From this variance on, the normal stands for the binomial.
NORMAL_FROM = 250.0


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

    first, last = rank_bounds(rows, level)
    return at(level), at(first / rows), at(last / rows)


def rank_bounds(rows: int, level: float) -> tuple[int, int]:
    """Ranks (from 1) of the order statistics that hold a quantile with at least 95 %.

    How many of ``rows`` lie below the quantile is binomial (David and Nagaraja, *Order Statistics*,
    3rd ed., section 7.1). Rank 0 is no row's: there the lowest row stands for minus infinity.
    """
    if level > 0.5:
        first, last = rank_bounds(rows, 1 - level)
        return rows + 1 - last, rows + 1 - first
    variance = rows * level * (1 - level)
    if variance > NORMAL_FROM:
        # Cornish and Fisher's term for the skewness; half a row for the step from ranks to reals.
        middle = rows * level + (1 - 2 * level) * (NORMAL * NORMAL - 1) / 6
        half = NORMAL * math.sqrt(variance)
        return math.floor(middle - half + 0.5), math.ceil(middle + half + 0.5)
    tail = (1 - CONFIDENCE) / 2
    share = portable.power(1 - level, rows)  # of exactly `below` rows below the quantile
    below, reached, first = 0, share, 0
    while reached < 1 - tail:
        if reached <= tail:
            first = below + 1
        share *= (rows - below) / (below + 1) * level / (1 - level)
        below += 1
        reached += share
    return first, below + 1
