"""Real predictions to calibrate, and large ones to be timed on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROOT = Path(__file__).parents[2]
FOLDS = 5
#: Each peer's own cure for a 0 is another one, so none is given to any.
LEAST = 1e-7

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Predictions:
    """Rows of a model that had not seen them."""

    name: str
    probs: Floats
    labels: Ints

    def splits(self) -> Iterator[tuple[Ints, Ints]]:
        """Rows to fit on and rows to judge on, five times; each row is judged once."""
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
        yield from folds.split(self.probs, self.labels)


def every_one() -> Iterator[Predictions]:
    """Predictions of files, and of models that are trained here, cross-fitted."""
    yield from _of_files()
    yield from _trained()


def _of_files() -> Iterator[Predictions]:
    files = {
        "CIFAR-10, VGG": ROOT.parent / "shared/data/cifar10_vgg_probs.parquet",
        "digits, Bernoulli naive Bayes": ROOT / "examples/digits.parquet",
    }
    for name, path in files.items():
        if path.exists():
            table = pq.read_table(path)
            probs = np.stack(table["probs"].to_numpy()).astype(np.float64)
            yield Predictions(name, _floored(probs), table["label"].to_numpy().astype(np.int64))


def _trained() -> Iterator[Predictions]:
    network = make_pipeline(
        StandardScaler(), MLPClassifier((100,), alpha=0, max_iter=500, random_state=0)
    )
    boosted = HistGradientBoostingClassifier(learning_rate=0.3, max_iter=30, random_state=0)
    models: list[tuple[str, Callable[..., Any], Any]] = [
        ("digits, gradient boosting", load_digits, boosted),
        ("digits, random forest", load_digits, RandomForestClassifier(random_state=0)),
        ("breast cancer, neural network", load_breast_cancer, network),
        ("breast cancer, Gaussian naive Bayes", load_breast_cancer, GaussianNB()),
    ]
    for name, load, model in models:
        x, y = load(return_X_y=True)
        probs = np.empty((len(y), len(np.unique(y))))
        for seen, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=1).split(x, y):
            probs[unseen] = model.fit(x[seen], y[seen]).predict_proba(x[unseen])
        yield Predictions(name, _floored(probs), y.astype(np.int64))


def _floored(probs: Floats) -> Floats:
    probs = np.maximum(probs, LEAST)
    return probs / probs.sum(axis=1, keepdims=True)


def large(rows: int = 50_000, classes: int = 100) -> tuple[NDArray[np.float32], Ints]:
    """Logits of an over-confident model of many classes, and what happened."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, rows)
    logits = rng.normal(size=(rows, classes))
    logits[np.arange(rows), labels] += 2.5
    return (2 * logits).astype(np.float32), labels
