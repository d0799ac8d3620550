"""Hostile and damaged files: one clear line each, never another library's traceback."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from same_rows import (
    PROBS,
    WRITERS,
    columned,
    csv_text,
    ipc,
    json_lines,
    listed,
    raises,
    read,
)

from unsurprised.errors import CallError, InputError
from unsurprised.sources import Options, open_predictions

CSV = csv_text(columned()).decode()


def written(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.6, 0.9, 0.99])
def test_truncated_files(tmp_path: Path, name: str, share: float) -> None:
    WRITERS[name](tmp_path / name)
    data = (tmp_path / name).read_bytes()
    path = written(tmp_path / name, data[: int(len(data) * share)])
    try:
        batches = read(path, weight="w", id="key")[1]
    except InputError as error:
        assert str(path) in str(error)
    else:
        cut_at_a_line = name.endswith(("csv", "tsv", "jsonl", "ndjson"))
        assert cut_at_a_line or share > 0.9
        assert sum(batch.size for batch in batches) <= 5


@pytest.mark.parametrize("name", WRITERS)
def test_flipped_bytes_raise_nothing_but_our_own(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name)
    data = bytearray((tmp_path / name).read_bytes())
    random = np.random.default_rng(7)
    for position in random.integers(0, len(data), 60):
        changed = bytearray(data)
        changed[position] ^= int(random.integers(1, 256))
        path = written(tmp_path / name, bytes(changed))
        try:
            read(path, weight="w", id="key")
        except InputError as error:
            assert str(path) in str(error) or "classes" in str(error)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.parquet", CSV, "a.parquet: named like Parquet, but seems to be text; name the file"),
        ("a.parquet", "", "named like Parquet, but is empty"),
        ("a.parquet", b"PK\x03\x04zip", "named like Parquet, but seems to be npz"),
        ("a.parquet", b"PARE" + bytes(8), "seems to be an encrypted Parquet file"),
        ("a.parquet", b"PAR1", "a.parquet: cannot be read as Parquet ("),
        ("a.parquet", b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        ("a.csv", b"PAR1" + bytes(10), "named like CSV, but seems to be Parquet"),
        (
            "a.csv",
            gzip.compress(b"a,b", mtime=0),
            "named like CSV, but seems to be gzip-compressed data",
        ),
        ("a.csv", "\ufefflabel,p_a,p_b\n".encode("utf-16"), "seems to be UTF-16 text"),
        ("a.csv", "<!doctype html>", "seems to be HTML"),
        ("a.csv", "", "a.csv: the file is empty; expected a first line with the names"),
        ("a.csv", "\n\n", "a.csv: the file is empty; expected a first line with the names"),
        ("a.csv", "label,p_a\0,p_b\n", "a.csv: found NUL bytes; expected CSV in UTF-8 text"),
        ("a.csv", "label;p_a;p_b\na;1;0\n", "holds ';'; expected names separated by ','"),
        ("a.tsv", "label,p_a,p_b\na,1,0\n", "holds ','; expected names separated by '\\t'"),
        ("a.csv", "label,p_a,p_b\na,1,0\nb,0\n", "a.csv, row 1: found 2 values; expected 3, one"),
        ("a.csv", "label,p_a,p_b\na,1,0,9\n", "a.csv, row 0: found 4 values; expected 3"),
        ("a.csv", b"label,p_a,p_b\n\xff,1,0\n", "row 0, column 'label': found invalid UTF8 data"),
        ("a.csv.gz", "label,p_a,p_b\n", "a.csv.gz: cannot be read as CSV ("),
        ("a.jsonl", "[1]\n", "a.jsonl, row 0: found [1]; expected one JSON object a line"),
        ("a.jsonl", "{\n", "a.jsonl, row 0: found no complete JSON ("),
        ("a.jsonl", b'{"a": "\xff"}', "a.jsonl, row 0: found bytes that are not UTF-8 text"),
        (
            "a.jsonl",
            "[" * 100_000,
            "row 0: nesting: found more levels; expected at most 32",
        ),
        ("a.jsonl", '{"a": ' + "9" * 5000 + "}", "row 0: found JSON that cannot be read ("),
        ("a.jsonl", "", "a.jsonl: holds no row and names no column"),
        ("a.arrow", b"ARROW1" + bytes(20), "a.arrow: cannot be read as an Arrow file ("),
        ("a.arrow", b"FEA1" + bytes(20), "seems to be a Feather file of version 1"),
        ("a.npz", b"PK\x03\x04" + bytes(20), "a.npz: cannot be read as npz ("),
        ("a.xyz", "hello", "a.xyz: the name states no known format, and the content seems to be"),
        ("data", "label\n", "expected a file named .parquet, .pq, .parq, .arrow"),
        ("a.parquet.gz", b"", "Parquet is compressed inside, not as a whole; decompress the file"),
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, name: str, content: bytes | str, message: str
) -> None:
    path = written(tmp_path / name, content)
    text = raises(path)
    assert message in text
    assert str(path) in text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("label,p_a,p_b\na,1,0\na,x,0\n", "row 1, column 'p_a': found 'x'; expected a number"),
        (
            "label,p_a,p_b\n" + "a,1,0\n" * 2000 + "a,?,0\n",
            "row 2000, column 'p_a': found '?'; expected a number",
        ),
        (
            "label,p_0,p_1\n" + "0,1,0\n" * 1500 + "x,1,0\n",
            "row 1500, column 'label': found 'x'; expected an integer, as in the first 1000 rows",
        ),
        ("label,p_a,p_b\na,nan,0\n", None),
        ("label,p_a,p_b\n,1,0\n", "row 0, column 'label': found null; expected a value"),
        ("label,p_a,p_b\na,1,NA\n", "row 0, column 'p_b': found null"),
        ("label,p_a,p_b\nc,1,0\n", "row 0, column 'label': found the unknown class 'c'; expected"),
    ],
)
def test_wrong_values_in_csv(tmp_path: Path, content: str, message: str | None) -> None:
    path = written(tmp_path / "a.csv", content)
    if message is None:
        assert np.isnan(read(path)[1][0].model.array.values[0, 0])
        return
    for batch_rows in (None, 1, 7):
        assert raises(path, batch_rows=batch_rows).startswith(f"{path}, {message}")


@pytest.mark.parametrize("batch_rows", [None, 1, 3])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_the_first_wrong_row_is_reported(tmp_path: Path, name: str, batch_rows: int | None) -> None:
    """A label of another type at row 1005 hides no label out of range at row 1003."""
    labels = [0] * 1003 + [5, 0, "x", 0]
    rows = [{"label": label, "p_0": 0.5, "p_1": 0.5} for label in labels]
    text = "label,p_0,p_1\n" + "".join(f"{label},0.5,0.5\n" for label in labels)
    path = written(tmp_path / name, text if name == "a.csv" else json_lines(rows))
    assert raises(path, batch_rows=batch_rows).startswith(f"{path}, row 1003, column 'label'")


def test_text_that_looks_like_null(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "key,label,p_NA,p_b\nNA,NA,1,0\nnull,b,0,1\nx,None,1,0\n")
    _, (batch,) = read(path, id="key", nulls="skip")
    assert batch.truth.array.values.tolist() == [0, 1]
    assert batch.ids.values.to_pylist() == ["NA", "null"]
    assert raises(path, id="key").startswith(f"{path}, row 2, column 'label': found null")


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("[0.5, x]", "found '[0.5, x]'; expected numbers between commas (double), as in the first"),
        ("[0.5,,0.5]", "found '[0.5,,0.5]'; expected numbers between commas"),
        ("[0.5;0.5]", "found '[0.5;0.5]'; expected numbers between commas"),
        ("[]", "found '[]'; expected numbers between commas"),
        ("0.5", "found '0.5'; expected a list of numbers such as [0.1, 0.9], as in the first"),
        ("[1.0]", "found 1 numbers; expected 2"),
        ("", "found null; expected a value"),
    ],
)
def test_lists_in_csv(tmp_path: Path, cell: str, message: str) -> None:
    good = '1,"[0.25, 0.75]"\n'
    path = written(tmp_path / "a.csv", "label,probs\n" + good * 1500 + f'0,"{cell}"\n' + good)
    for batch_rows in (None, 100):
        text = raises(path, batch_rows=batch_rows)
        assert text.startswith(f"{path}, row 1500, column 'probs': {message}")


def test_votes_as_lists_in_csv(tmp_path: Path) -> None:
    sample = '"[3, 0]","[1, 0]"\n' * 1000
    path = written(tmp_path / "a.csv", f'label,probs\n{sample},"[1, 0]"\n"[1, 2]","[0.5, 0.5]"\n')
    _, (batch,) = read(path, nulls="skip")
    assert batch.truth.kind == "counts"
    assert batch.truth.array.values[-2:].tolist() == [[3, 0], [1, 2]]
    assert batch.model.array.values[-2:].tolist() == [[1.0, 0.0], [0.5, 0.5]]


def test_booleans_in_csv(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "label,pred\nTrue,0.75\nfalse,0.25\n")
    assert read(path)[1][0].truth.array.values.tolist() == [1, 0]
    path = written(tmp_path / "a.csv", "label,p_True,p_False\nTrue,0.75,0.25\n")
    assert read(path)[1][0].truth.array.values.tolist() == [0]


def test_names_of_digits_in_csv(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "key,label,p_02,p_01\n007,01,0,1\n08,02,1,0\n")
    _, (batch,) = read(path, id="key")
    assert batch.truth.array.values.tolist() == [1, 0]
    assert batch.ids.values.to_pylist() == ["007", "08"]


def test_ragged_line_in_a_later_block(tmp_path: Path) -> None:
    lines = ["label,p_a,p_b"] + ["a,0.5,0.5"] * 1_000_000 + ["a,1"]
    path = written(tmp_path / "a.csv", "\n".join(lines))
    assert raises(path) == (
        f"{path}, row 1000000: found 2 values; expected 3, one for each name in the first line"
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('{"label": 2.5, "probs": [1, 0]}', "column 'label': found 2.5; expected int64, as in"),
        ('{"label": "x", "probs": [1, 0]}', "column 'label': found \"x\"; expected int64"),
        ('{"label": 1, "probs": 3}', "column 'probs': found 3; expected list<"),
        ('{"label": 1, "probs": ["a", "b"]}', 'column \'probs\': found ["a", "b"]; expected'),
        ('{"label": 1, "probs": [1]}', "column 'probs': found 1 numbers; expected 2, one a class"),
        ('{"label": 1}', "column 'probs': found null; expected a value in every row"),
        ('{"label": 1, "probs": [1, null]}', "column 'probs': found a null among the values"),
        ('{"label": 18446744073709551616, "probs": [1, 0]}', "column 'label': found 184467440737"),
        ('{"label": 5, "probs": [1, 0]}', "column 'label': found label 5; expected an index from"),
    ],
)
@pytest.mark.parametrize("batch_rows", [None, 1, 7])
def test_wrong_values_in_json_lines(
    tmp_path: Path, row: str, message: str, batch_rows: int | None
) -> None:
    good = '{"label": 1, "probs": [0.5, 0.5]}\n'
    path = written(tmp_path / "a.jsonl", good * 1200 + row + "\n" + good)
    text = raises(path, batch_rows=batch_rows)
    assert text.startswith(f"{path}, row 1200")
    assert message in text


def test_a_map_that_names_another_class(tmp_path: Path) -> None:
    good = '{"label": "a", "probs": {"a": 0.5, "b": 0.5}}\n'
    bad = '{"label": "a", "probs": {"a": 0.5, "b": 0.25, "c": 0.25}}\n'
    path = written(tmp_path / "a.jsonl", good * 1000 + bad)
    assert "row 1000, column 'probs': found {\"a\": 0.5" in raises(path)


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "exploded"),)

    np.save(tmp_path / "bomb.npy", np.array([Bomb()], dtype=object))
    np.savez(tmp_path / "bomb.npz", label=np.array([Bomb()], dtype=object), probs=[[1.0]])
    np.save(tmp_path / "y.npy", [0])
    for text in (
        raises(tmp_path / "bomb.npz"),
        raises(tmp_path / "bomb.npy", label=str(tmp_path / "y.npy")),
    ):
        assert "found an array of object; expected numbers or names" in text
    written(tmp_path / "a.npz", pickle.dumps(Bomb()))
    assert "named like npz, but seems to be a Python pickle" in raises(tmp_path / "a.npz")
    assert not (tmp_path / "exploded").exists()


def test_an_npy_header_that_lies_allocates_nothing(tmp_path: Path) -> None:
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        out, {"descr": "<f8", "fortran_order": False, "shape": (10**15, 10)}
    )
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("probs.npy", out.getvalue() + bytes(80))
    assert "column 'probs': the header states shape (1000000000000000, 10) of float64" in raises(
        tmp_path / "a.npz"
    )


def test_arrays_of_other_length_or_shape(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", label=[0, 1], probs=PROBS)
    assert "the arrays differ in length: 'label' 2, 'probs' 5; expected" in raises(
        tmp_path / "a.npz"
    )
    np.savez(tmp_path / "b.npz", label=[0], probs=np.zeros((1, 2, 3)))
    assert "found an array of shape (1, 2, 3); expected one or two dimensions" in raises(
        tmp_path / "b.npz"
    )
    np.savez(tmp_path / "c.npz", label=[0], probs=np.zeros((1, 2), complex))
    assert "column 'probs': found an array of complex128" in raises(tmp_path / "c.npz")


def test_offsets_that_point_outside_are_refused(tmp_path: Path) -> None:
    table = listed()
    ipc(tmp_path / "a.arrow", table, batch=5)
    data = (tmp_path / "a.arrow").read_bytes()
    offsets = np.arange(0, 18, 3, dtype=np.int32).tobytes()
    assert data.count(offsets) == 1
    wild = np.array([0, 3, 6, 9, 12, 2**30], dtype=np.int32).tobytes()
    path = written(tmp_path / "a.arrow", data.replace(offsets, wild))
    assert "cannot be read as an Arrow file (" in raises(path)
    backwards = np.array([9, 12, 15, 0, 3, 15], dtype=np.int32).tobytes()
    path = written(tmp_path / "a.arrow", data.replace(offsets, backwards))
    assert "cannot be read as an Arrow file (" in raises(path)


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("role", ["label", "id", "by"])
def test_text_of_parquet_that_is_no_utf8(tmp_path: Path, role: str, encoded: bool) -> None:
    """No writer need check it, and Arrow's reader does not."""
    offsets = pa.py_buffer(np.array([0, 1, 2], np.int32))
    text = pa.Array.from_buffers(pa.utf8(), 2, [None, offsets, pa.py_buffer(b"a\xe1")])
    names = text.dictionary_encode() if encoded else text
    table = pa.table({"label": ["a", "b"], "p_a": [0.5, 0.25], "p_b": [0.5, 0.75], "x": names})
    pq.write_table(table, tmp_path / "a.parquet")
    said = raises(tmp_path / "a.parquet", **{role: "x" if role != "by" else ("x",)})
    assert "a.parquet, column 'x': found bytes that are not UTF-8 text; write" in said


def test_a_parquet_page_that_is_damaged_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"label": [0] * 10_000, "probs": [[0.5, 0.5]] * 10_000}), path)
    data = bytearray(path.read_bytes())
    data[60:200] = bytes(140)
    written(path, bytes(data))
    assert raises(path).startswith(f"{path}: cannot be read as Parquet (")


def test_rows_before_the_wrong_one_are_given(tmp_path: Path) -> None:
    frame = listed().set_column(0, "label", pa.array([2, 0, 1, 9, None]))
    for batch_rows in (None, 1, 2, 4):
        reading = open_predictions(frame, Options(batch_rows=batch_rows))
        (split,) = reading.plan()
        rows = 0
        with pytest.raises(InputError, match=r"^row 3, column 'label': found label 9"):
            for batch in reading.batches(split):
                rows += batch.size
        assert rows == 3


def test_messages_stay_short(tmp_path: Path) -> None:
    """Whatever the types, names and rows are that they quote."""
    struct = pa.struct([(f"class {k}", pa.list_(pa.float64())) for k in range(5000)])
    frame = pa.table({"label": [0], "probs": pa.array([None], struct)})
    long = tmp_path / "a.csv"
    long.write_text(",".join(f"{'x' * 50}{k}" for k in range(10_000)) + "\n")
    name = "n" * 5000
    for message in (
        raises(frame),
        raises(frame, label=name),
        raises(long),
        raises(long, label="y", pred=name),
        raises(pa.table({name: ["a"], "p_a": [0.5], "p_b": [0.5], "label": ["a"]}), weight=name),
        raises(pa.table({"label": ["l" * 5000], "p_a": [0.5], "p_b": [0.5]})),
        raises({name: 1}, pred=[name, name]),
    ):
        assert len(message) < 700
        assert "expected" in message


def test_a_long_call_error_keeps_its_end() -> None:
    message = "pred names " + "many, " * 1000 + "and more; expected at least two distinct columns"
    told = str(CallError(message))
    assert len(told) == 500
    assert told.startswith("pred names many, ")
    assert told.endswith("; expected at least two distinct columns")
