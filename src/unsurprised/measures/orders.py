"""The families of an order: Rényi's and Tsallis's, with Shannon's measures at order 1."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, Never

from unsurprised.array_types import Array
from unsurprised.arrays.libraries import detached
from unsurprised.errors import CallError
from unsurprised.forms import as_form
from unsurprised.measures._dispatch import Answer, answer
from unsurprised.measures._distribution import Pair, Side, at_index
from unsurprised.measures._elementary import (
    attach,
    expm1_share,
    log_sum_exp,
    steep,
    without_derivative,
)
from unsurprised.measures._generators import KULLBACK_LEIBLER, alpha_generator, divergence
from unsurprised.measures.entropies import possible_classes
from unsurprised.measures.registry import measure
from unsurprised.units import as_number, refuse_base

_ORDERS = tuple({"order": order} for order in (0, 0.5, 1 - 1e-9, 1, 1 + 1e-9, 2, 7.5, math.inf))
_POSITIVE_ORDERS = _ORDERS[1:]


@measure("one", high="log K", parameters=_ORDERS)
def renyi_entropy(p: Any, order: float, *, axis: int = -1, base: float = 2) -> Answer:
    r"""Rényi entropy: large orders see only the most probable classes.

    .. math:: H_\alpha(P) = \frac{1}{1 - \alpha} \log \sum_i P_i^\alpha

    Order 0 is :func:`hartley_entropy`, 1 Shannon's :func:`entropy` (approached smoothly), 2 the
    collision entropy, ∞ :func:`min_entropy`. It never rises with the order.

    Parameters
    ----------
    p : array_like or form, shape (..., K, ...)
        Rows; a plain array is :class:`Probs`.
    order : float
        At least 0; ``math.inf`` is an order.
    axis : int, default −1
        The classes' axis.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array, shape (...)
        From 0 to log K.

    Raises
    ------
    CallError
        A negative order.
    InputError
        A row that is not legal for its form.

    References
    ----------
    Rényi, "On measures of entropy and information", 4th Berkeley Symposium (1961).

    Examples
    --------
    >>> round(renyi_entropy([0.5, 0.25, 0.25], 2), 4)
    1.415
    >>> renyi_entropy([0.5, 0.25, 0.25], 1)
    1.5
    """
    formula = partial(_renyi_entropy, checked_order(order))
    return answer(formula, [as_form(p)], axis=axis, base=base)


def _renyi_entropy(order: float, sides: list[Side]) -> Array:
    (p,) = sides
    xp, top = p.xp, at_index(p.xp, p.log_share, p.top)[..., 0]
    if _is_infinite(p, order):
        return 0.0 - top
    excess = order - 1.0
    tsallis = _tsallis_entropy(order, sides)
    if not excess:
        return tsallis
    # Σ P^α = 1 − (α − 1)·T; where that is far from 1, its logarithm is found by the exponents.
    moved = 0.0 - excess * tsallis
    near = (moved > -0.5) & (moved < 1.0)
    by_tsallis = 0.0 - xp.log1p(xp.where(near, moved, 0.0)) / excess
    exponents = xp.where(p.possible, order * (_finite(p) - top[..., None]), -xp.inf)
    by_exponents = (0.0 - top) * (order / excess) - log_sum_exp(xp, exponents) / excess
    if p.attached and order < 1:
        by_exponents = by_exponents + xp.sum(_slopes_at_zero(order, p), axis=-1)
    return xp.where(near, by_tsallis, by_exponents)


@measure("one", unit=False, high="K − 1", parameters=_ORDERS)
def tsallis_entropy(p: Any, order: float, *, axis: int = -1, **unit: Never) -> Answer:
    r"""Tsallis entropy of a given order.

    .. math:: T_\alpha(P) = \frac{1 - \sum_i P_i^\alpha}{\alpha - 1}

    Order 0 counts the possible classes less one, 1 is Shannon's entropy in nats (approached
    smoothly), 2 is :func:`gini_impurity`, ∞ is 0. Multiplied by 2, order 2 is what some call the
    quadratic entropy.

    Parameters
    ----------
    p : array_like or form, shape (..., K, ...)
        Rows; a plain array is :class:`Probs`.
    order : float
        At least 0; ``math.inf`` is an order.
    axis : int, default −1
        The classes' axis.

    Returns
    -------
    float or array, shape (...)
        From 0 to (1 − K^(1 − α)) / (α − 1). It has no unit, and so no ``base``.

    Raises
    ------
    CallError
        A negative order.
    InputError
        A row that is not legal for its form.

    References
    ----------
    Havrda and Charvát, "Quantification method of classification processes", Kybernetika 3 (1967);
    Tsallis, "Possible generalization of Boltzmann–Gibbs statistics", J. Stat. Physics 52 (1988).

    Examples
    --------
    >>> tsallis_entropy([0.5, 0.25, 0.25], 2)
    0.625
    >>> round(tsallis_entropy([0.5, 0.5], 1), 6)  # ln 2
    0.693147
    """
    refuse_base(unit, "tsallis_entropy")
    formula = partial(_tsallis_entropy, checked_order(order))
    return answer(formula, [as_form(p)], axis=axis)


def _tsallis_entropy(order: float, sides: list[Side]) -> Array:
    (p,) = sides
    xp = p.xp
    if _is_infinite(p, order):
        return 0.0 * at_index(xp, p.share, p.top)[..., 0]
    if order == 0:
        return possible_classes(p) - 1.0
    logs = _finite(p)
    exponents = (order - 1.0) * logs
    small = (xp.abs(exponents) < 0.5) if order < 1 else xp.ones_like(logs) > 0
    # P·(1 − P^(α − 1)) / (α − 1): terms that are never negative.
    terms = p.share * logs * expm1_share(xp, xp.where(small, exponents, 0.0))
    if order < 1:
        terms = xp.where(small, terms, (_power(p, order) - p.share) / (order - 1.0))
    found = 0.0 - xp.sum(xp.where(p.possible, terms, 0.0), axis=-1)
    if not p.attached:
        return found
    return found + xp.sum(_slopes_at_zero(order, p), axis=-1)


def _power(p: Side, order: float) -> Array:
    """P^α, also of shares that are too small for a float where their power is not."""
    xp = p.xp
    by_log = xp.exp(order * _finite(p))
    if p.log:
        return by_log
    precise = detached(p.share) >= float(xp.finfo(p.values.dtype).smallest_normal)
    value = xp.where(precise, detached(p.share), 1.0) ** order
    value = xp.where(precise, value, detached(by_log))
    return attach(value, by_log) if p.attached else value


def _slopes_at_zero(order: float, p: Side) -> Array:
    """The derivative by a share of zero: infinite up to order 1, 1 / (α − 1) beyond."""
    share = p.xp.where(p.possible, 0.0, p.share)
    return share / (order - 1.0) if order > 1 else steep(p.xp, share)


def _finite(p: Side) -> Array:
    return p.xp.where(p.possible, p.log_share, 0.0)


@measure("two", zero_iff_equal=True, data_processing=True, parameters=_POSITIVE_ORDERS)
def renyi_divergence(p: Any, q: Any, order: float, *, axis: int = -1, base: float = 2) -> Answer:
    r"""Rényi divergence: large orders see only where ``q`` is most wrong.

    .. math:: D_\alpha(P \| Q) = \frac{1}{\alpha - 1} \log \sum_i P_i^\alpha Q_i^{1 - \alpha}

    Order 0 is −log Q(P > 0), ½ twice the :func:`bhattacharyya_distance`, 1
    :func:`kl_divergence` (approached smoothly), 2 the logarithm of 1 + χ², ∞ the largest
    log-ratio. It never falls with the order, and for orders above 0 is zero only for equal rows.

    Parameters
    ----------
    p : array_like or form, shape (..., K, ...)
        The truth; a plain array is :class:`Probs`.
    q : array_like or form, shape (..., K, ...)
        The model. Leading dimensions broadcast against those of ``p``.
    order : float
        At least 0; ``math.inf`` is an order.
    axis : int, default −1
        The classes' axis of both.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array, shape (...)
        At least 0; ``inf`` where ``Q = 0 < P`` if the order is at least 1, and where no class is
        possible in both.

    Raises
    ------
    CallError
        A negative order; shapes that do not broadcast, different numbers of classes.
    InputError
        A row that is not legal for its form.

    References
    ----------
    van Erven and Harremoës, "Rényi Divergence and Kullback–Leibler Divergence", IEEE Transactions
    on Information Theory 60 (2014).

    Examples
    --------
    >>> round(renyi_divergence([0.5, 0.5], [0.1, 0.9], 2), 4)
    1.4739
    >>> round(renyi_divergence([0.5, 0.5], [0.1, 0.9], math.inf), 4)  # log2(0.5 / 0.1)
    2.3219
    """
    formula = partial(_renyi_divergence, checked_order(order))
    return answer(formula, [as_form(p), as_form(q)], axis=axis, base=base)


def _renyi_divergence(order: float, sides: list[Side]) -> Array:
    pair = Pair(*sides)
    xp, p, q = pair.xp, pair.p, pair.q
    if order == 0:
        return _order_zero(pair)
    ratios = xp.where(p.possible, pair.log_ratio, -xp.inf)
    if _is_infinite(p, order):
        return xp.max(xp.where(p.possible, pair.log_ratio, -xp.inf), axis=-1)
    if order == 1:
        return divergence(pair, KULLBACK_LEIBLER)
    excess = order - 1.0
    moved = excess * order * divergence(pair, alpha_generator(order))
    near = (moved > -0.5) & (moved < 1.0)
    by_generator = xp.log1p(xp.where(near, moved, 0.0)) / excess
    never = ~(p.possible & q.possible)
    exponents = xp.where(never, 0.0, p.log_share) + excess * xp.where(never, 0.0, ratios)
    exponents = xp.where(never, -xp.inf, exponents)
    by_exponents = log_sum_exp(xp, exponents) / excess
    if pair.attached and order < 1:
        by_exponents = by_exponents - xp.sum(pair.steep_overlap(), axis=-1)
    found = xp.where(near, by_generator, by_exponents)
    if order < 1:
        return found
    denied = xp.any(p.possible & ~q.possible, axis=-1)
    return xp.where(denied, xp.inf, found)


def _order_zero(pair: Pair) -> Array:
    """−log Q(P > 0), from the part of Q outside where that is the smaller one."""
    xp = pair.xp
    inside = xp.sum(xp.where(pair.p.possible, pair.q.share, 0.0), axis=-1)
    outside = xp.sum(xp.where(pair.p.possible, 0.0, pair.q.share), axis=-1)
    near = outside < 0.5
    by_outside = xp.log1p(-xp.where(near, outside, 0.0))
    positive = ~near & (inside > 0)
    by_inside = xp.where(positive, xp.log(xp.where(positive, inside, 1.0)), -xp.inf)
    return 0.0 - xp.where(near, by_outside, by_inside)


@measure("two", unit=False, zero_iff_equal=True, data_processing=True, parameters=_POSITIVE_ORDERS)
def tsallis_divergence(p: Any, q: Any, order: float, *, axis: int = -1, **unit: Never) -> Answer:
    r"""Tsallis divergence of a given order.

    .. math:: \frac{\sum_i P_i^\alpha Q_i^{1 - \alpha} - 1}{\alpha - 1}

    It is α times :func:`alpha_divergence`. Order 0 is Q(P = 0), 1 is the KL divergence in nats
    (approached smoothly), 2 is Pearson's χ²; at ∞ it is 0 for equal rows, else ``inf``.

    Parameters
    ----------
    p : array_like or form, shape (..., K, ...)
        The truth; a plain array is :class:`Probs`.
    q : array_like or form, shape (..., K, ...)
        The model. Leading dimensions broadcast against those of ``p``.
    order : float
        At least 0; ``math.inf`` is an order.
    axis : int, default −1
        The classes' axis of both.

    Returns
    -------
    float or array, shape (...)
        At least 0; ``inf`` where ``Q = 0 < P`` if the order is at least 1. It has no unit.

    Raises
    ------
    CallError
        A negative order; shapes that do not broadcast, different numbers of classes.
    InputError
        A row that is not legal for its form.

    References
    ----------
    Tsallis, "Generalized entropy-based criterion for consistent testing", Physical Review E 58
    (1998).

    Examples
    --------
    >>> round(tsallis_divergence([0.5, 0.5], [0.1, 0.9], 2), 4)
    1.7778
    """
    refuse_base(unit, "tsallis_divergence")
    formula = partial(_tsallis_divergence, checked_order(order))
    return answer(formula, [as_form(p), as_form(q)], axis=axis)


def _tsallis_divergence(order: float, sides: list[Side]) -> Array:
    pair = Pair(*sides)
    xp, p = pair.xp, pair.p
    if order == 0:
        return xp.sum(xp.where(p.possible, 0.0, pair.q.share), axis=-1)
    if _is_infinite(p, order):
        largest = xp.max(pair.log_ratio, axis=-1)
        found = xp.where(largest > 0, xp.inf, xp.zeros_like(largest))
        shares = xp.sum(p.share, axis=-1) + xp.sum(pair.q.share, axis=-1)
        return without_derivative(found, shares) if pair.attached else found
    return order * divergence(pair, alpha_generator(order))


def checked_order(order: Any) -> float:
    """The order as a float, if there is such an order."""
    value = as_number(order)
    if not value >= 0:
        raise CallError(f"order={order!r}; expected a number of at least 0, or math.inf")
    return value


def _is_infinite(side: Side, order: float) -> bool:
    """Whether the order is infinite as far as this floating type can tell."""
    return order > 1e-6 * float(side.xp.finfo(side.values.dtype).max)
