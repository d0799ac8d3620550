"""On a real Dask cluster an evaluation has the bytes of one machine, though workers end."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from frames_on_engines import ASKED, WRONG, json_here, killing, refused, rows, wrong
from planned_sources import columns, table, written_models

import unsurprised as us
from unsurprised import cli
from unsurprised.evaluation.plans.on_engine import evaluated_on

distributed = pytest.importorskip("distributed")
dask = pytest.importorskip("dask")

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


def test_the_bytes_of_one_machine(client: Any, files: str) -> None:
    options: dict[str, Any] = {"by": ["age", "land"], "cluster": "user", "id": "row_id"}
    found = us.evaluate(files, engine=client, **options)
    assert found.to_json() == us.evaluate(files, **options).to_json()


def test_drift_has_the_bytes_of_one_machine(client: Any, files: str) -> None:
    new, options = f"{files}/3.parquet", {"label": "label", "pred": "probs"}
    found = us.drift(files, new, engine=client, **options)
    assert found.to_json() == us.drift(files, new, **options).to_json()


def test_models_compare_to_the_bytes_of_one_machine(client: Any, tmp_path: Path) -> None:
    base, new, _ = written_models(tmp_path)
    options: dict[str, Any] = {"by": "land", "cluster": "user", "id": "row_id"}
    whole = us.compare(base, new, **options).to_json()
    assert us.compare(base, new, engine=client, **options).to_json() == whole
    exchange: dict[str, Any] = {"engine": client, "exchange": tmp_path / "exchange"}
    assert us.compare(base, new, **exchange, **options).to_json() == whole
    assert not (tmp_path / "exchange").exists()


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


def frame_of(table: Any, parts: int) -> Any:
    """A Dask DataFrame with lists as lists."""
    frames = pytest.importorskip("dask.dataframe")
    with dask.config.set({"dataframe.convert-string": False}):
        return frames.from_pandas(table.to_pandas(), npartitions=parts)


def test_a_frame_on_a_client_has_the_bytes_of_one_machine(client: Any) -> None:
    want = json_here(rows(), **ASKED)
    assert us.evaluate(frame_of(rows(), 5), **ASKED).to_json() == want
    assert us.evaluate(frame_of(rows(), 2), engine=client, **ASKED).to_json() == want
    saved = us.calibrate(frame_of(rows(), 3), pred="probs", id="row_id").to_json()
    assert saved == us.calibrate(rows(), pred="probs", id="row_id").to_json()


def test_a_worker_that_is_killed_on_a_frame(client: Any, tmp_path: Path) -> None:
    made = frame_of(rows(), 4)
    kill = killing(str(tmp_path / "killed"))
    frame = made.map_partitions(kill, meta=made._meta)
    assert us.evaluate(frame, **ASKED).to_json() == json_here(rows(), **ASKED)
    assert (tmp_path / "killed").exists()
    client.wait_for_workers(2, timeout=30)


def test_a_frame_on_threads_with_an_index_categories_and_empty_partitions() -> None:
    whole = columns(table(0))
    want = json_here(whole.filter(pc.less(whole["age"], 30)), by="age", id="row_id")
    with dask.config.set({"scheduler": "threads", "dataframe.shuffle.method": "tasks"}):
        frame = frame_of(whole, 6).astype({"label": "category"}).set_index("row_id")
        some = frame[frame.age < 30]
        assert us.evaluate(some, by="age", id="row_id").to_json() == want


def test_partitions_of_other_types(client: Any) -> None:
    """A column of nulls alone in one partition, of whole numbers in one, of floats in others."""
    frames = pytest.importorskip("dask.dataframe")
    whole = columns(table(0)).to_pandas()
    whole["seen"] = [None if k < 40 else k % 3 if k < 80 else k % 3 + 0.5 for k in range(120)]

    def part(k: int) -> Any:
        rows = whole.iloc[40 * k : 40 * k + 40]
        return rows.astype({"seen": ["object", "int64", "float64"][k], "label": "category"})

    frame = frames.from_map(part, range(3), meta=part(2))
    want = us.evaluate(pa.Table.from_pandas(whole), by="seen", id="row_id")
    assert us.evaluate(frame, by="seen", id="row_id", engine=client).to_json() == want.to_json()


def test_a_wrong_row_of_a_frame_is_that_of_the_smallest_id(client: Any) -> None:
    told = {refused(us.evaluate, frame_of(wrong(), n), **ASKED) for n in (1, 7)}
    assert len(told) == 1
    assert told.pop().startswith(WRONG)


def test_what_a_frame_of_dask_cannot_be(client: Any) -> None:
    frames = pytest.importorskip("dask.dataframe")
    lists = frames.from_pandas(rows().to_pandas(), npartitions=2)
    said = refused(us.evaluate, lists, **ASKED)
    assert said.startswith("column 'probs': found texts of lists, such as [0.")
    assert said.endswith("or with a column for each class")
    said = refused(us.evaluate, lists, pred="probs", error=us.CallError)
    assert said.startswith("the rows of a Dask DataFrame have no places by which they could be")

    def strange(rows: Any) -> Any:
        return rows.assign(row_id=[f"{os.urandom(4).hex()}" for _ in range(len(rows))])

    other = frame_of(rows(), 2).map_partitions(strange)
    said = refused(us.evaluate, other, **ASKED, error=us.StateError)
    assert said.startswith("the Dask DataFrame gave other rows when it was read before; expected")

    def broken(rows: Any) -> Any:
        raise OSError("no such disk")

    other = frame_of(rows(), 2).map_partitions(broken, meta=rows().to_pandas().iloc[:0])
    said = refused(us.evaluate, other, **ASKED, error=us.StateError)
    assert said.startswith("the Dask DataFrame could not be read: OSError: no such disk; expected")


def test_a_scheduler_that_is_not_there(files: str) -> None:
    with distributed.LocalCluster(n_workers=1, processes=False, dashboard_address=None) as cluster:
        closed = distributed.Client(cluster)
        closed.close()
        with pytest.raises(us.CallError, match="the Dask client of engine is closed, or its sche"):
            us.evaluate(files, engine=closed)
        said = refused(us.evaluate, frame_of(rows(), 2), engine=closed, error=us.CallError, **ASKED)
        assert said.startswith("the Dask client of engine is closed")
        lone = distributed.Client(cluster)
    with lone, pytest.raises(us.CallError, match="its scheduler does not answer"):
        us.evaluate(files, engine=lone)


def test_commands(
    client: Any, files: str, capsys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which connect to a scheduler, and leave it as it was."""
    monkeypatch.chdir(tmp_path)
    engine = client.scheduler.address.replace("tcp", "dask")
    for name, more in {"a": [], "b": ["--engine", engine]}.items():
        line = [files, "--id", "row_id", *more, "--json", f"{name}.json"]
        assert cli.run(["evaluate", *line, "--by", "land"]) == 0
        assert cli.run(["plan", files, "--id", "row_id", "--out", f"{name}.plan"]) == 0
        line = ["--plan", f"{name}.plan", *more, "--json", f"c{name}.json"]
        assert cli.run(["calibrate", *line, "--method", "temperature"]) == 0
    assert capsys.readouterr().err == ""
    for name in ("", "c"):
        assert Path(f"{name}a.json").read_bytes() == Path(f"{name}b.json").read_bytes()
    assert len(client.nthreads()) == 2


def test_processes_of_the_command(files: str, capsys: Any) -> None:
    """Where no scheduler is told."""
    printed = []
    us.set_num_threads(1)
    try:
        for more in ([], ["--engine", "dask"]):
            assert cli.run(["evaluate", files, "--json", "-", *more]) == 0
            printed.append(capsys.readouterr())
    finally:
        us.set_num_threads(None)
    assert printed[0] == printed[1]
    assert printed[0].err == ""


#: What a worker begins with, and what is then wrong with it.
RELEASES = {
    "import unsurprised; unsurprised.__version__ = '0.0.7'": "has unsurprised 0.0.7, and this is",
    "import sys; sys.modules['unsurprised'] = None": "has no unsurprised, and this is",
}


@pytest.mark.parametrize("shim", RELEASES)
def test_a_worker_of_another_release_or_of_none(
    files: str, capsys: Any, tmp_path: Path, shim: str
) -> None:
    """Told before it gets a task, by which one without the library would end."""
    (tmp_path / "shim.py").write_text(shim)
    with distributed.LocalCluster(n_workers=0, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        options = ["--no-nanny", "--no-dashboard", "--preload", str(tmp_path / "shim.py")]
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address, *options]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=tmp_path) as worker:
            try:
                with distributed.Client(address, set_as_default=False) as client:
                    client.wait_for_workers(1, timeout=60)
                line = ["evaluate", files, "--engine", address.replace("tcp", "dask")]
                assert cli.run(line) == 2
                said = capsys.readouterr().err
                assert said.startswith("unsurprised: the Dask worker at tcp://")
                assert RELEASES[shim] in said
                assert said.count("\n") == 1
            finally:
                worker.terminate()


def test_a_scheduler_without_workers(
    files: str, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unsurprised.engines.dask._WORKER_SECONDS", 0.2)
    with distributed.LocalCluster(n_workers=0, dashboard_address=None) as cluster:
        engine = cluster.scheduler_address.replace("tcp", "dask")
        assert cli.run(["evaluate", files, "--engine", engine]) == 2
    said = capsys.readouterr().err
    assert f"--engine {engine}: the Dask scheduler at {engine[7:]} has no workers; start" in said
