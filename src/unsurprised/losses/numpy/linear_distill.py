"""Divergences of a linear layer of NumPy's, a chunk of rows at a time."""

from __future__ import annotations

import math
from typing import Any

from numpy.typing import ArrayLike

from unsurprised.losses._chunks import BUDGET
from unsurprised.losses._divergences import Kind, LinearTeacher, TopK, checked_kind
from unsurprised.losses._options import Empty, Reduction, checked_temperature, checked_total
from unsurprised.losses.numpy.divergences import Asked, Paired
from unsurprised.losses.numpy.inputs import Values, prepared_pairs
from unsurprised.losses.numpy.layer import Layer, LayerLossAndGradients


def linear_distill_loss(
    hidden: ArrayLike,
    weight: ArrayLike,
    teacher: ArrayLike | TopK | LinearTeacher,
    *,
    bias: ArrayLike | None = None,
    chunk: int | str = "auto",
    budget: int = BUDGET,
    kind: Kind = "forward",
    beta: float = 0.5,
    temperature: float = 1.0,
    sample_weight: ArrayLike | None = None,
    reduction: Reduction = "mean",
    normalizer: Any = None,
    empty: Empty = "nan",
    base: float = math.e,
) -> LayerLossAndGradients:
    r"""The divergence of ``hidden @ weight.T + bias`` from a teacher, and its gradients.

    Options mean what they mean in :func:`unsurprised.losses.torch.linear_distill_loss`.

    Parameters
    ----------
    hidden, weight, bias, chunk, budget
        As in :func:`linear_cross_entropy_loss`.
    teacher : array_like of floats, shape (..., K), TopK or LinearTeacher
        Logits or log-probabilities, the k most likely classes, or the teacher's own last layer.
    kind, beta, temperature, sample_weight, reduction, normalizer, empty, base
        As in :func:`distill_loss`.

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
    >>> from unsurprised.losses.numpy import LinearTeacher, linear_distill_loss
    >>> hidden, weight = np.ones((3, 2)), np.eye(2)
    >>> float(linear_distill_loss(hidden, weight, LinearTeacher(hidden, weight)).loss)
    0.0
    """
    kind, beta = checked_kind(kind, beta)
    temperature = checked_temperature(temperature)
    total = checked_total(reduction, normalizer, empty, base=base)
    layer = Layer(hidden, weight, bias, chunk, budget)
    other = Layer(*teacher, 1, budget) if isinstance(teacher, LinearTeacher) else None
    if other is not None:
        other.check_like(layer)
    given = prepared_pairs(
        layer.stand_in(), None if other is not None else teacher, sample_weight, -1
    )
    rows = Paired(given, Asked(kind, beta, temperature), total)

    def part(logits: Values, cut: slice) -> tuple[Values, Values]:
        indices = None if given.indices is None else given.indices[cut]
        told = given.teacher[cut] if other is None else other.logits(cut)
        return rows.part(logits, told, indices, cut)

    return layer.evaluated(part, rows.total_of)
