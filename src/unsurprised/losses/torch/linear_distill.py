"""Divergences of a linear layer of PyTorch's whose logits are never all in memory."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from unsurprised.errors import CallError
from unsurprised.losses import _reduction
from unsurprised.losses._divergences import Kind, LinearTeacher, TopK, checked_kind
from unsurprised.losses._options import Empty, Reduction, checked_temperature, checked_total
from unsurprised.losses._pairs import laid_out_pairs
from unsurprised.losses.torch.inputs import assert_teacher
from unsurprised.losses.torch.jobs import DivergenceJob
from unsurprised.losses.torch.kinds import check_tensor, is_traced, keep, sum_type
from unsurprised.losses.torch.layer import Layer, checked_layer, flat, stand_in
from unsurprised.losses.torch.layer_total import LayerTotal


def linear_distill_loss(
    hidden: Tensor,
    weight: Tensor,
    teacher: Tensor | TopK | LinearTeacher,
    *,
    bias: Tensor | None = None,
    chunk: int | str = "auto",
    budget: int | None = None,
    kind: Kind = "forward",
    beta: float = 0.5,
    temperature: float = 1.0,
    sample_weight: Tensor | None = None,
    reduction: Reduction = "mean",
    normalizer: Any = None,
    empty: Empty = "nan",
    base: float = math.e,
    check: bool | None = None,
) -> Tensor:
    r"""The divergence of ``hidden @ weight.T + bias`` from a teacher, a chunk of logits at a time.

    Value and gradients are those of :func:`~unsurprised.losses.torch.distill_loss` of the logits.

    Parameters
    ----------
    hidden, weight, bias, chunk, budget
        As in :func:`linear_cross_entropy_loss`.
    teacher : Tensor, TopK or LinearTeacher
        Logits or log-probabilities of shape (..., K), the k most likely classes, or the teacher's
        own last layer, whose logits are made in chunks too and not looked at. A constant.
    kind, beta, temperature, sample_weight, reduction, normalizer, empty, base, check
        As in :func:`~unsurprised.losses.torch.distill_loss`.

    Returns
    -------
    Tensor
        A number, or with ``reduction="none"`` one for each row.

    Raises
    ------
    CallError, InputError
        As the two functions named.

    Examples
    --------
    >>> import torch
    >>> from unsurprised.losses.torch import LinearTeacher, linear_distill_loss
    >>> hidden, weight = torch.ones(3, 2), torch.eye(2)
    >>> linear_distill_loss(hidden, weight, LinearTeacher(hidden, weight))
    tensor(0.)
    """
    kind, beta = checked_kind(kind, beta, keep)
    temperature = checked_temperature(temperature, keep)
    total = checked_total(reduction, normalizer, empty, base=base, keep=keep)
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
    job = DivergenceJob(tuple(t.detach() for t in tensors), form, kind, beta, temperature)
    like = hidden.new_ones(math.prod(given.shape), dtype=sum_type(hidden.dtype))
    counts = _reduction.counted_pairs(torch, given.sample_weight, like=like, total=total)
    layer = Layer(flat(hidden), weight, bias, chunk, budget)
    if layer.is_found_forward(job, total, sample_weight, None):
        return layer.total(job, LayerTotal(counts, total, None))
    (found,) = layer.rows(job, given.teacher)
    values = _reduction.row_values(torch, found, found, found, rows=counts, total=total)
    reduced = _reduction.reduced(torch, values, counts, total)
    return reduced.reshape(given.shape) if reduction == "none" else reduced


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
