"""Cut-off lists, and distributions that they may have been cut off."""

from __future__ import annotations

from typing import Any

import numpy as np

from unsurprised.language_models.top_lists import TopLists

Rows = Any


def lists_of(rows: list[dict[int, float]], vocabulary: int | None = None, **said: Any) -> TopLists:
    """Lists of probabilities by token; the cap is the least of each."""
    shares = np.array([share for row in rows for share in row.values()], dtype=float)
    with np.errstate(divide="ignore"):
        return TopLists(
            np.cumsum([0, *map(len, rows)]),
            np.array([token for row in rows for token in row], dtype=np.int64),
            np.log(shares),
            np.log([min(row.values()) for row in rows]),
            vocabulary,
            **said,
        )


def cut(rows: Rows, k: int, vocabulary: int | None = None) -> TopLists:
    """The k likely entries of whole rows."""
    order = np.argsort(-rows, axis=1, kind="stable")[:, :k]
    shares = np.take_along_axis(rows, order, 1)
    return TopLists(
        np.arange(len(rows) + 1) * k,
        order.ravel(),
        np.log(shares).ravel(),
        np.log(shares[:, -1]),
        vocabulary,
    )


def models(generator: Any, rows: int, width: int, apart: float = 1.0) -> tuple[Rows, Rows]:
    """Rows of two models of one text: peaked as language models' are, and alike."""
    base = generator.normal(size=(rows, width)) * generator.uniform(0.5, 5, size=(rows, 1))
    other = base + generator.normal(size=(rows, width)) * apart
    return _softmax(base), _softmax(other)


def _softmax(scores: Rows) -> Rows:
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def completed(generator: Any, lists: TopLists, width: int) -> Rows:
    """Whole rows that the lists may have been cut off: their tails at random, below the caps."""
    rows = np.zeros((len(lists), width))
    rows[lists.rows, lists.tokens] = np.exp(lists.logprobs)
    listed = np.zeros(rows.shape, bool)
    listed[lists.rows, lists.tokens] = True
    sparse = generator.exponential(size=rows.shape) ** generator.choice([1, 4, 12], (len(rows), 1))
    weights = np.where(listed, 0.0, sparse + 1e-12)
    mass, cap = 1 - rows.sum(axis=1, keepdims=True), np.exp(lists.caps)[:, None]
    assert (mass < cap * (~listed).sum(axis=1, keepdims=True)).all(), "no room"
    weights /= weights.max(axis=1, keepdims=True)
    low, high = np.full_like(mass, 1e-60), np.full_like(mass, 1e60)
    for _ in range(200):
        middle = np.sqrt(low * high)
        small = np.minimum(cap, middle * weights).sum(axis=1, keepdims=True) < mass
        low, high = np.where(small, middle, low), np.where(small, high, middle)
    return rows + np.minimum(cap, high * weights)
