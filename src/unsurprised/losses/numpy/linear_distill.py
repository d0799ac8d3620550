"""Divergences of a linear layer of NumPy's, a chunk of rows at a time."""

from __future__ import annotations

from typing import Unpack

from numpy.typing import ArrayLike

from unsurprised.array_types import Values
from unsurprised.losses._chunks import BUDGET
from unsurprised.losses._divergence_options import DivergenceOptions, divergence_options
from unsurprised.losses._divergences import LinearTeacher, TopK
from unsurprised.losses._documented import with_options
from unsurprised.losses.numpy.divergences import PairedRows
from unsurprised.losses.numpy.inputs import prepared_pairs
from unsurprised.losses.numpy.layer import Layer, LayerLossAndGradients


@with_options(divergence_options)
def linear_distill_loss(
    hidden: ArrayLike,
    weight: ArrayLike,
    teacher: ArrayLike | TopK | LinearTeacher,
    *,
    bias: ArrayLike | None = None,
    chunk: int | str = "auto",
    budget: int = BUDGET,
    sample_weight: ArrayLike | None = None,
    **options: Unpack[DivergenceOptions],
) -> LayerLossAndGradients:
    r"""The divergence of ``hidden @ weight.T + bias`` from a teacher, and its gradients.

    They are those of :func:`distill_loss` of the logits, which are float64.

    Parameters
    ----------
    hidden : array_like of floats, shape (..., D)
        The input of the last layer.
    weight : array_like, shape (K, D)
        Its weight.
    teacher : array_like, TopK or LinearTeacher
        Logits or log-probabilities of shape (..., K), the k most likely classes, or the teacher's
        own last layer, whose logits are made in chunks too. A constant.
    bias : array_like, shape (K,), optional
        Its bias.
    chunk : int or "auto", default "auto"
        How many rows of logits are made at a time; by default as many as fit the budget.
    budget : int, default 2**28
        How many bytes these logits may take, in float64.
    sample_weight : array_like, shape (...), optional
        The weight s of each row; padding gets the weight 0, and is left out.
    {options}

    Returns
    -------
    LayerLossAndGradients
        ``loss``, and the derivatives by ``hidden``, ``weight`` and ``bias``.

    Raises
    ------
    CallError
        Shapes, types or options that do not fit; a budget too small for one row.
    InputError
        A row of the teacher that is −inf only or holds NaN or inf; a ``TopK`` whose indices
        or probabilities cannot be.

    References
    ----------
    - G. Hinton, O. Vinyals, J. Dean, "Distilling the knowledge in a neural network", 2015.
    - R. Agarwal et al., "On-policy distillation of language models", ICLR 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from unsurprised.losses.numpy import LinearTeacher, linear_distill_loss
    >>> hidden, weight = np.ones((3, 2)), np.eye(2)
    >>> float(linear_distill_loss(hidden, weight, LinearTeacher(hidden, weight)).loss)
    0.0
    """
    asked, total = divergence_options(**options)
    layer = Layer(hidden, weight, bias, chunk, budget)
    other = Layer(*teacher, 1, budget) if isinstance(teacher, LinearTeacher) else None
    if other is not None:
        other.check_like(layer)
    given = prepared_pairs(
        layer.stand_in(), None if other is not None else teacher, sample_weight, -1
    )
    rows = PairedRows(given, asked, total)

    def part(logits: Values, cut: slice) -> tuple[Values, Values]:
        indices = None if given.indices is None else given.indices[cut]
        told = given.teacher[cut] if other is None else other.logits(cut)
        return rows.part(logits, told, indices, cut)

    return layer.evaluated(part, rows.total_of)
