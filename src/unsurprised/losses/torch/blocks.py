"""The formula of rows, in blocks that stay in the cache: it takes whatever is asked for.

No array of the logits' size is made but the gradient itself.
"""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor

from unsurprised.losses import _cross_entropy as formula
from unsurprised.losses._options import Recipe
from unsurprised.losses.torch.kinds import sum_type

By: TypeAlias = "tuple[Tensor, Tensor | None, Tensor | None]"

#: Blocks stay in the last cache of a CPU, and are worth its threads; a GPU wants large ones.
_BLOCK = {"cpu": 1 << 20, "other": 1 << 26}

#: The formula makes about this many arrays of a block's size.
_ARRAYS = 4


def blocks_of(scores: Tensor, arrays: int = 1) -> list[slice]:
    """Which rows to take at a time, where so many arrays of a block's size are made."""
    elements = _BLOCK.get(scores.device.type, _BLOCK["other"]) // arrays
    step = max(1, elements // max(1, int(scores.shape[1])))
    return [slice(start, start + step) for start in range(0, len(scores), step)]


def rows(
    logits: Tensor, target: Tensor, weight: Tensor | None, recipe: Recipe, *, entropy: bool
) -> formula.Rows:
    """C, top, rest and H of each row; H is zeros unless asked for."""
    hard, kind = not target.is_floating_point(), sum_type(logits.dtype)
    made = formula.Rows(
        *(torch.empty(len(logits), dtype=kind, device=logits.device) for _ in "1234")
    )
    for part in blocks_of(logits, _ARRAYS):
        z = formula.scores(torch, logits[part].to(kind), recipe.scores)
        block = formula.rows(torch, z, target[part], weight, recipe, hard=hard, entropy=entropy)
        for whole, piece in zip(made, block, strict=True):
            whole[part] = piece
    return made


def gradient(
    logits: Tensor, target: Tensor, weight: Tensor | None, by: By, recipe: Recipe, *, out: Tensor
) -> None:
    """Write the derivative by the logits into ``out``, which may be the logits."""
    hard, kind = not target.is_floating_point(), sum_type(logits.dtype)
    for part in blocks_of(logits, _ARRAYS):
        parts: By = (by[0][part], _cut(by[1], part), _cut(by[2], part))
        block = logits[part].to(kind)
        z = formula.scores(torch, block, recipe.scores)
        dz = formula.gradient(torch, z, target[part], weight, recipe, by=parts, hard=hard)
        out[part] = formula.through_scores(torch, block, dz, recipe.scores)


def _cut(values: Tensor | None, part: slice) -> Tensor | None:
    return None if values is None else values[part]
