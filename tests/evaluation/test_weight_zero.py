"""Rows of weight 0 count nothing: all figures but numbers of rows are as if they were not there."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import unsurprised as us
from unsurprised import Evaluator

ROWS, IDLE = 240, 60


def without_rows(told: Any) -> Any:
    """What JSON holds but for numbers of rows."""
    if isinstance(told, dict):
        return {name: without_rows(value) for name, value in told.items() if name != "rows"}
    return [without_rows(value) for value in told] if isinstance(told, list) else told


def close_to(one: Any, other: Any) -> None:
    """Equal but for the last digits."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for name in one:
            close_to(one[name], other[name])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for mine, theirs in zip(one, other, strict=True):
            close_to(mine, theirs)
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-9, abs=1e-12)
    else:
        assert one == other


def drawn(truth: str) -> dict[str, Any]:
    """Rows, some of which have the weight 0, are infinite, off, and of clusters of their own."""
    random = np.random.default_rng(5)
    count = ROWS + IDLE
    probs = random.dirichlet([1.0, 1.0, 1.0], count)
    labels = random.integers(0, 3, count)
    weights = random.integers(1, 4, count).astype(float)
    idle = random.permutation(count)[:IDLE]
    weights[idle] = 0
    infinite = np.append(idle[: IDLE // 2], np.flatnonzero(weights)[:2])
    probs[infinite] = np.eye(3)[(labels[infinite] + 1) % 3]
    probs[idle[-1]] *= 1 + 5e-4
    cluster = random.integers(0, 30, count)
    cluster[idle] = 1000 + np.arange(IDLE)
    votes = random.integers(1, 9, (count, 3))
    votes[idle] = 0
    votes[idle, labels[idle]] = 1
    return {
        "truth": labels if truth == "labels" else us.Counts(votes),
        "probs": probs,
        "weights": weights,
        "ids": np.arange(count),
        "cluster": cluster,
        "by": random.choice(["a", "b"], count),
    }


def told(rows: dict[str, Any], which: Any, *, clustered: bool) -> Any:
    """The evaluation of some of these rows, as JSON has it."""
    truth = rows["truth"]
    truth = truth[which] if isinstance(truth, np.ndarray) else us.Counts(truth.array.values[which])
    found = us.evaluate(
        truth,
        us.Probs(rows["probs"][which], tolerance=1e-3),
        weights=rows["weights"][which],
        ids=rows["ids"][which],
        cluster=rows["cluster"][which] if clustered else None,
        by={"land": rows["by"][which]},
    )
    return without_rows(json.loads(found.to_json()))


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("truth", ["labels", "counts"])
def test_figures_are_those_of_the_other_rows(truth, clustered):
    rows = drawn(truth)
    counting = np.flatnonzero(rows["weights"])
    whole = told(rows, np.arange(ROWS + IDLE), clustered=clustered)
    close_to(whole, told(rows, counting, clustered=clustered))
    assert whole["infinite_rows"] >= (2 if truth == "labels" else 0)
    assert whole["largest_sum_deviation"] < 1e-12


def test_states_are_the_same_in_any_order():
    rows, random = drawn("labels"), np.random.default_rng(6)

    def of(which: Any) -> Evaluator:
        return Evaluator(top=5).update(
            rows["truth"][which],
            us.Probs(rows["probs"][which], tolerance=1e-3),
            weights=rows["weights"][which],
            ids=rows["ids"][which],
            cluster=rows["cluster"][which],
        )

    every = np.arange(ROWS + IDLE)
    whole = of(every).to_bytes()
    for cuts in ([10], [1, 2, 200], [150, 151, 152]):
        parts = [of(part) for part in np.split(random.permutation(every), cuts)]
        merged = parts[0]
        for part in parts[1:]:
            merged = merged.merge(Evaluator.from_bytes(part.to_bytes()))
        assert merged.to_bytes() == whole


def test_a_batch_of_idle_rows_alone():
    evaluator = Evaluator(top=3).update([0], [[0.0, 1.0]], weights=[0.0], ids=["idle"])
    evaluator.update([0], [[0.5, 0.5]], weights=[2.0], ids=["counts"])
    found = evaluator.result()
    assert (found.rows, found.weight, found.infinite_rows) == (2, 2.0, 0)
    assert [row.id for row in found.worst_rows] == ["counts"]
    assert found.confusion == ((1, 0), (0, 0))
