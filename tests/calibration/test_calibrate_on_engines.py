"""On an engine a calibration has the bytes of one machine, in both of its reads."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import unsurprised as us
from unsurprised.sources import parquet
from unsurprised.states import sample


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Rows of a model that is too sure, in files of several splits."""
    monkeypatch.setattr(parquet, "_ROWS_A_PART", 100)
    random = np.random.default_rng(1)
    for name in "abc":
        honest = random.dirichlet([1.0, 1.0, 1.0], 400)
        label = (random.random((400, 1)) > honest.cumsum(axis=1)).sum(axis=1).clip(max=2)
        sure = honest**2 / (honest**2).sum(axis=1, keepdims=True)
        columns = {
            "key": [f"{name}{k}" for k in range(400)],
            "label": label,
            "probs": list(sure),
            "user": random.integers(0, 50, 400),
            "w": random.random(400) + 0.5,
        }
        pq.write_table(pa.table(columns), tmp_path / f"{name}.parquet", row_group_size=100)
    return str(tmp_path)


SAID: tuple[dict[str, Any], ...] = (
    {"id": "key"},
    {"cluster": "user", "weight": "w", "methods": ["temperature"]},
)


class LastFirst(Executor):
    """Runs tasks when all have come, the last one first and each of them twice."""

    _max_workers = 3

    def __init__(self, tasks: int) -> None:
        self._tasks, self._held = tasks, []  # type: ignore[var-annotated]

    def submit(self, work: Any, /, *given: Any, **_: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._held.append((future, work, given))
        if len(self._held) == self._tasks:
            while self._held:
                ended, did, told = self._held.pop()
                did(*told)
                ended.set_result(did(*told))
        return future


@pytest.mark.parametrize("said", SAID)
def test_all_rows_and_a_sample(
    files: str, said: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for rows in (200_000, 300):
        monkeypatch.setattr(sample, "SAMPLE_ROWS", rows)
        whole = us.calibrate(files, **said)
        assert whole.fitted_rows == min(rows, 1200)
        for engine in (ThreadPoolExecutor(2), LastFirst(12)):
            found = us.calibrate(files, engine=engine, **said)
            assert found.to_json() == whole.to_json()
            assert found.calibrator is not None
            assert found.calibrator.to_json() == whole.calibrator.to_json()  # type: ignore[union-attr]


def test_plans(files: str) -> None:
    whole = us.calibrate(files, id="key").to_json()
    made = us.plan(files, id="key")
    assert us.calibrate(made).to_json() == whole
    with ThreadPoolExecutor(2) as pool:
        assert us.calibrate(made, engine=pool, base=2).to_json() == whole
    for said in ({"label": "label"}, {"classes": np.arange(3)}, {"weights": [1.0]}):
        with pytest.raises(us.CallError, match=f"plan, {next(iter(said))}=….*say it to"):
            us.calibrate(made, **said)
    with pytest.raises(us.CallError, match="keeps no sample"):
        us.calibrate(us.plan(files, ledger=False))


def test_processes(files: str) -> None:
    whole = us.calibrate(files, methods=["temperature"]).to_json()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert us.calibrate(files, methods=["temperature"], engine=pool).to_json() == whole


def test_wrong_rows_and_calls(files: str, tmp_path: Path) -> None:
    with pytest.raises(us.CallError, match="engine=… is for files"):
        us.calibrate([0, 1], [[0.5, 0.5]] * 2, engine=ThreadPoolExecutor(1))
    rows = pq.read_table(tmp_path / "b.parquet")
    probs = rows["probs"].to_pylist()
    probs[205] = [0.5, 0.6, -0.1]
    pq.write_table(rows.set_column(2, "probs", pa.array(probs)), tmp_path / "b.parquet")
    errors = []
    for engine in (None, ThreadPoolExecutor(2)):
        with pytest.raises(us.InputError) as raised:
            us.calibrate(files, engine=engine)
        errors.append(str(raised.value))
    assert errors[0] == errors[1]
    assert "b.parquet, row 205, " in errors[0]
