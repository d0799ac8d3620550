"""Whatever file system is behind an address, outputs are sent to it in one way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
import pytest

from unsurprised import cli
from unsurprised.sources.stores import filesystems, objects, sending

BUCKETS = {
    "s3": "s3://bucket",
    "gs": "gs://bucket",
    "abfss": "abfss://bucket@account.dfs.core.windows.net",
}


@pytest.fixture(params=BUCKETS)
def bucket(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, Path]:
    """The address of a bucket and the folder that stands for it."""
    root = tmp_path / "store"
    (root / "bucket").mkdir(parents=True)
    store = pafs.SubTreeFileSystem(str(root), pafs.LocalFileSystem())
    monkeypatch.setattr(filesystems, "_known", {})
    monkeypatch.setattr(filesystems, "_made", lambda _: store)
    monkeypatch.setattr(filesystems, "_s3", lambda *_, **__: store)
    objects._opened.clear()
    monkeypatch.chdir(tmp_path)
    pq.write_table(pa.table({"label": [0, 1] * 40, "p": [0.2, 0.9] * 40}), "rows.parquet")
    return BUCKETS[request.param], root / "bucket"


def held(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def run(*line: str, code: int = 0) -> None:
    assert cli.run(list(line)) == code


def test_outputs_appear_whole(bucket: tuple[str, Path]) -> None:
    address, folder = bucket
    run("evaluate", "rows.parquet", "--json", "here.json")
    run("plan", "rows.parquet", "--out", f"{address}/plan.json")
    run("evaluate", "--plan", f"{address}/plan.json", "--state", f"{address}/1.state")
    run("merge", f"{address}/1.state", "--json", f"{address}/r.json")
    run("calibrate", "rows.parquet", "--save", f"{address}/c.json", "--out", f"{address}/a.csv")
    run("apply", f"{address}/c.json", "rows.parquet", "--out", f"{address}/a.parquet")
    assert (folder / "r.json").read_bytes() == Path("here.json").read_bytes()
    assert pq.read_table(folder / "a.parquet").num_rows == 80
    assert held(folder) == ["1.state", "a.csv", "a.parquet", "c.json", "plan.json", "r.json"]
    run("evaluate", f"{address}/a.parquet", "--json", "applied.json")


def test_nothing_appears_of_what_fails(
    bucket: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address, folder = bucket
    Path("wrong.csv").write_text("label,p\n0,0.5\n1,1.5\n")
    run("evaluate", "wrong.csv", "--json", f"{address}/a.json", code=2)
    run("calibrate", "rows.parquet", "--save", f"{address}/none/", code=2)
    assert held(folder) == []

    def broken(source: Any, target: Any, _: int) -> None:
        target.write(source.read(10))
        raise OSError("curlCode: 56")

    monkeypatch.setattr(sending.shutil, "copyfileobj", broken)
    capsys.readouterr()
    run("evaluate", "rows.parquet", "--json", f"{address}/a.json", "--html", "a.html", code=2)
    assert capsys.readouterr().err.count("\n") == 1
    assert held(folder) == []
    assert not Path("a.html").exists()


def test_azure_without_credentials_is_an_error(tmp_path: Path) -> None:
    """And not the end of the process, as it is where a container is looked at."""
    program = """
from unsurprised import cli
raise SystemExit(cli.run(["evaluate", "abfss://box@account.dfs.core.windows.net/rows.csv"]))
"""
    clean = {"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": ":".join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=clean,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "rows.csv: the store " in done.stderr
    assert "Traceback" not in done.stderr
