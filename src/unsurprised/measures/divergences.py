"""Measures between two distributions; the truth comes first."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from unsurprised.errors import CallError
from unsurprised.forms import DistributionForm, Labels, as_form
from unsurprised.measures._rows import (
    Values,
    checked_indices,
    common_shape,
    dense,
    measure_rows,
    need_distribution,
    own_indices,
)
from unsurprised.measures.registry import measure


@measure("two", kernel="cross_entropy")
def cross_entropy(p: Any, q: Any, *, axis: int = -1, base: float = 2) -> Values | float:
    r"""The average surprise of a model that believes ``q`` where ``p`` is true.

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
    float or array of float64, shape (...)
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
    return _between("cross_entropy", p, q, axis, base)


@measure("two", kernel="kl_divergence", zero_iff_equal=True, data_processing=True)
def kl_divergence(p: Any, q: Any, *, axis: int = -1, base: float = 2) -> Values | float:
    r"""The extra bits paid for believing ``q`` where ``p`` is true (relative entropy).

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
    float or array of float64, shape (...)
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
    return _between("kl_divergence", p, q, axis, base)


def _between(kernel: str, p: Any, q: Any, axis: int, base: float) -> Values | float:
    truth, model = as_form(p), as_form(q)
    if isinstance(truth, Labels) and isinstance(model, Labels):
        return _between_labels(kernel, truth, model, axis, base)
    if isinstance(model, Labels):
        truth = need_distribution(truth, "p")
        truth, model = _last(truth, axis), dense(model, truth.rows(axis).shape[-1])
        return measure_rows(kernel, truth, model, axis=-1, base=base)
    model = need_distribution(model, "q")
    if not isinstance(truth, Labels):
        return measure_rows(kernel, need_distribution(truth, "p"), model, axis=axis, base=base)
    classes = model.rows(axis).shape[-1]
    if truth.smoothing:
        return measure_rows(kernel, dense(truth, classes), _last(model, axis), axis=-1, base=base)
    # A label has no entropy, so cross-entropy and KL are both the surprisal of what happened.
    at = checked_indices(truth, classes)
    return measure_rows("surprisal", model, labels=at, axis=axis, base=base)


def _last(form: DistributionForm, axis: int) -> DistributionForm:
    return form.with_array(form.rows(axis))


def _between_labels(
    kernel: str, truth: Labels, model: Labels, axis: int, base: float
) -> Values | float:
    _same_classes(truth, model)
    classes = truth.class_count if truth.class_count is not None else model.class_count
    if classes is not None:
        return _between(kernel, dense(truth, classes), dense(model, classes), -1, base)
    if truth.smoothing or model.smoothing:
        raise CallError("Labels(…, smoothing=…) needs classes=…, the number of classes or names")
    del axis  # labels have no axis of classes
    common_shape([truth.shape, model.shape])
    answer = np.where(own_indices(truth) == own_indices(model), 0.0, math.inf)
    return answer if answer.shape else float(answer)


def _same_classes(truth: Labels, model: Labels) -> None:
    ours, theirs = truth.classes, model.classes
    if isinstance(ours, tuple) and isinstance(theirs, tuple) and ours != theirs:
        raise CallError(
            f"the classes of p, {list(ours)}, are not those of q, {list(theirs)}; "
            "expected the same names in the same order"
        )
    counts = truth.class_count, model.class_count
    if None not in counts and counts[0] != counts[1]:
        raise CallError(f"p has {counts[0]} classes, q has {counts[1]}; expected the same number")
