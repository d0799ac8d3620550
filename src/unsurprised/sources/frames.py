"""Data frames of any library that speaks the Arrow interface: pandas, Polars, DuckDB, pyarrow."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from unsurprised.errors import CallError
from unsurprised.sources.guard import guarded
from unsurprised.sources.table import Part, Table

#: Rows of a stream that are held for a look at them.
_LOOKED_ROWS = 100_000


def is_frame(source: Any) -> bool:
    """Whether an object gives its rows through the Arrow interface."""
    return any(
        hasattr(source, name)
        for name in ("__arrow_c_stream__", "__arrow_c_array__", "__dataframe__")
    )


class FrameTable(Table):
    """A data frame. A stream that can be read once is read once, and never held as a whole."""

    file = None
    format = "a data frame"

    def __init__(self, frame: Any) -> None:
        self._frame = frame
        self._lock = threading.Lock()
        self._stream: pa.RecordBatchReader | None = self._reader()
        self.schema = self._stream.schema
        rows = getattr(frame, "num_rows", None)
        if rows is None and not isinstance(frame, pa.RecordBatchReader):
            shape = getattr(frame, "shape", None)
            rows = shape[0] if isinstance(shape, tuple) and len(shape) == 2 else None
        self.rows = rows if isinstance(rows, int) else None

    def read(
        self, part: Part, columns: Mapping[str, str], batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The frame's own batches."""
        with self._lock:
            reader = self._stream or self._reader()
            self._stream = None
        names = list(columns)
        with guarded(self.file, self.format):
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
        with guarded(None, self.format):
            if isinstance(frame, pa.RecordBatchReader):
                return frame
            if hasattr(frame, "__arrow_c_stream__"):
                return pa.RecordBatchReader.from_stream(frame)
            if hasattr(frame, "__arrow_c_array__"):
                batch = pa.record_batch(frame)
                return pa.RecordBatchReader.from_batches(batch.schema, [batch])
        raise CallError(
            f"{type(frame).__name__} has no Arrow interface (__arrow_c_stream__); "
            "expected a path or a data frame of pandas ≥ 2.2, Polars, DuckDB or pyarrow"
        )


def _chained(kept: list[pa.RecordBatch], reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    while kept:
        yield kept.pop(0)
    yield from reader
