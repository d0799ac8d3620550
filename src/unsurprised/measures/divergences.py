"""Measures between distributions in units of information; the truth comes first."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, Never

from unsurprised.array_types import Array
from unsurprised.errors import CallError
from unsurprised.forms import Labels, as_form
from unsurprised.measures._dispatch import Answer, answer, need_distribution
from unsurprised.measures._distribution import Formula, Pair, Side, ratio_between
from unsurprised.measures._elementary import root, weighted
from unsurprised.measures._events import outcome_surprisal
from unsurprised.measures._generators import JEFFREYS, KULLBACK_LEIBLER, divergence, terms
from unsurprised.measures.registry import measure
from unsurprised.units import checked_base, refuse_base


@measure("two", kernel="cross_entropy")
def cross_entropy(p: Any, q: Any, *, axis: int = -1, base: float = 2) -> Answer:
    r"""Cross-entropy: the mean surprisal of a model ``q`` where ``p`` is true.

    .. math:: H(P, Q) = -\sum_i P_i \log Q_i = H(P) + D(P \| Q)

    Parameters
    ----------
    p : array_like or form, shape (..., K, ...)
        The truth: a plain array is :class:`Probs`; :class:`Labels` are what happened, one a row.
    q : array_like or form, shape (..., K, ...)
        The model. Leading dimensions broadcast against those of ``p``.
    axis : int, default −1
        The classes' axis of both.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array, shape (...)
        At least the entropy of ``p``; ``inf`` where ``Q = 0 < P``. One number a row, not a mean.

    Raises
    ------
    InputError
        A row that is not legal for its form, a label outside the classes.
    CallError
        Shapes that do not broadcast, different numbers of classes.

    References
    ----------
    Cover and Thomas, *Elements of Information Theory*, 2nd ed., theorem 5.4.3.

    Examples
    --------
    >>> cross_entropy(Labels([0, 0]), [[0.9, 0.1], [0.1, 0.9]]).round(4)
    array([0.152 , 3.3219])
    >>> cross_entropy([0.5, 0.5], [0.25, 0.75]) >= 1.0
    True
    """
    return _against(_cross_entropy, "cross_entropy", p, q, axis=axis, base=base)


@measure("two", kernel="kl_divergence", zero_iff_equal=True, data_processing=True)
def kl_divergence(p: Any, q: Any, *, axis: int = -1, base: float = 2) -> Answer:
    r"""KL divergence (relative entropy): the extra bits of a model ``q`` where ``p`` is true.

    .. math:: D(P \| Q) = \sum_i P_i \log \frac{P_i}{Q_i}

    It is not symmetric, never negative, and 0 only where the two distributions are the same. It
    keeps its relative accuracy however close they are, since it is summed from terms
    :math:`P_i d_i + Q_i - P_i \ge 0` with :math:`d_i = \log P_i / Q_i`.

    Parameters
    ----------
    p : array_like or form, shape (..., K, ...)
        The truth: a plain array is :class:`Probs`; :class:`Labels` are what happened, one a row.
    q : array_like or form, shape (..., K, ...)
        The model. Leading dimensions broadcast against those of ``p``.
    axis : int, default −1
        The classes' axis of both.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array, shape (...)
        At least 0; ``inf`` where ``Q = 0 < P``.

    Raises
    ------
    InputError
        A row that is not legal for its form, a label outside the classes.
    CallError
        Shapes that do not broadcast, different numbers of classes.

    References
    ----------
    Kullback and Leibler, "On Information and Sufficiency", Annals of Mathematical Statistics 22
    (1951); Cover and Thomas, *Elements of Information Theory*, 2nd ed., section 2.3.

    Examples
    --------
    >>> round(kl_divergence([0.5, 0.5], [0.1, 0.9]), 4)
    0.737
    >>> kl_divergence([0.5, 0.5], [0.0, 1.0])
    inf
    """
    return _against(_kl_divergence, "kl_divergence", p, q, axis=axis, base=base)


def _against(formula: Formula, kernel: str, p: Any, q: Any, *, axis: int, base: float) -> Answer:
    if isinstance(p, Labels) and not p.smoothing and not isinstance(q, Labels):
        # A label has no entropy, so cross-entropy and KL are both the surprisal of what happened.
        return outcome_surprisal(need_distribution(as_form(q), "q"), p, axis=axis, base=base)
    return answer(formula, [p, q], axis=axis, base=base, kernel=kernel)


def _cross_entropy(sides: list[Side]) -> Array:
    p, q = sides
    attached = p.attached or q.attached
    return 0.0 - p.xp.sum(weighted(p.xp, p.share, q.log_share, attached=attached), axis=-1)


def _kl_divergence(sides: list[Side]) -> Array:
    return divergence(Pair(*sides), KULLBACK_LEIBLER)


@measure(
    "two",
    kernel="jeffreys_divergence",
    symmetric=True,
    zero_iff_equal=True,
    data_processing=True,
)
def jeffreys_divergence(p: Any, q: Any, *, axis: int = -1, base: float = 2) -> Answer:
    r"""Jeffreys divergence (symmetric KL): the KL divergence in both directions, added.

    .. math:: D(P \| Q) + D(Q \| P) = \sum_i (P_i - Q_i) \log \frac{P_i}{Q_i}

    Parameters
    ----------
    p : array_like or form, shape (..., K, ...)
        The truth: a plain array is :class:`Probs`; :class:`Labels` are what happened, one a row.
    q : array_like or form, shape (..., K, ...)
        The model. Leading dimensions broadcast against those of ``p``.
    axis : int, default −1
        The classes' axis of both.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array, shape (...)
        At least 0; ``inf`` where a class is possible in one and not in the other. Some halve it.

    Raises
    ------
    InputError
        A row that is not legal for its form, a label outside the classes.
    CallError
        Shapes that do not broadcast, different numbers of classes.

    References
    ----------
    Jeffreys, "An invariant form for the prior probability in estimation problems", Proceedings of
    the Royal Society A 186 (1946); Kullback and Leibler (1951).

    Examples
    --------
    >>> round(jeffreys_divergence([0.5, 0.5], [0.1, 0.9]), 4)
    1.268
    """
    return _both_ways(p, q, axis, base)


def _both_ways(p: Any, q: Any, axis: int, base: float) -> Answer:
    forms = [as_form(p), as_form(q)]
    return answer(_jeffreys, forms, axis=axis, base=base, kernel="jeffreys_divergence")


def _jeffreys(sides: list[Side]) -> Array:
    return divergence(Pair(*sides), JEFFREYS)


@measure(
    "two",
    kernel="jeffreys_divergence",
    unit=False,
    symmetric=True,
    zero_iff_equal=True,
    data_processing=True,
)
def population_stability_index(p: Any, q: Any, *, axis: int = -1, **unit: Never) -> Answer:
    r"""Population stability index (PSI): :func:`jeffreys_divergence` in nats.

    .. math:: \sum_i (P_i - Q_i) \ln \frac{P_i}{Q_i}

    The customary thresholds (0.1 for some drift, 0.25 for much) are in nats, hence no ``base``. A
    bin that is empty on one side makes it infinite; that is the honest answer, and
    :func:`add_pseudocounts` the usual remedy.

    Parameters
    ----------
    p : array_like or form, shape (..., K, ...)
        The truth: a plain array is :class:`Probs`; :class:`Labels` are what happened, one a row.
    q : array_like or form, shape (..., K, ...)
        The model. Leading dimensions broadcast against those of ``p``.
    axis : int, default −1
        The classes' axis of both.

    Returns
    -------
    float or array, shape (...)
        At least 0; ``inf`` where a bin is empty on one side only.

    Raises
    ------
    InputError
        A row that is not legal for its form, a label outside the classes.
    CallError
        Shapes that do not broadcast, different numbers of classes.

    References
    ----------
    Siddiqi, *Credit Risk Scorecards* (2006); Lewis, *An Introduction to Credit Scoring* (1994).

    Examples
    --------
    >>> from unsurprised import Counts
    >>> round(population_stability_index(Counts([40, 60]), Counts([50, 50])), 4)
    0.0405
    """
    refuse_base(unit, "population_stability_index")
    return _both_ways(p, q, axis, math.e)


@measure(
    "two",
    kernel="js_divergence",
    symmetric=True,
    zero_iff_equal=True,
    high="log 2",
    data_processing=True,
)
def js_divergence(
    p: Any, q: Any, *more: Any, weights: Any = None, axis: int = -1, base: float = 2
) -> Answer:
    r"""Jensen–Shannon divergence: the mean divergence of distributions from their mixture.

    .. math:: \sum_k w_k D(P_k \| M), \qquad M = \sum_k w_k P_k

    It is the mutual information between a draw and which distribution it came from.

    Parameters
    ----------
    p, q, *more : array_like or form, shape (..., K, ...)
        The distributions; plain arrays are :class:`Probs`. Leading dimensions broadcast.
    weights : array_like, optional
        One number of at least 0 for each distribution, summing to one; equal by default.
    axis : int, default −1
        The classes' axis of all.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array, shape (...)
        From 0 to the entropy of the weights: at most 1 bit for two. Never infinite.

    Raises
    ------
    InputError
        A row that is not legal for its form, a label outside the classes.
    CallError
        Weights that are negative, do not sum to one or are not one for each distribution; shapes
        that do not broadcast, different numbers of classes.

    References
    ----------
    Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information
    Theory 37 (1991).

    Examples
    --------
    >>> js_divergence([1.0, 0.0], [0.0, 1.0])
    1.0
    >>> round(js_divergence([0.5, 0.5], [0.1, 0.9], [1.0, 0.0], weights=[0.5, 0.25, 0.25]), 4)
    0.3809
    """
    given = (p, q, *more)
    checked = _checked_weights(weights, len(given))
    kernel = "js_divergence" if checked == (0.5, 0.5) else None
    formula = partial(_js_divergence, checked)
    return answer(formula, given, axis=axis, base=base, kernel=kernel)


@measure("two", symmetric=True, zero_iff_equal=True, high="√log 2", data_processing=True)
def js_distance(
    p: Any, q: Any, *more: Any, weights: Any = None, axis: int = -1, base: float = 2
) -> Answer:
    r"""Jensen–Shannon distance: the square root of :func:`js_divergence`, a metric.

    .. math:: \sqrt{\sum_k w_k D(P_k \| M)}, \qquad M = \sum_k w_k P_k

    Parameters
    ----------
    p, q, *more : array_like or form, shape (..., K, ...)
        The distributions; plain arrays are :class:`Probs`. Leading dimensions broadcast.
    weights : array_like, optional
        One number of at least 0 for each distribution, summing to one; equal by default.
    axis : int, default −1
        The classes' axis of all.
    base : float, default 2
        Base of the logarithm under the root: the distance is in √bits by default.

    Returns
    -------
    float or array, shape (...)
        From 0 to 1 for two distributions in base 2. Its derivative where they are equal is 0.

    Raises
    ------
    InputError
        A row that is not legal for its form, a label outside the classes.
    CallError
        Weights that are negative, do not sum to one or are not one for each distribution; shapes
        that do not broadcast, different numbers of classes.

    References
    ----------
    Endres and Schindelin, "A new metric for probability distributions", IEEE Transactions on
    Information Theory 49 (2003).

    Examples
    --------
    >>> js_distance([1.0, 0.0], [0.0, 1.0])
    1.0
    >>> round(js_distance([0.5, 0.5], [0.1, 0.9]), 4)
    0.3831
    """
    forms = [as_form(given) for given in (p, q, *more)]
    formula = partial(_js_distance, _checked_weights(weights, len(forms)), _log_of(base))
    return answer(formula, forms, axis=axis)


def _log_of(base: float) -> float:
    return math.log(checked_base(base))


def _js_distance(weights: tuple[float, ...], log_base: float, sides: list[Side]) -> Array:
    return root(sides[0].xp, _js_divergence(weights, sides) / log_base)


def _js_divergence(weights: tuple[float, ...], sides: list[Side]) -> Array:
    """Each distribution against the mixture, by its exact difference from it."""
    xp, first = sides[0].xp, sides[0]
    attached = any(side.attached for side in sides)
    weighed = [(weight, side) for weight, side in zip(weights, sides, strict=True) if weight]
    apart: list[Any] = [
        0.0 if side is first else Pair(side, first).difference_value for _, side in weighed
    ]
    mean = sum(weight * gap for (weight, _), gap in zip(weighed, apart, strict=True))
    mixture = sum(weight * side.share for weight, side in weighed)
    floor = float(xp.finfo(mixture.dtype).smallest_normal) if attached else 0.0
    positive = mixture > floor
    log_mixture = xp.log(xp.where(positive, mixture, 1.0))
    found: Any = 0.0
    for (weight, side), gap in zip(weighed, apart, strict=True):
        possible = side.share > 0
        log_ratio = xp.where(
            possible, xp.where(possible, side.log_share, 0.0) - log_mixture, -xp.inf
        )
        ratio = ratio_between(
            xp,
            side.share,
            mixture,
            gap - mean,
            log_ratio,
            logs=(side.log_share, log_mixture),
            attached=attached,
        )
        found = found + weight * xp.sum(terms(ratio, KULLBACK_LEIBLER), axis=-1)
    if attached:
        return found
    limit = -math.fsum(weight * math.log(weight) for weight, _ in weighed)
    return xp.where(found > limit, limit, found)


def _checked_weights(weights: Any, count: int) -> tuple[float, ...]:
    if weights is None:
        return (1.0 / count,) * count
    try:
        numbers = [float(weight) for weight in weights]
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) != count:
        raise CallError(
            f"weights={weights!r} for {count} distributions; expected a number for each"
        )
    total = sum(numbers)
    if not all(0 <= number <= 1 for number in numbers) or not abs(total - 1) <= 1e-3:
        raise CallError(
            f"weights={weights!r} sum to {total:.6g}; expected numbers of at least 0 that sum to 1 "
            "(within 0.001); divide them by their sum"
        )
    return tuple([number / total for number in numbers])
