"""On a real Spark an evaluation has the bytes of one machine, though workers end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from frames_on_engines import ASKED, WRONG, json_here, killing, refused, rows, wrong
from planned_sources import table, written_models

import unsurprised as us
from unsurprised.engines import spark
from unsurprised.evaluation.plans.on_engine import evaluated_on

pyspark = pytest.importorskip("pyspark")

# Spark warns about versions of other libraries, and leaves sockets to be collected.
pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(shutil.which("java") is None, reason="needs Java"),
]


@pytest.fixture(scope="module")
def port() -> int:
    """Where the session listens to Spark Connect."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def session(port: int) -> Iterator[Any]:
    """Two threads of this machine, that run a task again which has lost its process."""
    from pyspark.sql import SparkSession

    said = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.pyspark.python": sys.executable,
        "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
    }
    with pytest.MonkeyPatch.context() as patch:
        # Workers see the library as this process does.
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
        builder = SparkSession.builder.master("local[2,4]")
        for name, value in said.items():
            builder = builder.config(name, value)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        yield session
        gateway = session.sparkContext._gateway
        session.stop()
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(60)


@pytest.fixture
def remote(session: Any, port: int) -> Iterator[Any]:
    """A session of Spark Connect, whose server runs in that of the other."""
    pytest.importorskip("grpc_status")  # which is not PySpark's own
    from pyspark.sql.connect.session import SparkSession

    found = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").create()
    yield found
    found.stop()


@pytest.mark.parametrize("way", [spark._by_rdd, spark._by_arrow])
def test_the_bytes_of_one_machine(
    session: Any, files: str, way: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By RDDs, and by Arrow's batches, as it goes where Spark Connect has no RDDs."""
    monkeypatch.setattr(spark, "_by_rdd", way)
    options: dict[str, Any] = {"by": ["age", "land"], "cluster": "user", "id": "row_id"}
    found = us.evaluate(files, engine=session, **options)
    assert found.to_json() == us.evaluate(files, **options).to_json()


def test_drift_has_the_bytes_of_one_machine(session: Any, files: str) -> None:
    new, options = f"{files}/3.parquet", {"label": "label", "pred": "probs"}
    found = us.drift(files, new, engine=session, **options)
    assert found.to_json() == us.drift(files, new, **options).to_json()


def test_models_compare_to_the_bytes_of_one_machine(session: Any, tmp_path: Path) -> None:
    base, new, _ = written_models(tmp_path)
    options: dict[str, Any] = {"by": "land", "cluster": "user", "id": "row_id"}
    found = us.compare(base, new, engine=session, **options)
    assert found.to_json() == us.compare(base, new, **options).to_json()


def test_a_worker_that_is_killed_in_the_middle(session: Any, files: str) -> None:
    plan, killed = us.plan(files, by="land"), []
    pids = session.sparkContext.parallelize(range(2), 2).map(lambda _: os.getpid()).collect()

    def kill(_: int) -> None:
        if not killed:
            killed.extend(pids)
            for pid in set(pids):
                os.kill(pid, signal.SIGKILL)

    found = evaluated_on(plan, session, progress=kill)
    assert found.to_bytes() == plan.evaluate().to_bytes()
    assert killed


def test_a_wrong_row_has_its_file_and_is_not_tried_again(session: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("label,p_0,p_1\n0,0.5,0.5\n1,0.7,0.3\n")
    (tmp_path / "b.csv").write_text("label,p_0,p_1\n0,0.5,0.5\n1,0.6,0.3\n")
    errors = []
    for engine in (None, session):
        with pytest.raises(us.InputError) as raised:
            us.evaluate(str(tmp_path), engine=engine)
        errors.append(str(raised.value))
    assert errors[0] == errors[1]
    assert "b.csv, row 1, " in errors[0]
    jobs = session.sparkContext.statusTracker()
    assert not jobs.getActiveJobsIds()


def test_a_frame_has_the_bytes_of_one_machine(session: Any) -> None:
    want = json_here(rows(), **ASKED)
    frame = session.createDataFrame(rows())
    assert us.evaluate(frame.repartition(5), **ASKED).to_json() == want
    few = frame.repartition(3).filter("age < 5")
    asked = json_here(rows().filter(pc.less(rows()["age"], 5)), **ASKED)
    assert us.evaluate(few, engine=session, **ASKED).to_json() == asked
    saved = us.calibrate(frame, pred="probs", id="row_id").to_json()
    assert saved == us.calibrate(rows(), pred="probs", id="row_id").to_json()


def test_a_frame_of_spark_connect(remote: Any) -> None:
    frame = remote.createDataFrame(rows())
    want = json_here(rows(), **ASKED)
    assert us.evaluate(frame.repartition(5), **ASKED).to_json() == want
    assert us.evaluate(frame, engine=remote, **ASKED).to_json() == want
    saved = us.calibrate(frame, pred="probs", id="row_id").to_json()
    assert saved == us.calibrate(rows(), pred="probs", id="row_id").to_json()
    mistaken = remote.createDataFrame(wrong()).repartition(4)
    assert refused(us.evaluate, mistaken, **ASKED).startswith(WRONG)
    broken = frame.selectExpr("*", "raise_error('no such disk') as wrong")
    said = refused(us.evaluate, broken, **ASKED, error=us.StateError)
    assert "no such disk" in said
    assert "\n" not in said


def test_files_by_spark_connect(remote: Any, files: str) -> None:
    found = us.evaluate(files, engine=remote, by="land")
    assert found.to_json() == us.evaluate(files, by="land").to_json()


def test_a_command_by_spark_connect(session: Any, port: int, files: str) -> None:
    pytest.importorskip("grpc_status")
    line = ["evaluate", files, "--json", "-", "--engine", f"sc://127.0.0.1:{port}"]
    done = subprocess.run(
        [sys.executable, "-m", "unsurprised", *line],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == us.evaluate(files).to_json() + "\n"


def test_a_worker_that_is_killed_on_a_frame(session: Any, tmp_path: Path) -> None:
    kill = killing(str(tmp_path / "killed"))
    frame = session.createDataFrame(rows()).repartition(3)
    killed = frame.mapInArrow(lambda batches: map(kill, batches), frame.schema)
    assert us.evaluate(killed, **ASKED).to_json() == json_here(rows(), **ASKED)
    assert (tmp_path / "killed").exists()


def test_a_frame_of_vectors_maps_and_names_with_points(session: Any) -> None:
    linalg = pytest.importorskip("pyspark.ml.linalg")
    whole = table(0)
    made = [
        (row["row_id"], row["label"], linalg.Vectors.dense(row["probs"]), row["land"])
        for row in whole.to_pylist()
    ]
    frame = session.createDataFrame(made, ["row.id", "label", "probability", "land"])
    here = whole.select(["row_id", "label", "probs", "land"])
    here = here.rename_columns(["row.id", "label", "probability", "land"])
    asked: dict[str, Any] = {"id": "row.id", "by": "land"}
    assert us.evaluate(frame, **asked).to_json() == json_here(here, **asked)


def test_a_wrong_row_of_a_frame_is_that_of_the_smallest_id(session: Any) -> None:
    frame = session.createDataFrame(wrong())
    told = {refused(us.evaluate, frame.repartition(n), **ASKED) for n in (1, 4)}
    assert len(told) == 1
    assert told.pop().startswith(WRONG)


def test_files_name_their_rows(session: Any, tmp_path: Path) -> None:
    """By the columns that Spark has of them, where none of the frame's own is an id."""
    functions = pytest.importorskip("pyspark.sql.functions")
    folder = str(tmp_path / "rows")
    session.createDataFrame(rows().drop_columns(["row_id"])).write.parquet(folder)
    told = functions.concat_ws(":", "_metadata.file_path", "_metadata.row_index")
    frame = session.read.parquet(folder).withColumn("row_id", told)
    assert us.evaluate(frame, **ASKED).rows == rows().num_rows


def test_what_a_frame_of_spark_cannot_be(session: Any) -> None:
    frame = session.createDataFrame(rows())
    said = refused(us.evaluate, frame, pred="probs", error=us.CallError)
    assert said.endswith("'_metadata.row_index') is one")
    said = refused(us.drift, frame, frame, error=us.CallError)  # though Spark would fetch its rows
    assert said.startswith(
        "found DataFrame of pyspark, whose rows lie in an engine, where evaluate"
    )
    broken = frame.selectExpr("*", "raise_error('no such disk') as wrong")
    said = refused(us.evaluate, broken, **ASKED, error=us.StateError)
    assert said.startswith("the Spark DataFrame could not be read: ")
    assert "no such disk" in said


def test_what_is_no_session(session: Any, files: str) -> None:
    with pytest.raises(us.CallError, match="engine is a SparkContext of Spark; expected a Spark"):
        us.evaluate(files, engine=session.sparkContext)
    session.stop()
    with pytest.raises(us.CallError, match="the Spark session of engine was stopped"):
        us.evaluate(files, engine=session)


def test_a_command(files: str, tmp_path: Path) -> None:
    """Which starts a session as Spark's own settings say, ends it, and says nothing of it."""
    settings = "--master local[2] --conf spark.ui.enabled=false pyspark-shell"
    environment = {
        **os.environ,
        "PYSPARK_SUBMIT_ARGS": settings,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    plain, found = (
        subprocess.run(
            [sys.executable, "-m", "unsurprised", "evaluate", files, "--json", "-", *more],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            check=True,
            timeout=300,
        )
        for more in ([], ["--engine", "spark"])
    )
    assert found.stdout == plain.stdout
    assert found.stderr == b""
    assert [path.name for path in tmp_path.iterdir()] == ["rows"]
