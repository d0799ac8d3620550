"""``--engine``: the bytes of threads, one line for what is wrong, and nothing that stays behind."""

from __future__ import annotations

import importlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command_lines import run, same, started
from planned_sources import written_models

import unsurprised as us
from unsurprised.engines import connecting
from unsurprised.engines.connecting import in_time
from unsurprised.states import sample

pytestmark = pytest.mark.usefixtures("folder")


def test_processes(capsys: Any) -> None:
    """Of this machine, which end with the command."""
    run("evaluate rows --by land --by age --json threads.json", capsys)
    run("evaluate rows --by land --by age --json pool.json --engine processes:2", capsys)
    assert same("threads.json", "pool.json")
    run("plan rows --by land --out plan.json --quiet", capsys)
    run("evaluate --plan plan.json --state threads.state", capsys)
    assert run("evaluate --plan plan.json --state pool.state --engine processes:1", capsys) == ""
    assert same("threads.state", "pool.state")


def test_models_side_by_side(capsys: Any, threads: list[str], tmp_path: Path) -> None:
    written_models(tmp_path)
    by = "--id row_id --by land --by age"
    for name in ("base", "new"):
        run(f"plan {name} {by} --out {name}.json --quiet", capsys)
    for what in ("compare", "check --max-worse 0.3", "check --max-worse 0.3 --max-bits 9"):
        run(f"{what} base new {by} --json a.json --overwrite", capsys)
        run(f"{what} base new {by} --json b.json --overwrite --engine any", capsys)
        plans = "--plan base.json --plan new.json --engine any"
        run(f"{what} {plans} --json c.json --overwrite", capsys)
        assert same("a.json", "b.json", "c.json")
    run("check new --max-bits 9 --by land --json a.json --overwrite", capsys)
    run("check new --max-bits 9 --by land --json b.json --overwrite --engine any", capsys)
    run("plan new --by land --out land.json --quiet", capsys)
    run("check --plan land.json --max-bits 9 --json c.json --overwrite --engine any", capsys)
    assert same("a.json", "b.json", "c.json")
    assert len(threads) == 8


@pytest.mark.parametrize("rows", [10**6, 100])
def test_calibrate_of_files_plans_and_states(
    capsys: Any, monkeypatch: pytest.MonkeyPatch, threads: list[str], rows: int
) -> None:
    """All rows are fitted on, or a sample is, and the others are read once more."""
    monkeypatch.setattr(sample, "SAMPLE_ROWS", rows)
    how = "--method temperature --method vector"
    run(f"calibrate rows --id row_id {how} --json files.json", capsys)
    run(f"calibrate rows --id row_id {how} --json engine.json --engine any", capsys)
    run("plan rows --id row_id --by land --top 2 --out plan.json", capsys)
    for part in (2, 1, 3):
        run(f"evaluate --plan plan.json --part {part}/3 --state {part}.state", capsys)
    states = "3.state 1.state 2.state"
    run(f"calibrate --plan plan.json {how} --json plan-files.json", capsys)
    run(f"calibrate --plan plan.json {how} --json plan-engine.json --engine any", capsys)
    run(f"calibrate --plan plan.json {states} {how} --json states.json", capsys)
    run(f"calibrate --plan plan.json {states} {how} --json states-engine.json --engine a", capsys)
    names = ("engine", "plan-files", "plan-engine", "states", "states-engine")
    assert same("files.json", *(f"{name}.json" for name in names))
    assert threads == ["any", "any", "a"]


def test_states_suffice_up_to_the_sample(capsys: Any) -> None:
    """The files may be gone."""
    run("calibrate rows --json files.json", capsys)
    run("plan rows --out plan.json", capsys)
    run("evaluate --plan plan.json --state all.state", capsys)
    for file in Path("rows").iterdir():
        file.unlink()
    run("calibrate --plan plan.json all.state --json states.json", capsys)
    assert same("files.json", "states.json")


def test_labels_in_another_file(capsys: Any, threads: list[str]) -> None:
    tables = [pq.read_table(file) for file in sorted(Path("rows").iterdir())]
    pq.write_table(pa.concat_tables(tables).select(["row_id", "label"]), "truth.parquet")
    for file, rows in zip(sorted(Path("rows").iterdir()), tables, strict=True):
        pq.write_table(rows.select(["row_id", "probs"]), file)
    source = "rows --truth truth.parquet --id row_id"
    run(f"plan {source} --out plan.json", capsys)
    for command in ("evaluate", "calibrate"):
        run(f"{command} {source} --json a.json --overwrite", capsys)
        run(f"{command} {source} --json b.json --overwrite --engine any", capsys)
        run(f"{command} --plan plan.json --json c.json --overwrite", capsys)
        run(f"{command} --plan plan.json --json d.json --overwrite --engine any", capsys)
        assert same("a.json", "b.json", "c.json", "d.json")
    assert len(threads) == 4


def test_what_calibrate_writes_of_a_plan(capsys: Any) -> None:
    run("plan rows --out plan.json", capsys)
    how = "--method temperature --quiet"
    plain = run(f"calibrate rows {how} --save a.json --out a.csv", capsys)
    told = run(f"calibrate --plan plan.json {how} --save b.json --out b.csv --html b.html", capsys)
    assert told == plain
    assert same("a.json", "b.json")
    assert same("a.csv", "b.csv")
    assert "unsurprised calibration" in Path("b.html").read_text("utf-8")


def test_a_sample_that_lacks_rows(
    capsys: Any, monkeypatch: pytest.MonkeyPatch, threads: list[str]
) -> None:
    """Is an error of the plan, with an engine and without."""
    monkeypatch.setattr(sample, "SAMPLE_ROWS", 20)
    run("plan rows --expect 100000 --out plan.json", capsys)
    said = {
        run(f"{command} --plan plan.json{engine}", capsys, 2)
        for command in ("evaluate", "calibrate")
        for engine in ("", " --engine any")
    }
    assert len(said) == 1
    assert "plan again with expect=0 (--expect 0)" in said.pop()
    assert len(threads) == 2


EXPECTED = "expected processes (or processes:4), dask, dask://HOST:PORT, ray, ray://HOST:PORT, "


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("evaluate rows --engine threads", f"--engine threads: {EXPECTED}"),
        ("evaluate rows --engine=", f"--engine : {EXPECTED}"),
        ("evaluate rows --engine dask://host", f"--engine dask://host: {EXPECTED}"),
        ("evaluate rows --engine dask://host:70000", EXPECTED),
        ("calibrate rows --engine sc://a:b@host:1", "--engine sc://a:…@host:1: expected proc"),
        ("evaluate rows --engine sc://host:1/;token=b", EXPECTED),
        ("evaluate rows --engine processes:0", "processes:0: expected from 1 to 1024 processes"),
        ("evaluate - --engine ray", "--engine does not go with - (standard input)"),
        ("compare rows - --engine ray", "--engine does not go with - (standard input)"),
        ("check rows rows --max-kl 1 --engine ray", "--engine does not go with --max-kl"),
        ("calibrate --db a.db --query q --engine ray", "--engine does not go with --db, whose"),
        ("evaluate --plan plan.json --part 1/2 --engine ray", "--part does not go with --engine"),
        ("calibrate --plan plan.json --label y", "--label does not go with --plan"),
        ("calibrate --plan plan.json --truth y", "--truth does not go with --plan"),
        ("calibrate --plan plan.json rows/0.parquet", "rows/0.parquet: these bytes are no state"),
        ("calibrate --plan plan.json 1.state", "9 of 12 splits of the plan are missing"),
        ("calibrate --plan other.json all.state", "the states are of plan "),
        ("calibrate --plan bare.json", "the plan is of rows without labels, for apply alone"),
        ("calibrate --plan text.json", "only the log-probability of what happened is known"),
        ("calibrate --plan lean.json", "the plan keeps no sample of rows, which calibrators are"),
        ("calibrate", "Missing argument 'FILE...', or --plan FILE, or --db and --query in its"),
    ],
)
def test_what_is_refused(capsys: Any, line: str, said: str, folder: Path) -> None:
    run("plan rows --out plan.json", capsys)
    run("plan rows --by land --out other.json", capsys)
    run("plan rows --no-label --pred probs --out bare.json", capsys)
    run("plan rows --logprob lp --out text.json", capsys)
    Path("lean.json").write_text(us.plan("rows", ledger=False).to_json())
    run("evaluate --plan plan.json --part 1/4 --state 1.state", capsys)
    run("evaluate --plan plan.json --state all.state", capsys)
    before = {path: path.read_bytes() for path in folder.rglob("*.*")}
    assert said in run(line, capsys, 2)
    assert {path: path.read_bytes() for path in folder.rglob("*.*")} == before


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [("dask", "distributed", "dask"), ("ray", "ray", "ray"), ("spark", "pyspark.sql", "spark")],
)
def test_an_engine_that_is_not_installed(
    capsys: Any, monkeypatch: pytest.MonkeyPatch, name: str, module: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    said = run(f"evaluate rows --engine {name} --json a.json", capsys, 2)
    assert said.startswith(f"unsurprised: --engine {name}: {name.capitalize()} is not installed")
    assert said.endswith(f'pip install "unsurprised[{extra}]"\n')
    assert not Path("a.json").exists()


@pytest.mark.parametrize(
    ("name", "library", "said"),
    [
        ("dask", "distributed", "no Dask scheduler at 127.0.0.1:"),
        ("ray", "ray", "no Ray cluster at ray://127.0.0.1:"),
        ("spark", "pyspark", "no Spark session at spark://127.0.0.1:"),
        ("sc", "pyspark", "no Spark session at sc://127.0.0.1:"),
    ],
)
def test_nobody_listens_at_an_address(
    capsys: Any, monkeypatch: pytest.MonkeyPatch, name: str, library: str, said: str
) -> None:
    pytest.importorskip(library)
    if name == "spark":  # Java is not needed to find that out
        monkeypatch.setattr(
            importlib.import_module("unsurprised.engines.spark"), "shutil", shutil()
        )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # which does not listen
        began = time.monotonic()
        found = run(f"evaluate rows --engine {name}://127.0.0.1:{free.getsockname()[1]}", capsys, 2)
    assert said in found
    assert "Connection refused; expected " in found
    assert time.monotonic() - began < 20


class shutil:
    """Finds every program."""

    def which(self, name: str) -> str:
        return name


def test_spark_without_java(capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark")
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    said = run("evaluate rows --engine spark", capsys, 2)
    assert "--engine spark: Spark needs Java, and there is no /nowhere/bin/java; install" in said


def test_connecting_has_an_end(capfd: Any) -> None:
    """Whatever the library does meanwhile, and prints."""
    release = threading.Event()

    def wait() -> None:
        os.write(2, b"[2026-12-01 03:05:37 W 17994] client.cc:210: nobody is there\n")
        release.wait(60)

    with pytest.raises(us.CallError) as late:
        in_time(wait, "no cluster at a:1", "expected one", seconds=0.5)
    assert str(late.value) == (
        "no cluster at a:1: no answer within 0 seconds (nobody is there); expected one"
    )
    release.set()

    def fail() -> None:
        raise ConnectionError("It is not there. Say --address,\nor start it")

    with pytest.raises(us.CallError) as failed:
        in_time(fail, "no cluster at a:1", "expected one")
    assert str(failed.value) == (
        "no cluster at a:1: ConnectionError: It is not there; expected one"
    )
    assert in_time(lambda: 3, "", "") == 3
    assert capfd.readouterr() == ("", "")


def test_signals_are_ours_after_connecting() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with connecting._handlers_kept():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    assert signal.getsignal(signal.SIGTERM) is before


def test_no_process_waits_for_who_connects() -> None:
    code = (
        "import sys, threading, time; from unsurprised import cli, threads\n"
        "threading.Thread(target=time.sleep, args=(300,), name=threads.CONNECTING).start()\n"
        "sys.argv[1:] = ['--version']; cli.main()"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert done.stdout.decode() == f"unsurprised {us.__version__}\n"


def test_a_file_that_changed(capsys: Any) -> None:
    run("plan rows --out plan.json", capsys)
    with Path("rows/0.parquet").open("ab") as stream:
        stream.write(b"x")
    said = run("evaluate --plan plan.json --state a.state --engine processes:1", capsys, 2)
    assert "rows/0.parquet: the file changed since the plan was made" in said
    assert not Path("a.state").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="groups of processes are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing_running(folder: Path, number: int) -> None:
    """A terminal sends it to all processes, which say nothing."""
    rows = 200_000
    probs = pa.array(list(np.full((rows, 2), 0.5)))
    pq.write_table(pa.table({"label": [0] * rows, "probs": probs}), "long.parquet")
    line = "evaluate long.parquet --batch-rows 1 --engine processes:1 --json a.json"
    process = started(line, start_new_session=True)
    while len(members(process.pid)) < 3:  # the command, what tracks resources, and a worker
        assert process.poll() is None
        time.sleep(0.1)
    time.sleep(1)
    os.killpg(process.pid, number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert err.count(b"\n") == 1, err
    assert b"nothing was written" in err
    until = time.monotonic() + 20
    while members(process.pid) and time.monotonic() < until:
        time.sleep(0.1)
    assert members(process.pid) == []
    assert not Path("a.json").exists()


def members(group: int) -> list[int]:
    """The processes of a group that run."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True
    )
    rows = (line.split() for line in listed.stdout.splitlines())
    return [int(pid) for pid, of, state in rows if int(of) == group and not state.startswith("Z")]
