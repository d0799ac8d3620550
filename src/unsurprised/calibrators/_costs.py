"""Surprisal of rows under scores, by the compiled measures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from unsurprised.array_types import Values
from unsurprised.calibrators._rows import FittingRows
from unsurprised.forms import Logits, Probs
from unsurprised.measures import cross_entropy, surprisal
from unsurprised.states import exact_sum

#: Elements of a block of rows that stays in the cache.
_BLOCK = 1 << 16


def blocks(count: int, width: int, fewest: int) -> Iterator[slice]:
    """Blocks of rows: what a formula makes of one on the way stays in the cache."""
    step = max(fewest, _BLOCK // max(width, 1))
    return (slice(start, start + step) for start in range(0, count, step))


def costs_of(
    rows: FittingRows,
    scores: Callable[[Values], Values],
    base: float = math.e,
    at_once: int = 1024,
) -> Values:
    """What each row costs under the softmax of scores, in nats; by the compiled measures."""
    costs = np.empty(rows.count)
    for block in blocks(rows.count, rows.width, at_once):
        model = Logits(scores(rows.log[block]))
        if rows.labels is not None:
            costs[block] = surprisal(model, at=rows.labels[block], base=base)
        else:
            assert rows.shares is not None
            truth = Probs(rows.shares[block], normalize=True)
            costs[block] = cross_entropy(truth, model, base=base)
    return costs


def mean_bits(rows: FittingRows, scores: Callable[[Values], Values], at_once: int) -> float:
    """Bits a row under the softmax of scores: of the measures, not of the fit's own sums."""
    return mean_of(rows, costs_of(rows, scores, 2, at_once))


def mean_of(rows: FittingRows, bits: Values) -> float:
    """The mean of what rows cost."""
    if np.isinf(bits).any():
        return float("inf")
    weighted = bits if rows.weights is None else bits * rows.weights
    return exact_sum(weighted) / rows.count
