"""Inputs of formulas: the shares of one distribution, or of two and their ratio.

All arrays hold the classes along the last axis. Values are found by the way that keeps most digits;
derivatives, where someone may want them, are attached to them from the plain formulas (see
``_elementary.attach``). Logarithms are natural.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from unsurprised.array_types import Array
from unsurprised.arrays.libraries import Namespace, detached, device_of, library_of
from unsurprised.measures._elementary import attach, log1p, steep
from unsurprised.measures._two_floats import difference_of_products, lifted, scale_to_one, two_sum


class remembered:  # noqa: N801 -- a decorator
    """A property that is found once; without the lock of Python 3.11's, which compilers refuse."""

    def __init__(self, find: Callable[[Any], Array]) -> None:
        self.find, self.name = find, find.__name__
        self.__doc__ = find.__doc__

    def __get__(self, owner: Any, kind: Any = None) -> Array:
        """The value, from now on an attribute of ``owner``."""
        value = self.find(owner)
        setattr(owner, self.name, value)
        return value


def total(xp: Namespace, terms: Array) -> Array:
    """The sum over the classes, kept as an axis of length 1."""
    return xp.sum(terms, axis=-1, keepdims=True)


def at_index(xp: Namespace, values: Array, index: Array) -> Array:
    """The one entry of each row at ``index`` (whose last axis has length 1)."""
    return xp.take_along_axis(values, index, axis=-1)


class Side:
    """Rows as they were given: mass or log scores of one floating type, classes last."""

    def __init__(self, xp: Namespace, values: Array, *, log: bool, attached: bool) -> None:
        self.xp, self.given, self.log, self.attached = xp, values, log, attached
        self.values = detached(values) if attached else values
        self.top = xp.argmax(self.values, axis=-1, keepdims=True)
        # A score so low that its distance from the largest is no float is as good as −inf.
        self.possible = (self.values - self.largest if log else self.values) > (
            -xp.inf if log else 0
        )

    @remembered
    def largest(self) -> Array:
        """The largest entry."""
        return at_index(self.xp, self.values, self.top)

    @remembered
    def relative(self) -> Array:
        """Each share as a part of the largest."""
        if self.log:
            return self.xp.exp(self.values - self.largest)
        return self.values / self.largest

    @remembered
    def rest(self) -> Array:
        """What all other classes have beside the largest's 1."""
        return total(self.xp, self.xp.where(self._is_top, 0.0, self.relative))

    @remembered
    def _is_top(self) -> Array:
        xp = self.xp
        return xp.arange(self.values.shape[-1], **placed_like(self.top)) == self.top

    @remembered
    def share(self) -> Array:
        """P, the shares."""
        share = self.relative / (1.0 + self.rest)
        return self._attached_share(share) if self.attached else share

    @remembered
    def log_share(self) -> Array:
        """Log P; −inf where a class is impossible.

        The largest is left out of the sum, so that log P of a share next to one keeps its digits.
        """
        xp = self.xp
        gap = self.values - self.largest if self.log else self._log_relative()
        value = xp.where(
            self.possible, xp.where(self.possible, gap, 0.0) - xp.log1p(self.rest), -xp.inf
        )
        if not self.attached:
            return value
        finite = xp.where(self.possible, value, 0.0)
        return xp.where(self.possible, attach(finite, self._log_carrier), -xp.inf)

    def _log_relative(self) -> Array:
        xp, least = self.xp, float(self.xp.finfo(self.values.dtype).smallest_normal)
        ratio = xp.where(self.possible, self.relative, 1.0)
        # The quotient of a tiny entry and a large one has few digits or none.
        tiny = self.possible & (ratio < least / float(xp.finfo(ratio.dtype).eps))
        apart = xp.log(xp.where(tiny, self.values, 1.0)) - xp.log(self.largest)
        return xp.where(tiny, apart, xp.log(xp.where(tiny, 1.0, ratio)))

    @remembered
    def _log_carrier(self) -> Array:
        """Log P by the plain formula, finite everywhere: what derivatives are taken of."""
        xp = self.xp
        values = self.given if self.log else self.given * (1.0 / self.largest)
        top = at_index(xp, values, self.top)
        others = self.possible & ~self._is_top
        if self.log:
            gap = xp.where(others, xp.where(others, values, 0.0) - top, 0.0)
            rest = total(xp, xp.where(others, xp.exp(gap), 0.0))
        else:
            gap = xp.where(others, xp.log(xp.where(others, values, 1.0)) - xp.log(top), 0.0)
            rest = total(xp, xp.where(self._is_top, 0.0, values)) / top
        return xp.where(self.possible, gap - xp.log1p(rest), 0.0)

    def _attached_share(self, share: Array) -> Array:
        """Through the logarithm where there is one; a mass of zero can only grow, linearly."""
        xp, carrier = self.xp, self._log_carrier
        grown = detached(share) * xp.exp(carrier - detached(carrier))
        if self.log:  # where the share is below the floats, so is its derivative
            return xp.where(self.possible & (share > 0), grown, 0.0)
        scale = 1.0 / (self.largest * (1.0 + self.rest))
        return xp.where(self.possible & (share > 0), grown, self.given * scale)


#: What a measure says, in nats where there is a unit, of one :class:`Side` for each form.
Formula = Callable[[list[Side]], Any]


def placed_like(values: Array) -> dict[str, Any]:
    """Where new arrays belong: on the device of ``values``."""
    device = device_of(values) if library_of(values) else None
    return {} if device is None else {"device": device}


@dataclass(frozen=True)
class Ratio:
    """Of two shares the smaller one to the larger, in [0, 1], in three accurate forms."""

    xp: Namespace
    attached: bool
    #: Where the first is below the second.
    less: Array
    smaller: Array
    larger: Array
    #: The ratio u itself, u − 1 and log u; u = 1/2 where ``gone``.
    u: Array
    excess: Array
    log: Array
    #: Where the smaller one is impossible and the larger is not.
    gone: Array
    #: log of the larger one, 0 where both are impossible.
    log_larger: Array


def ratio_between(
    xp: Namespace,
    p: Array,
    q: Array,
    difference: Array,
    log_ratio: Array,
    *,
    logs: tuple[Array, Array],
    attached: bool,
    log_is_best: bool = False,
) -> Ratio:
    """The ratio of ``p`` and ``q`` from their accurate difference.

    ``log_ratio`` is log p − log q, ±inf where one is impossible. Derivatives come from it; its
    values count where the ratio is beyond the floats, or everywhere if ``log_is_best``.
    """
    beneath = ~((detached(p) > 0) | (detached(q) > 0))  # both: only their logarithms differ
    less = xp.where(beneath, detached(log_ratio) < 0, detached(difference) < 0)
    smaller, larger = xp.where(less, p, q), xp.where(less, q, p)
    small, large = detached(smaller), detached(larger)
    apart = xp.isinf(log_ratio)
    gone = apart & (large > 0)
    usable = ~apart
    gap = -xp.abs(xp.where(usable, detached(log_ratio), 0.0))
    log_larger = xp.where(large > 0, xp.where(less, logs[1], logs[0]), 0.0)
    if not log_is_best:  # then it is the difference that says whether they are equal
        gap = xp.where((detached(difference) == 0) & ~beneath, 0.0, gap)
    u, excess, log = xp.exp(gap), xp.expm1(gap), gap
    if not log_is_best:
        limits = xp.finfo(large.dtype)
        # A share below the normal floats has few digits; its logarithm has them all.
        precise = usable & (small >= float(limits.smallest_normal))
        divisor = xp.where(precise, large, 1.0)
        excess = xp.where(precise, -xp.abs(detached(difference)) / divisor, excess)
        u = xp.where(precise, small / divisor, u)
        log = xp.where(precise, _log_of_ratio(xp, u, excess), log)
    u, excess = xp.where(gone, 0.5, u), xp.where(gone, -0.5, excess)
    if attached:
        signed = xp.where(usable, log_ratio, 0.0)
        log = attach(log, xp.where(less, signed, -signed))
        u = u * xp.exp(log - detached(log))
        excess = attach(excess, u)
    return Ratio(xp, attached, less, smaller, larger, u, excess, log, gone, log_larger)


def _log_of_ratio(xp: Namespace, u: Array, excess: Array) -> Array:
    """Log u from u − 1 near one, from u elsewhere."""
    near = u > 0.5
    return xp.where(near, log1p(xp, xp.where(near, excess, 0.0)), xp.log(xp.where(near, 1.0, u)))


class Pair:
    """Two distributions; the truth comes first."""

    def __init__(self, p: Side, q: Side) -> None:
        self.p, self.q, self.xp = p, q, p.xp
        self.attached = p.attached or q.attached

    @remembered
    def difference(self) -> Array:
        """P − Q, to its last digits where the two are close."""
        value = self.difference_value
        return attach(value, self.p.share - self.q.share) if self.attached else value

    @remembered
    def ratio(self) -> Ratio:
        """The smaller of P and Q to the larger."""
        return ratio_between(
            self.xp,
            self.p.share,
            self.q.share,
            self.difference_value,
            self._log_ratio,
            logs=(self.p.log_share, self.q.log_share),
            attached=self.attached,
            log_is_best=self.p.log or self.q.log,
        )

    @remembered
    def log_ratio(self) -> Array:
        """Log P − log Q; ±inf where one is impossible, 0 where both are."""
        xp, ratio = self.xp, self.ratio
        finite = xp.where(ratio.less, ratio.log, 0.0 - ratio.log)
        below, above = ratio.gone & ratio.less, ratio.gone & ~ratio.less
        return xp.where(below, -xp.inf, xp.where(above, xp.inf, finite))

    def steep_overlap(self) -> Array:
        """Zero, with the infinite derivative that √(P·Q) has by a share of zero beside another."""
        xp, p, q = self.xp, self.p, self.q
        p_zero = xp.where(q.possible & ~p.possible, p.share, 0.0)
        q_zero = xp.where(p.possible & ~q.possible, q.share, 0.0)
        return steep(xp, p_zero) + steep(xp, q_zero)

    @remembered
    def _both(self) -> Array:
        return self.p.possible & self.q.possible

    @remembered
    def _log_ratio(self) -> Array:
        """Of the shares' own logarithms: right where P and Q are far apart."""
        xp = self.xp
        if self.p.log and self.q.log:
            apart = self._scores[1]
            if self.attached:
                carrier = self.p.log_share - self.q.log_share
                apart = attach(apart, xp.where(self._both, carrier, 0.0))
        else:
            p, q = (xp.where(self._both, side.log_share, 0.0) for side in (self.p, self.q))
            apart = p - q
        apart = xp.where(self._both, apart, 0.0)
        apart = xp.where(self.p.possible & ~self.q.possible, xp.inf, apart)
        return xp.where(self.q.possible & ~self.p.possible, -xp.inf, apart)

    @remembered
    def difference_value(self) -> Array:
        """P − Q without derivatives."""
        if self.p.log and self.q.log:
            return self._scores[0]
        if self.p.log or self.q.log:
            return self._difference_by_logs(detached(self._log_ratio))
        return self._difference_of_masses()

    def _difference_by_logs(self, log_ratio: Array) -> Array:
        xp = self.xp
        p, q = detached(self.p.share), detached(self.q.share)
        near = xp.where(log_ratio > 0, p, -q) * -xp.expm1(-xp.abs(log_ratio))
        return xp.where(log_ratio == 0, 0.0, near)

    def _difference_of_masses(self) -> Array:
        """From the cross products with one reference class k, so that no rounded sum decides.

        r = p·q_k − q·p_k is exactly zero for multiples of one another, and P_k − Q_k is found from
        the sum of r, which vanishes together with it; P − Q follows from both without cancellation.
        """
        xp, (p, q) = self.xp, (self.p, self.q)
        p_mass = p.values * scale_to_one(xp, p.largest)
        q_mass = q.values * scale_to_one(xp, q.largest)
        p_share, q_share = detached(p.share), detached(q.share)
        k = xp.argmax(p.relative * q.relative, axis=-1, keepdims=True)
        p_at_k, p_of_k, q_of_k = (at_index(xp, x, k) for x in (p_mass, p_share, q_share))
        p_k, q_k = lifted(xp, p_at_k, at_index(xp, q_mass, k))
        met = (p_k > 0) & (q_k > 0)  # else there is no class that both hold possible
        level = difference_of_products(xp, p_mass, q_k, q_mass, p_k) / xp.where(met, q_k, 1.0)
        gap = -(p_of_k / xp.where(met, p_at_k, 1.0)) * total(xp, level) * q_of_k  # P_k − Q_k
        p_i, q_i = lifted(xp, p_mass, q_mass)
        p_crossed, q_crossed = p_i * q_k, q_i * p_k
        bridged = difference_of_products(xp, p_i, q_k, q_i, p_k) * (0.5 * (p_of_k + q_of_k))
        bridged = bridged + (p_crossed + q_crossed) * (0.5 * gap)
        larger = xp.where(bridged > 0, p_crossed * p_of_k, q_crossed * q_of_k)
        near = bridged / xp.where(larger > 0, larger, 1.0) * xp.where(bridged > 0, p_share, q_share)
        # Where even the class that both hold most probable differs this much, nothing cancels.
        alike = met & (p_of_k < 2.0 * q_of_k) & (q_of_k < 2.0 * p_of_k)
        return xp.where(self._both & alike, near, p_share - q_share)

    @remembered
    def _scores(self) -> tuple[Array, Array]:
        """P − Q and log P − log Q of log scores: their exact differences less one constant."""
        xp, (p, q) = self.xp, (self.p, self.q)
        k = xp.argmax((p.values - p.largest) + (q.values - q.largest), axis=-1, keepdims=True)
        high, low = two_sum(
            xp.where(self._both, p.values, 0.0), -xp.where(self._both, q.values, 0.0)
        )
        step = (high - at_index(xp, high, k)) + (low - at_index(xp, low, k))
        beyond = xp.isnan(step)  # scores further apart than the largest float
        plain = (p.values - p.largest) - (q.values - q.largest)
        step = xp.where(self._both, xp.where(beyond, plain - at_index(xp, plain, k), step), 0.0)
        p_share, q_share = detached(p.share), detached(q.share)
        apart = at_index(xp, detached(p.log_share), k) - at_index(xp, detached(q.log_share), k)
        apart = xp.where(xp.isfinite(apart), apart, 0.0)
        # P and e^apart · Q have the same height at k: what they differ by sums to the correction.
        q_raised = q_share * xp.exp(xp.where(xp.abs(apart) < 0.5, apart, 0.0))
        gaps = xp.where(step > 0, p_share, -q_raised) * -xp.expm1(-xp.abs(step))
        gaps = xp.where(self._both, gaps, p_share - q_raised)
        near = log1p(xp, -total(xp, gaps))
        log_ratio = step + xp.where(xp.abs(apart) < 0.5, near, apart)
        difference = self._difference_by_logs(xp.where(self._both, log_ratio, 0.0))
        return xp.where(self._both, difference, p_share - q_share), log_ratio
