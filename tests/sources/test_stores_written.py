"""What commands write to a store is there whole, or is not there; nothing is written over."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from unsurprised import cli
from unsurprised.sources.stores import sending

boto3 = pytest.importorskip("boto3")
moto = pytest.importorskip("moto.server")

# botocore uses what newer Pythons warn about.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


class Bucket:
    """A bucket, its address, and what lies in it."""

    def __init__(self, client: Any, name: str, port: int) -> None:
        self.client, self.name = client, name
        self.options = f"?endpoint_override=127.0.0.1:{port}&scheme=http&region=us-east-1"
        client.create_bucket(Bucket=name)

    def at(self, key: str) -> str:
        return f"s3://{self.name}/{key}{self.options}"

    def get(self, key: str) -> bytes:
        data: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return data

    def put(self, key: str, data: bytes) -> str:
        self.client.put_object(Bucket=self.name, Key=key, Body=data)
        return self.at(key)

    def held(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=self.name).get("Contents", [])
        return [each["Key"] for each in found]


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()


@pytest.fixture
def bucket(
    server: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Bucket]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{server}", region_name="us-east-1")
    monkeypatch.chdir(tmp_path)
    rows = {"label": [0, 1] * 40, "p": [0.2, 0.9] * 40}
    pq.write_table(pa.table(rows), "rows.parquet")
    yield Bucket(client, f"b-{abs(hash(request.node.nodeid)) % 10**12}", server)
    client.close()


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
