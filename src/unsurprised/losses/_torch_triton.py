r"""The common case of :mod:`._torch_labels` on a GPU: kernels that read each row of logits once.

A program takes one row, in tiles of several lines of ``lanes`` entries. Each lane keeps the largest
entry m that it has met and the sums relative to it, here of s = Σ e^(x − m): a larger one
multiplies them by e^(m − m′). In the lane where the row's largest entry lies, ``1`` would swallow
what the others add; so these few entries are read again, and summed without it.

Logits are float32, float16 or bfloat16, sums float32; a row's own numbers are found in float64.

Rows are wanted in two ways: as they are (:func:`rows`, :func:`line`, :func:`gradient`), or as one
number whose three kernels do all that a call asks for (:func:`total`, :func:`total_gradient`), for
where PyTorch's own small operations would take longer than the logits.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor

#: Bytes of a line, sixteen for each thread, and how many lines lie one above the other in a tile.
_LINE_BYTES, _LINES = 2048, 16
_WARPS = 4
#: Entries of a row that a program of the gradient writes, and its threads in warps.
_PIECE, _PIECE_WARPS = 4096, 4
#: Rows that a program takes at a time where only numbers of rows are at work.
_ROWS, _MANY_ROWS = 128, 2048


@triton.jit
def _log1p(x):
    """Right to the last digits where ``1 + x`` is rounded (Kahan)."""
    one = 1 + x
    return tl.where(one == 1, x, tl.log(one) * (x / (one - 1)))


@triton.jit
def _expm1(x):
    """Right to the last digits where e^x is close to one (Kahan)."""
    power = tl.exp(x)
    near = (power - 1) * (x / tl.log(power))
    return tl.where(power == 1, x, tl.where(x > -1, near, power - 1))


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
    rest = _log1p(others)

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
    at_label = by_label * _expm1(log) + shift * (classes * tl.exp(log) - 1)
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
        own = by * (1 - smoothing) * _expm1(log) + shift * (classes * tl.exp(log) - 1)
        own = tl.where(by == 0, 0.0, own + by_sum * tl.exp(log))
        found = tl.where(at == label, own.to(tl.float32), found)
    tl.store(
        out + row.to(tl.int64) * classes + at, found.to(out.dtype.element_ty), mask=at < classes
    )


def rows(
    logits: Tensor, labels: Tensor, weight: Tensor | None, smoothing: float, *, entropy: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """C, top, rest and H of each row; H is zeros unless asked for."""
    make = torch.empty if entropy else torch.zeros
    numbers = make((4, len(logits)), dtype=torch.float32, device=logits.device)
    _launch_rows(logits, labels, weight, numbers, smoothing, entropy=entropy)
    loss, top, rest, entropies = numbers
    return loss, top, rest, entropies


def _launch_rows(
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


def line(
    logits: Tensor,
    labels: Tensor,
    weight: Tensor | None,
    sums: tuple[Tensor, Tensor],
    by: tuple[Tensor, Tensor | None],
    smoothing: float,
) -> tuple[Tensor, Tensor, Tensor]:
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
        smoothing,
        WEIGHTED=weight is not None,
        BY_SUM=by_sum is not None,
        ROWS=_ROWS,
    )
    factor, shift, at_label = found
    return factor, shift, at_label


def gradient(logits: Tensor, line: tuple[Tensor, ...], out: Tensor) -> None:
    """Write the gradient into ``out``, which may be the logits."""
    count, classes = logits.shape
    piece, pieces, warps = _pieces(classes)
    labels, top, factor, shift, at_label = line
    _gradient_kernel[(count * pieces,)](
        logits,
        labels,
        top,
        factor,
        shift,
        at_label,
        out,
        logits.stride(0),
        out.stride(0),
        classes,
        pieces,
        PIECE=piece,
        num_warps=warps,
    )


def _pieces(classes: int) -> tuple[int, int, int]:
    """Entries of a row for one program, how many programs that makes, and their warps."""
    piece = min(_PIECE, triton.next_power_of_2(classes))
    return piece, triton.cdiv(classes, piece), max(1, min(_PIECE_WARPS, piece // 128))


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
    _launch_rows(logits, labels, None, numbers, smoothing, total=True, ignore=ignore, z_loss=z_loss)
    _sum_kernel[(1,)](
        labels, numbers, loss, nat, count, ignore, unit, empty,
        MEAN=mean, ROWS=_MANY_ROWS, num_warps=_PIECE_WARPS,
    )  # fmt: skip
    return loss, numbers, nat


def total_gradient(
    logits: Tensor, labels: Tensor, asked: Asked, found: tuple[Tensor, Tensor], above: Tensor
) -> Tensor:
    """The derivative by the logits; ``found`` are a total's numbers and nat."""
    count, classes = logits.shape
    out = torch.empty((count, classes), dtype=logits.dtype, device=logits.device)
    piece, pieces, warps = _pieces(classes)
    _total_gradient_kernel[(count * pieces,)](
        logits, labels, *found, above, out, count, logits.stride(0), classes, pieces,
        asked.smoothing, asked.ignore, asked.z_loss, PIECE=piece, num_warps=warps,
    )  # fmt: skip
    return out
