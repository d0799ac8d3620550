"""Measures of one distribution, and of one event."""

from __future__ import annotations

from typing import Any

import numpy as np

from unsurprised import _kernels
from unsurprised.errors import CallError, InputError, Place
from unsurprised.forms import Form, Labels, as_form
from unsurprised.measures._rows import (
    Values,
    checked_indices,
    dense,
    measure_rows,
    need_distribution,
    own_indices,
    pointwise,
)
from unsurprised.measures.registry import measure
from unsurprised.units import units_per_bit


def surprisal(q: Any, *, at: Any = None, axis: int = -1, base: float = 2) -> Values | float:
    r"""How surprising an event is, or what happened to a row.

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
    float or array of float64
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
    form = as_form(q)
    labels = at if isinstance(at, Labels) else Labels(at)
    if labels.smoothing:
        raise CallError(
            "surprisal(…, at=Labels(…, smoothing=…)): an outcome is one class; "
            "for smoothed targets use cross_entropy(labels, q)"
        )
    form = need_distribution(form, "q")
    checked = checked_indices(labels, form.rows(axis).shape[-1])
    return measure_rows("surprisal", form, labels=checked, axis=axis, base=base)


def _event_surprisal(q: Any, base: float) -> Values | float:
    if isinstance(q, Form):
        raise CallError(
            f"surprisal({q!r}): rows need their outcomes, at=labels; "
            "the mean surprise that a row expects is entropy(q)"
        )
    units = units_per_bit(base)

    def check_and_fill(events: Values, out: Values) -> None:
        legal = (events >= 0) & (events <= 1)
        if not legal.all():
            first = tuple(int(i) for i in np.argwhere(~legal)[0])
            raise InputError(
                f"found {events[first]:.6g} as the probability of an event",
                expected="a number from 0 to 1",
                remedy="for rows of probabilities pass their outcomes too: surprisal(rows, at=…)",
                place=Place(row=first or None),
            )
        _kernels.event_surprisals(events, units, out)

    return pointwise(q, check_and_fill, "q")


@measure("one", high="log K", kernel="entropy")
def entropy(p: Any, *, axis: int = -1, base: float = 2) -> Values | float:
    r"""The average surprise of a distribution: the least bits that encode its draws.

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
    float or array of float64, shape (...)
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
    form = as_form(p)
    if isinstance(form, Labels):
        return _label_entropy(form, axis, base)
    return measure_rows("entropy", need_distribution(form, "p"), axis=axis, base=base)


def _label_entropy(labels: Labels, axis: int, base: float) -> Values | float:
    if not labels.smoothing:
        own_indices(labels)
        return np.zeros(labels.shape) if labels.shape else 0.0
    if labels.class_count is None:
        raise CallError("Labels(…, smoothing=…) needs classes=…, the number of classes or names")
    del axis  # labels have no axis of classes
    return measure_rows("entropy", dense(labels, labels.class_count), axis=-1, base=base)
