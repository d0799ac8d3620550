"""A linear layer's rows as one number, whose gradients are found in the forward pass.

They are found while a chunk of logits is at hand, and handed out once; a second backward pass makes
the chunks again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from unsurprised.losses import _reduction
from unsurprised.losses._options import Totalling
from unsurprised.losses.torch.chunks import Gradients, Needs, forward_rows, gradients
from unsurprised.losses.torch.jobs import Job, Rows, project
from unsurprised.losses.torch.layer_rows import again


@dataclass
class LayerTotal:
    """Reduction of row losses to one number, and the weight of each row."""

    counts: _reduction.RowWeights
    total: Totalling
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
        counts = _reduction.RowWeights(*(each[part] for each in self.counts))
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


class _LinearTotal(torch.autograd.Function):
    """One number; its gradients are found on the way, and given away the first time."""

    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> Tensor:
        hidden, weight, bias, job, step, total = arguments
        ctx.save_for_backward(hidden, weight, bias)
        ctx.job, ctx.step, ctx.total = job, step, total
        found, ctx.gradients = total.both(
            hidden, weight, bias, job, step, needs=ctx.needs_input_grad[:3]
        )
        return found

    @staticmethod
    def backward(ctx: Any, above: Tensor) -> tuple[Any, ...]:
        hidden, weight, bias = ctx.saved_tensors
        if torch.is_grad_enabled():  # it is to be differentiated again
            total = ctx.total.of_rows(ctx.job.plain(project(hidden, weight, bias)))
            found = again((total,), (hidden, weight, bias), (above,))
            return *found, None, None, None
        found, ctx.gradients = ctx.gradients, None
        if found is None:  # given away: nothing is written into what others hold
            needs = ctx.needs_input_grad[:3]
            _, found = ctx.total.both(hidden, weight, bias, ctx.job, ctx.step, needs=needs)
        for gradient in found:
            if gradient is not None and not (above.device.type == "cpu" and above == 1):
                gradient.mul_(above)
        return (*found, None, None, None)


def linear_total(
    hidden: Tensor, weight: Tensor, bias: Tensor | None, job: Job, *, step: int, total: LayerTotal
) -> Tensor:
    """The total of the rows, with derivatives."""
    return _LinearTotal.apply(hidden, weight, bias, job, step, total)
