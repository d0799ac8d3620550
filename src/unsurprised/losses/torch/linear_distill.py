"""Divergences of a linear layer of PyTorch's whose logits are never all in memory."""

from __future__ import annotations

import math
from typing import Any, Unpack

import torch
from torch import Tensor

from unsurprised.errors import CallError
from unsurprised.losses import _reduction
from unsurprised.losses._divergence_options import DivergenceOptions, divergence_options
from unsurprised.losses._divergences import LinearTeacher, TopK
from unsurprised.losses._documented import with_options
from unsurprised.losses._pairs import laid_out_pairs
from unsurprised.losses.torch.inputs import assert_teacher
from unsurprised.losses.torch.jobs import DivergenceJob
from unsurprised.losses.torch.kinds import check_tensor, is_traced, keep, sum_type
from unsurprised.losses.torch.layer import Layer, checked_layer, flat, stand_in
from unsurprised.losses.torch.layer_total import LayerTotal


@with_options(divergence_options)
def linear_distill_loss(
    hidden: Tensor,
    weight: Tensor,
    teacher: Tensor | TopK | LinearTeacher,
    *,
    bias: Tensor | None = None,
    chunk: int | str = "auto",
    budget: int | None = None,
    sample_weight: Tensor | None = None,
    check: bool | None = None,
    **options: Unpack[DivergenceOptions],
) -> Tensor:
    r"""The divergence of ``hidden @ weight.T + bias`` from a teacher, a chunk of logits at a time.

    Value and gradients are those of :func:`~unsurprised.losses.torch.distill_loss` of the logits.

    Parameters
    ----------
    hidden : Tensor of floats, shape (..., D)
        The input of the last layer.
    weight : Tensor, shape (K, D)
        Its weight. Gradients of half precision are summed in float32, which takes twice their size.
    teacher : Tensor, TopK or LinearTeacher
        Logits or log-probabilities of shape (..., K), the k most likely classes, or the teacher's
        own last layer, whose logits are made in chunks too and not looked at. A constant.
    bias : Tensor, shape (K,), optional
        Its bias.
    chunk : int or "auto", default "auto"
        How many rows of logits are made at a time; by default as many as fit the budget.
    budget : int, optional
        How many bytes these logits may take: by default 2**28, and 2**30 of half precision on a
        GPU.
    sample_weight : Tensor, shape (...), optional
        The weight s of each row; padding gets the weight 0, and is left out.
    check : bool, optional
        Whether to validate the values of teacher and weights. By default they are validated except
        in traced code, where a row of a teacher that has no softmax makes NaN; True asserts there.
    {options}

    Returns
    -------
    Tensor
        A number of nats (or the unit of ``base``), with ``reduction="none"`` one for each
        row; infinite where one rules out what the other holds possible.

    Raises
    ------
    CallError
        Shapes, types, devices or options that do not fit; a budget too small for one row.
    InputError
        A row of the teacher that is −inf only or holds NaN or inf; a :class:`TopK` whose indices
        or probabilities cannot be.

    References
    ----------
    - G. Hinton, O. Vinyals, J. Dean, "Distilling the knowledge in a neural network", 2015.
    - R. Agarwal et al., "On-policy distillation of language models", ICLR 2024.

    Examples
    --------
    >>> import torch
    >>> from unsurprised.losses.torch import LinearTeacher, linear_distill_loss
    >>> hidden, weight = torch.ones(3, 2), torch.eye(2)
    >>> linear_distill_loss(hidden, weight, LinearTeacher(hidden, weight))
    tensor(0.)
    """
    asked, total = divergence_options(keep, **options)
    hidden, weight, bias = checked_layer(hidden, weight, bias)
    logits = stand_in(hidden, weight)
    given_teacher, form = _teacher(teacher, logits)
    traced = is_traced(hidden)
    given = laid_out_pairs(
        torch,
        logits,
        logits if form == "linear" else given_teacher,
        sample_weight=sample_weight,
        axis=-1,
        check=(check is None or check) and not traced,
    )
    if check and traced and form == "logits":
        assert_teacher(given)
    tensors = tuple(given_teacher) if form == "linear" else (given.teacher,)
    if given.indices is not None:
        tensors = (given.teacher, given.indices)
    job = DivergenceJob(tuple(t.detach() for t in tensors), form, asked)
    like = hidden.new_ones(math.prod(given.shape), dtype=sum_type(hidden.dtype))
    counts = _reduction.counted_pairs(torch, given.sample_weight, like=like, total=total)
    layer = Layer(flat(hidden), weight, bias, chunk, budget)
    if layer.is_found_forward(job, total, sample_weight, None):
        return layer.total(job, LayerTotal(counts, total, None))
    (found,) = layer.rows(job, given.teacher)
    values = _reduction.row_values(torch, found, found, found, rows=counts, total=total)
    reduced = _reduction.reduced(torch, values, counts, total)
    return reduced.reshape(given.shape) if total.reduction == "none" else reduced


def _teacher(teacher: Any, logits: Tensor) -> tuple[Any, str]:
    """The teacher as matrices where it is a layer; how it is given."""
    if isinstance(teacher, TopK):
        for part in teacher:
            check_tensor("teacher", part)
        return teacher, "top_k"
    if not isinstance(teacher, LinearTeacher):
        check_tensor("teacher", teacher)
        return teacher, "logits"
    hidden, weight, bias = checked_layer(*teacher)
    if hidden.shape[:-1] != logits.shape[:-1] or weight.shape[0] != logits.shape[-1]:
        raise CallError(
            f"a teacher of hidden {tuple(hidden.shape)} and weight {tuple(weight.shape)} for "
            f"logits of shape {tuple(logits.shape)}; expected as many rows and classes"
        )
    return (flat(hidden), weight, *(() if bias is None else (bias,))), "linear"
