"""The same rows give the same batches in every format, layout and type."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from same_rows import (
    CLASSES,
    IDS,
    INDICES,
    NAMES,
    PROBS,
    WEIGHTS,
    WRITERS,
    columned,
    csv_text,
    ipc,
    joined,
    listed,
    read,
)

from unsurprised.forms import Labels, Probs
from unsurprised.sources import Options, open_predictions


def check(batches: list[Any]) -> None:
    assert all(isinstance(batch.truth, Labels) for batch in batches)
    assert all(type(batch.model) is Probs for batch in batches)
    assert joined(batches, "truth").tolist() == INDICES
    assert joined(batches, "model").tolist() == PROBS
    assert joined(batches, "weights").tolist() == WEIGHTS
    assert joined(batches, "ids").tolist() == IDS
    assert joined(batches, "rows").tolist() == [0, 1, 2, 3, 4]
    assert sum(batch.size for batch in batches) == 5


@pytest.mark.parametrize("batch_rows", [None, 1, 2, 3])
@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_rows(
    tmp_path: Path, name: str, batch_rows: int | None
) -> None:
    path = tmp_path / name
    WRITERS[name](path)
    reading, batches = read(path, weight="w", id="key", batch_rows=batch_rows)
    check(batches)
    assert all(batch.size <= (batch_rows or 5) for batch in batches)
    assert reading.classes in (CLASSES, ("0", "1", "2"))
    assert reading.files == (str(path),)
    assert {batch.file for batch in batches} == {str(path)}
    assert reading.rows in (None, 5)


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.float16()),
        pa.list_(pa.float32()),
        pa.large_list(pa.float64()),
        pa.list_(pa.float32(), 3),
        pa.list_view(pa.float32()),
        pa.large_list_view(pa.float64()),
    ],
    ids=str,
)
def test_every_kind_of_list(tmp_path: Path, kind: pa.DataType) -> None:
    frame = listed(kind)
    _, batches = read(frame, weight="w", id="key")
    check(batches)
    assert joined(batches, "model").dtype == kind.value_type.to_pandas_dtype()
    _, batches = read(frame.slice(1, 3), weight="w", id="key", batch_rows=2)
    assert joined(batches, "model").tolist() == PROBS[1:4]
    assert joined(batches, "truth").tolist() == INDICES[1:4]
    ipc(tmp_path / "a.arrow", frame, batch=3)
    _, batches = read(tmp_path / "a.arrow", weight="w", id="key")
    check(batches)


@pytest.mark.parametrize(
    "labels",
    [
        pa.array(INDICES, pa.uint8()),
        pa.array(INDICES, pa.uint64()),
        pa.array(INDICES, pa.int8()),
        pa.array(INDICES).dictionary_encode(),
    ],
    ids=lambda labels: str(labels.type),
)
def test_every_type_of_index(labels: pa.Array) -> None:
    frame = listed().set_column(0, "label", labels)
    check(read(frame, weight="w", id="key")[1])


@pytest.mark.parametrize(
    "labels",
    [
        pa.array(NAMES),
        pa.array(NAMES, pa.large_string()),
        pa.array(NAMES, pa.string_view()),
        pa.array(NAMES).dictionary_encode(),
        pa.array(NAMES, pa.large_string()).dictionary_encode(),
        pa.DictionaryArray.from_arrays([1, 2, 0, 0, 2], ["dog", "unused", "cat"]).cast(pa.string()),
        pa.RunEndEncodedArray.from_arrays([1, 2, 4, 5], ["bird", "cat", "dog", "cat"]),
    ],
    ids=lambda labels: str(labels.type),
)
def test_every_type_of_name(labels: pa.Array) -> None:
    if labels.to_pylist() != NAMES:
        labels = pa.DictionaryArray.from_arrays([3, 2, 0, 0, 2], ["dog", "unused", "cat", "bird"])
    frame = columned().set_column(0, "label", labels)
    check(read(frame, weight="w", id="key")[1])
    named = listed().set_column(0, "label", labels)
    check(read(named, weight="w", id="key", classes=CLASSES)[1])


def test_tensors_and_maps_are_lists_and_columns() -> None:
    tensor = pa.fixed_shape_tensor(pa.float32(), (3,))
    values = pa.FixedSizeListArray.from_arrays(pa.array(np.ravel(PROBS), pa.float32()), 3)
    frame = listed().set_column(1, "probs", pa.ExtensionArray.from_storage(tensor, values))
    check(read(frame, weight="w", id="key")[1])
    kind = pa.struct([(name, pa.float64()) for name in CLASSES])  # older versions sort the names
    maps = pa.array([dict(zip(CLASSES, row, strict=True)) for row in PROBS], kind)
    frame = columned().select(["label", "w", "key"]).append_column("probs", maps)
    check(read(frame, weight="w", id="key")[1])
    check(read(frame.slice(0), weight="w", id="key", classes=list(CLASSES))[1])


def test_lists_are_views_of_arrows_memory(tmp_path: Path) -> None:
    frame = listed(pa.list_(pa.float32()))
    _, (batch,) = read(frame)
    child = frame["probs"].chunk(0).values.to_numpy()
    assert np.shares_memory(batch.model.array.values, child)


def test_class_columns_keep_the_common_float_type() -> None:
    frame = columned()
    for name in CLASSES:
        index = frame.column_names.index(f"p_{name}")
        frame = frame.set_column(index, f"p_{name}", frame[f"p_{name}"].cast(pa.float32()))
    _, (batch,) = read(frame)
    assert batch.model.array.dtype == "float32"
    assert batch.model.array.values.T.flags.c_contiguous


def test_row_groups_and_record_batches_know_their_first_row(tmp_path: Path) -> None:
    rows = 700_000
    table = pa.table({"y": np.zeros(rows, np.int8), "probs": np.full(rows, 0.25, np.float32)})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=150_000)
    ipc(tmp_path / "a.arrow", table, batch=150_000)
    for name in ("a.parquet", "a.arrow"):
        reading = open_predictions(tmp_path / name, Options())
        plan = reading.plan()
        assert len(plan) == 4
        assert reading.rows == rows
        for split in reversed(plan):
            batches = list(reading.batches(split))
            assert batches[0].first_row == split.part.first_row
            assert sum(batch.size for batch in batches) == split.part.rows
            assert max(batch.size for batch in batches) <= 131_072
        ends = [split.part.first_row + split.part.rows for split in plan]
        assert [split.part.first_row for split in plan] == [0, *ends[:-1]]


def test_default_batches_are_bounded_for_wide_rows() -> None:
    wide = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(200_000 * 90, np.float32)), 200_000)
    _, batches = read(pa.table({"label": np.zeros(90, np.int64), "probs": wide}))
    assert max(batch.size for batch in batches) * 200_000 * 4 <= 64 << 20


@pytest.mark.parametrize("name", [name for name in WRITERS if "maps" not in name])
def test_files_without_rows_are_fine_among_others(tmp_path: Path, name: str) -> None:
    full, bare = tmp_path / f"1-{name}", tmp_path / "0-empty.parquet"
    WRITERS[name](full)
    like = columned() if read(full)[0].classes == CLASSES else listed()
    pq.write_table(like.slice(0, 0), bare)
    _, batches = read([bare, full], weight="w", id="key")
    assert joined(batches, "truth").tolist() == INDICES
    assert {batch.file_index for batch in batches} == {1}


def test_empty_text_files_are_fine_among_others(tmp_path: Path) -> None:
    (tmp_path / "0.jsonl").write_text("")
    WRITERS["a.jsonl"](tmp_path / "1.jsonl")
    assert joined(read([tmp_path / "0.jsonl", tmp_path / "1.jsonl"])[1], "model").tolist() == PROBS
    (tmp_path / "0.csv").write_bytes(csv_text(columned().slice(0, 0)))
    WRITERS["a.csv"](tmp_path / "1.csv")
    _, batches = read([tmp_path / "0.csv", tmp_path / "1.csv"])
    assert joined(batches, "truth").tolist() == INDICES


def test_files_of_several_formats_go_together(tmp_path: Path) -> None:
    for name in ("a.csv", "zstd.parquet", "maps.jsonl", "a.arrows"):
        WRITERS[name](tmp_path / name)
    columned_files = [tmp_path / name for name in ("a.csv", "zstd.parquet", "a.arrows")]
    _, batches = read(columned_files)
    assert joined(batches, "truth").tolist() == INDICES * 3
    assert [batch.file_index for batch in batches if batch.first_row == 0] == [0, 1, 2]


def test_types_of_text_do_not_depend_on_blocks(tmp_path: Path) -> None:
    rows = 400_000
    lines = ["label,p_a,p_b"] + ["a,0,1"] * rows + ["b,0.125,0.875"]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines))
    _, batches = read(path)
    assert joined(batches, "model")[-1].tolist() == [0.125, 0.875]
    assert joined(batches, "truth")[-1] == 1
    assert joined(batches, "rows").tolist() == list(range(rows + 1))


def test_quoted_newlines_and_separators_in_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('text,label,"p_a,b",p_c\n"one\ntwo, three","a,b",0.25,0.75\n"x""y",c,1,0\n')
    reading, batches = read(path)
    assert reading.classes == ("a,b", "c")
    assert joined(batches, "truth").tolist() == [0, 1]
    assert joined(batches, "model").tolist() == [[0.25, 0.75], [1.0, 0.0]]


def test_jsonl_reads_what_python_writes(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"label": 1, "logits": [NaN, -Infinity]}\n{"label": 0, "logits": [1, 2]}\n')
    _, (batch,) = read(path)
    assert batch.model.kind == "logits"
    np.testing.assert_array_equal(batch.model.array.values, [[np.nan, -np.inf], [1, 2]])


def test_json_integers_are_floats_in_a_prediction(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"label": 1, "probs": [1, 0]}\n{"label": 0, "probs": [0.5, 0.5]}\n')
    assert joined(read(path)[1], "model").tolist() == [[1, 0], [0.5, 0.5]]
