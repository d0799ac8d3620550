"""Keys, members and columns that are there twice, and empty lines that are values."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from same_rows import raises, read

from unsurprised.errors import InputError
from unsurprised.sources import Options, open_predictions

ROW = '{"label": 0, "probs": [0.5, 0.5]}'


@pytest.mark.parametrize("row", [0, 2, 5000])
@pytest.mark.parametrize("array", [False, True])
@pytest.mark.parametrize(
    ("twice", "key"),
    [
        ('{"label": 0, "label": 1, "probs": [0.5, 0.5]}', "label"),
        ('{"label": 0, "probs": [0.5, 0.5], "probs": [0.5, 0.5]}', "probs"),
        ('{"label": 0, "probs": [0.5, 0.5], "x": [{"a": {"b": 1, "b": 1}}]}', "b"),
        ('{"label": 0, "probs": [0.5, 0.5], "l\\u0061bel": 1}', "label"),
    ],
)
def test_keys_of_json(tmp_path: Path, twice: str, key: str, row: int, array: bool) -> None:
    rows = [*[ROW] * row, twice, ROW]
    text = f"[{','.join(rows)}]" if array else "\n".join(rows) + "\n"
    path = tmp_path / ("a.json" if array else "a.jsonl")
    path.write_text(text)
    error = raises(path)
    assert f"{path}, row {row}: found the key {key!r} twice in one object; expected each" in error


@pytest.mark.parametrize("names", [["probs.npy"] * 2, ["probs", "probs.npy"], ["classes.npy"] * 2])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_members_of_npz(tmp_path: Path, names: list[str]) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for name in ("label.npy", *names):
            array: Any = np.zeros(2, int) if name == "label.npy" else np.full((2, 2), 0.5)
            data = io.BytesIO()
            np.save(data, array)
            archive.writestr(name, data.getvalue())
    column = names[-1].removesuffix(".npy")
    error = raises(tmp_path / "a.npz")
    assert f"column {column!r}: the file holds two arrays of this name" in error


def twice(names: list[str]) -> pa.Table:
    return pa.table([pa.array([0, 1])] + [pa.array([0.5, 0.5])] * (len(names) - 1), names=names)


@pytest.mark.parametrize("form", ["frame", "parquet", "arrow", "csv"])
@pytest.mark.parametrize(
    ("names", "name"),
    [
        (["label", "p_0", "p_1", "p_1"], "p_1"),
        (["label", "0", "1", "1"], "1"),
        (["label", "label", "p_0", "p_1"], "label"),
    ],
)
def test_columns(tmp_path: Path, form: str, names: list[str], name: str) -> None:
    table, path = twice(names), tmp_path / f"a.{form}"
    if form == "parquet":
        pq.write_table(table, path)
    elif form == "arrow":
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as out:
            out.write_table(table)
    elif form == "csv":
        path.write_text(",".join(names) + "\n" + "0" + ",0.5" * (len(names) - 1) + "\n")
    error = raises(table if form == "frame" else path)
    assert f"2 columns are named {name!r}; expected one; rename the others" in error


def test_keys_of_maps(tmp_path: Path) -> None:
    kind = pa.map_(pa.string(), pa.float64())
    maps = pa.array([[("a", 0.5), ("b", 0.5)], [("a", 0.5), ("a", 0.5)]], kind)
    error = raises(pa.table({"label": ["a", "b"], "probs": maps}))
    assert "row 1, column 'probs': found the class 'a' twice; expected each once" in error


# Empty lines


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("lp\n-0.1\n-0.3", []),
        ("lp\n-0.1\n-0.3\n", []),
        ("lp\r\n-0.1\r\n-0.3\r\n", []),
        ("\n\nlp\n-0.1\n-0.3\n", []),
        ("lp\n-0.1\n\n-0.3\n", [1]),
        ("lp\r\n-0.1\r\n\r\n-0.3\r\n", [1]),
        ("\n\r\nlp\n-0.1\n\n-0.3\n", [1]),
        ("\ufefflp\n-0.1\n\n-0.3\n", [1]),
        ('lp\n-0.1\n""\n-0.3\n', [1]),
        ("lp\n\n-0.1\n-0.3\n", [0]),
        # One newline ends the last row; what follows it is a row again, as Polars writes a null.
        ("lp\n-0.1\n-0.3\n\n", [2]),
        ("lp\n-0.1\n-0.3\n\n\n", [2, 3]),
        ("lp\r\n-0.1\r\n-0.3\r\n\r\n", [2]),
    ],
)
def test_an_empty_line_of_one_column_is_a_null(tmp_path: Path, text: str, rows: list[int]) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    found = open_predictions(path, Options(logprob="lp", nulls="skip"))
    batches = [batch for split in found.plan() for batch in found.batches(split)]
    assert [sum(batch.size for batch in batches), sum(b.skipped for b in batches)] == [2, len(rows)]
    if not rows:
        assert sum(batch.size for batch in read(path, logprob="lp")[1]) == 2
        return
    with pytest.raises(InputError, match=f"row {rows[0]}, column 'lp': found null"):
        read(path, logprob="lp")


def test_empty_lines_between_several_columns_are_no_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\nlabel,p_0,p_1\n\n0,.5,.5\n\n1,.5,.5\n\n\n")
    assert sum(batch.size for batch in read(tmp_path / "a.csv")[1]) == 2


def test_json_lines_that_are_empty_are_no_rows(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("\n".join(["", ROW, "", json.dumps(json.loads(ROW)), "", ""]))
    assert sum(batch.size for batch in read(tmp_path / "a.jsonl")[1]) == 2
