"""C, L and H of the rows of a tensor, and the gradient, in blocks that stay in the cache.

No array of the logits' size is made but the gradient itself. The common case, labels, has a way of
its own (``labels``). Other ways belong into :func:`forward` and :func:`backward`, which are
all that the rest knows.
"""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor

from unsurprised.losses import _cross_entropy as formula
from unsurprised.losses._options import Recipe
from unsurprised.losses.torch import labels
from unsurprised.losses.torch.kinds import sum_type

By: TypeAlias = "tuple[Tensor, Tensor | None, Tensor | None]"

#: Blocks stay in the last cache of a CPU, and are worth its threads; a GPU wants large ones.
_BLOCK = {"cpu": 1 << 20, "other": 1 << 26}

#: The general formula makes about this many arrays of a block's size.
_GENERAL = 4


def block_rows(logits: Tensor, arrays: int = 1) -> int:
    """How many rows to take at a time."""
    elements = _BLOCK.get(logits.device.type, _BLOCK["other"]) // arrays
    return max(1, elements // max(1, int(logits.shape[1])))


def forward(
    logits: Tensor, target: Tensor, weight: Tensor | None, recipe: Recipe, entropy: bool
) -> formula.Rows:
    """C, top, rest and H of each row; H is zeros unless asked for."""
    hard = not target.is_floating_point()
    if hard and labels.are_common(recipe, weight):
        found = labels.rows_by_kernel(logits, target, weight, recipe, entropy=entropy)
        if found is not None:
            return found
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
    if hard and by[2] is None and labels.are_common(recipe, weight):
        line = labels.Line.of(logits, target, weight, sums, by, recipe=recipe)
        labels.gradient(logits, line, out=result, step=block_rows(logits))
        return result
    step = block_rows(logits, _GENERAL)
    for start in range(0, len(logits), step):
        part = slice(start, start + step)
        parts: By = (by[0][part], _cut(by[1], part), _cut(by[2], part))
        block = logits[part].to(kind)
        z = formula.scores(torch, block, recipe.scores)
        dz = formula.gradient(torch, z, target[part], weight, recipe, by=parts, hard=hard)
        result[part] = formula.through_scores(torch, block, dz, recipe.scores)
    return result


def _cut(values: Tensor | None, part: slice) -> Tensor | None:
    return None if values is None else values[part]
