"""Schemes that pyarrow does not know go by way of fsspec, here to its store in memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import unsurprised as us
from unsurprised.errors import InputError
from unsurprised.sources.stores import filesystems

fsspec = pytest.importorskip("fsspec")

TEXT = b"label,p_cat,p_dog\ncat,0.75,0.25\ndog,0.5,0.5\ncat,0.125,0.875\n"


@pytest.fixture
def memory() -> Iterator[Any]:
    store = fsspec.filesystem("memory")
    store.pipe({"/runs/label_set=a/x.csv": TEXT, "/runs/label_set=b/y.csv": TEXT})
    yield store
    store.rm("/runs", recursive=True)


def test_objects_folders_and_globs(memory: Any, tmp_path: Path) -> None:
    for name in ("label_set=a/x.csv", "label_set=b/y.csv"):
        path = tmp_path / name
        path.parent.mkdir()
        path.write_bytes(TEXT)
    here = json.loads(us.evaluate(tmp_path, by="label_set").to_json(), parse_float=str)
    for asked in ("memory://runs", "memory://runs/*/*.csv", "memory://runs/label_set=*"):
        there = us.evaluate(asked, by="label_set")
        found = json.loads(there.to_json(), parse_float=str)
        assert [row.pop("file") for row in found["worst_rows"]] != []
        for row in here["worst_rows"]:
            row.pop("file", None)
        assert found == here
    assert us.evaluate("memory://runs/label_set=a/x.csv").rows == 3


def test_an_object_that_changes(memory: Any) -> None:
    plan = us.plan("memory://runs")
    assert plan.evaluate().rows == 6
    memory.pipe("/runs/label_set=b/y.csv", TEXT + b"cat,1,0\n")
    with pytest.raises(InputError, match="since the plan was made: it had 60 bytes, and has 68"):
        plan.evaluate()


def test_what_is_not_there(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for asked, message in (
        ("memory://runs/label_set=a/z.csv", "nothing lies below it; did you mean 'x.csv'"),
        ("memory://runs/*.parquet", "no object matches"),
        ("nostore://runs/x.csv", "no store is known for nostore://"),
    ):
        with pytest.raises(InputError, match=message):
            us.evaluate(asked)
    monkeypatch.setattr(filesystems, "_known", {})
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(InputError, match="memory:// needs fsspec, which is not installed; install"):
        us.evaluate("memory://runs")
