"""Divergences of the f-family and their kin, most of them without a unit; the truth comes first."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Never

import numpy as np

from unsurprised.array_types import Array
from unsurprised.arrays.libraries import Namespace, detached, is_traced
from unsurprised.errors import CallError
from unsurprised.forms import as_form
from unsurprised.measures._dispatch import Answer, answer, denied_classes
from unsurprised.measures._distribution import Formula, Pair, Side, placed_like
from unsurprised.measures._elementary import attach, log_sum_exp, magnitude, root
from unsurprised.measures._generators import (
    PEARSON,
    SQUARED_HELLINGER,
    Generator,
    alpha_generator,
    beyond_floats,
    divergence,
    given_generator,
    terms,
)
from unsurprised.measures.registry import measure
from unsurprised.units import as_number, refuse_base


@measure(
    "two",
    unit=False,
    zero_iff_equal=True,
    data_processing=True,
    parameters=tuple({"alpha": alpha} for alpha in (-1, 0, 1e-9, 0.5, 1 - 1e-9, 1, 2, 3.5)),
)
def alpha_divergence(p: Any, q: Any, alpha: float, *, axis: int = -1, **unit: Never) -> Answer:
    r"""Amari's α-divergence, in the convention of Cichocki and Amari.

    .. math:: \frac{\sum_i P_i^\alpha Q_i^{1 - \alpha} - 1}{\alpha (\alpha - 1)}

    α = 1 is KL(P‖Q) in nats and α = 0 is KL(Q‖P) (both approached smoothly), ½ four times the
    squared :func:`hellinger_distance`, 2 half of Pearson's χ². Amari's own parameter is 1 − 2α or
    2α − 1, depending on the paper; exchanging ``p`` and ``q`` exchanges α and 1 − α.

    Parameters
    ----------
    p : array_like or form, shape (..., K, ...)
        The truth: a plain array is :class:`Probs`; :class:`Labels` are what happened, one a row.
    q : array_like or form, shape (..., K, ...)
        The model. Leading dimensions broadcast against those of ``p``.
    alpha : float
        Any finite number.
    axis : int, default −1
        The classes' axis of both.

    Returns
    -------
    float or array, shape (...)
        At least 0; ``inf`` where ``Q = 0 < P`` if α ≥ 1, where ``P = 0 < Q`` if α ≤ 0. No unit.

    Raises
    ------
    InputError
        A row that is not legal for its form, a label outside the classes.
    CallError
        Shapes that do not broadcast, different numbers of classes.

    References
    ----------
    Cichocki and Amari, "Families of Alpha- Beta- and Gamma-Divergences", Entropy 12 (2010), eq. 5.

    Examples
    --------
    >>> round(alpha_divergence([0.5, 0.5], [0.1, 0.9], 0.5), 4)
    0.4223
    """
    refuse_base(unit, "alpha_divergence")
    return _f_divergence(alpha_generator(_checked_alpha(alpha)), p, q, axis)


def _checked_alpha(alpha: Any) -> float:
    value = as_number(alpha)
    if not math.isfinite(value):
        raise CallError(f"alpha={alpha!r}; expected a finite number")
    return value


def _f_divergence(generator: Generator, p: Any, q: Any, axis: int) -> Answer:
    def formula(sides: list[Side]) -> Array:
        return divergence(Pair(*sides), generator)

    return answer(formula, [as_form(p), as_form(q)], axis=axis)


@measure("two", unit=False, zero_iff_equal=True, data_processing=True)
def chi_squared_divergence(p: Any, q: Any, *, axis: int = -1, **unit: Never) -> Answer:
    r"""Pearson's χ² of the truth against the model.

    .. math:: \sum_i \frac{(P_i - Q_i)^2}{Q_i}

    Of shares, not of counts: the test statistic of n observed counts is n times this. Neyman's is
    the same with ``p`` and ``q`` exchanged.

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
        At least 0; ``inf`` where ``Q = 0 < P``. It has no unit.

    Raises
    ------
    InputError
        A row that is not legal for its form, a label outside the classes.
    CallError
        Shapes that do not broadcast, different numbers of classes.

    References
    ----------
    Pearson, Philosophical Magazine 50 (1900); Csiszár and Shields, *Information Theory and
    Statistics: A Tutorial* (2004), section 4.

    Examples
    --------
    >>> round(chi_squared_divergence([0.5, 0.5], [0.1, 0.9]), 4)
    1.7778
    """
    refuse_base(unit, "chi_squared_divergence")
    return _f_divergence(PEARSON, p, q, axis)


@measure(
    "two",
    kernel="hellinger_distance",
    unit=False,
    high=1.0,
    symmetric=True,
    zero_iff_equal=True,
    data_processing=True,
)
def hellinger_distance(p: Any, q: Any, *, axis: int = -1, **unit: Never) -> Answer:
    r"""The Hellinger distance, a metric; with the factor 1/√2, so that it ends at 1.

    .. math:: \frac{1}{\sqrt 2} \sqrt{\sum_i (\sqrt{P_i} - \sqrt{Q_i})^2}

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
        From 0 to 1 (no class possible in both). It has no unit. Its derivative where the two are
        equal is 0.

    Raises
    ------
    InputError
        A row that is not legal for its form, a label outside the classes.
    CallError
        Shapes that do not broadcast, different numbers of classes.

    References
    ----------
    Hellinger (1909); Le Cam and Yang, *Asymptotics in Statistics*, 2nd ed., section 3.2.

    Examples
    --------
    >>> round(hellinger_distance([0.5, 0.5], [0.1, 0.9]), 4)
    0.3249
    """
    refuse_base(unit, "hellinger_distance")
    return _of_two(_hellinger_distance, "hellinger_distance", p, q, axis)


def _of_two(formula: Formula, kernel: str, p: Any, q: Any, axis: int) -> Answer:
    return answer(formula, [as_form(p), as_form(q)], axis=axis, kernel=kernel)


def _hellinger_distance(sides: list[Side]) -> Array:
    return root(sides[0].xp, _squared_hellinger(Pair(*sides)))


def _squared_hellinger(pair: Pair) -> Array:
    found = divergence(pair, SQUARED_HELLINGER)
    return found if pair.attached else pair.xp.where(found > 1.0, 1.0, found)


@measure(
    "two",
    kernel="bhattacharyya_coefficient",
    unit=False,
    high=1.0,
    symmetric=True,
)
def bhattacharyya_coefficient(p: Any, q: Any, *, axis: int = -1, **unit: Never) -> Answer:
    r"""Bhattacharyya coefficient (affinity, fidelity): the overlap of two distributions.

    .. math:: \sum_i \sqrt{P_i Q_i}

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
        From 0 (no class possible in both) to 1 (equal). It has no unit.

    Raises
    ------
    InputError
        A row that is not legal for its form, a label outside the classes.
    CallError
        Shapes that do not broadcast, different numbers of classes.

    References
    ----------
    Bhattacharyya, "On a measure of divergence between two multinomial populations", Sankhyā 7
    (1946).

    Examples
    --------
    >>> round(bhattacharyya_coefficient([0.5, 0.5], [0.1, 0.9]), 4)
    0.8944
    """
    refuse_base(unit, "bhattacharyya_coefficient")
    return _of_two(_coefficient, "bhattacharyya_coefficient", p, q, axis)


def _coefficient(sides: list[Side]) -> Array:
    pair = Pair(*sides)
    squared = _squared_hellinger(pair)
    return pair.xp.where(squared < 0.5, 1.0 - squared, pair.xp.sum(_overlaps(pair), axis=-1))


def _overlaps(pair: Pair) -> Array:
    """√(P·Q), as a product of two roots: the product of two small shares is beyond the floats."""
    xp, both = pair.xp, pair.p.possible & pair.q.possible
    value = xp.sqrt(detached(pair.p.share)) * xp.sqrt(detached(pair.q.share))
    if not pair.attached:
        return value
    logs = [xp.where(both, side.log_share, 0.0) for side in (pair.p, pair.q)]
    by_logs = xp.where(both, xp.exp(0.5 * (logs[0] + logs[1])), 0.0)
    return attach(value, by_logs) + pair.steep_overlap()


@measure(
    "two",
    kernel="bhattacharyya_distance",
    symmetric=True,
    zero_iff_equal=True,
    data_processing=True,
)
def bhattacharyya_distance(p: Any, q: Any, *, axis: int = -1, base: float = 2) -> Answer:
    r"""Bhattacharyya distance: minus the logarithm of :func:`bhattacharyya_coefficient`.

    .. math:: -\log \sum_i \sqrt{P_i Q_i}

    It is half of Rényi's divergence of order ½. Much of the literature states it in nats:
    ``base=math.e``.

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
        At least 0; ``inf`` where no class is possible in both.

    Raises
    ------
    InputError
        A row that is not legal for its form, a label outside the classes.
    CallError
        Shapes that do not broadcast, different numbers of classes.

    References
    ----------
    Bhattacharyya (1946); Kailath, "The Divergence and Bhattacharyya Distance Measures in Signal
    Selection", IEEE Transactions on Communication Technology 15 (1967).

    Examples
    --------
    >>> round(bhattacharyya_distance([0.5, 0.5], [0.1, 0.9], base=math.e), 4)
    0.1116
    """
    forms = [as_form(p), as_form(q)]
    kernel = "bhattacharyya_distance"
    return answer(_bhattacharyya_distance, forms, axis=axis, base=base, kernel=kernel)


def _bhattacharyya_distance(sides: list[Side]) -> Array:
    pair = Pair(*sides)
    xp, squared = pair.xp, _squared_hellinger(pair)
    near = squared < 0.5
    by_hellinger = xp.log1p(-xp.where(near, squared, 0.0))
    both = pair.p.possible & pair.q.possible
    logs = [xp.where(both, side.log_share, 0.0) for side in (pair.p, pair.q)]
    by_logs = log_sum_exp(xp, xp.where(both, 0.5 * (logs[0] + logs[1]), -xp.inf))
    if pair.attached:
        by_logs = by_logs + xp.sum(pair.steep_overlap(), axis=-1)
    return 0.0 - xp.where(near, by_hellinger, by_logs)


@measure(
    "two",
    kernel="total_variation",
    unit=False,
    high=1.0,
    symmetric=True,
    zero_iff_equal=True,
    data_processing=True,
)
def total_variation(p: Any, q: Any, *, axis: int = -1, **unit: Never) -> Answer:
    r"""Total variation distance: the largest difference of the probabilities of any set of classes.

    .. math:: \frac{1}{2} \sum_i |P_i - Q_i|

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
        From 0 to 1 (no class possible in both). It has no unit. Its derivative by an entry that is
        the same in both is taken as 0.

    Raises
    ------
    InputError
        A row that is not legal for its form, a label outside the classes.
    CallError
        Shapes that do not broadcast, different numbers of classes.

    References
    ----------
    Levin, Peres and Wilmer, *Markov Chains and Mixing Times*, section 4.1.

    Examples
    --------
    >>> total_variation([0.75, 0.25], [0.25, 0.75])
    0.5
    """
    refuse_base(unit, "total_variation")
    return _of_two(_total_variation, "total_variation", p, q, axis)


def _total_variation(sides: list[Side]) -> Array:
    pair = Pair(*sides)
    found = 0.5 * pair.xp.sum(magnitude(pair.xp, pair.difference), axis=-1)
    return found if pair.attached else pair.xp.where(found > 1.0, 1.0, found)


def _squared_excess(u: Array) -> Array:
    return (u - 1.0) * (u - 1.0)


@measure(
    "two",
    unit=False,
    zero_iff_equal=True,
    data_processing=True,
    parameters=({"generator": _squared_excess, "slope": math.inf},),
)
def f_divergence(
    p: Any,
    q: Any,
    generator: Callable[[Any], Any],
    *,
    at_zero: float | None = None,
    slope: float | None = None,
    axis: int = -1,
    **unit: Never,
) -> Answer:
    r"""The f-divergence of a generator of one's own.

    .. math:: D_f(P \| Q) = \sum_i Q_i\, f(P_i / Q_i), \qquad f(1) = 0

    Adding c·(u − 1) to f changes nothing, since P and Q both sum to one; choose c so that also
    f'(1) = 0, and for a convex f no term is negative and nothing cancels where P is close to Q.

    Parameters
    ----------
    p : array_like or form, shape (..., K, ...)
        The truth: a plain array is :class:`Probs`; :class:`Labels` are what happened, one a row.
    q : array_like or form, shape (..., K, ...)
        The model. Leading dimensions broadcast against those of ``p``.
    generator : callable
        f: takes an array of positive ratios u = P / Q (of the library that ``p`` and ``q`` come
        from) and returns an array of the same shape.
    at_zero : float, optional
        f(0), the limit of f(u) for u → 0; found by calling ``generator`` at 0 if not given.
    slope : float, optional
        The limit of f(u) / u for u → ∞. It is needed only where ``Q = 0 < P``.
    axis : int, default −1
        The classes' axis of both.

    Returns
    -------
    float or array, shape (...)
        At least 0 for a convex f. It has no unit but the one that f has.

    Raises
    ------
    InputError
        A row that is not legal for its form, a label outside the classes.
    CallError
        Shapes that do not broadcast, different numbers of classes.
        A generator that is not 0 at 1, or whose limits are needed and not known.

    References
    ----------
    Csiszár, "Information-type measures of difference of probability distributions", Studia
    Scientiarum Mathematicarum Hungarica 2 (1967).

    Examples
    --------
    >>> total = f_divergence([0.5, 0.5], [0.1, 0.9], lambda u: abs(u - 1) / 2)  # total variation
    >>> round(total, 4)
    0.4
    >>> f_divergence([1.0, 0.0], [0.0, 1.0], lambda u: (u - 1) ** 2, slope=math.inf)  # Pearson
    inf
    """
    refuse_base(unit, "f_divergence")
    if not callable(generator):
        raise CallError(f"generator={generator!r}; expected a function of the ratio P / Q")
    forms = [as_form(p), as_form(q)]
    return answer(partial(_given_divergence, generator, at_zero, slope), forms, axis=axis)


def _given_divergence(
    function: Callable[[Any], Any], at_zero: float | None, slope: float | None, sides: list[Side]
) -> Array:
    pair = Pair(*sides)
    xp, like, ratio = pair.xp, pair.p.values, beyond_floats(pair.ratio)
    if not is_traced(like):
        at_one = _tried(function, _number(xp, 1.0, like))
        if not abs(at_one) <= 1e-6:
            raise CallError(f"generator(1) is {at_one:.6g}; expected 0, so that equal rows are 0")
        if at_zero is None and bool(xp.any(ratio.gone & ratio.less)):
            at_zero = _tried_at_zero(function, _number(xp, 0.0, like))
        if slope is None and bool(xp.any(ratio.gone & ~ratio.less)):
            raise CallError(
                "Q = 0 < P for some class (explain_infinite(p, q) lists them): pass slope=…, the "
                "limit of f(u) / u for large u (math.inf where f grows faster than u)"
            )
    elif at_zero is None:
        at_zero = function(_number(xp, 0.0, like))[0]
    limits = (math.nan if limit is None else limit for limit in (at_zero, slope))
    return xp.sum(terms(ratio, given_generator(function, *limits)), axis=-1)


def _number(xp: Namespace, value: float, like: Array) -> Array:
    return xp.full((1,), value, dtype=like.dtype, **placed_like(like))


def _tried(function: Callable[[Any], Any], ratios: Array) -> float:
    found = function(ratios)
    if tuple(getattr(found, "shape", ())) != tuple(ratios.shape):
        raise CallError(
            f"generator(array of shape {tuple(ratios.shape)}) is {found!r}; expected an array of "
            "the same shape"
        )
    return float(found[0])


def _tried_at_zero(function: Callable[[Any], Any], zero: Array) -> float:
    with np.errstate(all="ignore"):
        value = _tried(function, zero)
    if math.isnan(value):
        raise CallError(
            "P = 0 < Q for some class, and generator(0) is NaN: pass at_zero=…, the limit of f(u) "
            "for u → 0"
        )
    return value


def explain_infinite(p: Any, q: Any, *, axis: int = -1) -> list[tuple[Any, int]]:
    """Rows and classes that make a cross-entropy or KL divergence infinite.

    .. math:: Q_i = 0 < P_i

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
    list of (row, class)
        In order. A row is an integer (0 for a single row), or a tuple of integers where there are
        several leading dimensions. Empty where both measures are finite.

    Raises
    ------
    InputError
        A row that is not legal for its form, a label outside the classes.
    CallError
        Shapes that do not broadcast, different numbers of classes.

    Examples
    --------
    >>> explain_infinite([[0.5, 0.5], [0.5, 0.5]], [[0.5, 0.5], [0.0, 1.0]])
    [(1, 0)]
    """
    found: list[tuple[Any, int]] = []
    denied = denied_classes([as_form(p), as_form(q)], axis)
    for *row, number in np.argwhere(denied).tolist():
        found.append((0 if not row else row[0] if len(row) == 1 else tuple(row), number))
    return found
