r"""f-divergences: the one mechanism behind all of them.

.. math:: D_f(P \| Q) = \sum_i Q_i\, f(P_i / Q_i), \qquad f(1) = f'(1) = 0

Adding c·(u − 1) to f changes nothing, since both sum to one; with f'(1) = 0 every term of a convex
f is at least zero, so nothing cancels however close P and Q are. A term is found from the ratio
u ≤ 1 of the smaller share to the larger one: as Q·f(u) where P is the smaller, and as P·f*(u) where
Q is, with f*(u) = u·f(1/u), which belongs to the divergence with both sides exchanged.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from unsurprised.array_types import Array
from unsurprised.arrays.libraries import detached
from unsurprised.measures._distribution import Pair, Ratio
from unsurprised.measures._elementary import attach, expm1_share_minus_1, log1p_minus, steep


@dataclass(frozen=True)
class Half:
    """f where u ≤ 1: its values, and what holds at u = 0, which the function is never asked for."""

    values: Callable[[Ratio], Array]
    #: A number, or under ``jit`` what stands for one.
    at_zero: Any
    slope_at_zero: float
    #: The power of u that f goes to infinity as, and its factor: f may be beyond the floats where
    #: the term, a tiny share of it, is not.
    growth: tuple[float, float] | None = None


@dataclass(frozen=True)
class Generator:
    """f by its two halves: ``below`` where P < Q, ``above`` (f*) where Q < P."""

    below: Half
    above: Half


def divergence(pair: Pair, generator: Generator) -> Array:
    """The f-divergence of each row."""
    return pair.xp.sum(terms(pair.ratio, generator), axis=-1)


def terms(ratio: Ratio, generator: Generator) -> Array:
    """What each class adds."""
    if generator.above is generator.below:
        return _half_terms(ratio, generator.below)
    below = above = ratio
    if ratio.attached:  # an infinity that is not selected would still spoil the derivatives
        below, above = _harmless(ratio, ~ratio.less), _harmless(ratio, ratio.less)
    return ratio.xp.where(
        ratio.less, _half_terms(below, generator.below), _half_terms(above, generator.above)
    )


def _harmless(ratio: Ratio, where: Array) -> Ratio:
    """With u = 1/2 at some places."""
    xp = ratio.xp
    return replace(
        ratio,
        u=xp.where(where, 0.5, ratio.u),
        excess=xp.where(where, -0.5, ratio.excess),
        log=xp.where(where, -math.log(2), ratio.log),
    )


def beyond_floats(ratio: Ratio) -> Ratio:
    """With ratios whose inverse is no float taken for zero."""
    tiny = ratio.u < 4.0 * float(ratio.xp.finfo(ratio.u.dtype).smallest_normal)
    gone = ratio.gone | (tiny & (ratio.larger > 0))
    return replace(_harmless(ratio, gone | tiny), gone=gone)


def _half_terms(ratio: Ratio, half: Half) -> Array:
    xp, gone = ratio.xp, ratio.gone
    if half.growth:
        present = _with_overflow(ratio, half, *half.growth)
    else:
        values, larger = half.values(ratio), xp.where(gone, 0.0, ratio.larger)
        if ratio.attached:  # a row that is left out must not meet 0 · inf
            larger = xp.where(xp.isinf(values), detached(larger), larger)
        present = larger * values
    if isinstance(half.at_zero, float | int) and not math.isfinite(half.at_zero):
        at_zero = half.at_zero
    else:
        at_zero = xp.where(gone, ratio.larger, 0.0) * half.at_zero
    if ratio.attached:
        at_zero = at_zero + _slope(ratio, half.slope_at_zero)
    return xp.where(gone, at_zero, present)


def _with_overflow(ratio: Ratio, half: Half, power: float, factor: float) -> Array:
    """The terms, found through their logarithms where f itself overflows."""
    xp, log = ratio.xp, ratio.log
    limit = math.log(float(xp.finfo(log.dtype).max))
    beyond = power * detached(log) > limit - 5.0
    values = half.values(_harmless(ratio, beyond))
    present = xp.where(ratio.gone | beyond, 0.0, ratio.larger) * values
    exponent = ratio.log_larger + math.log(factor) + power * log
    exponent = xp.where(beyond, exponent, 0.0)
    endless = detached(exponent) > limit
    found = xp.where(endless, xp.inf, xp.exp(xp.where(endless, 0.0, exponent)))
    return xp.where(beyond, found, present)


def _slope(ratio: Ratio, slope: float) -> Array:
    """Zero, with the derivative that a term has by a share of zero."""
    xp = ratio.xp
    share = xp.where(ratio.gone, ratio.smaller, 0.0)
    if math.isinf(slope):
        return math.copysign(1.0, slope) * steep(xp, share)
    return slope * share


def _entropic(ratio: Ratio) -> Array:
    """``u log u − u + 1``."""
    xp, u, excess = ratio.xp, ratio.u, ratio.excess
    near = excess > -0.3
    series = excess * excess + u * log1p_minus(xp, xp.where(near, excess, 0.0))
    return xp.where(near, series, u * ratio.log - excess)


def _reverse_entropic(ratio: Ratio) -> Array:
    """``u − 1 − log u``."""
    xp, excess = ratio.xp, ratio.excess
    near = excess > -0.3
    return xp.where(near, -log1p_minus(xp, xp.where(near, excess, 0.0)), excess - ratio.log)


def _power(ratio: Ratio, exponent: float) -> Array:
    """``u^exponent``, whose derivative is taken of ``exp(exponent · log u)``.

    A ratio too small for its floating type keeps its logarithm, and so this power of it.
    """
    xp, plain = ratio.xp, detached(ratio.u)
    by_log = xp.exp(exponent * ratio.log)
    value = xp.where(plain > 0, xp.where(plain > 0, plain, 1.0) ** exponent, detached(by_log))
    if not ratio.attached:
        return value
    finite = xp.isfinite(by_log) & xp.isfinite(value)
    by_log = xp.exp(exponent * xp.where(finite, ratio.log, 0.0))
    return xp.where(finite, attach(xp.where(finite, value, 1.0), by_log), value)


def _power_gap(ratio: Ratio, factor: float, exponent: float) -> tuple[Array, Array]:
    """``u^φ (u^ε − 1) / ε``, going smoothly through ε = 0; and what ε adds near u = 1."""
    xp = ratio.xp
    exponents = exponent * ratio.log
    small = xp.abs(exponents) < 0.5
    within = expm1_share_minus_1(xp, xp.where(small, exponents, 0.0))
    lift = ratio.u**factor if factor else 1.0
    more = lift * ratio.log * within
    found = lift * ratio.log + more
    if exponent:
        far = (_power(ratio, factor + exponent) - lift) / exponent
        found = xp.where(small, found, far)
    return found, more


def _half_of_hellinger(ratio: Ratio) -> Array:
    step = ratio.excess / (1.0 + _power(ratio, 0.5))
    return 0.5 * step * step


_ENTROPIC = Half(_entropic, 1.0, -math.inf)
_REVERSE_ENTROPIC = Half(_reverse_entropic, math.inf, -math.inf)
_SYMMETRIC_ENTROPIC = Half(lambda ratio: ratio.excess * ratio.log, math.inf, -math.inf)
_HELLINGER = Half(_half_of_hellinger, 0.5, -math.inf)

KULLBACK_LEIBLER = Generator(_ENTROPIC, _REVERSE_ENTROPIC)
JEFFREYS = Generator(_SYMMETRIC_ENTROPIC, _SYMMETRIC_ENTROPIC)
SQUARED_HELLINGER = Generator(_HELLINGER, _HELLINGER)
PEARSON = Generator(
    Half(lambda ratio: ratio.excess * ratio.excess, 1.0, -2.0),
    Half(
        lambda ratio: ratio.excess * ratio.excess * _power(ratio, -1.0),
        math.inf,
        -math.inf,
        (-1.0, 1.0),
    ),
)


def alpha_generator(alpha: float) -> Generator:
    """``(u^α − 1 − α(u − 1)) / (α(α − 1))``, going smoothly through α = 0 and 1."""
    return Generator(_alpha_half(alpha), _alpha_half(1.0 - alpha))


def _alpha_half(alpha: float) -> Half:
    values = _above_one_half(alpha) if alpha >= 0.5 else _below_one_half(alpha)
    at_zero = 1.0 / alpha if alpha > 0 else math.inf
    slope = -1.0 / (alpha - 1.0) if alpha > 1 else -math.inf
    growth = (alpha, 1.0 / (alpha * (alpha - 1.0))) if alpha < 0 else None
    return Half(values, at_zero, slope, growth)


def _above_one_half(alpha: float) -> Callable[[Ratio], Array]:
    """With ε = α − 1: (u·(u^ε − 1)/ε − (u − 1)) / α."""

    def values(ratio: Ratio) -> Array:
        gap, more = _power_gap(ratio, 1.0, alpha - 1.0)
        near = ratio.xp.abs((alpha - 1.0) * ratio.log) < 0.5
        near = near & (ratio.u > 0.3)
        return ratio.xp.where(near, _entropic(ratio) + more, gap - ratio.excess) / alpha

    return values


def _below_one_half(alpha: float) -> Callable[[Ratio], Array]:
    """((u − 1) − (u^α − 1)/α) / (1 − α)."""

    def values(ratio: Ratio) -> Array:
        gap, more = _power_gap(ratio, 0.0, alpha)
        near = (ratio.xp.abs(alpha * ratio.log) < 0.5) & (ratio.u > 0.3)
        return ratio.xp.where(near, _reverse_entropic(ratio) - more, ratio.excess - gap) / (
            1.0 - alpha
        )

    return values


def given_generator(function: Callable[[Any], Any], at_zero: Any, slope: Any) -> Generator:
    """A user's own f, with f(0) and the limit of f(u) / u for large u."""

    def above(ratio: Ratio) -> Array:
        xp, value = ratio.xp, function(1.0 / ratio.u)
        if not ratio.attached:
            return ratio.u * value
        # Where f is beyond the floats, it is not asked for a derivative.
        beyond = xp.isinf(value)
        u = xp.where(beyond, 0.5, ratio.u)
        return xp.where(beyond, detached(value), u * function(1.0 / u))

    return Generator(Half(lambda ratio: function(ratio.u), at_zero, 0.0), Half(above, slope, 0.0))
