"""Cross-entropy of NumPy's logits."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import ArrayLike

from unsurprised.float_errors import own_float_errors
from unsurprised.losses._inputs import check_dense
from unsurprised.losses._options import (
    IGNORE,
    Empty,
    Reduction,
    SmoothingWeights,
    checked_recipe,
    checked_scores,
    checked_total,
)
from unsurprised.losses.numpy.inputs import prepared
from unsurprised.losses.numpy.reduction import LossAndGradient, as_given
from unsurprised.losses.numpy.rows import Labelled


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
    given = prepared(
        logits,
        target,
        weight=weight,
        sample_weight=sample_weight,
        ignore_index=ignore_index,
        axis=axis,
    )
    rows = Labelled(given, recipe, total)
    values, gradient = rows.part(given.logits, slice(None))
    gradient = as_given(gradient, given.shape, -1 if axis is None else axis)
    return LossAndGradient(rows.total_of(values), gradient)
