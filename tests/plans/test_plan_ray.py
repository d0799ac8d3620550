"""On a real Ray an evaluation has the bytes of one machine, though workers end."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from frames_on_engines import ASKED, WRONG, json_here, killing, refused, rows, wrong
from planned_sources import table, written_models

import unsurprised as us
from unsurprised.engines.ray import executor_of_ray
from unsurprised.evaluation.plans.on_engine import evaluated_on

ray = pytest.importorskip("ray")

# Ray leaves sockets and processes to be collected, which is not ours to judge.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """Two CPUs of this machine, of which nothing stays behind."""
    handler = signal.getsignal(signal.SIGTERM)
    with pytest.raises(us.CallError, match="is not connected to a cluster; call ray"):
        executor_of_ray()
    ray.init(num_cpus=2, include_dashboard=False, logging_level="error", log_to_driver=False)
    yield
    ray.shutdown()
    signal.signal(signal.SIGTERM, handler)
    gc.collect()  # what it has left open is closed now, not in another test


@pytest.mark.usefixtures("cluster")
def test_the_bytes_of_one_machine(files: str) -> None:
    options: dict[str, Any] = {"by": ["age", "land"], "cluster": "user", "id": "row_id"}
    found = us.evaluate(files, engine="ray", **options)
    assert found.to_json() == us.evaluate(files, **options).to_json()


@pytest.mark.usefixtures("cluster")
def test_drift_has_the_bytes_of_one_machine(files: str) -> None:
    new, options = f"{files}/3.parquet", {"label": "label", "pred": "probs"}
    found = us.drift(files, new, engine="ray", **options)
    assert found.to_json() == us.drift(files, new, **options).to_json()


@pytest.mark.usefixtures("cluster")
def test_models_compare_to_the_bytes_of_one_machine(tmp_path: Path) -> None:
    base, new, _ = written_models(tmp_path)
    options: dict[str, Any] = {"by": "land", "cluster": "user", "id": "row_id"}
    found = us.compare(base, new, engine="ray", **options)
    assert found.to_json() == us.compare(base, new, **options).to_json()


@pytest.mark.usefixtures("cluster")
def test_workers_that_are_killed_in_the_middle(files: str) -> None:
    plan, killed = us.plan(files, by="land", batch_rows=1), []
    executor = executor_of_ray()
    asked = [executor.submit(os.getpid) for _ in range(8)]
    pids = {future.result(60) for future in asked}

    def kill(_: int) -> None:
        if not killed:
            killed.extend(pids)
            for pid in pids:
                os.kill(pid, signal.SIGKILL)

    assert evaluated_on(plan, "ray", progress=kill).to_bytes() == plan.evaluate().to_bytes()
    assert killed


@pytest.mark.usefixtures("cluster")
def test_a_wrong_row_has_its_file_and_is_not_tried_again(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("label,p_0,p_1\n0,0.5,0.5\n1,0.7,0.3\n")
    (tmp_path / "b.csv").write_text("label,p_0,p_1\n0,0.5,0.5\n1,0.6,0.3\n")
    errors = []
    for engine in (None, "ray"):
        with pytest.raises(us.InputError) as raised:
            us.evaluate(str(tmp_path), engine=engine)
        errors.append(str(raised.value))
    assert errors[0] == errors[1]
    assert "b.csv, row 1, " in errors[0]


@pytest.mark.usefixtures("cluster")
def test_tasks_that_have_not_begun_are_given_up() -> None:
    executor, ended = executor_of_ray(), threading.Event()
    first = [executor.submit(time.sleep, 3) for _ in range(2)]
    waiting = executor.submit(time.sleep, 100)
    waiting.add_done_callback(lambda _: ended.set())
    assert waiting.cancel()
    assert ended.is_set()
    assert [future.result(60) for future in first] == [None, None]


@pytest.mark.usefixtures("cluster")
def test_a_command(files: str, tmp_path: Path) -> None:
    """Which connects to the cluster that RAY_ADDRESS names, and says nothing of it."""
    address = ray.get_runtime_context().gcs_address
    plain, found = (
        subprocess.run(
            [sys.executable, "-m", "unsurprised", "evaluate", files, "--json", "-", *more],
            env={**os.environ, "RAY_ADDRESS": address},
            cwd=tmp_path,
            capture_output=True,
            check=True,
            timeout=120,
        )
        for more in ([], ["--engine", "ray"])
    )
    assert found.stdout == plain.stdout
    assert found.stderr == b""


@pytest.mark.usefixtures("cluster")
def test_a_dataset_has_the_bytes_of_one_machine() -> None:
    """Of blocks of Arrow, of blocks of pandas, of some without rows."""
    want = json_here(rows(), **ASKED)
    data = ray.data.from_arrow([rows().slice(100 * k, 100) for k in range(5)])
    assert us.evaluate(data, **ASKED).to_json() == want
    assert us.evaluate(data.repartition(2), engine="ray", **ASKED).to_json() == want
    few = rows().filter(pc.less(rows()["age"], 5))
    assert us.evaluate(data.filter(expr="age < 5"), **ASKED).to_json() == json_here(few, **ASKED)
    saved = us.calibrate(data, pred="probs", id="row_id").to_json()
    assert saved == us.calibrate(rows(), pred="probs", id="row_id").to_json()


@pytest.mark.usefixtures("cluster")
def test_a_worker_that_is_killed_on_a_dataset(tmp_path: Path) -> None:
    data = ray.data.from_arrow([rows().slice(160 * k, 160) for k in range(3)])
    kill = killing(str(tmp_path / "killed"))
    killed = data.map_batches(kill, batch_format="pyarrow", batch_size=None)
    assert us.evaluate(killed, **ASKED).to_json() == json_here(rows(), **ASKED)
    assert (tmp_path / "killed").exists()


@pytest.mark.usefixtures("cluster")
def test_a_dataset_of_tensors() -> None:
    """Ray makes arrays a type of its own, whose storage is lists."""
    whole = table(0).select(["row_id", "label", "probs"])
    made = [
        {"row_id": row["row_id"], "label": row["label"], "probs": np.array(row["probs"])}
        for row in whole.to_pylist()
    ]
    data = ray.data.from_items(made, override_num_blocks=3)
    assert us.evaluate(data, id="row_id").to_json() == json_here(whole, id="row_id")


@pytest.mark.usefixtures("cluster")
def test_a_wrong_row_of_a_dataset_is_that_of_the_smallest_id() -> None:
    data = ray.data.from_arrow(wrong())
    told = {refused(us.evaluate, data.repartition(n), **ASKED) for n in (1, 4)}
    assert len(told) == 1
    assert told.pop().startswith(WRONG)


@pytest.mark.usefixtures("cluster")
def test_what_a_dataset_cannot_be() -> None:
    data = ray.data.from_arrow(rows())
    said = refused(us.evaluate, data, pred="probs", error=us.CallError)
    assert said.startswith("the rows of a Ray Dataset have no places by which they could be told")
    said = refused(us.mi, data, y="label", error=us.CallError)
    assert said.endswith("or its rows, where they are few: source.to_pandas()")
    said = refused(us.evaluate, data, engine="spark", **ASKED, error=us.CallError)
    assert said.startswith(
        "engine is 'spark', and the source is a Ray Dataset, whose rows are eval"
    )

    def broken(block: pa.Table) -> pa.Table:
        raise OSError("no such disk")

    other = data.map_batches(broken, batch_format="pyarrow")
    said = refused(us.evaluate, other, **ASKED, error=us.StateError)
    assert said.startswith("the Ray Dataset could not be read: OSError: no such disk; expected one")
