"""The numbers of rows in main memory, by the kernel that evaluations read with."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unsurprised import _kernels
from unsurprised.losses import _cross_entropy as formula
from unsurprised.losses._options import Recipe
from unsurprised.losses.torch.cpu.memory import ELEMENTS_PER_THREAD, all_in_threads, host
from unsurprised.losses.torch.kinds import sum_type
from unsurprised.losses.torch.line import coefficients

#: What the kernel reads, as it is called there.
READ = {
    torch.float64: "float64",
    torch.float32: "float32",
    torch.float16: "float16",
    torch.bfloat16: "bfloat16",
}
_NATS = math.log(2)


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
            top: NDArray[Any] = host(logits)[np.arange(len(self.tops)), self.tops]
            return top
        first = torch.from_numpy(self.tops).long()
        halves = logits.detach().gather(1, first[:, None])[:, 0]
        single: NDArray[Any] = halves.to(torch.float32).numpy()
        return single


def facts_of(logits: Tensor, labels: NDArray[np.int64]) -> Facts | None:
    """The facts of rows in main memory; None where a row is not legal."""
    count = logits.shape[0]
    nats, entropies, rests = (np.empty(count) for _ in range(3))
    found = Facts(nats, entropies, rests, np.empty(count, dtype=np.int32))
    rows = host(logits)

    def measured(part: slice) -> bool:
        read = _kernels.Rows(rows[part], READ[logits.dtype], True, False, 0.0)
        return _kernels.facts(read, labels[part], _NATS, *(each[part] for each in found))[0] < 0

    return found if all_in_threads(measured, count, logits.numel()) else None


def rows(
    logits: Tensor, labels: Tensor, weight: Tensor | None, recipe: Recipe, *, entropy: bool
) -> formula.Rows | None:
    """C, top, rest and H of each row; None where the kernel finds a row that is not legal."""
    facts = facts_of(logits, np.ascontiguousarray(labels.numpy(), dtype=np.int64))
    if facts is None:
        return None
    kind, top = sum_type(logits.dtype), torch.from_numpy(facts.top(logits))
    loss, rest, entropies = (
        torch.from_numpy(each).to(kind) for each in (facts.nats, facts.rests, facts.entropies)
    )
    if recipe.label_smoothing or weight is not None:
        classes = logits.shape[1]
        v, u = coefficients(labels, weight, recipe, classes)
        loss = v * loss
        if recipe.label_smoothing:
            loss = loss + u * (classes * rest - _gaps(logits, top))
    return formula.Rows(loss, top, rest, entropies)


def _gaps(logits: Tensor, top: Tensor) -> Tensor:
    """The sum of what each logit is below the top; some rows at a time, for they are made."""
    step = max(1, ELEMENTS_PER_THREAD // logits.shape[1])
    blocks = zip(logits.split(step), top[:, None].split(step), strict=True)
    return torch.cat([(rows - tops).sum(-1) for rows, tops in blocks])
