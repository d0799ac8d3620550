"""What commands write to a store is there whole, or is not there; nothing is written over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from s3_buckets import Bucket

from unsurprised import cli
from unsurprised.sources.stores import sending

# botocore uses what newer Pythons warn about.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


@pytest.fixture(autouse=True)
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of rows, in the current folder."""
    monkeypatch.chdir(tmp_path)
    pq.write_table(pa.table({"label": [0, 1] * 40, "p": [0.2, 0.9] * 40}), "rows.parquet")


def run(*line: str, code: int = 0) -> None:
    assert cli.run(list(line)) == code


def test_results_pages_calibrators_rows_and_states(bucket: Bucket) -> None:
    run("evaluate", "rows.parquet", "--json", "here.json", "--html", "here.html")
    run("evaluate", "rows.parquet", "--json", bucket.at("a/r.json"), "--html", bucket.at("r.html"))
    assert bucket.get("a/r.json") == Path("here.json").read_bytes()
    assert b"unsurprised evaluation" in bucket.get("r.html")
    saved, rows = bucket.at("c.json"), bucket.at("out/rows.parquet")
    run("calibrate", "rows.parquet", "--method", "temperature", "--save", saved, "--out", rows)
    run("calibrate", "rows.parquet", "--method", "temperature", "--out", "local.parquet")
    run("apply", saved, "rows.parquet", "--out", bucket.at("applied.csv"))
    assert bucket.get("out/rows.parquet") == Path("local.parquet").read_bytes()
    assert bucket.get("applied.csv").count(b"\n") == 81
    plan, state = bucket.at("plan.json"), bucket.at("1.state")
    run("plan", "rows.parquet", "--out", plan)
    run("evaluate", "--plan", plan, "--state", state)
    run("merge", state, "--json", bucket.at("a/r.json"))
    assert bucket.get("a/r.json") == Path("here.json").read_bytes()
    run("merge", bucket.at("*.state"), "--json", bucket.at("a/globbed.json"))
    assert bucket.get("a/globbed.json") == Path("here.json").read_bytes()
    assert not [key for key in bucket.held() if "unsurprised-" in key]


def test_what_is_there_is_kept(bucket: Bucket, capsys: pytest.CaptureFixture[str]) -> None:
    other = bucket.put("other.json", b'{"of": "somebody"}')
    run("evaluate", "rows.parquet", "--json", other, code=2)
    said = capsys.readouterr().err
    assert said.startswith(f"unsurprised: --json s3://{bucket.name}/other.json?…: cannot be writ")
    assert "it exists and this command has not written it" in said
    assert bucket.get("other.json") == b'{"of": "somebody"}'
    run("evaluate", "rows.parquet", "--json", other, "--overwrite")
    run("evaluate", "rows.parquet", "--json", other)  # its own
    rows = bucket.put("rows.parquet", Path("rows.parquet").read_bytes())
    run("evaluate", rows, "--json", rows, "--overwrite", code=2)
    assert "it is also the input" in capsys.readouterr().err
    assert bucket.held() == ["other.json", "rows.parquet"]


def test_nothing_appears_of_what_fails(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("wrong.csv").write_text("label,p\n0,0.5\n1,1.5\n")
    run("evaluate", "wrong.csv", "--json", bucket.at("a.json"), code=2)
    assert bucket.held() == []

    def torn(source: Any, target: Any, _: int) -> None:
        target.write(source.read(10))

    monkeypatch.setattr(sending.shutil, "copyfileobj", torn)
    run("evaluate", "rows.parquet", "--json", bucket.at("a.json"), code=2)
    assert "the store holds 10 bytes of what was sent" in capsys.readouterr().err

    def broken(source: Any, target: Any, _: int) -> None:
        target.write(source.read(10))
        raise OSError("curlCode: 56")

    monkeypatch.setattr(sending.shutil, "copyfileobj", broken)
    run("evaluate", "rows.parquet", "--json", bucket.at("a.json"), "--html", "a.html", code=2)
    assert bucket.held() == []
    assert not Path("a.html").exists()


def test_places_that_cannot_be(bucket: Bucket, capsys: pytest.CaptureFixture[str]) -> None:
    run("evaluate", "rows.parquet", "--json", f"s3://none-such/a.json{bucket.options}", code=2)
    run("evaluate", "rows.parquet", "--json", bucket.at("folder/"), code=2)
    twice = bucket.at("a.json")
    run("evaluate", "rows.parquet", "--json", twice, "--html", twice, code=2)
    run("evaluate", "rows.parquet", "--json", "s3://me:hidden@b/a.json", code=2)
    run("calibrate", "rows.parquet", "--out", bucket.at("rows.docx"), code=2)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 5
    assert "it names no object" in said[1]
    assert "writes there too" in said[2]
    assert "hidden" not in said[3]
    assert "names no format that can be written" in said[4]
    assert bucket.held() == []
    url = (Path.cwd() / "here.json").as_uri()
    run("evaluate", "rows.parquet", "--json", url)
    assert Path("here.json").exists()
