"""On a real Dask cluster an evaluation has the bytes of one machine, though workers end."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from planned_sources import written

import unsurprised as us
from unsurprised.evaluation.plans.on_engine import evaluated_on
from unsurprised.sources import parquet

distributed = pytest.importorskip("distributed")

# Dask closes sockets and loops when it collects them, which is not ours to judge.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Two workers, each a process that is started again when it ends."""
    with (
        distributed.LocalCluster(
            processes=True, n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client
    gc.collect()  # what it has left open is closed now, not in another test


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(parquet, "_ROWS_A_PART", 50)
    return written(tmp_path / "rows", "parquet")


def test_the_bytes_of_one_machine(client: Any, files: str) -> None:
    options: dict[str, Any] = {"by": ["age", "land"], "cluster": "user", "id": "row_id"}
    found = us.evaluate(files, engine=client, **options)
    assert found.to_json() == us.evaluate(files, **options).to_json()


def test_drift_has_the_bytes_of_one_machine(client: Any, files: str) -> None:
    new, options = f"{files}/3.parquet", {"label": "label", "pred": "probs"}
    found = us.drift(files, new, engine=client, **options)
    assert found.to_json() == us.drift(files, new, **options).to_json()


def test_a_worker_that_is_killed_in_the_middle(client: Any, files: str) -> None:
    plan, killed = us.plan(files, by="land", batch_rows=1), []

    def kill(_: int) -> None:
        if not killed:
            killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    assert evaluated_on(plan, client, progress=kill).to_bytes() == plan.evaluate().to_bytes()
    assert killed
    client.wait_for_workers(2, timeout=30)


def test_a_wrong_row_has_its_file_and_is_not_tried_again(client: Any, tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text("label,p_0,p_1\n0,0.5,0.5\n1,0.7,0.3\n")
    (tmp_path / "b.csv").write_text("label,p_0,p_1\n0,0.5,0.5\n1,0.6,0.3\n")
    errors = []
    for engine in (None, client):
        with pytest.raises(us.InputError) as raised:
            us.evaluate(str(tmp_path), engine=engine)
        errors.append(str(raised.value))
    assert errors[0] == errors[1]
    assert "b.csv, row 1, " in errors[0]


def test_a_file_that_workers_do_not_see(client: Any, files: str) -> None:
    plan = us.plan(files)
    Path(plan.files[1]).unlink()
    with pytest.raises(us.InputError, match=r"1\.parquet: no such file, and there was one when"):
        evaluated_on(plan, client)


def test_a_scheduler_that_is_not_there(files: str) -> None:
    with distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster:
        closed = distributed.Client(cluster)
        closed.close()
        with pytest.raises(us.CallError, match="the Dask client of engine is closed, or its sche"):
            us.evaluate(files, engine=closed)
        lone = distributed.Client(cluster)
    with lone, pytest.raises(us.CallError, match="its scheduler does not answer"):
        us.evaluate(files, engine=lone)
