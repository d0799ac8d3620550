"""Limits: what is larger is refused, before memory is spent on it; what is not is read."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from same_rows import raises, read

from unsurprised.sources import Options, open_predictions
from unsurprised.sources import limits as stated
from unsurprised.sources.limits import LIMITS, Limit
from unsurprised.sources.named_after_classes import _NEIGHBOURS

JSON_ROW = '{"label": 0, "probs": [0.5, 0.5]}'


@pytest.fixture
def short_rows(monkeypatch: pytest.MonkeyPatch) -> int:
    """A limit for rows of text that small files reach."""
    most = 5 << 20
    short = Limit("row of text", most, "bytes", "write such rows as Parquet")
    for module in ("json_records", "csv", "csv_headers", "text_rows"):
        monkeypatch.setattr(f"unsurprised.sources.{module}.LINE", short)
    return most


def compressed(path: Path, *blocks: bytes) -> Path:
    with gzip.open(path, "wb", 1) as stream:
        stream.writelines(blocks)
    return path


def test_the_documentation_has_all_limits() -> None:
    guide = Path(__file__).parents[2] / "docs" / "guide" / "limits.md"
    text = guide.read_text("utf-8")
    for limit in LIMITS:
        assert f"| {limit.name} | {limit} |" in text
    assert len(re.findall(r"^\| [^|]+ \| [0-9][^|]* \|", text, re.MULTILINE)) == len(LIMITS)


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz", "json"])
def test_longer_json_is_refused_with_its_row(tmp_path: Path, short_rows: int, suffix: str) -> None:
    before, after = ("[", "]") if suffix == "json" else ("", "")
    between = "," if suffix == "json" else "\n"
    row = JSON_ROW[:-1] + ', "x": "' + "a" * short_rows + '"}'
    text = before + between.join([JSON_ROW, JSON_ROW, row]) + after
    path = tmp_path / f"a.{suffix}"
    compressed(path, text.encode()) if suffix.endswith("gz") else path.write_text(text)
    error = raises(path)
    assert "row 2: row of text: found a longer" in error
    assert "expected at most 5 MiB; write such rows as Parquet" in error


def test_a_row_near_the_limit_is_read(tmp_path: Path, short_rows: int) -> None:
    cell = "a" * (short_rows - 200)
    (tmp_path / "a.jsonl").write_text(f'{JSON_ROW[:-1]}, "x": "{cell}"}}\n' + JSON_ROW + "\n")
    (tmp_path / "a.csv").write_text(f"label,p_0,p_1,x\n0,.5,.5,\n0,.5,.5,{cell}\n1,.5,.5,\n")
    assert sum(batch.size for batch in read(tmp_path / "a.jsonl")[1]) == 2
    assert sum(batch.size for batch in read(tmp_path / "a.csv")[1]) == 3


@pytest.mark.parametrize("row", [0, 3, 20_000])
@pytest.mark.parametrize("quote", ["", '"'])
def test_longer_csv_is_refused_with_its_row(
    tmp_path: Path, short_rows: int, row: int, quote: str
) -> None:
    rows = ["0,.5,.5,x"] * row + [f"0,.5,.5,{quote}{'a' * short_rows}{quote}", "0,.5,.5,x"]
    (tmp_path / "a.csv").write_text("label,p_0,p_1,x\n" + "\n".join(rows) + "\n")
    error = raises(tmp_path / "a.csv")
    assert f"row {row}: row of text: found a longer one; expected at most 5 MiB" in error


def test_lists_wider_than_a_block_are_read(tmp_path: Path) -> None:
    classes = 300_000
    cell = ", ".join(["0.000000000000"] * (classes - 1) + ["1.0"])
    assert 4 << 20 < len(cell) < stated.LINE.most
    (tmp_path / "a.csv").write_text("label,probs\n" + f'0,"[{cell}]"\n' * 2)
    reading, batches = read(tmp_path / "a.csv")
    assert reading.class_count == classes
    assert sum(batch.size for batch in batches) == 2


@pytest.mark.parametrize(
    ("name", "head", "endless"),
    [
        ("a.jsonl.gz", JSON_ROW.encode() + b"\n", b"["),
        ("b.jsonl.gz", JSON_ROW.encode() + b"\n", b" "),
        ("a.json.gz", b"[" + JSON_ROW.encode() + b",", b'{"a": "' + b"x" * 64),
        ("a.csv.gz", b"label,p_0,p_1\n0,.5,.5\n0,.5,", b"1"),
        ("b.csv.gz", b"label,p_0,p_1\n0,.5,.5\n0,.5,", b'"1,'),
        ("c.csv.gz", b"", b"1,"),
    ],
)
def test_one_endless_line_takes_no_more_memory_than_the_longest(
    tmp_path: Path, short_rows: int, name: str, head: bytes, endless: bytes
) -> None:
    block = (endless * (1 + (1 << 20) // len(endless)))[: 1 << 20]
    path = compressed(tmp_path / name, head, *[block] * 128)
    assert path.stat().st_size < 1 << 21
    tracemalloc.start()
    try:
        raises(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * short_rows


def test_nesting(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    for depth, message in ((33, "column 'x': nesting"), (100_000, "row 0: nesting")):
        nested = "[" * depth + "]" * depth
        path.write_text(f'{{"label": 0, "x": {nested}, "probs": [0.5, 0.5]}}\n')
        assert f"{message}: found" in raises(path)
    path.write_text(f'{{"label": 0, "x": {"[" * 30 + "]" * 30}, "probs": [0.5, 0.5]}}\n')
    read(path)


def test_columns_and_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = Limit("columns", 5, "columns", "write lists")
    for module in ("csv_headers", "formats", "jsonl", "numpy_files"):
        monkeypatch.setattr(f"unsurprised.sources.{module}.COLUMNS", few)
    columns = {"label": [0], **{f"p_{k}": [0.2] for k in range(5)}}
    (tmp_path / "a.csv").write_text(",".join(columns) + "\n0" + ",.2" * 5 + "\n")
    (tmp_path / "a.jsonl").write_text(json.dumps({n: v[0] for n, v in columns.items()}) + "\n")
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    np.savez(tmp_path / "a.npz", **{n: np.array(v) for n, v in columns.items()})
    for suffix in ("csv", "jsonl", "parquet", "npz"):
        error = raises(tmp_path / f"a.{suffix}")
        assert "columns: found 6 columns; expected at most 5 columns; write lists" in error


def test_long_names(tmp_path: Path) -> None:
    name = "p_" + "x" * stated.NAME.most
    (tmp_path / "a.csv").write_text(f"label,p_0,{name}\n0,.5,.5\n")
    pq.write_table(pa.table({"label": [0], "p_0": [0.5], name: [0.5]}), tmp_path / "a.parquet")
    for suffix in ("csv", "parquet"):
        assert "name: found" in raises(tmp_path / f"a.{suffix}")
    (tmp_path / "b.csv").write_text(f"label,p_0,{'x' * (1 << 18)}\n0,.5,.5\n")
    assert "name: found a longer one in the first line" in raises(tmp_path / "b.csv")


def test_a_longer_first_line_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(",".join(["p_0123456789"] * 400_000) + "\n")
    assert "first line of a CSV file: found a longer one; expected at most 4 MiB" in raises(
        tmp_path / "a.csv"
    )


def npz(path: Path, **arrays: Any) -> Path:
    np.savez_compressed(path, **arrays)
    return path


def test_names_are_counted_before_they_are_made(tmp_path: Path) -> None:
    rows: dict[str, Any] = {"label": np.array([0, 1]), "probs": np.array([[0.5, 0.5]] * 2)}
    path = npz(tmp_path / "a.npz", **rows, classes=np.zeros(4_000_000, "U1"))
    tracemalloc.start()
    try:
        error = raises(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "column 'classes': found 4,000,000 names of classes; expected one a class: " in error
    assert peak < 1 << 21
    wide = np.zeros(2, f"U{stated.NAME.most}")
    assert "name: found" in raises(npz(tmp_path / "b.npz", **rows, classes=wide))
    # Integers that are more than the columns are labels in a column of that name.
    reading, _ = read(npz(tmp_path / "c.npz", **rows, classes=np.array([0, 1])))
    assert reading.classes == ("0", "1")


def test_more_classes_than_are_read(tmp_path: Path) -> None:
    width = stated.CLASSES.most + 1
    kind = pa.list_(pa.float32(), width)
    pq.write_table(
        pa.table({"label": pa.array([], pa.int64()), "probs": pa.array([], kind)}),
        tmp_path / "a.parquet",
    )
    npz(tmp_path / "a.npz", label=np.zeros(0, int), probs=np.zeros((0, width)))
    for suffix in ("parquet", "npz"):
        assert "classes: found 4,194,305 classes; expected at most" in raises(
            tmp_path / f"a.{suffix}"
        )


def test_headers_of_arrays_that_would_fill_memory(tmp_path: Path) -> None:
    head = b"\x93NUMPY\x02\x00" + (0xFFFFFFF0).to_bytes(4, "little")
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("label.npy", head + b" " * (8 << 20))
    assert "its header is longer than 65536 bytes" in raises(tmp_path / "a.npz")


def test_a_held_array_is_refused_where_it_is_larger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = Limit("array in Fortran's order within an npz file", 64, "bytes", "save it anew")
    monkeypatch.setattr("unsurprised.sources.numpy_arrays.HELD", small)
    rows = np.asfortranarray([[0.5, 0.5]] * 5)
    path = npz(tmp_path / "a.npz", label=np.zeros(5, int), probs=rows)
    assert "column 'probs': array in Fortran's order within an npz file: found 80 bytes" in raises(
        path
    )


def work(run: Any) -> int:
    """Calls of Python and C functions: a measure of time that no neighbour disturbs."""
    calls = 0

    def count(*_: Any) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(None)
    return calls


def wide_table(classes: int, names: str, rows: int = 4) -> pa.Table:
    probs = np.full((rows, classes), 1 / classes)
    labels = [f"c{k}" for k in (0, classes - 1, *range(1, rows - 1))]
    others = {"x": np.full(rows, 7.0)} if names == "beside others" else {}
    prefix = "p_c" if names == "prefix" else "c"
    return pa.table(
        {"label": labels, **others, **{f"{prefix}{k}": probs[:, k] for k in range(classes)}}
    )


@pytest.mark.parametrize(
    ("form", "names"),
    [
        *((form, "prefix") for form in ("frame", "parquet", "csv", "npz", "arrow")),
        ("frame", "bare"),
        ("frame", "beside others"),
    ],
)
def test_work_is_linear_in_the_columns(tmp_path: Path, form: str, names: str) -> None:
    def calls(classes: int) -> int:
        table = wide_table(classes, names)
        path = tmp_path / f"{classes}.{form}"
        if form == "parquet":
            pq.write_table(table, path)
        elif form == "csv":
            pa.csv.write_csv(table, path)
        elif form == "arrow":
            with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as out:
                out.write_table(table)
        elif form == "npz":
            columns = {name: np.array(table[name].to_pylist()) for name in table.schema.names}
            np.savez(path, **columns)
        source: Any = table if form == "frame" else path

        def run() -> None:
            reading = open_predictions(source, Options())
            assert reading.class_count == classes
            for split in reading.plan():
                for _ in reading.batches(split):
                    pass

        return work(run)

    calls(100)  # what is imported on the way
    assert calls(1200) < 4.6 * calls(300)


def test_the_roles_of_columns_are_made_once() -> None:
    reading = open_predictions(wide_table(50, "prefix"))
    conversion = reading._conversion
    assert conversion.columns is conversion.columns


def test_runs_around_labels_read_each_column_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from unsurprised.sources import named_after_classes

    seen: list[str] = []
    plain = named_after_classes.shares_in

    def counted(rows: Any, name: str, tolerance: float) -> Any:
        seen.append(name)
        return plain(rows, name, tolerance)

    monkeypatch.setattr(named_after_classes, "shares_in", counted)
    rows = {f"x{k}": [0.5] for k in range(40)} | {"a": [0.25], "b": [0.25], "z": [0.5]}
    table = pa.table({"label": ["a"], **rows})
    reading = open_predictions(table, Options(pred=["a", "b", "z"]))
    assert reading.class_count == 3 and not seen
    rows = {"x": [3.0], "a": [0.25], "b": [0.25], "z": [0.5], "y": [4.0]}
    assert open_predictions(pa.table({"label": ["a"], **rows})).classes == ("a", "b", "z")
    assert len(seen) == len(set(seen)) == 5
    assert _NEIGHBOURS == 31


def test_lack_of_memory_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("label,p_0,p_1\n0,.5,.5\n")

    def none(*_: Any, **__: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr("unsurprised.sources.convert.packed", none)
    error = raises(tmp_path / "a.csv")
    assert "there is not enough memory for 131,072 rows of 2 classes at once, 2.0 MiB" in error
    assert "batch_rows=16384 (--batch-rows 16384)" in error


@pytest.mark.skipif(sys.platform != "linux", reason="address space is limited on Linux")
def test_little_address_space_ends_in_one_line(tmp_path: Path) -> None:
    rows, classes = 3000, 4000
    probs = np.full((rows, classes), 1 / classes)
    np.savez(tmp_path / "a.npz", label=np.zeros(rows, int), probs=probs)
    code = (
        "import resource, sys, unsurprised as us\n"
        "from unsurprised.evaluation import evaluate\n"
        "import pyarrow, unsurprised.sources\n"
        "held = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (held + (24 << 20), -1))\n"
        "try:\n    us.evaluate(sys.argv[1])\nexcept us.UnsurprisedError as error:\n"
        "    print(error)\n    sys.exit(2)\n"
    )
    environment = {**os.environ, "UNSURPRISED_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.npz")],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "there is not enough memory for" in done.stdout
    assert done.stdout.count("\n") == 1
