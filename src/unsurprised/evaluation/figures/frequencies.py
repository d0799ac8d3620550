"""The entropy of the class frequencies of independent rows, and what it is beside their costs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.evaluation.figures.sample import Sampled
from unsurprised.states import Moments, exact_sum
from unsurprised.statistics.jackknife import Spread
from unsurprised.statistics.means import mean_and_spread
from unsurprised.statistics.powers import Weights

#: Below this share of what sums are a difference of, they are its rounding.
_ROUNDING = 1e-13


@dataclass(frozen=True, slots=True)
class OfFrequencies:
    """How sure the entropy H of class frequencies is, and what is made of it and of a mean cost c.

    To first order ``a H − b c`` differs between sets of rows as the mean over the rows of
    ``a l − b s`` does, with the surprisal l of what happened under the frequencies, and the row's
    cost s.
    """

    #: The spread of that mean, for a and b.
    spread: Callable[[float, float], Spread | None]
    #: By how many bits H is too low on average: ``Σ var(f) / 2 f`` (Miller, *Information Theory in
    #: Psychology*, 1955).
    shortfall: float

    def entropy(self) -> Spread | None:
        """Of H."""
        return self._low(self.spread(1.0, 0.0), 1.0)

    def gained(self) -> Spread | None:
        """Of H − c."""
        return self._low(self.spread(1.0, 1.0), 1.0)

    def share(self, whole: float, cost: float) -> Spread | None:
        """Of 1 − c / H; None where no float holds how steep that is."""
        slope = cost / whole
        found = self.spread(slope, 1.0) if math.isfinite(slope / whole) else None
        if found is not None:
            found = replace(found, error=found.error / whole)
        return self._low(found, slope / whole)

    def _low(self, spread: Spread | None, slope: float) -> Spread | None:
        return None if spread is None else replace(spread, shortfall=self.shortfall * slope)


def bits_of(totals: Values) -> Values:
    """The surprisal of each class under the frequencies; 0 of classes that never happened."""
    return surprisals_of(totals / totals.sum())


def surprisals_of(shares: Values) -> Values:
    """The surprisal of each share; 0 of shares of nothing."""
    found: Values = 0.0 - portable.log2(np.where(shares > 0, shares, 1.0))
    return found


def surprised_by(rows: Sampled, totals: Values) -> Values:
    """What each row costs under the class frequencies."""
    bits = bits_of(totals)
    if rows.labels is not None:
        return bits[rows.labels]
    found: Values = portable.matmul(np.asarray(rows.shares), bits)
    return found


def of_classes(
    totals: Values, moments: Moments, weights: Weights, surprisal: float
) -> OfFrequencies:
    """From the moments of the surprisal within each class, and its sum over all rows."""
    # In units in which no sum is much above one; of many classes few have rows.
    of_weight = -math.frexp(weights.total)[1] if moments.weighted else 0
    of_value = max(-math.frexp(surprisal)[1], -1023)
    held, sums = moments.rounded(of_weight, of_value)
    if moments.weighted:
        wy, wwy, yy, wyy, yyy, ww, www = sums.T
    else:
        wy, yy, yyy, ww = sums.T
        wwy, wyy, www = wy, yy, ww
    unit = math.ldexp(1.0, of_weight - of_value)
    total, shares = math.ldexp(weights.total, of_weight), totals[held] / totals.sum()
    bits = surprisals_of(shares)
    whole, cost = exact_sum(shares * bits), surprisal / weights.total
    more = weights.correction()

    def spread(a: float, b: float) -> Spread | None:
        if more is None:
            return None
        # The influence of a row of class k is w · at[k] − slope · y.
        middle, slope = a * whole - b * cost, b * unit
        at = a * bits - middle
        # Squares of the largest would overflow.
        size = math.frexp(max(float(np.abs(at).max()), abs(middle), slope))[1]
        at, slope = np.ldexp(at, -size), math.ldexp(slope, -size)
        squares = _sum(at * at * ww, -2 * slope * at * wy, slope * slope * yy)
        cubes = _sum(
            at * at * at * www,
            -3 * slope * at * at * wwy,
            3 * slope * slope * at * wyy,
            -slope * slope * slope * yyy,
        )
        degrees = weights.degrees
        if not squares > 0:
            return Spread(0.0, 0.0, degrees, 0.0)
        error = math.ldexp(math.sqrt(squares * more) / total, size)
        return Spread(error, cubes / (squares * math.sqrt(squares)), degrees, 0.0)

    seen = shares > 0
    varied = exact_sum(ww[seen] / shares[seen]) - exact_sum(ww)
    return OfFrequencies(spread, _shortfall(varied / (total * total), more))


def of_rows(rows: Sampled, totals: Values, effective: float | None = None) -> OfFrequencies:
    """From the rows of the sample, which stand for so many rows of equal weight, or themselves."""
    surprised, shares = surprised_by(rows, totals), totals / totals.sum()
    if rows.labels is not None:
        spared = 1 / shares[rows.labels] - 1
    else:
        of_each, seen = np.asarray(rows.shares), shares > 0
        away = of_each[:, seen] - shares[seen]
        spared = (away * away / shares[seen]).sum(axis=1)
    costs, weight = np.where(np.isinf(rows.surprisal), 0.0, rows.surprisal), rows.weight()
    held = exact_sum(weight) * exact_sum(weight) / exact_sum(weight * weight)
    fewer = 1.0 if effective is None else held / effective
    squares, cubes = exact_sum(weight * weight), exact_sum(weight * weight * weight)
    degrees = squares * squares * squares / (cubes * cubes)

    def spread(a: float, b: float) -> Spread | None:
        _, found = mean_and_spread(a * surprised - b * costs, None, rows.weights)
        if found is None:
            return None
        return Spread(
            found.error * math.sqrt(fewer),
            found.skewness * math.sqrt(fewer),
            max(1.0, degrees / fewer - 1),
            0.0,
        )

    varied = exact_sum(weight * weight * spared) / exact_sum(weight) / exact_sum(weight) * fewer
    return OfFrequencies(spread, _shortfall(varied, held / (held - 1) if held > 1 else None))


def _shortfall(variances: float, more: float | None) -> float:
    return 0.0 if more is None else variances * more / (2 * math.log(2))


def _sum(*terms: Values) -> float:
    """The sum of all terms; 0 where rounding may have made it."""
    total = exact_sum(np.concatenate(terms))
    size = exact_sum(np.abs(np.concatenate(terms)))
    return total if abs(total) > _ROUNDING * size else 0.0
