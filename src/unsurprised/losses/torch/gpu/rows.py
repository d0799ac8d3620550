r"""The numbers of rows on a GPU: a kernel that reads each row of logits once.

A program takes one row, in tiles of several lines of ``lanes`` entries. Each lane keeps the largest
entry m that it has met and the sums relative to it, here of s = Σ e^(x − m): a larger one
multiplies them by e^(m − m′). In the lane where the row's largest entry lies, ``1`` would swallow
what the others add; so these few entries are read again, and summed without it.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from unsurprised.losses import _cross_entropy as formula
from unsurprised.losses._options import Recipe
from unsurprised.losses.torch.gpu.arithmetic import log1p

#: Bytes of a line, sixteen for each thread, and how many lines lie one above the other in a tile.
_LINE_BYTES, _LINES = 2048, 16
_WARPS = 4


@triton.jit
def _rows_kernel(
    logits,
    labels,
    weights,
    numbers,
    count,
    stride,
    classes,
    smoothing,
    ignore,
    z_loss,
    WEIGHTED: tl.constexpr,
    SMOOTHED: tl.constexpr,
    ENTROPY: tl.constexpr,
    TOTAL: tl.constexpr,
    LINES: tl.constexpr,
    LANES: tl.constexpr,
    DEPTH: tl.constexpr,
):
    row = tl.program_id(0)
    logits += row.to(tl.int64) * stride
    numbers += row
    label, end = tl.load(labels + row), classes
    if TOTAL:
        # Nothing is read of a row that is ignored.
        ignored, given = label == ignore, label
        end = tl.where(ignored, 0, classes)
        label = tl.where((given >= 0) & (given < classes), given, 0)
    lanes = tl.arange(0, LANES)
    tile = tl.arange(0, LINES)[:, None] * LANES + lanes[None, :]

    top = tl.full((LANES,), float("-inf"), tl.float32)
    total = tl.zeros((LANES,), tl.float32)
    spread = tl.zeros((LANES,), tl.float32)  # Σ e^(x − m) (m − x)
    gaps = tl.zeros((LANES,), tl.float32)  # Σ (m − x)
    for start in range(0, end, LINES * LANES):
        at = start + tile
        x = tl.load(logits + at, mask=at < end, other=float("-inf")).to(tl.float32)
        higher = tl.maximum(top, tl.max(x, axis=0))
        # A lane of nothing but −inf so far: no ∞ − ∞.
        level = tl.where(higher == float("-inf"), 0.0, higher)
        power = tl.exp(x - level[None, :])
        less = tl.exp(top - level)
        if ENTROPY:
            rise = tl.where(top == float("-inf"), 0.0, level - top)
            terms = tl.where(x == float("-inf"), 0.0, power * (level[None, :] - x))
            spread = (spread + total * rise) * less + tl.sum(terms, axis=0)
        if SMOOTHED:
            # Of −inf alone the sum is infinite already.
            rise = tl.where(top == float("-inf"), 0.0, level - top)
            below = tl.where(at < end, level[None, :] - x, 0.0)
            gaps += rise * (start // LANES) + tl.sum(below, axis=0)
        total = total * less + tl.sum(power, axis=0)
        top = higher

    highest, lane = tl.max(top, axis=0, return_indices=True)
    depth = tl.arange(0, DEPTH)
    at = lane + depth * LANES
    x = tl.load(logits + at, mask=at < end, other=float("-inf")).to(tl.float32)
    first = tl.min(tl.where(x == highest, depth, DEPTH), axis=0)
    power = tl.where(depth == first, 0.0, tl.exp(x - highest))
    less = tl.exp(top - highest)
    others = tl.sum(tl.where(lanes == lane, 0.0, total * less), axis=0).to(tl.float64)
    others += tl.sum(power, axis=0).to(tl.float64)
    rest = log1p(others)

    gap = highest.to(tl.float64) - tl.load(logits + label).to(tl.float64)
    loss = gap + rest
    if TOTAL:
        tl.store(numbers + 3 * count, loss.to(tl.float32))
        tl.store(numbers + 4 * count, (1 / (1 + others)).to(tl.float32))
    if SMOOTHED:
        held = (classes - lanes + LANES - 1) // LANES
        rise = tl.where(held > 0, gaps + (highest - top) * held, 0.0)
        every = classes * rest + tl.sum(rise, axis=0).to(tl.float64)
        loss = (1 - smoothing) * loss + smoothing / classes * every
    if WEIGHTED:
        loss *= tl.load(weights + label).to(tl.float64)
    if TOTAL:
        log_sum = highest.to(tl.float64) + rest
        loss += z_loss * log_sum * log_sum
        loss = tl.where(ignored, 0.0, tl.where(label == given, loss, float("nan")))
    tl.store(numbers, loss.to(tl.float32))
    tl.store(numbers + count, highest)
    tl.store(numbers + 2 * count, rest.to(tl.float32))
    if ENTROPY:
        rise = tl.where(top == float("-inf"), 0.0, highest - top)
        lower = tl.where(lanes == lane, 0.0, (spread + total * rise) * less)
        above = tl.where(power == 0, 0.0, power * (highest - x))
        parts = tl.sum(lower, axis=0).to(tl.float64) + tl.sum(above, axis=0).to(tl.float64)
        tl.store(numbers + 3 * count, (rest + parts / (1 + others)).to(tl.float32))


def rows(
    logits: Tensor, labels: Tensor, weight: Tensor | None, recipe: Recipe, *, entropy: bool
) -> formula.Rows:
    """C, top, rest and H of each row; H is zeros unless asked for."""
    make = torch.empty if entropy else torch.zeros
    numbers = make((4, len(logits)), dtype=torch.float32, device=logits.device)
    launch_rows(logits, labels, weight, numbers, recipe.label_smoothing, entropy=entropy)
    return formula.Rows(*numbers)


def launch_rows(
    logits: Tensor,
    labels: Tensor,
    weight: Tensor | None,
    numbers: Tensor,
    smoothing: float,
    *,
    entropy: bool = False,
    total: bool = False,
    ignore: int = -1,
    z_loss: float = 0.0,
) -> None:
    """Launch the kernel for rows as they are, or for one number (``total``), into ``numbers``."""
    count, classes = logits.shape
    lanes = min(_LINE_BYTES // logits.element_size(), triton.next_power_of_2(classes))
    _rows_kernel[(count,)](
        logits,
        labels,
        numbers if weight is None else weight,
        numbers,
        count,
        logits.stride(0),
        classes,
        smoothing,
        ignore,
        z_loss,
        WEIGHTED=weight is not None,
        SMOOTHED=smoothing != 0,
        ENTROPY=entropy,
        TOTAL=total,
        LINES=_LINES if classes > lanes else 1,
        LANES=lanes,
        DEPTH=triton.next_power_of_2(triton.cdiv(classes, lanes)),
        num_warps=max(1, min(_WARPS, lanes // 128)),
    )
