"""Inputs and options that most tests of the losses walk through."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

ROWS, CLASSES = 6, 5
_RANDOM = np.random.default_rng(0)
LOGITS = _RANDOM.normal(size=(ROWS, CLASSES)) * 3
LABELS = np.array([0, 1, -100, 4, 2, 2])
SHARES = _RANDOM.dirichlet(np.ones(CLASSES), size=ROWS)
SHARES[3] = -100  # a row that is ignored
SHARES[4] = [0, 1, 0, 0, 0]
WEIGHT = _RANDOM.random(CLASSES) + 0.1
SAMPLE_WEIGHT = np.array([0.5, 1.0, 2.0, 0.25, 0.0, 1.5])

TARGETS = {"labels": LABELS, "shares": SHARES}

CHOICES: dict[str, tuple[Any, ...]] = {
    "weight": (None, WEIGHT),
    "sample_weight": (None, SAMPLE_WEIGHT),
    "label_smoothing": (0.0, 0.1),
    "smoothing_weights": ("class", "label"),
    "temperature": (1.0, 2.0),
    "softcap": (None, 5.0),
    "z_loss": (0.0, 0.1),
    "entropy_bonus": (0.0, 0.2),
    "focal_gamma": (0.0, 0.5, 2.0),
    "reduction": ("mean", "sum"),
}


def every_combination() -> list[dict[str, Any]]:
    """All options with all others."""
    return [dict(zip(CHOICES, chosen, strict=True)) for chosen in product(*CHOICES.values())]


#: A step of this length through all combinations meets every three choices together, and this one
#: every two; `test_losses_numpy.py` sees to it.
THREES, PAIRS = 29, 89


def some_combinations(step: int = PAIRS) -> list[dict[str, Any]]:
    """A sample of all combinations."""
    return every_combination()[::step]


def for_oracle(target: np.ndarray) -> list[Any]:
    """The target as the oracle takes it: None where a row is ignored."""
    if target.ndim == 1:
        return [None if label == -100 else int(label) for label in target]
    return [None if (row == -100).all() else row.tolist() for row in target]
