"""Measures of one distribution, and of one event."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, Never

from unsurprised import _kernels
from unsurprised.array_types import Array
from unsurprised.arrays.libraries import Namespace
from unsurprised.errors import CallError
from unsurprised.forms import Form, Labels, as_form
from unsurprised.measures._dispatch import Answer, answer, need_distribution
from unsurprised.measures._distribution import Side, at_index
from unsurprised.measures._elementary import safe_log, weighted, without_derivative
from unsurprised.measures._events import of_events, outcome_surprisal
from unsurprised.measures.registry import measure
from unsurprised.units import refuse_base, units_per_bit


@measure("events")
def surprisal(q: Any, *, at: Any = None, axis: int = -1, base: float = 2) -> Answer:
    r"""Surprisal (self-information, −log p) of an event, or of each row at its outcome.

    .. math:: s = -\log q \qquad\text{or, of a row at its outcome,}\qquad s = -\log Q_y

    Parameters
    ----------
    q : array_like or form
        Without ``at``: probabilities of events, each in [0, 1], any shape.
        With ``at``: rows, as in :func:`entropy`; a plain array is :class:`Probs`.
    at : array_like of int or Labels, optional
        What happened: the index of a class for each row.
    axis : int, default −1
        The classes' axis in ``q`` (with ``at``).
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array
        At least 0; ``inf`` where the probability is 0. One number an event, or one a row.

    Raises
    ------
    InputError
        A probability outside [0, 1] or NaN; a row or a label that is not legal.

    References
    ----------
    Shannon, "A Mathematical Theory of Communication", Bell System Technical Journal 27 (1948).

    Examples
    --------
    >>> round(surprisal(0.01), 4)
    6.6439
    >>> surprisal([[0.5, 0.5], [0.25, 0.75]], at=[0, 0])
    array([1., 2.])
    >>> from unsurprised import Logits
    >>> f"{surprisal(Logits([80, 0, 0.5]), at=0):.2g}"  # a confident right answer keeps its digits
    '6.9e-35'
    """
    if at is None:
        return _event_surprisal(q, base)
    labels = at if isinstance(at, Labels) else Labels(at)
    if labels.smoothing:
        raise CallError(
            "surprisal(…, at=Labels(…, smoothing=…)): an outcome is one class; "
            "for smoothed targets use cross_entropy(labels, q)"
        )
    rows = need_distribution(as_form(q), "q")
    return outcome_surprisal(rows, labels, axis=axis, base=base, called="at")


def _event_surprisal(q: Any, base: float) -> Answer:
    if isinstance(q, Form):
        raise CallError(
            f"surprisal({q!r}): rows need their outcomes, at=labels; "
            "the mean surprise that a row expects is entropy(q)"
        )

    def formula(xp: Namespace, events: Array) -> Array:
        return 0.0 - safe_log(xp, events)

    return of_events(
        q,
        formula,
        base=base,
        remedy="for rows of probabilities pass their outcomes too: surprisal(rows, at=…)",
        kernel=partial(_event_kernel, units_per_bit(base)),
    )


def _event_kernel(units: float, events: Any, values: Any) -> None:
    _kernels.event_surprisals(events, units, values)


@measure("events", high=1.0)
def binary_entropy(p: Any, *, base: float = 2) -> Answer:
    r"""Binary entropy: that of an event that happens or not.

    .. math:: h(p) = -p \log p - (1 - p) \log (1 - p)

    Parameters
    ----------
    p : array_like, any shape
        Probabilities of events, each in [0, 1]: one number an event, not one a class.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array of the shape of ``p``
        From 0 (certain either way) to log 2 (even odds).

    Raises
    ------
    InputError
        A probability outside [0, 1] or NaN.

    References
    ----------
    Cover and Thomas, *Elements of Information Theory*, 2nd ed., example 2.1.1.

    Examples
    --------
    >>> binary_entropy([0.0, 0.5, 1.0])
    array([0., 1., 0.])
    >>> round(binary_entropy(0.99), 4)
    0.0808
    """
    if isinstance(p, Form):
        raise CallError(f"binary_entropy({p!r}): of rows it is entropy(p); expected plain numbers")
    remedy = "for rows of probabilities use entropy(rows)"
    return of_events(p, _binary_entropy, base=base, remedy=remedy)


def _binary_entropy(xp: Namespace, p: Array) -> Array:
    # The smaller of p and 1 − p has all its digits; log1p gives those of the larger's logarithm.
    upper = p > 0.5
    small = xp.where(upper, 1.0 - p, p)
    likely = weighted(xp, 1.0 - small, xp.log1p(-small), attached=False)
    positive = small > 0
    logarithm = xp.where(positive, xp.log(xp.where(positive, small, 1.0)), -xp.inf)
    return 0.0 - weighted(xp, small, logarithm, attached=True) - likely


@measure("one", high="log K", kernel="entropy")
def entropy(p: Any, *, axis: int = -1, base: float = 2) -> Answer:
    r"""Entropy: the mean surprisal of a distribution, and the least bits that encode its draws.

    .. math:: H(P) = -\sum_i P_i \log P_i, \qquad P = p / {\textstyle\sum p}, \quad 0 \log 0 = 0

    Parameters
    ----------
    p : array_like or form, shape (..., K, ...)
        Rows; a plain array is :class:`Probs`. The entropy of :class:`Labels` is that of each
        label, which is zero (or that of the smoothed label): it is *not* the entropy of the
        labels' frequencies, which is ``entropy(Counts(np.bincount(labels)))``.
    axis : int, default −1
        The classes' axis.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array, shape (...)
        From 0 to log K; one number a row, a ``float`` for a single row.

    Raises
    ------
    InputError
        A negative or NaN entry, a row that is all zero, or a sum that is off by more than the
        form's tolerance.

    References
    ----------
    Shannon (1948); Cover and Thomas, *Elements of Information Theory*, 2nd ed., section 2.1.

    Examples
    --------
    >>> entropy([0.5, 0.5])
    1.0
    >>> round(entropy([0.99, 0.01]), 4)
    0.0808
    >>> from unsurprised import Counts
    >>> entropy(Counts([[1, 1, 1, 1], [3, 0, 0, 0]]))
    array([2., 0.])
    """
    return answer(_entropy, [p], axis=axis, base=base, kernel="entropy")


def _entropy(sides: list[Side]) -> Array:
    return row_entropy(sides[0])


def row_entropy(p: Side) -> Array:
    """The entropy of each row, in nats."""
    terms = weighted(p.xp, p.share, p.log_share, attached=p.attached)
    return 0.0 - p.xp.sum(terms, axis=-1)


@measure("one", unit=False, low=1.0, high="K")
def perplexity(p: Any, *, axis: int = -1, **unit: Never) -> Answer:
    r"""Perplexity: the number of equally likely classes with the same entropy.

    .. math:: 2^{H(P)} = e^{-\sum_i P_i \ln P_i}

    The perplexity of a model on what happened is ``2 ** np.mean(surprisal(q, at=labels))``.

    Parameters
    ----------
    p : array_like or form, shape (..., K, ...)
        Rows; a plain array is :class:`Probs`.
    axis : int, default −1
        The classes' axis.

    Returns
    -------
    float or array, shape (...)
        From 1 to K. It has no unit: the same for entropies in bits or nats.

    Raises
    ------
    InputError
        A row that is not legal for its form.

    References
    ----------
    Jelinek, Mercer, Bahl and Baker, "Perplexity: a measure of the difficulty of speech recognition
    tasks", Journal of the Acoustical Society of America 62 (1977).

    Examples
    --------
    >>> perplexity([0.25, 0.25, 0.25, 0.25])
    4.0
    >>> round(perplexity([0.99, 0.01]), 4)
    1.0576
    """
    refuse_base(unit, "perplexity")
    return answer(_perplexity, [as_form(p)], axis=axis)


def _perplexity(sides: list[Side]) -> Array:
    return _at_most(sides[0], 2.0 ** (_entropy(sides) / math.log(2)), sides[0].values.shape[-1])


def _at_most(side: Side, values: Array, high: float) -> Array:
    """Without what rounding adds to the largest possible value; derivatives pass untouched."""
    return values if side.attached else side.xp.where(values > high, float(high), values)


@measure("one", high="log K")
def min_entropy(p: Any, *, axis: int = -1, base: float = 2) -> Answer:
    r"""Min-entropy: the surprisal of the most probable class.

    .. math:: H_\infty(P) = -\log \max_i P_i

    Parameters
    ----------
    p : array_like or form, shape (..., K, ...)
        Rows; a plain array is :class:`Probs`.
    axis : int, default −1
        The classes' axis.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array, shape (...)
        From 0 to log K, and never above the entropy.

    Raises
    ------
    InputError
        A row that is not legal for its form.

    References
    ----------
    Rényi, "On measures of entropy and information", 4th Berkeley Symposium (1961): order ∞.

    Examples
    --------
    >>> min_entropy([0.5, 0.25, 0.25])
    1.0
    """
    return answer(_min_entropy, [as_form(p)], axis=axis, base=base)


def _min_entropy(sides: list[Side]) -> Array:
    (p,) = sides
    return 0.0 - at_index(p.xp, p.log_share, p.top)[..., 0]


@measure("one", high="log K")
def hartley_entropy(p: Any, *, axis: int = -1, base: float = 2) -> Answer:
    r"""Hartley entropy (max-entropy): the logarithm of the number of possible classes.

    .. math:: H_0(P) = \log \left|\{i : P_i > 0\}\right|

    Parameters
    ----------
    p : array_like or form, shape (..., K, ...)
        Rows; a plain array is :class:`Probs`.
    axis : int, default −1
        The classes' axis.
    base : float, default 2
        Base of the logarithm: 2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    float or array, shape (...)
        From 0 to log K, and never below the entropy.

    Raises
    ------
    InputError
        A row that is not legal for its form.

    References
    ----------
    Hartley, "Transmission of Information", Bell System Technical Journal 7 (1928).

    Examples
    --------
    >>> round(hartley_entropy([0.5, 0.25, 0.25, 0.0], base=3), 15)
    1.0
    """
    return answer(_hartley_entropy, [as_form(p)], axis=axis, base=base)


def _hartley_entropy(sides: list[Side]) -> Array:
    return sides[0].xp.log(possible_classes(sides[0]))


def possible_classes(p: Side) -> Array:
    """How many classes are possible."""
    count = p.xp.sum(p.xp.where(p.possible, p.xp.ones_like(p.values), 0.0), axis=-1)
    return without_derivative(count, p.xp.sum(p.share, axis=-1)) if p.attached else count


@measure("one", unit=False, high="1 − 1/K")
def gini_impurity(p: Any, *, axis: int = -1, **unit: Never) -> Answer:
    r"""Gini impurity (Gini–Simpson index): the probability that two draws differ.

    .. math:: \sum_i P_i (1 - P_i) = 1 - \sum_i P_i^2

    Parameters
    ----------
    p : array_like or form, shape (..., K, ...)
        Rows; a plain array is :class:`Probs`.
    axis : int, default −1
        The classes' axis.

    Returns
    -------
    float or array, shape (...)
        From 0 to 1 − 1/K. It has no unit.

    Raises
    ------
    InputError
        A row that is not legal for its form.

    References
    ----------
    Simpson, "Measurement of Diversity", Nature 163 (1949); Breiman, Friedman, Olshen and Stone,
    *Classification and Regression Trees* (1984), section 4.3.

    Examples
    --------
    >>> gini_impurity([0.5, 0.5])
    0.5
    >>> gini_impurity([1.0, 1e-20]) > 0  # nothing is lost beside a certain answer
    True
    """
    refuse_base(unit, "gini_impurity")
    return answer(_gini_impurity, [as_form(p)], axis=axis)


def _gini_impurity(sides: list[Side]) -> Array:
    (p,) = sides
    # 1 − P from the logarithm, which keeps its digits next to P = 1.
    possible = p.share > 0
    others = 0.0 - p.xp.expm1(p.xp.where(possible, p.log_share, 0.0))
    return p.xp.sum(p.xp.where(possible, p.share * others, p.share), axis=-1)


@measure("one", unit=False, high=1.0)
def efficiency(p: Any, *, axis: int = -1, **unit: Never) -> Answer:
    r"""Efficiency (normalised entropy, evenness, Pielou's J): entropy / log K.

    .. math:: H(P) / \log K

    Parameters
    ----------
    p : array_like or form, shape (..., K, ...)
        Rows; a plain array is :class:`Probs`. Impossible classes count in K.
    axis : int, default −1
        The classes' axis.

    Returns
    -------
    float or array, shape (...)
        From 0 to 1; 1 for a single class, which is as even as it can be. It has no unit. What
        is missing to 1 is called the redundancy.

    Raises
    ------
    InputError
        A row that is not legal for its form.
    CallError
        :class:`Labels` without a number of classes.

    References
    ----------
    Shannon (1948), section 7 (relative entropy of a source, redundancy); Pielou, "The measurement
    of diversity in different types of biological collections", J. Theoretical Biology 13 (1966).

    Examples
    --------
    >>> efficiency([0.5, 0.5, 0.0, 0.0])
    0.5
    """
    refuse_base(unit, "efficiency")
    form = as_form(p)
    if isinstance(form, Labels) and form.class_count is None:
        raise CallError("efficiency of Labels(…) needs classes=…, the number of classes or names")
    return answer(_efficiency, [form], axis=axis)


def _efficiency(sides: list[Side]) -> Array:
    classes = sides[0].values.shape[-1]
    found = _entropy(sides)
    return _at_most(sides[0], found / math.log(classes), 1.0) if classes > 1 else found + 1.0
