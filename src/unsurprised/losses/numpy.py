"""The losses of NumPy arrays, each with its gradient: the readable reference, in float64."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from unsurprised.errors import CallError
from unsurprised.losses._chunks import BUDGET, chunk_rows
from unsurprised.losses._divergences import Kind, TopK, checked_kind
from unsurprised.losses._inputs import laid_out
from unsurprised.losses._numpy_rows import (
    Asked,
    Labelled,
    LossAndGradient,
    Values,
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
    checked_total,
)

__all__ = [
    "LayerLossAndGradients",
    "LossAndGradient",
    "TopK",
    "cross_entropy_loss",
    "distill_loss",
    "kl_loss",
    "linear_cross_entropy_loss",
]


class LayerLossAndGradients(NamedTuple):
    """A loss of a linear layer and its derivatives by what the layer is given and made of."""

    loss: Any
    hidden: Values
    weight: Values
    bias: Values | None


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
    axis: int = -1,
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
    gradient = as_given(gradient, np.shape(logits), axis)
    return LossAndGradient(rows.total_of(values), gradient)


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
    temperature = checked_scores(temperature, None).temperature
    total = checked_total(reduction, normalizer, empty, base=base)
    return of_pairs(
        student, teacher, sample_weight, axis, total=total, asked=Asked(kind, beta, temperature)
    )


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
    temperature = checked_scores(temperature, None).temperature
    total = checked_total(reduction, normalizer, empty, base=base)
    asked = Asked("forward", 0.5, temperature, probabilities=True)
    return of_pairs(logits, target, sample_weight, axis, total=total, asked=asked)


def linear_cross_entropy_loss(
    hidden: ArrayLike,
    weight: ArrayLike,
    target: ArrayLike,
    *,
    bias: ArrayLike | None = None,
    chunk: int | str = "auto",
    budget: int = BUDGET,
    class_weight: ArrayLike | None = None,
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
    base: float = math.e,
) -> LayerLossAndGradients:
    r"""Cross-entropy of ``hidden @ weight.T + bias`` and its gradients, a chunk of rows at a time.

    Options mean what they mean in :func:`unsurprised.losses.torch.linear_cross_entropy_loss`.

    Parameters
    ----------
    hidden : array_like of floats, shape (..., D)
        What the last layer is given.
    weight : array_like of floats, shape (K, D)
        Its weight.
    target : array_like, shape (...) or (..., K)
        Labels, or the probability of each class.
    bias, chunk, budget, class_weight, sample_weight, ignore_index, label_smoothing
        As in PyTorch's; logits are float64.
    smoothing_weights, temperature, softcap, z_loss, entropy_bonus, focal_gamma
        As in PyTorch's.
    reduction, normalizer, empty, base
        As in PyTorch's.

    Returns
    -------
    LayerLossAndGradients
        ``loss``, and the derivatives by ``hidden``, ``weight`` and ``bias``.

    Raises
    ------
    CallError, InputError
        As PyTorch's.

    Examples
    --------
    >>> from unsurprised.losses.numpy import linear_cross_entropy_loss
    >>> found = linear_cross_entropy_loss(np.ones((3, 2)), np.zeros((8, 2)), [0, 1, 2], base=2)
    >>> round(float(found.loss), 5), found.weight.shape
    (3.0, (8, 2))
    """
    recipe = checked_recipe(
        label_smoothing, smoothing_weights, focal_gamma, checked_scores(temperature, softcap)
    )
    total = checked_total(
        reduction, normalizer, empty, z_loss=z_loss, entropy_bonus=entropy_bonus, base=base
    )
    given_hidden, layer = widened(hidden), widened(weight)
    offset = None if bias is None else widened(bias)
    _check_layer(given_hidden, layer, offset)
    classes = len(layer)
    given = laid_out(
        np,
        np.broadcast_to(np.zeros((), layer.dtype), (*given_hidden.shape[:-1], classes)),
        widened(target),
        weight=None if class_weight is None else np.asarray(class_weight, dtype=np.float64),
        sample_weight=None if sample_weight is None else np.asarray(sample_weight),
        ignore_index=ignore_index,
        axis=-1,
        check=True,
    )
    rows, flat = Labelled(given, recipe, total), given_hidden.reshape(-1, layer.shape[1])
    step = chunk_rows(chunk, budget, rows=len(flat), classes=classes, entry=8)
    values, by_hidden = np.empty(len(flat)), np.empty_like(flat)
    by_layer, by_offset = np.zeros_like(layer), np.zeros(classes)
    for start in range(0, len(flat), step):
        part = slice(start, start + step)
        logits = flat[part] @ layer.T if offset is None else flat[part] @ layer.T + offset
        values[part], dz = rows.part(logits, part)
        by_hidden[part] = dz @ layer
        by_layer += dz.T @ flat[part]
        by_offset += dz.sum(axis=0)
    return LayerLossAndGradients(
        rows.total_of(values),
        by_hidden.reshape(given_hidden.shape),
        by_layer,
        None if offset is None else by_offset,
    )


def _check_layer(hidden: Values, weight: Values, bias: Values | None) -> None:
    if weight.ndim != 2 or not hidden.ndim or hidden.shape[-1] != weight.shape[1]:
        raise CallError(
            f"hidden of shape {hidden.shape} and weight of shape {weight.shape}; expected (..., D) "
            "and (K, D)"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise CallError(
            f"bias of shape {bias.shape} for a weight of shape {weight.shape}; expected "
            f"{weight.shape[:1]}"
        )
    for name, array in (("hidden", hidden), ("weight", weight)):
        if "float" not in array.dtype.name:
            raise CallError(f"{name} of type {array.dtype}; expected a floating type")
