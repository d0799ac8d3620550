"""Rows of weight 0 count nothing in a comparison, wherever its rows lie."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import unsurprised as us
from unsurprised.cli import FINE, run

ROWS, IDLE = 240, 60


def without_rows(told: Any) -> Any:
    """What JSON holds but for numbers of rows."""
    if isinstance(told, dict):
        return {name: without_rows(value) for name, value in told.items() if name != "rows"}
    return [without_rows(value) for value in told] if isinstance(told, list) else told


def drawn() -> tuple[pa.Table, pa.Table]:
    """Rows of two models; those of weight 0 are infinite in one of them, and of other truths."""
    random, count = np.random.default_rng(5), ROWS + IDLE
    labels, weights = random.integers(0, 3, count), random.integers(1, 4, count).astype(float)
    idle = random.permutation(count)[:IDLE]
    weights[idle] = 0
    cluster, land = random.integers(0, 30, count), random.choice(["a", "b"], count)
    cluster[idle] = 1000 + np.arange(IDLE)
    tables = []
    for place in range(2):
        probs, own = random.dirichlet([1.0, 1.0, 1.0], count), labels.copy()
        probs[idle[place::2]] = np.eye(3)[(labels[idle[place::2]] + 1) % 3]
        own[idle[:7]] = place
        columns = {"label": own, "w": weights, "user": cluster + (cluster >= 1000) * place}
        given = {"key": np.arange(count), "land": land, "probs": list(probs)}
        tables.append(pa.table({**given, **columns}).take(random.permutation(count)))
    return tables[0], tables[1]


@pytest.mark.parametrize("memory", [None, "300MB"])
@pytest.mark.parametrize("clustered", [False, True])
def test_figures_are_those_of_the_other_rows(tmp_path, clustered, memory):
    def told(name: str, *, counting: bool) -> Any:
        files = []
        for place, rows in enumerate(drawn()):
            kept = rows.filter(pa.compute.greater(rows["w"], 0)) if counting else rows
            files.append(str(tmp_path / f"{name}{place}.parquet"))
            pq.write_table(kept, files[-1])
        cluster = "user" if clustered else None
        options = {"id": "key", "weight": "w", "by": "land", "names": ("base", "new")}
        found = us.compare(*files, **options, cluster=cluster, memory=memory)
        assert len(found.differences[0].most_worse) == 10
        return without_rows(json.loads(found.to_json()))

    whole, rest = told("all", counting=False), told("some", counting=True)
    # Cross-fitted parts are of folds that are dealt to rows alike.
    assert whole == rest
    assert whole["models"][1]["infinite_rows"] == 0
    assert whole["differences"][0]["finite_difference"] is None


def test_a_row_without_weight(tmp_path, capsys):
    base, new = str(tmp_path / "base.csv"), str(tmp_path / "new.csv")
    head = "id,label,p_a,p_b,w\n1,a,.5,.5,1\n"
    (tmp_path / "base.csv").write_text(f"{head}2,b,.5,.5,0\n")
    (tmp_path / "new.csv").write_text(f"{head}2,b,1,0,0\n")
    found = us.compare(base, new, id="id", weight="w")
    assert found.difference.value == 0
    assert [model.cross_entropy.value for model in found.models] == [1.0, 1.0]
    assert [model.infinite_rows for model in found.models] == [0, 0]
    assert found.differences[0].most_worse == ()
    assert run(["compare", base, new, "--id", "id", "--weight", "w"]) == FINE
    assert "infinite" not in capsys.readouterr().out
    check = us.check(base, new, id="id", weight="w", max_worse=0.5, max_bits=1.5)
    assert "inf" not in str(check)


def test_of_infinite_rows_those_that_count_are_told():
    probs = np.array([[0.5, 0.5], [1.0, 0.0], [1.0, 0.0], [0.25, 0.75]])
    found = us.compare([0, 1, 1, 0], np.full((4, 2), 0.5), probs, weights=[1, 0, 2, 1])
    pair = found.differences[0]
    assert found.models[1].infinite_rows == 1
    assert [row.id for row in pair.most_worse] == [2, 3]
    assert pair.finite_difference.value == 0.5
