"""Predictions to fit on: of the examples, and drawn from a model that is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from unsurprised.calibrators import Calibrator, PriorShift
from unsurprised.calibrators.families import NAMES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DIGITS = Path(__file__).parents[2] / "examples/digits.parquet"

_KINDS = [family.kind for family in NAMES.values()]
OF_MANY_CLASSES: list[type[Calibrator]] = [one for one in _KINDS if not one.two_classes_only]
OF_TWO_CLASSES: list[type[Calibrator]] = [one for one in _KINDS if one.two_classes_only]


def every_kind(width: int) -> list[Calibrator]:
    """One of each kind that takes so many classes, not fitted."""
    kinds = OF_MANY_CLASSES + (OF_TWO_CLASSES if width == 2 else [])
    return [*(kind() for kind in kinds), PriorShift(list(range(1, width + 1)))]


def from_file(path: Path = DIGITS) -> tuple[Floats, Ints]:
    """Probabilities and labels."""
    table = pq.read_table(path)
    probs = np.stack(table["probs"].to_numpy()).astype(np.float64)
    return probs, table["label"].to_numpy().astype(np.int64)


def overconfident(rows: int, width: int, seed: int = 0, factor: float = 2.0) -> tuple[Floats, Ints]:
    """Logits that are ``factor`` times those that the labels were drawn from."""
    rng = np.random.default_rng(seed)
    true = rng.normal(size=(rows, width)) * 1.5
    labels = (true + rng.gumbel(size=true.shape)).argmax(axis=1)
    return factor * true, labels


def shares_of(logits: Floats, seed: int = 0, factor: float = 2.0) -> Floats:
    """Soft truths, drawn around what the logits should have said; among them zeros."""
    rng = np.random.default_rng(seed)
    shares = rng.gamma(3 * softmax(logits / factor))
    shares[shares < 0.01 * shares.max(axis=1, keepdims=True)] = 0.0
    return shares / shares.sum(axis=1, keepdims=True)


def softmax(scores: Any) -> Floats:
    """Rows of probabilities."""
    powers = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
