"""C, L and H of the rows of a tensor, and the gradient, in blocks that stay in the cache.

No array of the logits' size is made but the gradient itself. The common case, the surprisal of
labels, has a way of its own; on the CPU it is the library's kernel. Other ways (Triton's kernels on
a GPU) belong into :func:`forward` and :func:`backward`, which are all that the rest knows.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from unsurprised import _kernels
from unsurprised.losses import _cross_entropy as formula
from unsurprised.losses._options import Recipe
from unsurprised.threads import get_num_threads

By = tuple[Tensor, Tensor | None, Tensor | None]

#: Blocks of some operations stay in the second-level cache of a CPU; a GPU wants large ones.
_BLOCK = {"cpu": 1 << 20, "other": 1 << 26}

#: The general formula makes about this many arrays of a block's size.
_GENERAL = 4

_KERNEL_TYPES = {
    torch.float64: "float64",
    torch.float32: "float32",
    torch.float16: "float16",
    torch.bfloat16: "bfloat16",
}
#: Below this many elements, waking a thread costs more than it saves.
_ELEMENTS_PER_THREAD = 1 << 18


def sum_type(dtype: torch.dtype) -> torch.dtype:
    """The type that sums are kept in: at least float32."""
    return torch.float64 if dtype == torch.float64 else torch.float32


def block_rows(logits: Tensor, arrays: int = 1) -> int:
    """How many rows to take at a time."""
    elements = _BLOCK.get(logits.device.type, _BLOCK["other"]) // arrays
    return max(1, elements // max(1, int(logits.shape[1])))


def forward(
    logits: Tensor, target: Tensor, weight: Tensor | None, recipe: Recipe, entropy: bool
) -> formula.Rows:
    """C, top, rest and H of each row; H is zeros unless asked for."""
    hard = not target.is_floating_point()
    if hard and recipe.plain and not recipe.scores.changes and logits.device.type == "cpu":
        found = _by_kernel(logits, target)
        if found is not None:
            return found if weight is None else found._replace(loss=found.loss * weight[target])
    kind = sum_type(logits.dtype)
    made = formula.Rows(
        *(torch.empty(len(logits), dtype=kind, device=logits.device) for _ in "1234")
    )
    step = block_rows(logits, _GENERAL)
    for start in range(0, len(logits), step):
        part = slice(start, start + step)
        z = formula.scores(torch, logits[part].to(kind), recipe.scores)
        block = formula.rows(torch, z, target[part], weight, recipe, hard=hard, entropy=entropy)
        for whole, piece in zip(made, block, strict=True):
            whole[part] = piece
    return made


def backward(
    logits: Tensor,
    target: Tensor,
    weight: Tensor | None,
    sums: tuple[Tensor, Tensor],
    by: By,
    *,
    recipe: Recipe,
    out: Tensor | None = None,
) -> Tensor:
    """The derivative by the logits, in their type; ``out`` may be the logits themselves."""
    result = out
    if result is None:
        result = torch.empty(logits.shape, dtype=logits.dtype, device=logits.device)
    kind = sum_type(logits.dtype)
    hard = not target.is_floating_point()
    common = hard and recipe.plain and not recipe.scores.changes and by[2] is None
    step = block_rows(logits, 1 if common else _GENERAL)
    for start in range(0, len(logits), step):
        part = slice(start, start + step)
        parts: By = (by[0][part], _cut(by[1], part), _cut(by[2], part))
        if common:
            tops = (sums[0][part], sums[1][part])
            surprisal_gradient(logits[part], target[part], weight, tops, parts, out=result[part])
            continue
        block = logits[part].to(kind)
        z = formula.scores(torch, block, recipe.scores)
        dz = formula.gradient(torch, z, target[part], weight, recipe, by=parts, hard=hard)
        result[part] = formula.through_scores(torch, block, dz, recipe.scores)
    return result


def _cut(values: Tensor | None, part: slice) -> Tensor | None:
    return None if values is None else values[part]


def surprisal_gradient(
    logits: Tensor,
    labels: Tensor,
    weight: Tensor | None,
    sums: tuple[Tensor, Tensor],
    by: By,
    *,
    out: Tensor,
) -> None:
    """``out`` = the gradient of the labels' surprisals (and of L) of one block."""
    top, rest = sums
    by_loss = by[0] if weight is None else by[0] * weight[labels]
    by_sum = torch.zeros_like(by_loss) if by[1] is None else by[1]
    each = by_loss + by_sum
    at = torch.arange(len(labels), device=labels.device)
    label_log = (logits[at, labels].to(rest.dtype) - top) - rest
    wide = out if out.dtype == rest.dtype else torch.empty_like(out, dtype=rest.dtype)
    same = logits.dtype == rest.dtype
    torch.sub(logits if same else logits.to(rest.dtype), top[:, None], out=wide)
    wide.exp_().mul_((each * torch.exp(-rest))[:, None])
    # The label's share less one is found as it is, not as a difference.
    wide[at, labels] = by_loss * torch.expm1(label_log) + by_sum * torch.exp(label_log)
    dead = (by_loss == 0) & (by_sum == 0)
    if wide.device.type != "cpu":
        wide.masked_fill_(dead[:, None], 0)
    elif dead.any():
        wide[dead] = 0  # whatever stands in the rows that do not count
    if wide is not out:
        out.copy_(wide)


def _by_kernel(logits: Tensor, labels: Tensor) -> formula.Rows | None:
    """What one read of the rows tells; None where the kernel finds a row that is not legal."""
    count = len(logits)
    values, entropies, rests = (np.empty(count) for _ in range(3))
    tops = np.empty(count, dtype=np.int32)
    name = _KERNEL_TYPES.get(logits.dtype)
    if name is None or not count:
        return None
    bits = logits.view(torch.uint16) if logits.dtype == torch.bfloat16 else logits
    rows, at = bits.detach().numpy(), np.ascontiguousarray(labels.numpy(), dtype=np.int64)

    def measured(start: int, stop: int) -> bool:
        part = slice(start, stop)
        found = _kernels.facts(
            _kernels.Rows(rows[part], name, True, False, 0.0),
            at[part],
            _NATS,
            values[part],
            entropies[part],
            rests[part],
            tops[part],
        )
        return found[0] < 0

    if not all(_in_threads(measured, count, logits.numel())):
        return None
    kind = sum_type(logits.dtype)
    first = torch.from_numpy(tops).long()
    top = logits.gather(1, first[:, None])[:, 0].to(kind)
    loss, rest, entropy = (torch.from_numpy(a).to(kind) for a in (values, rests, entropies))
    return formula.Rows(loss, top, rest, entropy)


_NATS = float(np.log(2))


def _in_threads(work: Any, count: int, elements: int) -> list[bool]:
    threads = min(get_num_threads(), count, max(1, elements // _ELEMENTS_PER_THREAD))
    cuts = [count * i // threads for i in range(threads + 1)]
    spans = list(pairwise(cuts))
    if threads == 1:
        return [work(*spans[0])]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda span: work(*span), spans))
