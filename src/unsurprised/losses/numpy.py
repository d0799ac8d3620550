"""The losses of NumPy arrays, each with its gradient: the readable reference, in float64."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from unsurprised.float_errors import own_float_errors
from unsurprised.losses._divergences import Kind, LinearTeacher, TopK, checked_kind
from unsurprised.losses._inputs import check_dense, laid_out
from unsurprised.losses._numpy_linear import (
    LayerLossAndGradients,
    linear_cross_entropy_loss,
    linear_distill_loss,
)
from unsurprised.losses._numpy_rows import (
    Asked,
    Labelled,
    LossAndGradient,
    as_given,
    of_pairs,
    widened,
)
from unsurprised.losses._options import (
    IGNORE,
    Empty,
    Reduction,
    SmoothingWeights,
    checked_recipe,
    checked_scores,
    checked_temperature,
    checked_total,
)

__all__ = [
    "LayerLossAndGradients",
    "LinearTeacher",
    "LossAndGradient",
    "TopK",
    "cross_entropy_loss",
    "distill_loss",
    "kl_loss",
    "linear_cross_entropy_loss",
    "linear_distill_loss",
]


@own_float_errors
def cross_entropy_loss(
    logits: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    ignore_index: int = IGNORE,
    label_smoothing: float = 0.0,
    smoothing_weights: SmoothingWeights = "class",
    temperature: float = 1.0,
    softcap: float | None = None,
    z_loss: float = 0.0,
    entropy_bonus: float = 0.0,
    focal_gamma: float = 0.0,
    reduction: Reduction = "mean",
    normalizer: Any = None,
    empty: Empty = "nan",
    axis: int | None = None,
    base: float = math.e,
) -> LossAndGradient:
    r"""Cross-entropy of logits with labels or distributions, and its gradient.

    .. math:: r = s \Big( \sum_k a_k f(\ell_k) + \zeta L^2 - \beta H \Big)

    Options mean what they mean in :func:`unsurprised.losses.torch.cross_entropy_loss`, where each
    is explained.

    Parameters
    ----------
    logits : array_like of floats, shape (..., K)
        Scores, classes along ``axis``.
    target : array_like, shape (...) or (..., K)
        Labels, or the probability of each class.
    weight, sample_weight, ignore_index, label_smoothing, smoothing_weights, temperature
        As in PyTorch's.
    softcap, z_loss, entropy_bonus, focal_gamma, reduction, normalizer, empty, axis, base
        As in PyTorch's.

    Returns
    -------
    LossAndGradient
        ``loss`` and ``gradient``, in float64.

    Raises
    ------
    CallError
        Shapes, types or options that do not fit.
    InputError
        A label out of range, or a row of probabilities that does not sum to one.

    Examples
    --------
    >>> from unsurprised.losses.numpy import cross_entropy_loss
    >>> loss, gradient = cross_entropy_loss([[0.0, 0.0, 0.0, 0.0]], [2], base=2)
    >>> float(loss)
    2.0
    >>> (gradient * math.log(2)).round(12).tolist()  # the softmax, less one at the label
    [[0.25, 0.25, -0.75, 0.25]]
    """
    recipe = checked_recipe(
        label_smoothing, smoothing_weights, focal_gamma, checked_scores(temperature, softcap)
    )
    total = checked_total(
        reduction, normalizer, empty, z_loss=z_loss, entropy_bonus=entropy_bonus, base=base
    )
    check_dense(logits=logits, target=target, weight=weight, sample_weight=sample_weight)
    given = laid_out(
        np,
        widened(logits),
        widened(target),
        weight=None if weight is None else np.asarray(weight, dtype=np.float64),
        sample_weight=None if sample_weight is None else np.asarray(sample_weight),
        ignore_index=ignore_index,
        axis=axis,
        check=True,
    )
    rows = Labelled(given, recipe, total)
    values, gradient = rows.part(given.logits, slice(None))
    gradient = as_given(gradient, np.shape(logits), -1 if axis is None else axis)
    return LossAndGradient(rows.total_of(values), gradient)


@own_float_errors
def distill_loss(
    student: ArrayLike,
    teacher: ArrayLike | TopK,
    *,
    kind: Kind = "forward",
    beta: float = 0.5,
    temperature: float = 1.0,
    sample_weight: ArrayLike | None = None,
    reduction: Reduction = "mean",
    normalizer: Any = None,
    empty: Empty = "nan",
    axis: int = -1,
    base: float = math.e,
) -> LossAndGradient:
    r"""How far a student's distribution is from its teacher's, and the gradient by the student.

    .. math::

        D(p \,\|\, q), \quad D(q \,\|\, p), \quad \beta D(p \,\|\, m) + (1 - \beta) D(q \,\|\, m)

    Options mean what they mean in :func:`unsurprised.losses.torch.distill_loss`.

    Parameters
    ----------
    student : array_like of floats, shape (..., K)
        Logits.
    teacher : array_like of floats, shape (..., K), or TopK
        Logits or log-probabilities, or the k most likely classes.
    kind, beta, temperature, sample_weight, reduction, normalizer, empty, axis, base
        As in PyTorch's.

    Returns
    -------
    LossAndGradient
        ``loss`` and ``gradient``, in float64.

    Raises
    ------
    CallError, InputError
        As PyTorch's.

    Examples
    --------
    >>> from unsurprised.losses.numpy import distill_loss
    >>> loss, gradient = distill_loss([[0.0, 0.0]], [[0.0, -np.inf]], base=2)
    >>> float(loss)
    1.0
    """
    kind, beta = checked_kind(kind, beta)
    temperature = checked_temperature(temperature)
    total = checked_total(reduction, normalizer, empty, base=base)
    return of_pairs(
        student, teacher, sample_weight, axis, total=total, asked=Asked(kind, beta, temperature)
    )


@own_float_errors
def kl_loss(
    logits: ArrayLike,
    target: ArrayLike,
    *,
    temperature: float = 1.0,
    sample_weight: ArrayLike | None = None,
    reduction: Reduction = "mean",
    normalizer: Any = None,
    empty: Empty = "nan",
    axis: int = -1,
    base: float = math.e,
) -> LossAndGradient:
    r"""KL from a distribution to the softmax of logits, and the gradient by the logits.

    .. math:: D(y \,\|\, \operatorname{softmax}(x / T))

    Options mean what they mean in :func:`unsurprised.losses.torch.kl_loss`.

    Parameters
    ----------
    logits : array_like of floats, shape (..., K)
        Scores.
    target : array_like of floats, shape (..., K)
        Probabilities; zeros are exact.
    temperature, sample_weight, reduction, normalizer, empty, axis, base
        As in PyTorch's.

    Returns
    -------
    LossAndGradient
        ``loss`` and ``gradient``, in float64.

    Raises
    ------
    CallError, InputError
        As PyTorch's.

    Examples
    --------
    >>> from unsurprised.losses.numpy import kl_loss
    >>> float(kl_loss([[0.0, 0.0, 0.0, 0.0]], [[1.0, 0.0, 0.0, 0.0]], base=2).loss)
    2.0
    """
    temperature = checked_temperature(temperature)
    total = checked_total(reduction, normalizer, empty, base=base)
    asked = Asked("forward", 0.5, temperature, probabilities=True)
    return of_pairs(logits, target, sample_weight, axis, total=total, asked=asked)
