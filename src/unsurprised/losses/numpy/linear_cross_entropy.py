"""Cross-entropy of a linear layer of NumPy's, a chunk of rows at a time."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import ArrayLike

from unsurprised.losses._chunks import BUDGET
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
from unsurprised.losses.numpy.layer import Layer, LayerLossAndGradients
from unsurprised.losses.numpy.rows import Labelled


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
    >>> import numpy as np
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
    layer = Layer(hidden, weight, bias, chunk, budget)
    check_dense(target=target, class_weight=class_weight, sample_weight=sample_weight)
    given = prepared(
        layer.stand_in(),
        target,
        weight=class_weight,
        sample_weight=sample_weight,
        ignore_index=ignore_index,
        axis=-1,
    )
    rows = Labelled(given, recipe, total)
    return layer.evaluated(rows.part, rows.total_of)
