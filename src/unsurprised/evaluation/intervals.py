"""Where 95 % intervals come from: delete-a-group jackknife, and order statistics for quantiles."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unsurprised.evaluation.estimate import Estimate

CONFIDENCE = 0.95

#: Quantiles at 97.5 % of Student's t for 1, 2, … degrees of freedom, one less than the groups, and
#: of the normal. Numbers, for the library that computes them takes a fifth of a second to import.
_STUDENT_T = (math.nan, 12.706204736174694, 4.302652729749462, 3.1824463052837078,
              2.7764451051977934, 2.5705818356363146, 2.4469118511449786, 2.364624251592784,
              2.306004135204166, 2.262157162798205, 2.228138851986274, 2.200985160091639,
              2.1788128296672284, 2.1603686564627913, 2.144786687917804, 2.131449545559776,
              2.1199052992212546, 2.1098155778333156, 2.1009220402410382, 2.0930240544083087,
              2.085963447265864, 2.0796138447276795, 2.0738730679040254, 2.0686576104190486,
              2.0638985616280245, 2.0595385527532972, 2.0555294386428735, 2.0518305164802846,
              2.0484071417952454, 2.045229642132703, 2.0422724563012378,
              2.039513446396408)  # fmt: skip
_NORMAL = 1.959963984540054

#: Below this, nothing is to be corrected.
_NO_SKEWNESS = 1e-8

#: From this variance on, the normal stands for the binomial.
_NORMAL_FROM = 250.0

Values = NDArray[np.float64]


def jackknife(value: float, without_group: Values, unit: str, rows: int) -> Estimate:
    """An estimate from its value on all rows and its values with each group left out.

    Groups that hold no row leave the value as it is and are not passed. The interval is
    ``value ± t·s`` with ``s² = (G − 1)/G · Σ (θ_g − θ̄)²`` and Student's t for ``G − 1`` degrees of
    freedom (Shao and Tu, *The Jackknife and Bootstrap*, 1995, section 2.3).
    """
    if math.isinf(value):
        return Estimate(value, value, value, unit, rows)
    groups = len(without_group)
    finite = bool(np.isfinite(without_group).all())
    if math.isnan(value) or groups < 2 or not finite:
        return Estimate(value, math.nan, math.nan, unit, rows)
    deviations = without_group - without_group.mean()
    spread = math.hypot(*deviations.tolist())  # squares of the largest surprisals would overflow
    half = _STUDENT_T[groups - 1] * math.sqrt((groups - 1) / groups) * spread
    return Estimate(value, value - half, value + half, unit, rows)


def skewed_jackknife(value: float, without_group: Values, unit: str, rows: int) -> Estimate:
    """The jackknife's interval, for a mean whose distribution is skewed.

    With a the skewness of the mean, as the groups show it, ``T + a T²/3 + a² T³/27 + a/6`` of the
    studentised mean T is free of skewness, and Student's t is taken for that (Hall, *J. R. Statist.
    Soc. B* 54, 1992).

    Examples
    --------
    >>> even = np.array([0.8, 0.9, 1.1, 1.2])
    >>> skewed_jackknife(1.0, even, "bits", 9) == jackknife(1.0, even, "bits", 9)
    True
    >>> skewed_jackknife(1.0, np.array([0.97, *[1.001] * 30]), "bits", 9)  # one group is large
    Estimate(1 bits, 0.9614 to 1.192, 9 rows)
    """
    found = jackknife(value, without_group, unit, rows)
    spread = spread_of(found, len(without_group))
    if not spread > 0 or math.isinf(value):
        return found
    influences = without_group.mean() - without_group
    influences /= np.abs(influences).max()
    skewness = float((influences**3).sum() / (influences**2).sum() ** 1.5)
    if abs(skewness) < _NO_SKEWNESS:
        return found
    t = _STUDENT_T[len(without_group) - 1]

    def back(x: float) -> float:
        return float(3 / skewness * (np.cbrt(1 + skewness * (x - skewness / 6)) - 1))

    return replace(found, low=value - spread * back(t), high=value - spread * back(-t))


def share_interval(share: Estimate, groups: int) -> Estimate:
    """A share's interval by Wilson's score, for as many rows as the jackknife's spread is worth.

    It stays between 0 and 1 and is not empty where every row, or none, is counted: with ``n`` the
    effective number of rows, ``share (1 − share) / s²``, its ends are the shares ``p`` with
    ``|share − p| = t √(p (1 − p) / n)`` (Wilson, 1927; Korn and Graubard, *Survey Methodology* 24,
    1998, for effective numbers).
    """
    if math.isnan(share.low):
        return share
    t = _STUDENT_T[groups - 1]
    spread = spread_of(share, groups)
    variance = share.value * (1 - share.value)
    rows = variance / spread**2 if spread > 0 and variance > 0 else share.rows
    weight = 1 / (1 + t * t / rows)
    middle = weight * (share.value + t * t / (2 * rows))
    half = weight * t * math.sqrt(max(variance, 0.0) / rows + (t / (2 * rows)) ** 2)
    # Rounding must not part the value from its interval's end.
    low, high = min(middle - half, share.value), max(middle + half, share.value)
    return replace(share, low=max(low, 0.0), high=min(high, 1.0))


def within(value: Estimate, least: float, most: float) -> Estimate:
    """The part of an interval that is possible; which loses no coverage."""
    if math.isnan(value.low) or math.isinf(value.value):
        return value
    # The value itself may be beyond an end by a rounding.
    least, most = min(least, value.value), max(most, value.value)
    return replace(value, low=max(value.low, least), high=min(value.high, most))


def estimate(
    statistic: Callable[[Mapping[str, Values]], Values],
    totals: Mapping[str, float],
    without: Mapping[str, Values],
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

    first, last = rank_bounds(rows, level)
    return at(level), at(first / rows), at(last / rows)


def student_factor(groups: int) -> float:
    """By how much Student's t for so many groups is wider than the normal."""
    return _STUDENT_T[groups - 1] / _NORMAL if groups <= len(_STUDENT_T) else 1.0


def rank_bounds(rows: int, level: float) -> tuple[int, int]:
    """Ranks (from 1) of the order statistics that hold a quantile with at least 95 %.

    How many of ``rows`` lie below the quantile is binomial (David and Nagaraja, *Order Statistics*,
    3rd ed., section 7.1). Rank 0 is no row's: there the lowest row stands for minus infinity.
    """
    if level > 0.5:
        first, last = rank_bounds(rows, 1 - level)
        return rows + 1 - last, rows + 1 - first
    variance = rows * level * (1 - level)
    if variance > _NORMAL_FROM:
        # Cornish and Fisher's term for the skewness; half a row for the step from ranks to reals.
        middle = rows * level + (1 - 2 * level) * (_NORMAL**2 - 1) / 6
        half = _NORMAL * math.sqrt(variance)
        return math.floor(middle - half + 0.5), math.ceil(middle + half + 0.5)
    tail = (1 - CONFIDENCE) / 2
    share = (1 - level) ** rows  # of exactly `below` rows below the quantile
    below, reached, first = 0, share, 0
    while reached < 1 - tail:
        if reached <= tail:
            first = below + 1
        share *= (rows - below) / (below + 1) * level / (1 - level)
        below += 1
        reached += share
    return first, below + 1


def spread_of(found: Estimate, groups: int) -> float:
    """The standard error that the jackknife's interval stands for; 0 where it has none."""
    if math.isnan(found.low):
        return 0.0
    return (found.high - found.low) / (2 * _STUDENT_T[groups - 1])


def student_p_value(difference: Estimate, groups: int) -> float | None:
    """How often chance alone gives so large a difference, either way: Student's t.

    ``None`` where the estimate has no interval.
    """
    from scipy.special import stdtr  # a sixth of a second

    if math.isnan(difference.low):
        return None
    spread = spread_of(difference, groups)
    if spread == 0:
        return 0.0 if difference.value else 1.0
    return float(2 * stdtr(groups - 1, -abs(difference.value) / spread))


def benjamini_hochberg(p_values: Values, rate: float) -> NDArray[np.bool_]:
    """Which of several tests to reject so that of the rejections ``rate`` are false on average.

    Those up to the largest i with ``p_(i) ≤ rate · i / m`` (Benjamini and Hochberg, *J. R. Statist.
    Soc. B* 57, 1995).

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.8, 0.03, 0.02]), 0.05).tolist()
    [True, False, True, True]
    """
    tests = len(p_values)
    order = np.sort(p_values)
    passed = np.flatnonzero(order <= rate * np.arange(1, tests + 1) / max(tests, 1))
    return p_values <= (order[passed[-1]] if len(passed) else -1.0)
