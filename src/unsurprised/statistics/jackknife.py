"""95 % intervals by the jackknife over groups, corrected for skewness."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.errors import CallError
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.student import two_sided

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
NORMAL = 1.959963984540054

#: Student's t for ν degrees of freedom is the sum of these over powers of ν.
_SERIES = (
    NORMAL,
    *(
        NORMAL * sum(n * portable.power(NORMAL, 2 * place) for place, n in enumerate(terms)) / least
        for terms, least in (
            ((1, 1), 4),
            ((3, 16, 5), 96),
            ((-15, 17, 19, 3), 384),
            ((-945, -1920, 1482, 776, 79), 92160),
        )
    ),
)

#: Below this, nothing is to be corrected.
_NO_SKEWNESS = 1e-8

#: By how much more skewed groups are than few of them show: as ``benchmarks.coverage`` finds
#: enough of documents that differ.
_STRETCH = 2.0
#: Of the skewness times Student's t. From 1 on, the inverse of Hall's cubic has left its one flat
#: place: half as much skewness would make intervals wider than all of it.
_MOST_BENT = 0.95
#: Of which root of a mean of what is never negative the reciprocal has Student's interval: of ∞
#: (which is the logarithm), 3 and 2 the first at which 93 % of the intervals by groups of unequal
#: size hold the truth of gamma and Weibull documents (``benchmarks.coverage_groups``).
_ROOT = 3

_BEYOND_CHANCE = 1e100


@dataclass(frozen=True, slots=True)
class Spread:
    """How a statistic differs from one set of rows to another.

    Independent rows tell it by exact sums (``statistics/powers.py``), clusters by groups of them.
    From the values θ_g with each of G groups left out come the standard error,
    ``s² = (G − 1)/G · Σ (θ_g − θ̄)²`` (Shao and Tu, *The Jackknife and Bootstrap*, 1995, section
    2.3); the skewness ``a = Σ (θ̄ − θ_g)³ / (Σ (θ̄ − θ_g)²)^1.5``, for which
    ``T + a T²/3 + a² T³/27 + a/6`` of the studentised statistic T has none (Hall, *J. R. Statist.
    Soc. B* 54, 1992); and how far the statistic is too low on average, ``(G − 1)(θ − θ̄)``.

    Student's t has one degree of freedom less than there would be groups of equal size that tell
    as much of a variance, ``(Σ v_g)² / Σ v_g²`` (Satterthwaite, *Biometrics Bulletin* 2, 1946), for
    groups whose sums vary as ``v_g = n_g^1.5`` (:func:`effective_groups`).

    Few groups show too little of their skewness: those that make it are rare, and missing from most
    sets. So ``a (1 + 2 |a|)`` is taken for it, but never so much that a t exceeds 0.95: as far as
    Hall's cubic is steep. And it may be chance: the end that it would bring nearer stays Student's.
    """

    error: float
    skewness: float
    degrees: float
    shortfall: float
    #: Whether it is that of groups, which are few.
    of_groups: bool = False

    @classmethod
    def of(
        cls,
        value: float,
        without_group: Values,
        sizes: Values | None = None,
        *,
        alike: bool = False,
    ) -> Spread | None:
        """From the value on all rows and those with each group left out, and the groups' weights.

        ``None`` where they cannot tell. Groups that hold no row leave the value as it is and are
        not passed.
        """
        groups = len(without_group)
        if groups < 2 or not math.isfinite(value) or not np.isfinite(without_group).all():
            return None
        with np.errstate(over="ignore"):  # means near the end of what floats hold have no spread
            mean = float(without_group.mean())
        if not math.isfinite(mean):
            return None
        influences = mean - without_group
        largest = float(np.abs(influences).max())
        degrees = float(groups - 1)
        if sizes is not None:
            if not sizes.max() > 0:
                return None
            degrees = max(1.0, effective_groups(sizes, alike=alike) - 1)
        if largest == 0:
            return cls(0.0, 0.0, degrees, 0.0, of_groups=True)
        # Squares and cubes of the largest surprisals would overflow.
        influences /= largest
        squares = float(np.square(influences).sum())
        return cls(
            error=largest * math.sqrt((groups - 1) / groups * squares),
            skewness=float(
                (influences * influences * influences).sum() / (squares * math.sqrt(squares))
            ),
            degrees=degrees,
            shortfall=(groups - 1) * float(value - mean),
            of_groups=True,
        )

    @property
    def bend(self) -> float:
        """The skewness that is corrected for."""
        a = self.skewness
        if not self.of_groups:
            return a
        most = _MOST_BENT / student_t(self.degrees)
        return max(-most, min(a * (1 + _STRETCH * abs(a)), most))

    def interval(self, value: float) -> tuple[float, float]:
        """What is not rejected at 5 %."""
        low, high = self.bent_interval(value)
        if self.of_groups:
            half = self.error * student_t(self.degrees)
            low, high = min(low, value - half), max(high, value + half)
        return low, high

    def bent_interval(self, value: float) -> tuple[float, float]:
        """What Hall's statistic does not reject at 5 %."""
        t, a = student_t(self.degrees), self.bend

        def studentised(x: float) -> float:
            if abs(a) < _NO_SKEWNESS:
                return x
            return 3 / a * (portable.cbrt(1 + a * (x - a / 6)) - 1)

        return value - self.error * studentised(t), value - self.error * studentised(-t)

    def farthest(self, mean: float) -> float:
        """What a mean of values of one sign is at most, for groups whose spread grows with it.

        Sets that lack the groups of the longest tail show both a small mean and a small spread. So
        what is asked is how much of the mean its error is: Student's interval of ``mean^(−1/3)``
        ends at ``mean / (1 − t s / (3 mean))³``, which is infinite where too few groups tell.
        """
        share = student_t(self.degrees) * self.error / (_ROOT * mean)
        if share >= 1:
            return math.inf
        left = 1 - share
        return mean / (left * left * left)

    def p_value(self, difference: float) -> float:
        """How often chance alone makes so large a difference from 0, either way."""
        if self.error == 0:
            return 0.0 if difference else 1.0
        t, a = difference / self.error, self.bend
        if abs(t) > _BEYOND_CHANCE:  # whose cube may overflow
            return 0.0
        bent = a * t * t
        found = two_sided(t + bent / 3 + bent * a * t / 27 + a / 6, self.degrees)
        return max(found, two_sided(t, self.degrees)) if self.of_groups else found


def effective_groups(sizes: Values, *, alike: bool = False) -> float:
    """How many groups of one size would tell as much of a variance: (Σ v)² / Σ v², v = n^1.5.

    The sum of a group of independent rows varies as their number n, and that of rows that are all
    alike as n²; groups are taken to be halfway between, unless they are said to be ``alike``, as
    the tokens of one document are.

    Examples
    --------
    >>> effective_groups(np.array([4.0, 1.0, 1.0, 4.0])), effective_groups(np.full(30, 7.0))
    (2.4923076923076923, 30.0)
    >>> effective_groups(np.array([2.0, 1.0, 1.0, 2.0]), alike=True)
    2.9411764705882355
    """
    shares = sizes / sizes.max()
    return portable.effective_count(shares * (shares if alike else np.sqrt(shares)))


def student_t(degrees: float) -> float:
    """Student's t at 97.5 %; between whole degrees, its logarithm straight in their reciprocals.

    Above those of the table it is a series in their reciprocal, to 2e-8 (Abramowitz and Stegun,
    *Handbook of Mathematical Functions*, 26.7.5).
    """
    if degrees > len(_STUDENT_T) - 1:
        found = 0.0
        for term in reversed(_SERIES):
            found = found / degrees + term
        return found
    below = max(math.floor(degrees), 1)
    if below == degrees:
        return _STUDENT_T[below]
    share = (1 / below - 1 / degrees) / (1 / below - 1 / (below + 1))
    ratio = portable.log2(_STUDENT_T[below + 1] / _STUDENT_T[below])
    return float(_STUDENT_T[below] * portable.exp2(share * ratio))


def student_factor(groups: int) -> float:
    """By how much Student's t for so many groups is wider than the normal."""
    return _STUDENT_T[groups - 1] / NORMAL if groups <= len(_STUDENT_T) else 1.0


def estimated(value: float, spread: Spread | None, unit: str, rows: int) -> Estimate:
    """A value with the interval that its spread gives; NaN without one."""
    if math.isinf(value):
        return Estimate(value, value, value, unit, rows)
    low, high = (math.nan, math.nan) if spread is None else spread.interval(value)
    return Estimate(value, low, high, unit, rows)


def plug_in(value: float, spread: Spread | None, unit: str, rows: int, *, classes: int) -> Estimate:
    """An entropy of the frequencies of so many classes, which is too low on average.

    Where all classes are about as likely, the entropy is at its peak: it is too low by more than
    sets of rows differ to first order, and both come from a sum of as many squares as classes less
    one, whose spread is ``√(2 / (classes − 1))`` of its mean. So the upper end is moved by how much
    it is too low (Zahl, *Ecology* 58, 1977), and that spread is added.
    """
    if spread is None:
        return estimated(value, None, unit, rows)
    of_squares = spread.shortfall * math.sqrt(2 / max(classes - 1, 1))
    error = math.hypot(spread.error, of_squares)
    low, high = replace(spread, error=error).interval(value)
    return Estimate(value, low, high + max(spread.shortfall, 0.0), unit, rows)


def too_few_clusters(clusters: int | None) -> str | None:
    """Why so many clusters have no intervals; None of enough, and of rows that are in none."""
    if clusters is None or clusters >= FEWEST_CLUSTERS:
        return None
    return f"need at least {FEWEST_CLUSTERS} clusters; found {clusters}"


def share_interval(share: Estimate, spread: Spread | None) -> Estimate:
    """A share's interval by Wilson's score, for as many rows as its spread is worth.

    It stays between 0 and 1 and is not empty where every row, or none, is counted: with ``n`` the
    effective number of rows, ``share (1 − share) / s²``, its ends are the shares ``p`` with
    ``|share − p| = t √(p (1 − p) / n)`` (Wilson, 1927; Korn and Graubard, *Survey Methodology* 24,
    1998, for effective numbers). Wilson's score is as skewed as rows are that count or do not;
    groups that differ much are more so, and an end of Hall's interval that lies beyond is taken.
    """
    if spread is None:
        return share
    t = student_t(spread.degrees)
    variance = share.value * (1 - share.value)
    squared = spread.error * spread.error
    rows = variance / squared if squared > 0 and variance > 0 else share.rows
    weight = 1 / (1 + t * t / rows)
    middle = weight * (share.value + t * t / (2 * rows))
    least = t / (2 * rows)
    half = weight * t * math.sqrt(max(variance, 0.0) / rows + least * least)
    # Rounding must not part the value from its interval's end.
    low, high = min(middle - half, share.value), max(middle + half, share.value)
    if spread.of_groups:
        ends = spread.bent_interval(share.value)
        low, high = min(low, ends[0]), max(high, ends[1])
    return replace(share, low=max(low, 0.0), high=min(high, 1.0))


def mean_interval(
    mean: Estimate, spread: Spread | None, most: float = math.inf, *, error: float = 0.0
) -> Estimate:
    """The interval of a mean of values between 0 and ``most``, as far as its size asks.

    Of groups the end that is away from 0 is :meth:`Spread.farthest` where that is farther; above
    the middle between 0 and ``most`` it is that of what lacks to ``most``. ``error`` is what is
    known of its standard error otherwise, if that is more. There is no interval where groups differ
    so much that no end can be told.
    """
    mean = within(mean, 0.0, most)
    mirrored = mean.value > most / 2
    size = most - mean.value if mirrored else mean.value
    if spread is None or not spread.of_groups or not 0 < size < math.inf:
        return mean
    end = replace(spread, error=max(spread.error, error)).farthest(size)
    if end == math.inf:
        return replace(mean, low=math.nan, high=math.nan)
    low, high = (most - end, mean.high) if mirrored else (mean.low, end)
    return replace(mean, low=max(min(mean.low, low), 0.0), high=min(max(mean.high, high), most))


def within(value: Estimate, least: float, most: float) -> Estimate:
    """The part of an interval that is possible; which loses no coverage."""
    if math.isnan(value.low) or math.isinf(value.value):
        return value
    # The value itself may be beyond an end by a rounding.
    least, most = min(least, value.value), max(most, value.value)
    low, high = max(value.low, least), min(value.high, most)
    return Estimate(value.value, low, high, value.unit, value.rows)


#: Of the slices that are said to stand out, which part does so by chance alone.
FALSE_DISCOVERIES = 0.05
#: With fewer clusters than this, how they differ from each other cannot be told.
FEWEST_CLUSTERS = 10
#: A slice of fewer rows than this (that fewer groups of clusters meet) is not tested.
FEWEST_UNITS = 10


def benjamini_hochberg(p_values: Values, rate: float) -> NDArray[np.bool_]:
    """Which of several tests to reject so that of the rejections ``rate`` are false on average.

    Those up to the largest i with ``p_(i) m / i ≤ rate`` (Benjamini and Hochberg, *J. R. Statist.
    Soc. B* 57, 1995), which are those of a q-value up to it.

    Examples
    --------
    >>> benjamini_hochberg(np.array([0.01, 0.8, 0.03, 0.02]), 0.05).tolist()
    [True, False, True, True]
    """
    hits: NDArray[np.bool_] = q_values(p_values) <= rate
    return hits


def q_values(p_values: Values) -> Values:
    """The least false discovery rate at which each of several tests is rejected.

    ``q_(i) = min over j ≥ i of p_(j) m / j``: Benjamini and Hochberg's tests at a rate are those
    with a q-value up to it.

    Examples
    --------
    >>> q_values(np.array([0.01, 0.8, 0.03, 0.02])).tolist()
    [0.04, 0.8, 0.04, 0.04]
    """
    order = np.argsort(p_values, kind="stable")
    ranked = p_values[order] * len(p_values) / np.arange(1, len(p_values) + 1)
    found = np.empty(len(p_values))
    found[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return found


def checked_rate(fdr: Any) -> float:
    """A false discovery rate; an error for what is none."""
    is_number = isinstance(fdr, int | float | np.number) and not isinstance(fdr, bool)
    rate = float(fdr) if is_number else math.nan
    if not 0 < rate < 1:
        raise CallError(f"fdr={fdr!r}; expected a false discovery rate between 0 and 1 (--fdr)")
    return rate


def standing_out(p_values: Iterable[float | None]) -> list[bool]:
    """Which of several tests to reject at ``FALSE_DISCOVERIES``; never one without a p-value.

    Examples
    --------
    >>> standing_out([0.01, None, 0.8, 0.02])
    [True, False, False, True]
    """
    values = list(p_values)
    tested = np.array([value for value in values if value is not None], dtype=np.float64)
    hits = iter(benjamini_hochberg(tested, FALSE_DISCOVERIES).tolist())
    return [value is not None and next(hits) for value in values]
