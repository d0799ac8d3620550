"""Variance and skewness of ratios of means of independent rows, by exact sums."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from unsurprised.states.moments import UNIT
from unsurprised.statistics.jackknife import Spread

#: Below this share of what cubes are a difference of, their sum is the rounding of the cubes.
_ROUNDING = 2.0**-45
#: A correction of this size is that of one row: all others together weigh a millionth of it.
_ONE_ROW = 1e12
#: Bits of a whole number that its float keeps.
_KEPT = 64


class Weights(NamedTuple):
    """What weights of rows add up to: Σ w; Σ w² and Σ w³ in units of two to UNIT."""

    total: float
    squares: int
    cubes: int

    def __sub__(self, other: Weights) -> Weights:
        return Weights(
            self.total - other.total, self.squares - other.squares, self.cubes - other.cubes
        )

    @property
    def effective(self) -> float:
        """How many equal weights tell as much, (Σ w)² / Σ w²."""
        if not self.squares > 0:
            return 0.0
        return _Float.of(self.total).power(2).over(_Float.whole(self.squares)).value(-UNIT)

    @property
    def degrees(self) -> float:
        """Degrees of freedom of a sum of squares over rows of these weights; n − 1 of equal ones.

        Satterthwaite's ``(Σ w²)² / Σ w⁴`` (*Biometrics Bulletin* 2, 1946) less one, with the least
        that Σ w⁴ can be, ``(Σ w³)² / Σ w²`` (Cauchy and Schwarz).
        """
        return _degrees(self)

    def correction(self) -> float | None:
        """What a sum of squared influences is multiplied by; ``None`` for less than two rows.

        ``Σ p² / (Σ p² − 2 Σ p³ + (Σ p²)²)`` with p = w / Σ w, which makes the variance of a mean
        right on average where rows differ by their weights alone: n / (n − 1) for equal weights.
        """
        return _correction(self)


# All columns of a cell ask for these, one after the other.
@lru_cache(maxsize=4)
def _degrees(weights: Weights) -> float:
    if not weights.cubes > 0:
        return 1.0
    squares, cubes = _Float.whole(weights.squares), _Float.whole(weights.cubes)
    return max(1.0, squares.power(3).over(cubes.power(2)).value(UNIT) - 1)


@lru_cache(maxsize=4)
def _correction(weights: Weights) -> float | None:
    total, quotient = weights.total.as_integer_ratio()
    # Σw² W² / (Σw² W² − 2 Σw³ W + (Σw²)²), all in units of two to 2 UNIT and the quotient².
    first = (weights.squares * total * total) << -UNIT
    cubes = (2 * weights.cubes * total * quotient) << -UNIT
    left = first - cubes + (weights.squares * quotient) ** 2
    found = _Float.whole(first).over(_Float.whole(left)).value() if left > 0 else math.inf
    return found if found < _ONE_ROW else None


class ColumnPowers(NamedTuple):
    """Sums of a column's products y = w x: of w y, w² y, y², w y² and y³."""

    wy: int
    wwy: int
    yy: int
    wyy: int
    yyy: int

    def __sub__(self, other: ColumnPowers) -> ColumnPowers:
        return ColumnPowers(
            self.wy - other.wy,
            self.wwy - other.wwy,
            self.yy - other.yy,
            self.wyy - other.wyy,
            self.yyy - other.yyy,
        )


@dataclass(frozen=True, slots=True)
class Powers:
    """The sums of a cell: of each column, and of the weights alone."""

    columns: Mapping[str, ColumnPowers]
    weights: Weights

    @classmethod
    def of(
        cls, names: Sequence[str], sums: Sequence[int], total: float, *, weighted: bool
    ) -> Powers:
        """From the numbers of :class:`Moments`, and the total weight."""
        if weighted:
            width, (squares, cubes) = 5, (sums[-2], sums[-1])
            columns = [ColumnPowers(*sums[i : i + 5]) for i in range(0, 5 * len(names), 5)]
        else:
            width, squares, cubes = 3, sums[-1], sums[-1]
            columns = [
                ColumnPowers(x, x, xx, xx, xxx)
                for x, xx, xxx in (sums[i : i + width] for i in range(0, width * len(names), width))
            ]
        return cls(dict(zip(names, columns, strict=True)), Weights(total, squares, cubes))


class ColumnPair(NamedTuple):
    """Sums over rows of products of a numerator's part n and a denominator's part d."""

    nn: int
    nd: int
    dd: int
    nnn: int
    nnd: int
    ndd: int
    ddd: int

    @classmethod
    def of_mean(cls, column: ColumnPowers, weights: Weights) -> ColumnPair:
        """Of the mean of a column."""
        return cls(
            column.yy,
            column.wy,
            weights.squares,
            column.yyy,
            column.wyy,
            column.wwy,
            weights.cubes,
        )

    @classmethod
    def of_share(cls, part: ColumnPowers, whole: ColumnPowers) -> ColumnPair:
        """Of what some rows have of a column's sum over all of them."""
        return cls(part.yy, part.yy, whole.yy, part.yyy, part.yyy, part.yyy, whole.yyy)

    def spread(self, ratio: float, below: float, weights: Weights) -> Spread | None:
        """How the ratio Σ n / Σ d, with the denominator ``below``, differs between sets of rows.

        To first order by the influences ``u = (n − ratio · d) / Σ d`` of the rows, whose squares
        add up to the variance (the infinitesimal jackknife: Efron, *The Jackknife, the Bootstrap
        and Other Resampling Plans*, 1982, section 6.3) when corrected (:meth:`Weights.correction`),
        and their cubes to the third moment. ``None`` where the rows cannot tell.
        """
        if not (math.isfinite(ratio) and math.isfinite(below) and below):
            return None
        more = weights.correction()
        if more is None:
            return None
        # Everything is a whole number of 2^UNIT, and the ratio is one of 1 / quotient.
        part, quotient = ratio.as_integer_ratio()
        squares = self.nn * quotient**2 - 2 * part * quotient * self.nd + part**2 * self.dd
        terms = (
            self.nnn * quotient**3,
            -3 * part * quotient**2 * self.nnd,
            3 * part**2 * quotient * self.ndd,
            -(part**3) * self.ddd,
        )
        degrees = weights.degrees
        if not squares > 0:
            return Spread(0.0, 0.0, degrees, 0.0)
        variance = _Float.whole(squares)
        cubes = sum(terms)
        skewness = 0.0
        if (
            abs(cubes) > 0
            and _Float.whole(abs(cubes)).over(_Float.whole(sum(map(abs, terms)))).value()
            > _ROUNDING
        ):
            skewness = _Float.whole(cubes).over(variance.root().power(3)).value(-UNIT // 2)
        scale = _Float.of(abs(below)).times(_Float.whole(quotient))
        error = variance.times(_Float.of(more)).root().over(scale).value(UNIT // 2)
        return Spread(error, skewness, degrees, 0.0)


def difference(one: Spread, other: Spread) -> Spread:
    """Of the difference of what two sets of independent rows tell.

    Degrees of freedom are Welch's (*Biometrika* 34, 1947).
    """
    largest = max(one.error, other.error)
    if largest == 0:
        return Spread(0.0, 0.0, min(one.degrees, other.degrees), 0.0)
    a, b = one.error / largest, other.error / largest
    first, second = a * a, b * b
    squares = first + second
    third = one.skewness * a * first - other.skewness * b * second
    return Spread(
        error=largest * math.sqrt(squares),
        skewness=third / (squares * math.sqrt(squares)),
        degrees=squares * squares / (first * first / one.degrees + second * second / other.degrees),
        shortfall=0.0,
    )


class _Float(NamedTuple):
    """A float times a power of two, which no product takes out of the range of floats."""

    part: float
    exponent: int

    @classmethod
    def of(cls, value: float) -> _Float:
        return cls(*math.frexp(value))

    @classmethod
    def whole(cls, number: int) -> _Float:
        size = abs(number)
        down = max(size.bit_length() - _KEPT, 0)
        part, exponent = math.frexp(float(size >> down))
        return cls(-part if number < 0 else part, exponent + down)

    def times(self, other: _Float) -> _Float:
        return self._even(self.part * other.part, self.exponent + other.exponent)

    def over(self, other: _Float) -> _Float:
        return self._even(self.part / other.part, self.exponent - other.exponent)

    def root(self) -> _Float:
        odd = self.exponent % 2
        return self._even(math.sqrt(math.ldexp(self.part, odd)), (self.exponent - odd) // 2)

    def power(self, exponent: int) -> _Float:
        found = self
        for _ in range(exponent - 1):
            found = found.times(self)
        return found

    def value(self, up: int = 0) -> float:
        try:
            return math.ldexp(self.part, self.exponent + up)
        except OverflowError:
            return math.copysign(math.inf, self.part)

    @staticmethod
    def _even(part: float, exponent: int) -> _Float:
        part, more = math.frexp(part)
        return _Float(part, exponent + more)
