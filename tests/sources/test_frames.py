"""Data frames of any library with the Arrow interface."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from same_rows import CLASSES, INDICES, NAMES, PROBS, columned, joined, listed, raises, read

import unsurprised as us
from unsurprised.errors import CallError
from unsurprised.sources import Options, open_predictions


class OnlyStream:
    """An object that has nothing but the interface."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._table.__arrow_c_stream__(requested_schema)


class OnlyArray:
    """A single batch that has nothing but the interface."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        return self._batch.__arrow_c_array__(requested_schema)


def chunked(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table.slice(0, 2), table.slice(2, 0), table.slice(2)])


FRAMES: dict[str, Callable[[pa.Table], Any]] = {
    "table": lambda table: table,
    "chunks": chunked,
    "batch": lambda table: table.combine_chunks().to_batches()[0],
    "reader": lambda table: chunked(table).to_reader(),
    "stream": OnlyStream,
    "array": lambda table: OnlyArray(table.combine_chunks().to_batches()[0]),
    "pandas": lambda table: table.to_pandas(),
    "polars": pl.from_arrow,
}


@pytest.mark.parametrize("make", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("table", [listed(), columned()], ids=["list", "columns"])
@pytest.mark.parametrize("batch_rows", [None, 2])
def test_every_frame(make: Callable[[pa.Table], Any], table: pa.Table, batch_rows: int) -> None:
    reading, batches = read(make(table), weight="w", id="key", batch_rows=batch_rows)
    assert joined(batches, "truth").tolist() == INDICES
    assert joined(batches, "model").tolist() == PROBS
    assert joined(batches, "rows").tolist() == [0, 1, 2, 3, 4]
    assert reading.files == ()
    assert {batch.file for batch in batches} == {None}


def test_a_stream_is_read_once_and_others_again() -> None:
    for make, again in ((FRAMES["polars"], 5), (FRAMES["table"], 5), (FRAMES["reader"], 0)):
        reading = open_predictions(make(listed()), Options())
        (split,) = reading.plan()
        assert sum(batch.size for batch in reading.batches(split)) == 5
        assert sum(batch.size for batch in reading.batches(split)) == again


def test_categories_of_pandas_and_polars() -> None:
    probs = {f"p_{name}": [row[k] for row in PROBS] for k, name in enumerate(CLASSES)}
    for frame in (
        pd.DataFrame(
            {"label": pd.Categorical(NAMES, categories=["dog", "cow", "cat", "bird"])} | probs
        ),
        pl.DataFrame({"label": NAMES} | probs, schema_overrides={"label": pl.Categorical}),
        pl.DataFrame(
            {"label": NAMES} | probs, schema_overrides={"label": pl.Enum(["bird", "dog", "cat"])}
        ),
    ):
        reading, batches = read(frame)
        assert reading.classes == CLASSES
        assert joined(batches, "truth").tolist() == INDICES


def test_lists_of_pandas_and_polars() -> None:
    for frame in (
        pd.DataFrame({"label": INDICES, "probs": [np.array(row, np.float32) for row in PROBS]}),
        pl.DataFrame(
            {"label": INDICES, "probs": PROBS}, schema_overrides={"probs": pl.Array(pl.Float32, 3)}
        ),
    ):
        _, batches = read(frame)
        assert joined(batches, "model").tolist() == PROBS
        assert joined(batches, "model").dtype == np.float32


def test_maps_of_polars() -> None:
    rows = [dict(zip(CLASSES, row, strict=True)) for row in PROBS]
    reading, batches = read(pl.DataFrame({"label": NAMES, "probs": rows}))
    assert reading.classes == CLASSES
    assert reading.choices["pred"] == "probs (map of 3)"
    assert joined(batches, "model").tolist() == PROBS


def test_nan_of_pandas_is_null() -> None:
    frame = pd.DataFrame({"label": ["a", None], "p_a": [1.0, 0.5], "p_b": [0.0, 0.5]})
    assert raises(frame).startswith("row 1, column 'label': found null")
    frame = pd.DataFrame({"label": [1.0, np.nan], "p": [0.5, 0.5], "q": [0.5, 0.5]})
    assert raises(frame, pred="p").startswith("row 1, column 'label': found null")
    assert read(frame, pred="p", nulls="skip")[1][0].truth.array.values.tolist() == [1]


def test_a_frame_without_rows() -> None:
    reading, batches = read(listed().slice(0, 0))
    assert batches == []
    assert reading.rows == 0


def test_splits_are_small_and_can_be_read_at_once(tmp_path: Path) -> None:
    rows = 1_200_000
    labels = np.arange(rows) % 2
    table = pa.table({"label": labels, "probs": labels / 2})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=100_000)
    reading = open_predictions(tmp_path / "a.parquet")
    plan = pickle.loads(pickle.dumps(reading.plan()))
    assert plan == reading.plan()

    def rows_of(split: Any) -> list[tuple[int, int]]:
        return [(b.first_row, int(b.truth.array.values.sum())) for b in reading.batches(split)]

    alone = [rows_of(split) for split in plan]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(rows_of, plan)) == alone
    assert sum(total for part in alone for _, total in part) == rows // 2


@pytest.fixture
def connection() -> Any:
    with duckdb.connect() as opened:
        opened.register("rows", listed())
        yield opened


def test_queries_of_duckdb(connection: Any) -> None:
    for batch_rows in (None, 2):
        reading, batches = read(connection.sql("FROM rows"), weight="w", batch_rows=batch_rows)
        assert joined(batches, "truth").tolist() == INDICES
        assert joined(batches, "model").tolist() == PROBS
        assert reading.rows is None
    # Its connection is free again, whether the rows were read to their end or not.
    assert connection.sql("SELECT count(*) FROM rows").fetchall() == [(5,)]
    assert "row 0, column 'label'" in raises(connection.sql("SELECT 7 label, probs FROM rows"))
    assert connection.sql("SELECT count(*) FROM rows").fetchall() == [(5,)]


def test_two_queries_of_one_connection(connection: Any) -> None:
    first, second = (open_predictions(connection.sql("FROM rows")) for _ in range(2))
    for reading in (first, second):
        (split,) = reading.plan()
        assert sum(batch.size for batch in reading.batches(split)) == 5


def test_a_query_that_cannot_be_run(connection: Any) -> None:
    stream = connection.sql("FROM rows").to_arrow_reader()
    told = raises(connection.sql("FROM rows"))
    assert told.startswith("the query cannot be run (")
    assert told.endswith("); pass its rows instead: relation.to_arrow_table()")
    stream.close()
    failing = connection.sql("SELECT label, [error('no such luck')::DOUBLE] probs FROM rows")
    assert raises(failing).startswith("the query cannot be run (")
    assert "no such luck" in raises(failing)


class _Dataset:
    """Rows of a table by indices, with the methods of ``datasets.Dataset``."""

    shape = (5, 4)
    num_rows = 5

    def __init__(self, table: pa.Table, indices: list[int]) -> None:
        self._table, self._indices = table, indices
        self.features = type("Features", (), {"arrow_schema": table.schema})()

    def with_format(self, kind: str) -> _Dataset:
        assert kind == "arrow"
        return self

    def iter(self, batch_size: int) -> Any:
        for start in range(0, len(self._indices), min(batch_size, 2)):
            yield self._table.take(self._indices[start : start + 2])


_Dataset.__module__ = "datasets.arrow_dataset"


def test_datasets_of_hugging_face() -> None:
    order = [4, 2, 0, 1, 3]
    dataset = _Dataset(listed(), order)
    reading, batches = read(dataset)
    assert joined(batches, "truth").tolist() == [INDICES[k] for k in order]
    assert joined(batches, "model").tolist() == [PROBS[k] for k in order]
    assert reading.rows == 5
    assert us.evaluate(dataset).rows == 5


class _Lazy:
    shape = (1, 2)

    def collect(self) -> Any:
        raise AssertionError


def _lazy(method: str) -> Any:
    return type("Lazy", (_Lazy,), {method: _Lazy.collect})()


@pytest.mark.parametrize(
    ("source", "call"),
    [
        (pl.DataFrame({"label": [1]}).lazy(), "source.collect()"),
        (pa.dataset.dataset(listed()), "source.to_table()"),
        (pa.dataset.dataset(listed()).scanner(), "source.to_table()"),
        (_lazy("compute"), "source.compute()"),  # Dask
        (_lazy("toPandas"), "source.toPandas()"),  # Spark
        (_lazy("to_dataframe"), "source.to_dataframe().reset_index()"),  # xarray
        (_lazy("to_pandas"), "source.collect()"),
        ({"train": listed(), "test": listed()}, "source['train']"),
        ({"label": [0]}, "pyarrow.table(source)"),
    ],
)
@pytest.mark.parametrize("function", [us.evaluate, us.calibrate, open_predictions])
def test_what_has_to_be_read_first(source: Any, call: str, function: Any) -> None:
    with pytest.raises(CallError) as caught:
        function(source)
    assert str(caught.value) == (
        f"found {type(source).__name__}; expected a path, a list of paths, or a data frame with "
        f"the Arrow interface (__arrow_c_stream__); pass {call}"
    )


def _elsewhere(column: pa.Array) -> pa.Array:
    """The same column in buffers that begin a byte later than their numbers like."""

    def moved(buffer: pa.Buffer | None) -> pa.Buffer | None:
        if buffer is None:
            return None
        return pa.py_buffer(b"0" + buffer.to_pybytes()).slice(1)

    buffers = [moved(buffer) for buffer in column.buffers()]
    if not pa.types.is_list(column.type):
        return pa.Array.from_buffers(column.type, len(column), buffers)
    inner = [_elsewhere(column.values)]
    return pa.Array.from_buffers(column.type, len(column), buffers[:2], children=inner)


def test_columns_that_came_by_a_network_may_lie_anywhere() -> None:
    columns = {
        "row_id": pa.array(["a", "", "ccc", "é"]),
        "label": pa.array([0, 1, 1, 0]),
        "probs": pa.array([[0.25, 0.75]] * 4),
        "user": pa.array([1, 1, 2, 3]),
        "age": pa.array([1.5, 2.5, None, 4.5]),
    }
    asked: dict[str, Any] = {"id": "row_id", "cluster": "user", "by": "age"}
    here = us.evaluate(pa.table(columns), **asked)
    moved = pa.table({name: _elsewhere(column) for name, column in columns.items()})
    assert us.evaluate(moved, **asked).to_json() == here.to_json()
    other = columns | {"row_id": columns["row_id"].cast(pa.large_string())}
    assert us.evaluate(pa.table(other)[1:], **asked).rows == 3
