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

from unsurprised.losses.torch.cpu.gradient import Single, write_softmax
from unsurprised.losses.torch.cpu.rows import Facts, facts_of
from unsurprised.losses.torch.kinds import sum_type
from unsurprised.losses.torch.total import Asked, gradient_again


def total(asked: Asked) -> Tensor | None:
    """The loss, or None where a label or a row is not legal, or none counts."""
    logits, target, _, total, ignore_index, _, general = asked
    labels: NDArray[np.int64] = target.detach().numpy()
    kept = labels != ignore_index
    counting = int(np.count_nonzero(kept))
    at = labels if counting == len(labels) else np.where(kept, labels, 0)
    if counting == 0 or at.min() < 0 or at.max() >= logits.shape[1]:
        return None
    facts = facts_of(logits, at)
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
        return float(nats.sum()) * self.each

    def line(self, above: float) -> tuple[Single, Single]:
        """What a row's softmax is multiplied by, and the gradient at its label."""
        weight: Any = above * self.each
        if self.kept is not None:
            weight = np.where(self.kept, weight, 0.0)
        factor = weight * np.exp(-self.facts.rests)
        # The label's share less one is found as it is, not as a difference; and no zero is below 0.
        at_label = weight * np.expm1(-self.facts.nats) + 0.0
        return factor.astype(np.float32), at_label.astype(np.float32)


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
        rows: _Rows = ctx.rows
        factor, at_label = rows.line(float(above))
        out = torch.empty(logits.shape, dtype=logits.dtype, device="cpu")
        write_softmax(logits, (rows.facts.top(logits), factor, np.zeros_like(factor)), out)
        place = np.arange(len(factor))
        if out.dtype == torch.float32:
            out.numpy()[place, rows.labels] = at_label
        else:
            where = torch.from_numpy(place), torch.from_numpy(rows.labels)
            out[where] = torch.from_numpy(at_label).to(out.dtype)
        return out, None, None, None
