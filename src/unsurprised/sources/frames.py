"""Data frames of any library that speaks the Arrow interface: pandas, Polars, DuckDB, pyarrow."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from unsurprised.errors import CallError, InputError
from unsurprised.sources.databases.cursors import is_cursor, rows_of_cursor
from unsurprised.sources.databases.query import Query, QueryRows
from unsurprised.sources.guard import guarded
from unsurprised.sources.table import Part, Table

#: Rows of a stream that are held for a look at them.
_LOOKED_ROWS = 100_000

#: Rows that are asked of a dataset at a time.
_DATASET_ROWS = 65_536


#: Libraries whose frames know their size; asking others for it may run a query.
_SIZED = ("pandas", "polars", "cudf")

#: How frames that lie in an engine are written to files there, by their libraries.
_WRITERS = {
    "dask": ("to_parquet", ".to_parquet(path)"),
    "dask_expr": ("to_parquet", ".to_parquet(path)"),
    "ray": ("write_parquet", ".write_parquet(path)"),
    "pyspark": ("write", ".write.parquet(path)"),
}

#: What gives the rows of an object that has no Arrow interface, the plainest first.
_READERS = (
    "to_spark",  # pandas of Spark
    "toPandas",  # Spark, whose collect() gives a list of rows
    "to_dataframe",  # xarray
    "to_pyarrow_table",  # deltalake
    "to_pyarrow",  # Ibis
    "to_arrow_table",
    "to_arrow",
    "to_table",  # pyarrow's datasets and scanners
    "compute",  # Dask
    "collect",  # Polars' lazy frames
    "to_pandas",  # Ray, streamed datasets of Hugging Face
    "_to_pandas",  # Modin
)


def is_frame(source: Any) -> bool:
    """Whether an object gives its rows through the Arrow interface, or a database's.

    Spark's frames do so too, by fetching all rows before the first: they are no frames here.
    """
    here = writing_call(source) is None
    return here and (_has_interface(source) or _is_asked(source) or is_dataset(source))


def _has_interface(source: Any) -> bool:
    return any(
        hasattr(source, name)
        for name in ("__arrow_c_stream__", "__arrow_c_array__", "__dataframe__")
    )


def _is_asked(source: Any) -> bool:
    """Whether an object is a query, or a cursor; relations of DuckDB are frames as well."""
    return isinstance(source, Query | QueryRows) or (
        is_cursor(source) and not _has_interface(source)
    )


def _streamed(source: Any) -> Any:
    """What is asked of a database as what can be read."""
    if isinstance(source, Query):
        return source.opened()
    return rows_of_cursor(source) if is_cursor(source) and _is_asked(source) else source


def is_dataset(source: Any) -> bool:
    """Whether an object is a dataset of Hugging Face, which gives Arrow tables of its rows."""
    return library_of(source) == "datasets" and all(
        hasattr(source, name) for name in ("features", "num_rows", "with_format", "iter")
    )


def refuse_unread(source: Any) -> None:
    """Refuse an object that would have to be read, computed or chosen from first."""
    remedy = _reading_call(source)
    if remedy is not None and not is_frame(source):
        raise no_frame(source, remedy)


def refuse_lone_rows(source: Any, call: str) -> None:
    """Refuse rows of numbers in place of a source: ``call`` needs the predictions beside them."""
    items = source if isinstance(source, list | tuple) else [source]
    paths = all(isinstance(item, str | os.PathLike) for item in items)
    if not paths and not is_frame(source) and (hasattr(source, "shape") or items is source):
        raise CallError(
            f"{call}(y_true) lacks y_pred; expected {call}(y_true, y_pred), or a path or a data "
            "frame"
        )


def library_of(source: Any) -> str:
    """The package that an object's type comes from."""
    return type(source).__module__.split(".")[0]


def _reading_call(source: Any) -> str | None:
    """A call that gives a data frame, for a variable called ``source``."""
    if isinstance(source, Mapping):
        split = next((key for key, value in source.items() if is_frame(value)), None)
        return "pyarrow.table(source)" if split is None else f"source[{split!r}]"
    # A dataset of Ray has a to_spark(cluster) as well.
    names = _READERS[library_of(source) == "ray" :]
    name = next((n for n in names if callable(getattr(type(source), n, None))), None)
    index = ".reset_index()" if name == "to_dataframe" else ""
    return f"source.{name}(){index}" if name else None


def writing_call(source: Any, name: str = "source") -> str | None:
    """The call that writes a frame in an engine to files, for a variable of that name."""
    method, call = _WRITERS.get(library_of(source), ("", ""))
    return name + call if method and hasattr(type(source), method) else None


def no_frame(source: Any, remedy: str | None = None) -> CallError:
    """The error for an object that is no source."""
    writes = writing_call(source)
    if writes is not None:
        few = f"; or its rows, where they are few: {remedy}" if remedy else ""
        return CallError(
            f"found {type(source).__name__} of {library_of(source)}, whose rows lie in an engine, "
            f"where evaluate and calibrate alone work; expected files: {writes}, and pass that "
            f"path{few}"
        )
    return CallError(
        f"found {type(source).__name__}; expected a path, a list of paths, or a data frame with "
        "the Arrow interface (__arrow_c_stream__)" + (f"; pass {remedy}" if remedy else "")
    )


class FrameTable(Table):
    """A data frame. A stream that can be read once is read once, and never held as a whole."""

    file = None
    format = "a data frame"

    def __init__(self, frame: Any) -> None:
        self._frame = frame = _streamed(frame)
        if isinstance(frame, QueryRows):
            self.format = "the rows of a query"
        self._lock = threading.Lock()
        self._stream: pa.RecordBatchReader | None = None
        self.rows = _rows(frame)
        if self._is_query:
            with _readable(frame):
                self.schema = frame.limit(0).to_arrow_table().schema
        else:
            self._stream = self._reader()
            self.schema = self._stream.schema

    def __reduce__(self) -> tuple[Any, ...]:
        self._refuse_copy()
        rows = self._frame
        if self._is_query or not is_pickled(rows):
            with guarded(None, self.format), _readable(rows), _closing(self._reader()) as reader:
                rows = reader.read_all()
        return _copied, (FrameTable, rows, self.rows, self.known_names)

    def __deepcopy__(self, memo: dict[int, Any]) -> FrameTable:
        # The rows are the caller's and never written to, so copies share them.
        self._refuse_copy()
        return _copied(FrameTable, self._frame, self.rows, self.known_names)

    def _refuse_copy(self) -> None:
        """Raise for rows that only one can read."""
        if isinstance(self._frame, QueryRows):
            raise CallError(
                "a source over a query is neither pickled nor copied, for its address may hold a "
                "password; open the query where it is read"
            )
        if isinstance(self._frame, pa.RecordBatchReader):
            raise CallError(
                "a source over a pyarrow.RecordBatchReader is neither pickled nor copied, for its "
                "rows can be read once; pass them as a table: reader.read_all()"
            )

    @property
    def _is_query(self) -> bool:
        """Whether the frame is a query of DuckDB: one open stream locks its connection."""
        return all(hasattr(type(self._frame), name) for name in ("limit", "to_arrow_table"))

    def read(
        self, part: Part, columns: Mapping[str, str], batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The frame's own batches."""
        with self._lock:
            reader = self._stream or self._reader()
            self._stream = None
        names = list(columns)
        with guarded(self.file, self.format), _closing(reader):
            for batch in reader:
                chosen = batch.select(names)
                chosen.validate()
                yield chosen

    def looked(self, columns: Mapping[str, str], batch_rows: int) -> Iterator[pa.RecordBatch]:
        """Columns of all rows; of a stream that can be read once, of its first batches alone."""
        if not isinstance(self._frame, pa.RecordBatchReader):
            yield from self.read(self.parts()[0], columns, batch_rows)
            return
        rows = 0
        for batch in self.peeked():
            yield batch.select(list(columns))
            rows += batch.num_rows
            if rows >= _LOOKED_ROWS:
                break

    def peeked(self) -> Iterator[pa.RecordBatch]:
        """The first batches; they are kept for :meth:`read` to give again."""
        if self._is_query:
            reader = self._reader()
            with guarded(self.file, self.format), _closing(reader):
                yield from reader
            return
        with self._lock:
            reader = self._stream or self._reader()
            kept: list[pa.RecordBatch] = []
            self._stream = pa.RecordBatchReader.from_batches(reader.schema, _chained(kept, reader))
        with guarded(self.file, self.format):
            for batch in reader:
                kept.append(batch)
                yield batch

    def _reader(self) -> pa.RecordBatchReader:
        frame = self._frame
        with guarded(None, self.format), _readable(frame):
            if isinstance(frame, pa.RecordBatchReader):
                return frame
            if isinstance(frame, QueryRows) or is_dataset(frame):
                return frame.reader() if isinstance(frame, QueryRows) else _dataset_reader(frame)
            # PyArrow's own need not leave it, which ends the process where its version is below 25
            # and short strings were cast to views (apache/arrow#49740).
            if isinstance(frame, pa.Table):
                return frame.to_reader()
            if isinstance(frame, pa.RecordBatch):
                return pa.RecordBatchReader.from_batches(frame.schema, [frame])
            if hasattr(frame, "__arrow_c_stream__"):
                return pa.RecordBatchReader.from_stream(frame)
            if hasattr(frame, "__arrow_c_array__"):
                batch = pa.record_batch(frame)
                return pa.RecordBatchReader.from_batches(batch.schema, [batch])
        raise no_frame(frame, _reading_call(frame))


def _copied(
    kind: type[FrameTable], frame: Any, rows: int | None, names: tuple[str, ...]
) -> FrameTable:
    table = kind(frame)
    table.rows, table.known_names = rows, names
    return table


def is_pickled(frame: Any) -> bool:
    """Whether a library pickles its frames; of others the rows are pickled, as Arrow's."""
    return library_of(frame) in ("pandas", "polars", "pyarrow", "datasets")


def _rows(frame: Any) -> int | None:
    """The number of rows, where the frame says it without being read."""
    rows = getattr(frame, "num_rows", None)
    if rows is None and library_of(frame) in _SIZED:
        rows = len(frame)
    return rows if isinstance(rows, int) else None


def _dataset_reader(dataset: Any) -> pa.RecordBatchReader:
    """The rows that a dataset of Hugging Face stands for, in the order of its indices."""
    schema = dataset.features.arrow_schema
    tables = dataset.with_format("arrow").iter(batch_size=_DATASET_ROWS)
    batches = (batch for table in tables for batch in table.cast(schema).to_batches())
    return pa.RecordBatchReader.from_batches(schema, batches)


@contextmanager
def _closing(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatchReader]:
    """Close a stream that is not read to its end, for whoever waits for it."""
    try:
        yield reader
    finally:
        reader.close()


@contextmanager
def _readable(frame: Any) -> Iterator[None]:
    """Turn the errors of a library of queries, which derive from none of ours, into one line."""
    try:
        yield
    except Exception as error:
        if type(error).__module__.split(".")[0].strip("_") != "duckdb":
            raise
        told = str(error).splitlines()[0]
        busy = "open result" in told
        raise InputError(
            f"the query cannot be run ({told})",
            remedy="pass its rows instead: relation.to_arrow_table()" if busy else None,
        ) from None


def _chained(kept: list[pa.RecordBatch], reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    while kept:
        yield kept.pop(0)
    yield from reader
