"""Labels in main memory as one number: a kernel for the loss, another for its gradient.

In between are numbers of rows, which are NumPy's here: an operation of PyTorch takes some
microseconds, whatever it works on, and a network that is small has no more time than that.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unsurprised import _kernels
from unsurprised.losses.torch.cpu.memory import host, threads
from unsurprised.losses.torch.cpu.rows import Facts, facts_of
from unsurprised.losses.torch.kinds import sum_type
from unsurprised.losses.torch.total import Asked, gradient_again


def total(asked: Asked) -> Tensor | None:
    """The loss, or None where a label or a row is not legal, or none counts."""
    logits, target, _, total, ignore_index, _, general = asked
    labels: NDArray[np.int64] = target.numpy()
    kept = labels != ignore_index
    counting = int(np.count_nonzero(kept))
    at = labels if counting == len(labels) else np.where(kept, labels, 0)
    # The kernel tells whether a label is out of range.
    facts = facts_of(logits, at) if counting else None
    if facts is None:
        return None
    each = total.unit / counting if total.reduction == "mean" else total.unit
    rows = _Rows(at, None if counting == len(labels) else kept, each, facts)
    loss: Tensor = _Total.apply(logits, target, rows, general)
    return loss


class _Rows(NamedTuple):
    """Rows, which of them count (None: all), and what a nat of each adds to the total."""

    labels: NDArray[np.int64]
    kept: NDArray[np.bool_] | None
    each: float
    facts: Facts

    def loss(self) -> float:
        nats = self.facts.nats if self.kept is None else self.facts.nats[self.kept]
        return float(np.add.reduce(nats)) * self.each

    def write_gradient(self, logits: Tensor, above: float, out: Tensor) -> None:
        """Write the gradient of the logits, where that of the loss is ``above``."""
        nats, _, rests, tops = self.facts
        half, count = logits.dtype == torch.bfloat16, threads(logits.shape[0], logits.numel())
        read, write, weight = host(logits), host(out), above * self.each
        _kernels.label_gradient(
            read, half, self.labels, self.kept, weight, nats, rests, tops, write, count
        )


class _Total(torch.autograd.Function):
    """One number, and the gradient of the logits."""

    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> Tensor:
        logits, target, rows, general = arguments
        ctx.save_for_backward(logits, target)
        ctx.rows, ctx.general = rows, general
        return torch.tensor(rows.loss(), dtype=sum_type(logits.dtype), device="cpu")

    @staticmethod
    def backward(ctx: Any, above: Tensor) -> tuple[Tensor | None, ...]:
        logits, _ = ctx.saved_tensors
        if torch.is_grad_enabled():
            return gradient_again(ctx.general, logits, above), None, None, None
        out = torch.empty(logits.shape, dtype=logits.dtype, device="cpu")
        ctx.rows.write_gradient(logits, float(above), out)
        return out, None, None, None
