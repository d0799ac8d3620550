"""The most common call: labels, rows that count alike, one number.

PyTorch's operations on numbers of rows, of which there are some eighty in a call, take longer than
the logits do, on a GPU or where the rows are few. Triton's kernels (:mod:`.gpu`) need
three launches for all of it; in main memory (:mod:`.host`) it is two of the library's
kernels.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from unsurprised.losses._options import Recipe, Total
from unsurprised.losses.torch.host import General, gradient_again, total_in_memory
from unsurprised.losses.torch.kinds import is_traced
from unsurprised.losses.torch.labels import are_common, by_triton, triton_kernels
from unsurprised.losses.torch.rows import asks_more_than_backward


def total_of_labels(
    logits: Tensor,
    target: Tensor,
    recipe: Recipe,
    total: Total,
    *,
    ignore_index: int,
    check: bool,
    general: General,
) -> Tensor | None:
    """The loss, or None where the call is another one (or wrong: ``general`` says what is)."""
    if not _fits(logits, target, recipe, total):
        return None
    if logits.device.type == "cpu":
        return total_in_memory(
            logits, target, recipe, total, ignore_index=ignore_index, general=general
        )
    if not by_triton(logits):
        return None
    asked = triton_kernels().Asked(
        recipe.label_smoothing,
        total.z_loss,
        ignore_index,
        total.reduction == "mean",
        math.nan if total.empty == "nan" else 0.0,
        total.unit,
    )
    loss: Tensor = _Total.apply(logits, target, asked, check, general)
    return loss


def _fits(logits: Tensor, target: Tensor, recipe: Recipe, total: Total) -> bool:
    return (
        not is_traced(logits, target)
        and logits.dim() == 2
        and target.dtype in (torch.int64, torch.int32)
        and target.shape == logits.shape[:1]
        and target.device == logits.device
        and target.is_contiguous()
        and are_common(recipe, None)
        and total.reduction != "none"
        and total.normalizer is None
        and not total.live
        and total.entropy_bonus == 0
        and not asks_more_than_backward(logits, target)
    )


class _Fetched:
    """Labels on their way to the host, which looks at them while the GPU is at the logits."""

    def __init__(self, labels: Tensor) -> None:
        self._labels = labels.to("cpu", non_blocking=True)
        self._here = torch.cuda.Event()
        self._here.record()

    def any_outside(self, classes: int, ignore: int) -> bool:
        """Whether one is neither a class nor ignored."""
        self._here.synchronize()
        labels = self._labels.numpy()
        return bool((((labels < 0) | (labels >= classes)) & (labels != ignore)).any())


class _Total(torch.autograd.Function):
    """One number by one pass, its gradient by another."""

    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> Tensor:
        logits, target, asked, check, general = arguments
        labels = _Fetched(target) if check else None
        loss, numbers, nat = triton_kernels().total(logits, target, asked)
        if labels is not None and labels.any_outside(logits.shape[1], asked.ignore):
            general(logits)  # says which label is wrong
        ctx.save_for_backward(logits, target, numbers, nat)
        ctx.asked, ctx.general = asked, general
        return loss

    @staticmethod
    def backward(ctx: Any, above: Tensor) -> tuple[Tensor | None, ...]:
        logits, target, *found = ctx.saved_tensors
        if torch.is_grad_enabled():
            gradient = gradient_again(ctx.general, logits, above)
        else:
            gradient = triton_kernels().total_gradient(logits, target, ctx.asked, found, above)
        return gradient, None, None, None, None
