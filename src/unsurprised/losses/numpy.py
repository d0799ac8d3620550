"""The losses of NumPy arrays, each with its gradient: the readable reference, in float64."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unsurprised.losses import _cross_entropy as formula
from unsurprised.losses import _reduction
from unsurprised.losses._inputs import laid_out
from unsurprised.losses._options import (
    IGNORE,
    Empty,
    Reduction,
    SmoothingWeights,
    checked_recipe,
    checked_scores,
    checked_total,
)

Values = NDArray[np.float64]


class LossAndGradient(NamedTuple):
    """A loss and its derivative by the logits.

    ``loss`` is a number, or with ``reduction="none"`` an array of the rows' shape; ``gradient`` has
    the logits' shape and is that of the loss, or of the sum of the rows' losses.
    """

    loss: Any
    gradient: Values


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
    weight, sample_weight, ignore_index, label_smoothing, smoothing_weights, temperature, softcap, \
z_loss, entropy_bonus, focal_gamma, reduction, normalizer, empty, axis, base
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
    scores = checked_scores(temperature, softcap)
    recipe = checked_recipe(label_smoothing, smoothing_weights, focal_gamma, scores)
    total = checked_total(
        reduction, normalizer, empty, z_loss=z_loss, entropy_bonus=entropy_bonus, base=base
    )
    given = laid_out(
        np,
        *_floats_or_labels(logits, target),
        weight=None if weight is None else np.asarray(weight, dtype=np.float64),
        sample_weight=None if sample_weight is None else np.asarray(sample_weight),
        ignore_index=ignore_index,
        axis=axis,
        check=True,
    )
    with np.errstate(all="ignore"):
        z = formula.scores(np, given.logits, scores)
        made = formula.rows(np, z, given.target, given.weight, recipe, hard=given.hard)
        log_sum = made.top + made.rest
        counts = _reduction.counted(np, given, like=made.loss, total=total)
        values = _reduction.row_values(
            np, made.loss, log_sum, made.entropy, rows=counts, total=total
        )
        loss = _reduction.reduced(np, values, counts, total)
        each = _reduction.derivatives(np, counts, _reduction.divisor_of(np, counts, total), total)
        by = (each, each * (2 * total.z_loss) * log_sum, each * -total.entropy_bonus)
        by_sum = np.where(each == 0, 0.0, by[1])  # the sum of an ignored row may be anything
        gradient = formula.gradient(
            np, z, given.target, given.weight, recipe, by=(each, by_sum, by[2]), hard=given.hard
        )
        gradient = formula.through_scores(np, given.logits, gradient, scores)
        gradient = np.where(each[:, None] == 0, 0.0, gradient)
    shape = np.asarray(logits).shape
    moved = tuple(size for i, size in enumerate(shape) if i != axis % len(shape))
    gradient = np.moveaxis(gradient.reshape(*moved, shape[axis]), -1, axis)
    return LossAndGradient(loss.reshape(given.shape) if reduction == "none" else loss[()], gradient)


def _floats_or_labels(logits: ArrayLike, target: ArrayLike) -> tuple[Any, Any]:
    scores, truth = np.asarray(logits), np.asarray(target)
    if "float" in scores.dtype.name:  # bfloat16 too
        scores = scores.astype(np.float64)
    if "float" in truth.dtype.name:
        truth = truth.astype(np.float64)
    return scores, truth
