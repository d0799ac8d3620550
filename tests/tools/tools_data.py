"""Small data sets with labels as people have them, and the loss of predictions, by definition."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from unsurprised import Logits, LogProbs, Probs

#: Labels of two classes.
TWO: dict[str, NDArray[Any]] = {
    "0/1": np.array([0, 1]),
    "-1/1": np.array([-1, 1]),
    "bool": np.array([False, True]),
    "no/yes": np.array(["no", "yes"]),
}

#: Labels of several classes, as they are drawn: not in the order of any sort.
MORE: dict[str, NDArray[Any]] = {
    "names": np.array(["dog", "cat", "bird"]),
    "numbers as names": np.array(["10", "9", "2"]),
    "integers not from 0": np.array([7, 3, 11]),
    "floats": np.array([4.0, 1.0, 2.0]),
}

LABELS = TWO | MORE


@dataclass(frozen=True)
class Data:
    """Rows to fit a model on, and rows that are held out."""

    features: NDArray[np.float64]
    labels: NDArray[Any]
    new_features: NDArray[np.float64]
    new_labels: NDArray[Any]


def data(kind: str, rows: int = 120) -> Data:
    """Features that tell something of the label, but not all."""
    names = LABELS[kind]
    random = np.random.default_rng(len(kind))
    label = random.integers(len(names), size=2 * rows)
    label[: len(names)] = range(len(names))
    centres = random.normal(size=(len(names), 4))
    features = centres[label] + random.normal(scale=1.5, size=(2 * rows, 4))
    return Data(features[:rows], names[label[:rows]], features[rows:], names[label[rows:]])


@dataclass(frozen=True)
class Predicted:
    """What a model said of rows that it had not seen."""

    tool: str
    #: What happened, as the user holds it.
    labels: NDArray[Any]
    #: The classes in the model's order: ``classes_``.
    classes: NDArray[Any]
    #: A column for each class, or one number a row, which speaks of the second.
    values: NDArray[Any]
    kind: str = "probs"
    #: The mean loss in nats that the tool itself states, and how exactly it does.
    own: float | None = None
    own_error: float = 1e-9

    @property
    def form(self) -> Any:
        """The predictions as the form that says what they are."""
        return {"probs": Probs, "logits": Logits, "logprobs": LogProbs}[self.kind](self.values)

    @property
    def places(self) -> list[int]:
        """The column of each row's class."""
        place = {value: k for k, value in enumerate(self.classes.tolist())}
        return [place[value] for value in self.labels.tolist()]

    @property
    def nats(self) -> float:
        """The mean of −log of what the right class was given, of rows as row / sum."""
        return mean_nats(self.values, self.places, self.kind)


def mean_nats(values: Any, places: Sequence[int], kind: str = "probs") -> float:
    """The cross-entropy by its definition, in doubles and exactly rounded sums."""
    rows = np.asarray(values, dtype=np.float64)
    if kind == "logits":
        if rows.ndim == 1:
            rows = np.stack([np.zeros(len(rows)), rows], axis=1)
        logs = log_softmax(rows, axis=1)
        return math.fsum(-row[k] for row, k in zip(logs, places, strict=True)) / len(rows)
    if kind == "logprobs":
        rows = np.exp(rows)
    if rows.ndim == 1:
        rows = np.stack([1 - rows, rows], axis=1)
    losses = (
        math.log(math.fsum(row)) - math.log(row[k]) for row, k in zip(rows, places, strict=True)
    )
    return math.fsum(losses) / len(rows)
