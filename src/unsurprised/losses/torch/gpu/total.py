"""Rows on a GPU as one number, by three kernels that do all that a call asks for.

PyTorch's own small operations would take longer than the logits.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

from unsurprised.losses.torch.gpu.arithmetic import expm1
from unsurprised.losses.torch.gpu.gradient import PIECE_WARPS, pieces_of
from unsurprised.losses.torch.gpu.rows import launch_rows

#: Rows that a program takes at a time where only numbers of rows are at work.
_MANY_ROWS = 2048


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


class Asked(NamedTuple):
    """What a total is of: rows that count alike, as a mean (or ``empty``) or a sum."""

    smoothing: float
    z_loss: float
    ignore: int
    mean: bool
    empty: float
    unit: float


def total(logits: Tensor, labels: Tensor, asked: Asked) -> tuple[Tensor, Tensor, Tensor]:
    """One number, what the gradient needs of each row, and what a nat of a row adds to the total.

    Labels are as they were given; one that is out of range makes NaN.
    """
    count = len(logits)
    place = logits.device
    numbers = torch.empty((5, count), dtype=torch.float32, device=place)
    loss = torch.empty((), dtype=torch.float32, device=place)
    nat = torch.empty((), dtype=torch.float64, device=place)
    smoothing, z_loss, ignore, mean, empty, unit = asked
    launch_rows(logits, labels, None, numbers, smoothing, total=True, ignore=ignore, z_loss=z_loss)
    _sum_kernel[(1,)](
        labels, numbers, loss, nat, count, ignore, unit, empty,
        MEAN=mean, ROWS=_MANY_ROWS, num_warps=PIECE_WARPS,
    )  # fmt: skip
    return loss, numbers, nat


def total_gradient(
    logits: Tensor, labels: Tensor, asked: Asked, found: tuple[Tensor, Tensor], above: Tensor
) -> Tensor:
    """The derivative by the logits; ``found`` are a total's numbers and nat."""
    count, classes = logits.shape
    out = torch.empty((count, classes), dtype=logits.dtype, device=logits.device)
    piece, pieces, warps = pieces_of(classes)
    _total_gradient_kernel[(count * pieces,)](
        logits, labels, *found, above, out, count, logits.stride(0), classes, pieces,
        asked.smoothing, asked.ignore, asked.z_loss, PIECE=piece, num_warps=warps,
    )  # fmt: skip
    return out
