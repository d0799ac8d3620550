"""JSON files that are one array, and those that hold columns."""

from __future__ import annotations

import gzip
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from same_rows import INDICES, PROBS, WEIGHTS, joined, raises, read, records


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.json.gz", "unnamed"])
@pytest.mark.parametrize("indent", [None, 0, 4])
@pytest.mark.parametrize("batch_rows", [None, 2])
def test_an_array_of_objects(tmp_path: Path, name: str, indent: Any, batch_rows: Any) -> None:
    data = b"\xef\xbb\xbf \n" + json.dumps(records(), indent=indent).encode() + b"\n"
    if name == "unnamed":
        data = data.removeprefix(b"\xef\xbb\xbf")
    path = tmp_path / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    _, batches = read(path, weight="w", batch_rows=batch_rows)
    assert joined(batches, "truth").tolist() == INDICES
    assert joined(batches, "model").tolist() == PROBS
    assert joined(batches, "weights").tolist() == WEIGHTS
    assert joined(batches, "rows").tolist() == [0, 1, 2, 3, 4]


def test_an_array_that_is_longer_than_a_buffer(tmp_path: Path) -> None:
    """Objects, strings and characters of several bytes are cut wherever the buffer ends."""
    random = np.random.default_rng(5)
    lengths = [*random.integers(0, 3000, 900).tolist(), 3_000_000, 0]
    rows = [{"y": k % 2, "text": "é€😀\\\"}]"[: n % 7] + "ü" * n, "probs": [0.5, 0.5]}
            for k, n in enumerate(lengths)]  # fmt: skip
    path = tmp_path / "a.json"
    for ascii_only in (True, False):
        path.write_text(json.dumps(rows, ensure_ascii=ascii_only), "utf-8")
        _, batches = read(path, id="text")
        assert joined(batches, "ids").tolist() == [row["text"] for row in rows]


def test_pandas_records(tmp_path: Path) -> None:
    frame = pd.DataFrame({"label": INDICES, "probs": PROBS})
    frame.to_json(tmp_path / "a.json", orient="records", indent=2)
    assert joined(read(tmp_path / "a.json")[1], "model").tolist() == PROBS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[{"y": 0}, {"y" 1}]',
            "row 1: found no complete JSON (Expecting ':' delimiter); expected",
        ),
        ('[{"y": 0}, {"y": 1', "row 1: found no complete JSON (Expecting ',' delimiter); expected"),
        ('[{"y": 0}, {"y', "row 1: found no complete JSON (Unterminated string starting at)"),
        ('[{"y": 0}', "row 1: found no complete JSON (the end); expected one array of objects"),
        ('[{"y": 0},', "row 1: found no complete JSON (Expecting value); expected one array"),
        ('[{"y": 0} {"y": 1}]', "found no complete JSON ('{' instead of ']'); expected one array"),
        ('[{"y": 0}, 7]', "row 1: found no complete JSON (7); expected one array of objects"),
        ('[{"y": 0}]\n[]', "found no complete JSON (text after the array); expected one array"),
        ("[]", "a.json: holds no row and names no column"),
        ("[ ] ", "a.json: holds no row and names no column"),
    ],
)
def test_broken_arrays(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.json").write_text(text)
    assert message in raises(tmp_path / "a.json")


def test_text_that_is_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'[{"y": "\xff"}]')
    assert raises(tmp_path / "a.json").endswith("row 0: found bytes that are not UTF-8 text")


FRAME = pd.DataFrame({"label": INDICES, "probs": PROBS, "w": WEIGHTS})
COLUMNS = {
    "default": FRAME.to_json(),
    "indented": FRAME.to_json(indent=2),
    "index": FRAME.to_json(orient="index"),
    "split": FRAME.to_json(orient="split"),
    "table": FRAME.to_json(orient="table"),
    "lists": json.dumps(FRAME.to_dict("list")),
    "lists, indented": json.dumps(FRAME.to_dict("list"), indent=4),
}


@pytest.mark.parametrize("layout", [name for name in COLUMNS if name != "index"])
def test_columns(tmp_path: Path, layout: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(COLUMNS[layout])
    told = raises(path)
    assert told.startswith(
        f"{path}: found one object that holds columns; expected one object a row"
    )
    _, flag, code = shlex.split(told.split("write it anew: ")[1])
    assert flag == "-c"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    _, batches = read(tmp_path / "rows.jsonl", label="label", weight="w")
    assert joined(batches, "truth").tolist() == INDICES
    assert joined(batches, "model").tolist() == PROBS


def test_a_single_row_of_two_lists(tmp_path: Path) -> None:
    """It is one in a file of lines; in a file named .json it could be either."""
    row = {"label": [0.25, 0.75], "probs": [0.5, 0.5]}
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    assert joined(read(tmp_path / "a.jsonl")[1], "model").tolist() == [[0.5, 0.5]]
    (tmp_path / "a.json").write_text(json.dumps(row))
    assert "found one object that holds columns" in raises(tmp_path / "a.json")


def test_one_object_over_several_lines(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(records()[0], indent=2))
    assert raises(tmp_path / "a.json").endswith(
        "expected one JSON object a line; objects over several lines are read within one array, […]"
    )
