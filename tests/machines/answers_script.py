"""Prints, as JSON, what evaluations, comparisons, calibrations and estimates of fixed rows answer.

test_machines.py runs it in processes that imitate other machines; arguments name the parts.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

import unsurprised as us
from unsurprised.estimate.methods import METHODS

EXAMPLES = Path(__file__).parents[2] / "examples"
ROWS = 600

Array = Any
Answers = Iterator[tuple[str, dict[str, Any]]]


def rows_of(classes: int) -> tuple[Array, Array]:
    """Labels and the shares of an over-confident model, by integers, products and quotients."""
    random = np.random.default_rng(classes)
    honest = random.integers(1, 1000, (ROWS, classes)) / 1000
    honest *= honest * honest
    reached = np.cumsum(honest, axis=1)
    labels = (random.random((ROWS, 1)) * reached[:, -1:] > reached[:, :-1]).sum(axis=1)
    sure = honest * honest
    return labels, sure / sure.sum(axis=1, keepdims=True)


def scores_of(shares: Array) -> Array:
    """Scores that no logarithm made, which another machine might round otherwise."""
    return (shares - 0.5) / (shares + 0.05)


def votes_of(labels: Array, classes: int) -> Array:
    """What some annotators said of each row."""
    votes = np.random.default_rng(1).integers(0, 4, (ROWS, classes))
    votes[np.arange(ROWS), labels] += 1
    return votes


def without_small(shares: Array) -> Array:
    """The same with zeros, some of which happen."""
    sparse = np.where(shares < 0.02, 0.0, shares)
    return sparse / sparse.sum(axis=1, keepdims=True)


def evaluations() -> Answers:
    """Every kind of truth and of prediction."""
    yield "digits", us.evaluate(EXAMPLES / "digits.parquet", id="row_id").as_dict()
    random = np.random.default_rng(2)
    weights, cluster = random.integers(1, 9, ROWS) / 4, random.integers(0, 400, ROWS)
    for classes in (2, 3, 12):
        labels, shares = rows_of(classes)
        scores, votes = us.Logits(scores_of(shares)), us.Counts(votes_of(labels, classes))
        for name, found in {
            "probs": us.evaluate(labels, shares, by={"third": cluster % 3}),
            "logits": us.evaluate(labels, scores),
            "weights": us.evaluate(labels, shares, weights=weights),
            "clusters": us.evaluate(labels, scores, cluster=cluster),
            "votes": us.evaluate(votes, scores),
            "zeros": us.evaluate(labels, without_small(shares)),
            "nats": us.evaluate(labels, shares.astype(np.float32), base=np.e),
        }.items():
            yield f"{classes} classes, {name}", found.as_dict()


def comparisons() -> Answers:
    """Pairs of models on the same rows."""
    for classes in (2, 5):
        labels, shares = rows_of(classes)
        found = us.compare(labels, shares, (shares + 0.125) / (1 + classes / 8))
        yield f"{classes} classes", found.as_dict()


def calibrations() -> Answers:
    """The choice among calibrators, and each by itself."""
    for classes in (2, 5):
        labels, shares = rows_of(classes)
        yield f"{classes} classes", us.calibrate(labels, shares).as_dict()
        for kind in us.calibrators.KINDS:
            if kind is us.calibrators.PriorShift or (classes > 2 and kind.two_classes_only):
                continue
            fitted = kind().fit(shares, labels)
            answer = [np.asarray(fitted.transform(shares[:50])).tolist(), fitted.to_json()]
            yield f"{classes} classes, {kind.title}", {"answer": answer}


def estimates() -> Answers:
    """Entropy and mutual information of samples, by every method."""
    random = np.random.default_rng(6)
    counts = us.Counts(random.integers(0, 7, 200) * random.integers(0, 40, 200))
    table = us.Counts(random.integers(0, 5, (6, 9)))
    for method in ("auto", *METHODS):
        of_counts = us.estimate.entropy(counts, method=method)
        of_table = us.estimate.mutual_information(table, method=method, permutations=9)
        yield method, {"counts": asdict(of_counts), "table": asdict(of_table)}
    x = random.integers(0, 60, ROWS)
    y = (x + random.integers(0, 8, ROWS)) % 60  # most pairs are seen once or twice
    for name, options in {"sparse": {}, "sparse, given": {"given": x % 2}}.items():
        yield name, {"table": asdict(us.estimate.mutual_information(x, y, **options))}


def series() -> Answers:
    """Transfer entropy and active information storage, of numbers and of states."""
    random = np.random.default_rng(7)
    numbers = random.integers(-1000, 1000, (2, ROWS)) / 256
    for t in range(1, ROWS):
        numbers[:, t] += numbers[:, t - 1] * 0.5 + (0, numbers[0, t - 1] * 0.25)
    states = numbers.astype(np.int64) % 3
    for kind, (source, target) in {"numbers": numbers, "states": states}.items():
        for name, found in {
            "transfer": us.estimate.transfer_entropy(source, target, permutations=19),
            "chosen": us.estimate.transfer_entropy(
                source, target, history="auto", source_history="auto", permutations=19
            ),
            "storage": us.estimate.active_information_storage(target, permutations=19),
        }.items():
            yield f"{kind}, {name}", {"answer": asdict(found)}


PARTS: dict[str, Callable[[], Answers]] = {
    "evaluations": evaluations,
    "comparisons": comparisons,
    "calibrations": calibrations,
    "estimates": estimates,
    "series": series,
}


def off_by_one(function: Any) -> Any:
    """The same function with results one unit in the last place away, now up and now down."""

    def moved(*values: Any, **options: Any) -> Any:
        exact = np.asarray(function(*values, **options))
        if exact.dtype != np.float64:
            return exact
        up = (exact.view(np.int64) >> 3) & 1 == 1
        off = np.nextafter(exact, np.where(up, np.inf, -np.inf))
        result = np.where((exact == 0) | (exact == 1) | np.isinf(exact), exact, off)
        out = options.get("out")
        if out is not None:
            out[...] = result
            return out
        return result if result.ndim else np.float64(result)

    return moved


if __name__ == "__main__":
    if os.environ.get("ANSWERS_OFF_BY_ONE"):
        for function in ("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "cbrt", "power"):
            setattr(np, function, off_by_one(getattr(np, function)))
    found = {f"{part}, {name}": answer for part in sys.argv[1:] for name, answer in PARTS[part]()}
    json.dump(found, sys.stdout)
