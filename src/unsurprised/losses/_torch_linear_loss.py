"""Losses of a linear layer whose logits are never all in memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from unsurprised.errors import CallError
from unsurprised.losses import _reduction
from unsurprised.losses._chunks import BUDGET, chunk_rows, entry_bytes
from unsurprised.losses._divergences import Kind, LinearTeacher, TopK, checked_kind
from unsurprised.losses._inputs import laid_out, same_device
from unsurprised.losses._options import (
    IGNORE,
    Empty,
    Reduction,
    SmoothingWeights,
    Total,
    checked_recipe,
    checked_scores,
    checked_temperature,
    checked_total,
    is_number,
)
from unsurprised.losses._pairs import laid_out_pairs
from unsurprised.losses._torch_calls import assert_teacher, totalled
from unsurprised.losses._torch_jobs import CrossEntropyJob, DivergenceJob, Job, Rows, project
from unsurprised.losses._torch_kinds import check_alike, check_tensor, is_traced, keep
from unsurprised.losses._torch_labels import sum_type
from unsurprised.losses._torch_linear import (
    Gradients,
    Needs,
    forward_rows,
    gradients,
    linear_rows,
    linear_total,
)
from unsurprised.losses._torch_ops import asks_more_than_backward


def linear_cross_entropy_loss(
    hidden: Tensor,
    weight: Tensor,
    target: Tensor,
    *,
    bias: Tensor | None = None,
    chunk: int | str = "auto",
    budget: int | None = None,
    class_weight: Tensor | None = None,
    sample_weight: Tensor | None = None,
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
    check: bool | None = None,
    details: bool = False,
) -> Any:
    r"""Cross-entropy of ``hidden @ weight.T + bias`` without all of these logits in memory.

    The value and the gradients are those of
    :func:`~unsurprised.losses.torch.cross_entropy_loss` of the logits, whatever the chunk. Of a
    mean or a sum, chunks of logits are made once: forward, with the gradients on the way. Rows of
    their own (``reduction="none"``, ``details``, derivatives of ``sample_weight``) and compiled
    code make them once more, backward; derivatives of derivatives, and an option that requires a
    gradient (a learnt temperature), need all logits.

    Parameters
    ----------
    hidden : Tensor of floats, shape (..., D)
        What the last layer is given.
    weight : Tensor, shape (K, D)
        Its weight. Gradients of half precision are summed in float32, which takes twice their size.
    target : Tensor of integers, shape (...), or of floats, shape (..., K)
        Labels, or a probability for each class.
    bias : Tensor, shape (K,), optional
        Its bias.
    chunk : int or "auto"
        How many rows of logits are made at a time; by default as many as fit the budget.
    budget : int, optional
        How many bytes these logits may take: by default 2**28, and 2**30 of half precision on a
        GPU.
    class_weight : Tensor, shape (K,), optional
        ``weight`` of ``cross_entropy_loss``.
    sample_weight, ignore_index, label_smoothing, smoothing_weights, temperature, softcap
        As in :func:`~unsurprised.losses.torch.cross_entropy_loss`.
    z_loss, entropy_bonus, focal_gamma, reduction, normalizer, empty, base, check, details
        As in :func:`~unsurprised.losses.torch.cross_entropy_loss`.

    Returns
    -------
    Tensor or Details
        As ``cross_entropy_loss``.

    Raises
    ------
    CallError
        Shapes, types, devices or options that do not fit; a budget too small for one row.
    InputError
        A label out of range, or a row of probabilities that does not sum to one.

    References
    ----------
    - E. Wijmans et al., "Cut your losses in large-vocabulary language models", ICLR 2025.

    Examples
    --------
    >>> import torch
    >>> from unsurprised.losses.torch import linear_cross_entropy_loss
    >>> hidden = torch.ones(3, 2, requires_grad=True)
    >>> weight = torch.zeros(8, 2, requires_grad=True)
    >>> loss = linear_cross_entropy_loss(hidden, weight, torch.tensor([0, 1, 2]), base=2)
    >>> round(loss.item(), 5)
    3.0
    >>> loss.backward()
    >>> weight.grad.shape
    torch.Size([8, 2])
    """
    recipe = checked_recipe(
        label_smoothing,
        smoothing_weights,
        focal_gamma,
        checked_scores(temperature, softcap, keep),
        keep,
    )
    total = checked_total(
        reduction,
        normalizer,
        empty,
        z_loss=z_loss,
        entropy_bonus=entropy_bonus,
        base=base,
        keep=keep,
    )
    hidden, weight, bias = _layer(hidden, weight, bias)
    check_tensor("target", target)
    check_alike(hidden=hidden, target=target)
    traced = is_traced(hidden, target)
    given = laid_out(
        torch,
        _stand_in(hidden, weight),
        target,
        weight=class_weight,
        sample_weight=sample_weight,
        ignore_index=ignore_index,
        axis=-1,
        check=(check is None or check) and not traced,
    )
    if given.invalid is not None and check and traced:
        torch._assert_async(~given.invalid.any(), "a label is out of range")
    entropy = details or not is_number(total.entropy_bonus, 0.0)
    job = CrossEntropyJob(given.target, given.weight, recipe, entropy)
    like = hidden.new_ones(math.prod(given.shape), dtype=sum_type(hidden.dtype))
    counts = _reduction.counted(torch, given, like=like, total=total)
    layer = _Layer(_rows(hidden), weight, bias, chunk, budget)
    if details or _by_rows(total, sample_weight, layer, target, job):
        found = layer.rows(job, given.target)
        return totalled(given, (found[0], found[1], found[2]), total, details)
    return layer.total(job, _Total(counts, total, given.invalid))


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
    hidden, weight, bias = _layer(hidden, weight, bias)
    stand_in = _stand_in(hidden, weight)
    given_teacher, form = _teacher(teacher, stand_in)
    traced = is_traced(hidden)
    given = laid_out_pairs(
        torch,
        stand_in,
        stand_in if form == "linear" else given_teacher,
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
    layer = _Layer(_rows(hidden), weight, bias, chunk, budget)
    if not _by_rows(total, sample_weight, layer, hidden, job):
        return layer.total(job, _Total(counts, total, None))
    (found,) = layer.rows(job, given.teacher)
    values = _reduction.row_values(torch, found, found, found, rows=counts, total=total)
    reduced = _reduction.reduced(torch, values, counts, total)
    return reduced.reshape(given.shape) if reduction == "none" else reduced


def _layer(
    hidden: Tensor, weight: Tensor, bias: Tensor | None
) -> tuple[Tensor, Tensor, Tensor | None]:
    """The layer's tensors, in one floating type that fits, autocast's where that is on."""
    check_tensor("hidden", hidden)
    check_tensor("weight", weight)
    check_tensor("bias", bias, optional=True)
    if weight.dim() != 2 or not hidden.dim() or hidden.shape[-1] != weight.shape[1]:
        raise CallError(
            f"hidden of shape {tuple(hidden.shape)} and weight of shape {tuple(weight.shape)}; "
            "expected (..., D) and (K, D)"
        )
    if bias is not None and tuple(bias.shape) != (weight.shape[0],):
        raise CallError(
            f"bias of shape {tuple(bias.shape)} for a weight of shape {tuple(weight.shape)}; "
            f"expected ({weight.shape[0]},)"
        )
    check_alike(hidden=hidden, weight=weight, bias=bias)
    same_device(hidden, weight=weight, bias=bias)
    device = hidden.device.type
    if device != "meta" and torch.is_autocast_enabled(device):
        kind = torch.get_autocast_dtype(device)
        hidden, weight = hidden.to(kind), weight.to(kind)
    if not hidden.is_floating_point() or hidden.dtype != weight.dtype:
        raise CallError(
            f"hidden of type {hidden.dtype} and weight of type {weight.dtype}; expected one "
            "floating type"
        )
    return hidden, weight, bias


def _stand_in(hidden: Tensor, weight: Tensor) -> Tensor:
    """What has the logits' shape, type and device, and takes no memory."""
    return hidden.new_zeros(()).expand(*hidden.shape[:-1], weight.shape[0])


def _rows(hidden: Tensor) -> Tensor:
    return hidden if hidden.dim() == 2 else hidden.reshape(-1, hidden.shape[-1])


def _teacher(teacher: Any, logits: Tensor) -> tuple[Any, str]:
    """The teacher as matrices where it is a layer; how it is given."""
    if isinstance(teacher, TopK):
        for part in teacher:
            check_tensor("teacher", part)
        return teacher, "top_k"
    if not isinstance(teacher, LinearTeacher):
        check_tensor("teacher", teacher)
        return teacher, "logits"
    hidden, weight, bias = _layer(*teacher)
    if hidden.shape[:-1] != logits.shape[:-1] or weight.shape[0] != logits.shape[-1]:
        raise CallError(
            f"a teacher of hidden {tuple(hidden.shape)} and weight {tuple(weight.shape)} for "
            f"logits of shape {tuple(logits.shape)}; expected as many rows and classes"
        )
    return (_rows(hidden), weight, *(() if bias is None else (bias,))), "linear"


def _by_rows(
    total: Total, sample_weight: Tensor | None, layer: _Layer, more: Tensor, job: Job
) -> bool:
    """Whether the loss is made from rows that have derivatives of their own."""
    outside = (sample_weight, total.normalizer)
    return (
        total.reduction == "none"
        or torch.compiler.is_compiling()
        or layer.asks_more(more)
        or job.live
        or total.live
        or any(isinstance(x, Tensor) and x.requires_grad for x in outside)
    )


def _budget(hidden: Tensor) -> int:
    """A GPU's half precision multiplies so fast that adding up the chunks would take longer."""
    return 4 * BUDGET if hidden.is_cuda and hidden.element_size() < 4 else BUDGET


class _Layer:
    """A linear layer, and how many rows of it to take at a time."""

    def __init__(
        self, hidden: Tensor, weight: Tensor, bias: Tensor | None, chunk: Any, budget: Any
    ) -> None:
        self._tensors = (hidden, weight, bias)
        self._chunk, self._budget = chunk, budget

    def asks_more(self, target: Tensor) -> bool:
        """Whether forward mode or ``torch.func`` is at work, or the target has a derivative."""
        hidden, weight, _ = self._tensors
        return asks_more_than_backward(hidden, weight, target.detach()) or (
            target.requires_grad and target is not hidden and torch.is_grad_enabled()
        )

    def _step(self, job: Job) -> int:
        hidden, weight, _ = self._tensors
        budget = _budget(hidden) if self._budget is None else self._budget
        entry = entry_bytes(weight.element_size(), job.arrays)
        return chunk_rows(self._chunk, budget, rows=len(hidden), classes=len(weight), entry=entry)

    def rows(self, job: Job, target: Tensor) -> Rows:
        """The numbers of each row."""
        step = self._step(job)
        if job.live or self.asks_more(target):
            return job.plain(project(*self._tensors))
        return linear_rows(*self._tensors, job, step)

    def total(self, job: Job, total: _Total) -> Tensor:
        """The rows as one number."""
        return linear_total(*self._tensors, job, step=self._step(job), total=total)


@dataclass
class _Total:
    """How rows become one number, and what each row then counts."""

    counts: _reduction.Counted
    total: Total
    invalid: Tensor | None

    @cached_property
    def share(self) -> Tensor | None:
        """What z-loss and bonus are multiplied by."""
        return _reduction.share_of_extras(torch, self.counts, self.total)

    def values(self, rows: Rows, part: slice) -> Tensor:
        """What rows come to."""
        loss = rows[0]
        if self.invalid is not None:
            loss = torch.where(self.invalid[part], math.nan, loss)
        counts = _reduction.Counted(*(each[part] for each in self.counts))
        log_sum, entropy = (rows[1], rows[2]) if len(rows) > 1 else (loss, loss)
        parts, total, share = (loss, log_sum, entropy), self.total, self.share
        return _reduction.row_values(torch, *parts, rows=counts, total=total, share=share)

    def of_rows(self, rows: Rows) -> Tensor:
        """One number."""
        return _reduction.reduced(torch, self.values(rows, slice(None)), self.counts, self.total)

    def both(
        self,
        hidden: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        job: Job,
        step: int,
        *,
        needs: Needs,
    ) -> tuple[Tensor, Gradients | None]:
        """One number and its gradients."""
        if not any(needs):
            return self.of_rows(forward_rows(hidden, weight, bias, job, step)), None
        total, values = self.total, torch.empty_like(self.counts.weight)
        divisor = None
        if total.reduction == "mean":
            divisor = _reduction.divisor_of(torch, self.counts, total)
        each = _reduction.derivatives(torch, self.counts, divisor, total)

        def seen(rows: Rows, part: slice) -> None:
            values[part] = self.values(rows, part)

        def by(rows: Rows, part: slice) -> Sequence[Tensor | None]:
            one = each[part]
            log_sum = rows[1] if len(rows) > 1 else one
            more = _reduction.derivatives_of_extras(torch, one, log_sum, total, share=self.share)
            return one, *more

        found = gradients(hidden, weight, bias, job, step, needs=needs, by=by, rows=seen)
        return _reduction.reduced(torch, values, self.counts, total), found
