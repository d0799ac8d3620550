"""The gradient of rows on a GPU: first its numbers of each row, then its entries."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from unsurprised.losses._options import Recipe
from unsurprised.losses.torch.gpu.arithmetic import expm1
from unsurprised.losses.torch.line import GradientLine

#: Entries of a row that a program of the gradient writes, and its threads in warps.
_PIECE, PIECE_WARPS = 4096, 4
#: Rows that a program takes at a time where only numbers of rows are at work.
_ROWS = 128


@triton.jit
def _line_kernel(
    logits,
    labels,
    weights,
    tops,
    rests,
    by_loss,
    by_sum,
    factors,
    shifts,
    at_labels,
    rows,
    stride,
    classes,
    smoothing,
    WEIGHTED: tl.constexpr,
    BY_SUM: tl.constexpr,
    ROWS: tl.constexpr,
):
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    real = row < rows
    label = tl.load(labels + row, mask=real, other=0)
    rest = tl.load(rests + row, mask=real, other=0.0).to(tl.float64)
    top = tl.load(tops + row, mask=real, other=0.0).to(tl.float64)
    own = tl.load(logits + row.to(tl.int64) * stride + label, mask=real, other=0.0)
    log = own.to(tl.float64) - top - rest
    by = tl.load(by_loss + row, mask=real, other=0.0).to(tl.float64)
    nothing = by == 0
    if WEIGHTED:
        by *= tl.load(weights + label, mask=real, other=0.0).to(tl.float64)
    shift = by * (smoothing / classes)
    by_label = by * (1 - smoothing)
    factor = by_label + by * smoothing
    # The label's share less one is found as it is, not as a difference.
    at_label = by_label * expm1(log) + shift * (classes * tl.exp(log) - 1)
    if BY_SUM:
        more = tl.load(by_sum + row, mask=real, other=0.0).to(tl.float64)
        nothing = nothing & (more == 0)
        factor += more
        at_label += more * tl.exp(log)
    factor = tl.where(nothing, 0.0, factor * tl.exp(-rest))
    tl.store(factors + row, factor.to(tl.float32), mask=real)
    tl.store(shifts + row, shift.to(tl.float32), mask=real)
    tl.store(at_labels + row, tl.where(nothing, 0.0, at_label).to(tl.float32), mask=real)


@triton.jit
def _gradient_kernel(
    logits,
    labels,
    tops,
    factors,
    shifts,
    at_labels,
    out,
    stride,
    out_stride,
    classes,
    pieces,
    PIECE: tl.constexpr,
):
    program = tl.program_id(0)
    row = program // pieces
    at = (program % pieces) * PIECE + tl.arange(0, PIECE)
    factor, shift = tl.load(factors + row), tl.load(shifts + row)
    # Of a row of which nothing counts nothing is read: it may be NaN.
    nothing = tl.where(factor == 0, shift, factor) == 0
    read = tl.where(nothing, 0, classes)
    x = tl.load(logits + row.to(tl.int64) * stride + at, mask=at < read, other=float("-inf")).to(
        tl.float32
    )
    top = tl.where(nothing, 0.0, tl.load(tops + row))
    found = factor * tl.exp(x - top) - shift
    found = tl.where(at == tl.load(labels + row), tl.load(at_labels + row), found)
    tl.store(
        out + row.to(tl.int64) * out_stride + at,
        found.to(out.dtype.element_ty),
        mask=at < classes,
    )


def line_of(
    logits: Tensor,
    labels: Tensor,
    weight: Tensor | None,
    sums: tuple[Tensor, Tensor],
    by: tuple[Tensor, Tensor | None],
    *,
    recipe: Recipe,
) -> GradientLine:
    """Factor, shift and the entry at the label of each row's gradient."""
    count, classes = logits.shape
    found = torch.empty((3, count), dtype=torch.float32, device=logits.device).unbind()
    by_loss, by_sum = by
    _line_kernel[(triton.cdiv(count, _ROWS),)](
        logits,
        labels,
        by_loss if weight is None else weight,
        *sums,
        by_loss.contiguous(),
        by_loss if by_sum is None else by_sum.contiguous(),
        *found,
        count,
        logits.stride(0),
        classes,
        recipe.label_smoothing,
        WEIGHTED=weight is not None,
        BY_SUM=by_sum is not None,
        ROWS=_ROWS,
    )
    return GradientLine(labels, sums[0], *found)


def gradient(
    logits: Tensor,
    labels: Tensor,
    weight: Tensor | None,
    sums: tuple[Tensor, Tensor],
    by: tuple[Tensor, Tensor | None],
    *,
    recipe: Recipe,
    out: Tensor,
) -> None:
    """Write the gradient into ``out``, which may be the logits."""
    line = line_of(logits, labels, weight, sums, by, recipe=recipe)
    count, classes = logits.shape
    piece, pieces, warps = pieces_of(classes)
    _gradient_kernel[(count * pieces,)](
        logits,
        *line,
        out,
        logits.stride(0),
        out.stride(0),
        classes,
        pieces,
        PIECE=piece,
        num_warps=warps,
    )


def pieces_of(classes: int) -> tuple[int, int, int]:
    """Entries of a row for one program, how many programs that makes, and their warps."""
    piece = min(_PIECE, triton.next_power_of_2(classes))
    return piece, triton.cdiv(classes, piece), max(1, min(PIECE_WARPS, piece // 128))
