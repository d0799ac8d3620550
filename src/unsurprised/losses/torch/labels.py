r"""The common case: rows with a label, perhaps smoothed.

Then every class has the same coefficient u in its row, but the label has v more, so that

.. math:: C = v (-\ell_y) + u \sum_k (-\ell_k), \qquad
    \frac{\partial}{\partial z_j} = p_j \big( g_C (v + K u) + g_L \big) - g_C u
    - [j = y]\, g_C v :

a multiple of the softmax, less a constant, and one entry a row. On the CPU both are found by the
library's kernels, on a GPU by Triton's (:mod:`.gpu`), in one pass each; elsewhere by
PyTorch's operations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unsurprised import _kernels
from unsurprised.losses import _cross_entropy as formula
from unsurprised.losses._options import Recipe
from unsurprised.losses.torch.kinds import sum_type
from unsurprised.threads import get_num_threads

#: What the kernels read, and what the one for gradients writes.
_READ = {
    torch.float64: "float64",
    torch.float32: "float32",
    torch.float16: "float16",
    torch.bfloat16: "bfloat16",
}
_WRITTEN = (torch.float32, torch.bfloat16)
#: Below this many elements, waking a thread costs more than it saves.
_ELEMENTS_PER_THREAD = 1 << 17
_NATS = math.log(2)
Single = NDArray[np.float32]
#: What Triton's kernels read; a GPU's float64 is rare, and left to PyTorch.
_READ_BY_TRITON = (torch.float32, torch.float16, torch.bfloat16)


def are_common(recipe: Recipe, weight: Tensor | None) -> bool:
    """Whether the labels of a call are the common case."""
    by_class = weight is not None and recipe.smoothing_weights == "class"
    return (
        not recipe.live
        and recipe.focal_gamma == 0
        and not recipe.scores.changes
        and not (recipe.label_smoothing and by_class)
    )


def _parts(labels: Tensor, weight: Tensor | None, recipe: Recipe, classes: int) -> tuple[Any, Any]:
    """V and u of each row."""
    each: Any = 1.0 if weight is None else weight[labels]
    smoothing = recipe.label_smoothing
    return each if not smoothing else (1 - smoothing) * each, smoothing / classes * each


@cache
def triton_kernels() -> Any:
    """The kernels for a GPU, or None where Triton is missing."""
    if find_spec("triton") is None:
        return None
    return import_module("unsurprised.losses.torch.gpu")


def by_triton(logits: Tensor) -> bool:
    """Whether Triton's kernels take these logits."""
    fits = logits.is_cuda and logits.dtype in _READ_BY_TRITON and len(logits)
    return bool(fits and logits.stride(1) == 1 and triton_kernels() is not None)


class Facts(NamedTuple):
    """What the library's kernel finds of each row, in main memory and in double precision."""

    #: What the label costs, the entropy, what the top class costs, and where that is.
    nats: NDArray[np.float64]
    entropies: NDArray[np.float64]
    rests: NDArray[np.float64]
    tops: NDArray[np.int32]

    def top(self, logits: Tensor) -> NDArray[Any]:
        """The largest logit of each row, as sums are kept."""
        if logits.dtype in (torch.float32, torch.float64):
            top: NDArray[Any] = _host(logits)[np.arange(len(self.tops)), self.tops]
            return top
        first = torch.from_numpy(self.tops).long()
        halves = logits.detach().gather(1, first[:, None])[:, 0]
        single: NDArray[Any] = halves.to(torch.float32).numpy()
        return single


def facts_of(logits: Tensor, labels: NDArray[np.int64]) -> Facts | None:
    """The facts of rows in main memory; None where a row is not legal."""
    count = len(logits)
    nats, entropies, rests = (np.empty(count) for _ in range(3))
    found = Facts(nats, entropies, rests, np.empty(count, dtype=np.int32))
    rows = _host(logits)

    def measured(part: slice) -> bool:
        read = _kernels.Rows(rows[part], _READ[logits.dtype], True, False, 0.0)
        return _kernels.facts(read, labels[part], _NATS, *(each[part] for each in found))[0] < 0

    return found if _all_in_threads(measured, count, logits.numel()) else None


def rows_by_kernel(
    logits: Tensor, labels: Tensor, weight: Tensor | None, recipe: Recipe, *, entropy: bool
) -> formula.Rows | None:
    """C, top, rest and H; None where there is no kernel, or it finds a row that is not legal."""
    count, classes = logits.shape
    if by_triton(logits):
        smoothing = recipe.label_smoothing
        found = triton_kernels().rows(logits, labels, weight, smoothing, entropy=entropy)
        return formula.Rows(*found)
    if logits.device.type != "cpu" or logits.dtype not in _READ or not count:
        return None
    host = facts_of(logits, np.ascontiguousarray(labels.numpy(), dtype=np.int64))
    if host is None:
        return None
    kind, top = sum_type(logits.dtype), torch.from_numpy(host.top(logits))
    loss, rest, entropy = (
        torch.from_numpy(each).to(kind) for each in (host.nats, host.rests, host.entropies)
    )
    if recipe.label_smoothing or weight is not None:
        v, u = _parts(labels, weight, recipe, classes)
        loss = v * loss
        if recipe.label_smoothing:
            loss = loss + u * (classes * rest - _gaps(logits, top))
    return formula.Rows(loss, top, rest, entropy)


def _gaps(logits: Tensor, top: Tensor) -> Tensor:
    """The sum of what each logit is below the top; some rows at a time, for they are made."""
    step = max(1, _ELEMENTS_PER_THREAD // logits.shape[1])
    blocks = zip(logits.split(step), top[:, None].split(step), strict=True)
    return torch.cat([(rows - tops).sum(-1) for rows, tops in blocks])


class Line(NamedTuple):
    """The gradient of each row: ``factor · e^(z − top) − shift``, and what it is at the label."""

    labels: Tensor
    top: Tensor
    factor: Tensor
    shift: Tensor
    at_label: Tensor

    @classmethod
    def of(
        cls,
        logits: Tensor,
        labels: Tensor,
        weight: Tensor | None,
        sums: tuple[Tensor, Tensor],
        by: tuple[Tensor, Tensor | None, Tensor | None],
        *,
        recipe: Recipe,
    ) -> Self:
        """From the derivatives by C and L of each row."""
        (top, rest), (by_loss, by_sum, _), classes = sums, by, logits.shape[1]
        if by_triton(logits):
            found = triton_kernels().line(
                logits, labels, weight, sums, (by_loss, by_sum), recipe.label_smoothing
            )
            return cls(labels, top, *found)
        v, u = _parts(labels, weight, recipe, classes)
        by_label, shift = by_loss * v, by_loss * u
        log = (logits.gather(1, labels[:, None])[:, 0].to(rest.dtype) - top) - rest
        # The label's share less one is found as it is, not as a difference.
        at_label = by_label * torch.expm1(log)
        factor = by_label
        if recipe.label_smoothing:
            factor = factor + classes * shift
            at_label = at_label + shift * (classes * torch.exp(log) - 1)
        if by_sum is not None:
            factor, at_label = factor + by_sum, at_label + by_sum * torch.exp(log)
        nothing = by_loss == 0 if by_sum is None else (by_loss == 0) & (by_sum == 0)
        # Nothing, whatever stands in that row.
        factor, at_label = (
            torch.where(nothing, 0.0, each) for each in (factor * torch.exp(-rest), at_label)
        )
        return cls(labels, top, factor, shift, at_label)


def gradient(logits: Tensor, line: Line, *, out: Tensor, step: int) -> None:
    """Write the gradient into ``out``, which may be the logits, some rows at a time."""
    if by_triton(logits) and out.stride(1) == 1:
        triton_kernels().gradient(logits, line, out)
        return
    if not _gradient_by_kernel(logits, line, out):
        for start in range(0, len(logits), step):
            part = slice(start, start + step)
            _gradient_of_block(logits[part], Line(*(each[part] for each in line)), out[part])
    at = torch.arange(len(out), device=out.device)
    out[at, line.labels] = line.at_label.to(out.dtype)  # scatter_ would make a copy in float32


def _gradient_by_kernel(logits: Tensor, line: Line, out: Tensor) -> bool:
    fits = logits.dtype in _WRITTEN and out.dtype == logits.dtype
    fits = fits and (logits.shape[1] == 1 or logits.stride(1) == 1)
    if logits.device.type != "cpu" or not fits or not out.is_contiguous():
        return False
    top, factor, shift = (each.contiguous().numpy() for each in line[1:4])
    write_gradient(logits, (top, factor, shift), out)
    return True


def write_gradient(logits: Tensor, rows: tuple[Single, Single, Single], out: Tensor) -> None:
    """``factor · e^(z − top) − shift`` in main memory; ``rows`` are top, factor and shift."""
    half = logits.dtype == torch.bfloat16
    threads = _threads(len(logits), logits.numel())
    _kernels.softmax_gradient(_host(logits), half, *rows, _host(out), threads)


def _gradient_of_block(logits: Tensor, line: Line, out: Tensor) -> None:
    kind = line.top.dtype
    wide = out if out.dtype == kind else torch.empty_like(out, dtype=kind)
    torch.sub(logits.to(kind), line.top[:, None], out=wide)
    wide.exp_().mul_(line.factor[:, None]).sub_(line.shift[:, None])
    dead = (line.factor == 0) & (line.shift == 0)
    wide.masked_fill_(dead[:, None], 0)
    if wide is not out:
        out.copy_(wide)


def _host(tensor: Tensor) -> NDArray[Any]:
    """A view of the memory; of bfloat16, which NumPy does not know, as bits."""
    plain = tensor.detach()
    array: NDArray[Any] = (
        plain.view(torch.uint16) if plain.dtype == torch.bfloat16 else plain
    ).numpy()
    return array


def _threads(rows: int, elements: int) -> int:
    """How many threads are worth it, and allowed by both libraries."""
    wanted = min(rows, elements // _ELEMENTS_PER_THREAD)
    if wanted < 2:
        return 1
    return min(get_num_threads(), int(torch.get_num_threads()), wanted)


def _all_in_threads(work: Callable[[slice], bool], rows: int, elements: int) -> bool:
    threads = _threads(rows, elements)
    if threads == 1:
        return work(slice(0, rows))
    cuts = [rows * i // threads for i in range(threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        return all(pool.map(work, [slice(*ends) for ends in pairwise(cuts)]))
