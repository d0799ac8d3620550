"""Workers match rows through a store, of which nothing but its address is told to them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planned_sources import written_models
from s3_buckets import SECRET, Bucket

import unsurprised as us
from unsurprised.comparison import exchanged, planned
from unsurprised.sources import parquet
from unsurprised.sources.shared_folders import Exchange
from unsurprised.sources.stores.shared import StoredFolder

# botocore uses what newer Pythons warn about.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


@pytest.fixture
def address(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder in which something lies, for tasks of few rows."""
    monkeypatch.setattr(parquet, "_ROWS_A_PART", 50)
    monkeypatch.setattr(planned, "_ROWS_A_TASK", 200)
    monkeypatch.setattr(exchanged, "_ROWS_A_SPLIT", 400)
    bucket.put("tmp/not ours", b"kept")
    return bucket.at("tmp")


def left(bucket: Bucket) -> list[str]:
    """What lies in the bucket, but for the empty object that stands for the folder."""
    return [key for key in bucket.held() if key != "tmp/"]


def test_the_bytes_of_one_machine(bucket: Bucket, address: str, tmp_path: Path) -> None:
    models, told = written_models(tmp_path), []

    class Pool(ThreadPoolExecutor):
        def submit(self, work: Any, /, *given: Any, **_: Any) -> Any:
            told.append(given[0])
            return super().submit(work, *given)

    options: dict[str, Any] = {"id": "row_id", "by": "land", "weight": "w", "join": "inner"}
    whole = us.compare(*models, **options).to_json()
    with Pool(2) as pool:
        found = us.compare(*models, **options, engine=pool, exchange=address)
        assert found.to_json() == whole
        assert left(bucket) == ["tmp/not ours"]
        with pytest.raises(us.InputError, match="an id that occurred before") as e:
            us.compare(*models[:2], id="user", engine=pool, exchange=address)
        assert SECRET not in str(e.value)
    assert left(bucket) == ["tmp/not ours"]
    assert sum("/tmp/unsurprised-" in text for text in told) == len(told) > 12
    assert not any(SECRET in text for text in told)
    done = exchanged.score_to_exchange(told[0])  # that outlived its call
    assert "does not find there what another machine has written" in str(done.error)
    assert left(bucket) == ["tmp/not ours"]


def test_an_object_that_comes_while_the_folder_goes(
    bucket: Bucket, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Exchange.made(address) as folder:
        write = StoredFolder.write

        def meanwhile(self: Any, name: str, pieces: Any) -> None:
            write(self, name, pieces)
            self.drop("in-use")

        monkeypatch.setattr(StoredFolder, "write", meanwhile)
        with pytest.raises(us.CallError, match="does not find there"):
            Exchange(str(folder)).write("late", [b"rows"])
        assert not [key for key in left(bucket) if key.endswith("late")]
    assert left(bucket) == ["tmp/not ours"]


def test_objects_are_written_over_and_read_in_parts(bucket: Bucket, address: str) -> None:
    with Exchange.made(address) as folder:
        numbers = np.arange(100_000, dtype="<u4")
        folder.write("a", [b"other"])
        folder.write("b", [numbers[:70_000].tobytes(), numbers[70_000:].tobytes()])
        folder.write("a", [b"twice"])
        found = [np.empty(size, dtype="<u4") for size in (3, 50_000, 2)]
        folder.fill([("b", 40, found[0]), ("b", 8, found[1]), ("b", 4 * 99_998, found[2])])
        for begin, values in zip((10, 2, 99_998), found, strict=True):
            assert values.tolist() == numbers[begin : begin + len(values)].tolist()
        assert folder.read("a") == b"twice"
        for read in (lambda: folder.read("c"), lambda: folder.fill([("c", 0, found[0])])):
            with pytest.raises(us.CallError, match="does not find there"):
                read()
    assert left(bucket) == ["tmp/not ours"]


@pytest.mark.parametrize("there", [True, False])
def test_stores_that_take_nothing(
    bucket: Bucket, address: str, tmp_path: Path, there: bool
) -> None:
    models = written_models(tmp_path)[:2]
    name = bucket.name if there else "none-such"
    options = "?endpoint_override=127.0.0.1:1&scheme=http&region=us-east-1"
    exchange = f"s3://{name}/tmp{options if there else bucket.options}"
    with ThreadPoolExecutor(1) as pool, pytest.raises(us.CallError) as raised:
        us.compare(*models, id="row_id", engine=pool, exchange=exchange)
    assert str(raised.value).startswith(f"exchange s3://{name}/tmp?…: cannot be written: ")
    assert left(bucket) == ["tmp/not ours"]


def test_what_fsspec_knows(tmp_path: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    models = written_models(tmp_path)[:2]
    whole = us.compare(*models, id="row_id").to_json()
    with ThreadPoolExecutor(2) as pool:
        exchange: dict[str, Any] = {"engine": pool, "exchange": "memory://exchange/tmp"}
        assert us.compare(*models, id="row_id", **exchange).to_json() == whole
    assert fsspec.filesystem("memory").find("/") == []
