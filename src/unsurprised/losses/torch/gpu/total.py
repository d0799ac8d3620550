"""Rows on a GPU as one number, by three kernels that do all that a call asks for.

PyTorch's own small operations would take longer than the logits.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from unsurprised.losses.torch.gpu.arithmetic import expm1
from unsurprised.losses.torch.gpu.gradient import PIECE_WARPS, pieces_of
from unsurprised.losses.torch.gpu.rows import launch_rows
from unsurprised.losses.torch.total import Asked, gradient_again

#: Rows that a program takes at a time where only numbers of rows are at work.
_MANY_ROWS = 2048


def total(asked: Asked) -> Tensor:
    """The loss, which is NaN where a label is out of range."""
    recipe, total = asked.recipe, asked.total
    options = _Options(
        recipe.label_smoothing,
        total.z_loss,
        asked.ignore_index,
        total.reduction == "mean",
        math.nan if total.empty == "nan" else 0.0,
        total.unit,
    )
    loss: Tensor = _Total.apply(asked.logits, asked.target, options, asked.check, asked.general)
    return loss


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
        logits, target, options, check, general = arguments
        labels = _Fetched(target) if check else None
        loss, numbers, nat = launch_total(logits, target, options)
        if labels is not None and labels.any_outside(logits.shape[1], options.ignore):
            general(logits)  # says which label is wrong
        ctx.save_for_backward(logits, target, numbers, nat)
        ctx.options, ctx.general = options, general
        return loss

    @staticmethod
    def backward(ctx: Any, above: Tensor) -> tuple[Tensor | None, ...]:
        logits, target, *found = ctx.saved_tensors
        if torch.is_grad_enabled():
            gradient = gradient_again(ctx.general, logits, above)
        else:
            gradient = launch_gradient(logits, target, ctx.options, found, above)
        return gradient, None, None, None, None


@triton.jit
def _sum_kernel(
    labels,
    numbers,
    loss,
    nat,
    count,
    ignore,
    unit,
    empty,
    MEAN: tl.constexpr,
    ROWS: tl.constexpr,
):
    total = tl.zeros((ROWS,), tl.float64)
    kept = tl.zeros((ROWS,), tl.float64)
    for start in range(0, count, ROWS):
        row = start + tl.arange(0, ROWS)
        given = tl.load(labels + row, mask=row < count, other=ignore)
        total += tl.load(numbers + row, mask=row < count, other=0.0).to(tl.float64)
        kept += tl.where(given == ignore, 0.0, 1.0)
    result, each = tl.sum(total, axis=0) * unit, unit
    if MEAN:
        divisor = tl.sum(kept, axis=0)
        each = tl.where(divisor == 0, 0.0, unit / tl.where(divisor == 0, 1.0, divisor))
        result = tl.where(divisor == 0, empty, tl.sum(total, axis=0) * each)
    tl.store(loss, result.to(tl.float32))
    tl.store(nat, each)


@triton.jit
def _total_gradient_kernel(
    logits,
    labels,
    numbers,
    nat,
    above,
    out,
    count,
    stride,
    classes,
    pieces,
    smoothing,
    ignore,
    z_loss,
    PIECE: tl.constexpr,
):
    program = tl.program_id(0)
    row = program // pieces
    start = (program % pieces) * PIECE
    at = start + tl.arange(0, PIECE)
    label = tl.load(labels + row)
    numbers += row
    by = (tl.load(nat) * tl.load(above).to(tl.float64)).to(tl.float32)
    by = tl.where((label == ignore) | (label < 0) | (label >= classes), 0.0, by)
    read = tl.where(by == 0, 0, classes)
    top, rest = tl.load(numbers + count), tl.load(numbers + 2 * count)
    share = tl.load(numbers + 4 * count)
    by_sum = by * (2 * z_loss) * (top + rest)
    shift = by * (smoothing / classes)
    factor = tl.where(by == 0, 0.0, (by + by_sum) * share)
    x = tl.load(logits + row.to(tl.int64) * stride + at, mask=at < read, other=float("-inf")).to(
        tl.float32
    )
    found = factor * tl.exp(x - tl.where(by == 0, 0.0, top)) - shift
    if (label >= start) & (label < start + PIECE):
        log = -tl.load(numbers + 3 * count).to(tl.float64)
        # The label's share less one is found as it is, not as a difference.
        own = by * (1 - smoothing) * expm1(log) + shift * (classes * tl.exp(log) - 1)
        own = tl.where(by == 0, 0.0, own + by_sum * tl.exp(log))
        found = tl.where(at == label, own.to(tl.float32), found)
    tl.store(
        out + row.to(tl.int64) * classes + at, found.to(out.dtype.element_ty), mask=at < classes
    )


class _Options(NamedTuple):
    """What the kernels are told: whether it is a mean (or ``empty``) or a sum, in which unit."""

    smoothing: float
    z_loss: float
    ignore: int
    mean: bool
    empty: float
    unit: float


def launch_total(
    logits: Tensor, labels: Tensor, options: _Options
) -> tuple[Tensor, Tensor, Tensor]:
    """One number, what the gradient needs of each row, and what a nat of a row adds to the total.

    Labels are as they were given; one that is out of range makes NaN.
    """
    count = len(logits)
    place = logits.device
    numbers = torch.empty((5, count), dtype=torch.float32, device=place)
    loss = torch.empty((), dtype=torch.float32, device=place)
    nat = torch.empty((), dtype=torch.float64, device=place)
    smoothing, z_loss, ignore, mean, empty, unit = options
    launch_rows(logits, labels, None, numbers, smoothing, total=True, ignore=ignore, z_loss=z_loss)
    _sum_kernel[(1,)](
        labels, numbers, loss, nat, count, ignore, unit, empty,
        MEAN=mean, ROWS=_MANY_ROWS, num_warps=PIECE_WARPS,
    )  # fmt: skip
    return loss, numbers, nat


def launch_gradient(
    logits: Tensor, labels: Tensor, options: _Options, found: tuple[Tensor, Tensor], above: Tensor
) -> Tensor:
    """The derivative by the logits; ``found`` are a total's numbers and nat."""
    count, classes = logits.shape
    out = torch.empty((count, classes), dtype=logits.dtype, device=logits.device)
    piece, pieces, warps = pieces_of(classes)
    _total_gradient_kernel[(count * pieces,)](
        logits, labels, *found, above, out, count, logits.stride(0), classes, pieces,
        options.smoothing, options.ignore, options.z_loss, PIECE=piece, num_warps=warps,
    )  # fmt: skip
    return out
