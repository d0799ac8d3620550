"""Nulls anywhere in a used column: an error that says where, or rows left out and counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from same_rows import (
    IDS,
    INDICES,
    NAMES,
    PROBS,
    WEIGHTS,
    columned,
    ipc,
    joined,
    listed,
    raises,
    read,
)

from unsurprised.sources import Options, open_predictions

KINDS = [
    pa.list_(pa.float32()),
    pa.large_list(pa.float64()),
    pa.list_(pa.float64(), 3),
    pa.list_(pa.float16(), 3),
    pa.list_view(pa.float64()),
]

#: What is null at row 1 or 3, or both, by column
HOLES: dict[str, list[Any]] = {
    "label": [2, None, 1, None, 0],
    "probs": [PROBS[0], None, PROBS[2], [0.25, None, 0.5], PROBS[4]],
    "w": [1.0, None, 2.0, None, 1.5],
    "key": [10, None, 12, None, 14],
}


def holed(column: str, kind: pa.DataType = KINDS[0]) -> pa.Table:
    table = listed(kind)
    index = table.column_names.index(column)
    values = pa.array(HOLES[column], table.schema.field(column).type)
    return table.set_column(index, column, values)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("column", HOLES)
@pytest.mark.parametrize("batch_rows", [None, 1, 2, 3])
def test_rows_with_nulls_are_left_out(
    column: str, kind: pa.DataType, batch_rows: int | None
) -> None:
    table = holed(column, kind)
    _, batches = read(table, weight="w", id="key", nulls="skip", batch_rows=batch_rows)
    kept = [0, 2, 4]
    assert joined(batches, "rows").tolist() == kept
    assert joined(batches, "truth").tolist() == [INDICES[row] for row in kept]
    assert joined(batches, "model").tolist() == [PROBS[row] for row in kept]
    assert joined(batches, "weights").tolist() == [WEIGHTS[row] for row in kept]
    assert joined(batches, "ids").tolist() == [IDS[row] for row in kept]
    assert sum(batch.skipped for batch in batches) == 2


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("column", HOLES)
@pytest.mark.parametrize("batch_rows", [None, 1, 2])
def test_nulls_are_an_error(column: str, kind: pa.DataType, batch_rows: int | None) -> None:
    assert raises(holed(column, kind), weight="w", id="key", batch_rows=batch_rows) == (
        f"row 1, column {column!r}: found null; expected a value in every row; pass "
        'nulls="skip" (--nulls skip) to leave such rows out and count them'
    )


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_null_inside_a_list(kind: pa.DataType) -> None:
    table = holed("probs", kind).slice(2)
    assert raises(table).startswith("row 1, column 'probs': found a null among the values;")


def test_row_numbers_across_row_groups(tmp_path: Path) -> None:
    pq.write_table(holed("label"), tmp_path / "a.parquet", row_group_size=2)
    ipc(tmp_path / "a.arrow", holed("label"), batch=2)
    for name in ("a.parquet", "a.arrow"):
        _, batches = read(tmp_path / name, nulls="skip")
        assert joined(batches, "rows").tolist() == [0, 2, 4]
        assert raises(tmp_path / name).startswith(f"{tmp_path / name}, row 1, column 'label'")


def test_nulls_in_class_columns_maps_and_dictionaries() -> None:
    table = columned()
    values = pa.array([0.5, None, 0.125, 0.25, 0.0])
    table = table.set_column(table.column_names.index("p_cat"), "p_cat", values)
    assert raises(table).startswith("row 1, column 'p_cat': found null")
    assert joined(read(table, nulls="skip")[1], "rows").tolist() == [0, 2, 3, 4]
    maps = pa.array([{"a": 1.0, "b": 0.0}, {"a": None, "b": 1.0}, None])
    table = pa.table({"label": ["a", "a", "b"], "probs": maps})
    assert raises(table).startswith("row 1, column 'probs': found a null among the values")
    assert joined(read(table, nulls="skip")[1], "rows").tolist() == [0]
    labels = pa.DictionaryArray.from_arrays([0, 1, None], pa.array(["a", None]))
    table = pa.table({"label": labels, "p_a": [1.0] * 3, "p_b": [0.0] * 3})
    assert raises(table).startswith("row 1, column 'label': found null")
    assert joined(read(table, nulls="skip")[1], "rows").tolist() == [0]


@pytest.mark.parametrize("kind", [pa.string_view(), pa.large_string(), pa.string()], ids=str)
def test_names_are_left_out_too(kind: pa.DataType) -> None:
    labels = pa.array([*NAMES[:3], None, NAMES[4]]).cast(kind)
    table = columned().set_column(0, "label", labels).append_column("name", labels)
    _, (batch,) = read(table, id="name", nulls="skip")
    assert batch.ids.values.to_pylist() == [*NAMES[:3], NAMES[4]]
    assert batch.numbers().tolist() == [0, 1, 2, 4]


def test_errors_after_skipped_rows_keep_their_number() -> None:
    table = listed().set_column(0, "label", pa.array([None, 0, None, 7, 0]))
    for batch_rows in (None, 1, 2, 3):
        assert raises(table, nulls="skip", batch_rows=batch_rows).startswith(
            "row 3, column 'label': found label 7"
        )


def test_nulls_in_columns_that_are_not_used_do_not_matter() -> None:
    assert joined(read(holed("w"))[1], "rows").tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("column", ["label", "probs"])
def test_nothing_but_nulls(column: str) -> None:
    table = listed()
    index = table.column_names.index(column)
    for kind in (pa.null(), table.schema.field(column).type):
        nulls = table.set_column(index, column, pa.array([None] * 5, kind))
        if column == "probs" and kind == pa.null():
            assert raises(nulls, pred="probs").startswith("row 0, column 'probs': found null")
            continue
        assert raises(nulls).startswith(f"row 0, column {column!r}: found null")
        _, batches = read(nulls, nulls="skip")
        assert [(batch.size, batch.skipped) for batch in batches] == [(0, 5)]


def test_the_first_row_may_be_null(tmp_path: Path) -> None:
    table = pa.table({"label": [0, 1, 1], "probs": [None, [], [0.5, 0.5]]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=1)
    reading = open_predictions(tmp_path / "a.parquet", Options(nulls="skip"))
    assert reading.classes is None
    table = pa.table({"label": [0, 1, 1], "probs": [None, [0.25, 0.75], [0.5, 0.5]]})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=1)
    _, batches = read(tmp_path / "a.parquet", nulls="skip")
    assert joined(batches, "model").tolist() == [[0.25, 0.75], [0.5, 0.5]]


def test_ragged_lists() -> None:
    table = pa.table({"label": [0, 1, 1], "probs": [[0.5, 0.5], [0.5, 0.5], [1.0]]})
    for batch_rows in (None, 1, 2):
        assert raises(table, batch_rows=batch_rows) == (
            "row 2, column 'probs': found 1 numbers; expected 2, one a class, as in the first "
            "row; every list must be of the same length"
        )
    assert "found 2 numbers; expected 3, one a class (as given)" in raises(
        table, classes=["a", "b", "c"]
    )
    empty = pa.table({"label": [0], "probs": pa.array([[]], pa.list_(pa.float32()))})
    assert "found 0 numbers; expected 1, one a class (at least one);" in raises(empty)
    truth = pa.table({"label": [[1, 2, 3]], "probs": [[0.5, 0.5]]})
    assert "column 'label': found 3 numbers; expected 2" in raises(truth)
