"""Rows, and the evaluators of their parts; apart from all else, for processes that begin anew."""

from __future__ import annotations

from typing import Any

import numpy as np

import unsurprised as us

NAMES = ("ant", "bee", "cat")
BINS = {"age": [18, 65]}
SIZE = 300


def rows(count: int = 60, seed: int = 0) -> dict[str, Any]:
    """Labels and predictions of three classes, with all that rows can have."""
    random = np.random.default_rng(seed)
    probs = random.dirichlet([2.0, 1.0, 0.5], count)
    return {
        "y_true": [NAMES[k] for k in random.integers(0, 3, count)],
        "y_pred": probs,
        "weights": random.random(count) + 0.5,
        "ids": [f"{seed}-{k}" for k in range(count)],
        "by": {"age": random.random(count) * 90, "land": random.choice(["at", "ch"], count)},
        "cluster": random.integers(0, 9, count),
    }


def part(number: int) -> us.Evaluator:
    """The evaluator of one part of the rows, which come in two batches."""
    made, given = us.Evaluator(classes=NAMES, bins=BINS), rows(SIZE, number)
    for half in (slice(0, SIZE // 2), slice(SIZE // 2, SIZE)):
        made.update(**{name: _cut(value, half) for name, value in given.items()})
    return made


def _cut(value: Any, half: slice) -> Any:
    if isinstance(value, dict):
        return {name: inner[half] for name, inner in value.items()}
    return value[half]
