"""A linear layer of PyTorch's, as it was given, and which way its loss is found."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from unsurprised.errors import CallError
from unsurprised.losses._chunks import BUDGET, chunk_rows, entry_bytes
from unsurprised.losses._inputs import same_device
from unsurprised.losses._options import Totalling
from unsurprised.losses.torch import ways
from unsurprised.losses.torch.jobs import Job, Rows, project
from unsurprised.losses.torch.kinds import check_alike, check_tensor
from unsurprised.losses.torch.layer_rows import rows_by_function, rows_by_operator
from unsurprised.losses.torch.layer_total import LayerTotal, linear_total


def checked_layer(
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


def stand_in(hidden: Tensor, weight: Tensor) -> Tensor:
    """What has the logits' shape, type and device, and takes no memory."""
    return hidden.new_zeros(()).expand(*hidden.shape[:-1], weight.shape[0])


def flat(hidden: Tensor) -> Tensor:
    """The rows as a matrix."""
    return hidden if hidden.dim() == 2 else hidden.reshape(-1, hidden.shape[-1])


def _budget(hidden: Tensor) -> int:
    """A GPU's half precision multiplies so fast that adding up the chunks would take longer."""
    return 4 * BUDGET if hidden.is_cuda and hidden.element_size() < 4 else BUDGET


class Layer:
    """A linear layer, and how many rows of it to take at a time."""

    def __init__(
        self, hidden: Tensor, weight: Tensor, bias: Tensor | None, chunk: Any, budget: Any
    ) -> None:
        self._tensors = (hidden, weight, bias)
        self._chunk, self._budget = chunk, budget

    def _step(self, job: Job) -> int:
        hidden, weight, _ = self._tensors
        budget = _budget(hidden) if self._budget is None else self._budget
        entry = entry_bytes(weight.element_size(), job.arrays)
        return chunk_rows(self._chunk, budget, rows=len(hidden), classes=len(weight), entry=entry)

    def is_found_forward(
        self, job: Job, total: Totalling, sample_weight: Tensor | None, target: Tensor | None
    ) -> bool:
        """Whether the gradients are found with the loss; of a target, or None for a constant."""
        return ways.is_found_forward(
            total,
            job.live,
            *self._tensors[:2],
            target=target,
            outside=(sample_weight, total.normalizer),
        )

    def rows(self, job: Job, target: Tensor) -> Rows:
        """The numbers of each row."""
        step = self._step(job)
        way = ways.derivatives(job.live, *self._tensors[:2], target=target)
        if way == "plain":
            return job.plain(project(*self._tensors))
        by = rows_by_operator if way == "operator" else rows_by_function
        return by(*self._tensors, job, step)

    def total(self, job: Job, total: LayerTotal) -> Tensor:
        """The rows as one number."""
        return linear_total(*self._tensors, job, step=self._step(job), total=total)
