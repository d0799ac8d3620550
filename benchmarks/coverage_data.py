"""The models whose data sets the coverage of intervals is counted on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class DataSet:
    """Rows to evaluate."""

    labels: NDArray[np.int64]
    probs: Values
    weights: Values | None = None
    clusters: NDArray[np.int64] | None = None
    names: NDArray[Any] | None = None


Make = Callable[[np.random.Generator, int], DataSet]


@dataclass(frozen=True)
class Scenario:
    """Where data sets come from, and how large they are."""

    title: str
    make: Make
    rows: int
    #: The statistics that have no true value here, or one that is on the edge of what is possible.
    without: tuple[str, ...] = ()


def softmax(scores: Values) -> Values:
    probs = np.exp(scores - scores.max(axis=1, keepdims=True))
    return probs / probs.sum(axis=1, keepdims=True)


def drawn(generator: np.random.Generator, scores: Values) -> NDArray[np.int64]:
    return (scores + generator.gumbel(size=scores.shape)).argmax(axis=1)


def multiclass(sharpness: float, classes: int = 4, spread: float = 1.5) -> Make:
    """A model whose scores are too sharp by a factor."""

    def make(generator: np.random.Generator, rows: int) -> DataSet:
        scores = spread * generator.standard_normal((rows, classes))
        labels = drawn(generator, scores)
        names = np.where(generator.random(rows) < 0.3, "few", "many")
        return DataSet(labels, softmax(sharpness * scores), names=names)

    return make


def binary(sharpness: float, prior: float = 0.0, spread: float = 1.5) -> Make:
    """Two classes; odds that are too sharp by a factor."""

    def make(generator: np.random.Generator, rows: int) -> DataSet:
        odds = prior + spread * generator.standard_normal(rows)
        labels = (generator.random(rows) < 1 / (1 + np.exp(-odds))).astype(np.int64)
        names = np.where(generator.random(rows) < 0.3, "few", "many")
        return DataSet(labels, 1 / (1 + np.exp(-sharpness * odds)), names=names)

    return make


def weighted(make: Make) -> Make:
    """The same with weights that know of the difficulty."""

    def heavier(generator: np.random.Generator, rows: int) -> DataSet:
        data = make(generator, rows)
        top = data.probs.max(axis=1) if data.probs.ndim == 2 else data.probs
        weights = generator.exponential(size=rows) * (0.3 + top)
        return DataSet(data.labels, data.probs, weights, names=data.names)

    return heavier


def clustered(size: int = 10, classes: int = 4, sharpness: float = 1.5) -> Make:
    """Rows of a cluster share a part of their scores that the model does not see."""

    def make(generator: np.random.Generator, rows: int) -> DataSet:
        clusters = np.repeat(np.arange(-(-rows // size)), size)[:rows]
        common = generator.standard_normal((clusters[-1] + 1, classes))[clusters]
        seen = 1.2 * generator.standard_normal((rows, classes))
        labels = drawn(generator, seen + common)
        names = np.where(clusters % 10 < 3, "few", "many")
        return DataSet(labels, softmax(sharpness * seen), clusters=clusters, names=names)

    return make


#: Of calibrated models the parts of the ledger lie on the edge of what is possible.
SCENARIOS = (
    Scenario("two classes, over-confident", binary(1.8), 1000),
    Scenario("two classes, one rare, over-confident", binary(1.6, prior=-2.5), 3000),
    Scenario("four classes, over-confident", multiclass(1.6), 1000),
    Scenario("four classes, over-confident, few rows", multiclass(1.8), 300),
    Scenario("ten classes, over-confident", multiclass(1.5, classes=10), 3000),
    Scenario("four classes, calibrated", multiclass(1.0), 1000, ("ledger",)),
    Scenario("four classes, weights", weighted(multiclass(1.6)), 1000),
    Scenario("four classes, 100 clusters of 10", clustered(), 1000),
)
