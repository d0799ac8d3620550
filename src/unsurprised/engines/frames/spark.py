"""Spark's data frames, those of Spark Connect too: a task a partition, of Arrow's batches."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pyarrow as pa

from unsurprised.engines.frames.partitioned import PartitionWork
from unsurprised.errors import CallError

#: Spark's batches have 10,000 rows, which cost as much beside their rows as for them.
_ROWS, _BYTES = 1 << 16, 8 << 20


def _larger(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of more of them."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(one.num_rows for one in held) >= _ROWS or sum(one.nbytes for one in held) >= _BYTES:
            yield from pa.Table.from_batches(held).combine_chunks().to_batches()
            held = []
    if held:
        yield from pa.Table.from_batches(held).combine_chunks().to_batches()


class SparkFrame:
    """A Spark DataFrame."""

    called = "Spark DataFrame"
    with_id = (
        "the column that names its rows; of files F.concat_ws(':', '_metadata.file_path', "
        "'_metadata.row_index') is one"
    )
    kept = "source.persist()"
    for_lists = "parse them with F.from_json(column, 'array<double>')"

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def mapped(self, work: PartitionWork, columns: Sequence[str] | None = None) -> Generator[bytes]:
        """One job, a task a partition; what they return is all that counts."""
        frame, session = self._frame, self._frame.sparkSession
        if frame.isStreaming:
            raise CallError(
                "the Spark DataFrame is a stream, which has no last row; expected one of files or "
                "tables"
            )
        names = list(frame.columns)
        chosen = range(len(names)) if columns is None else list(map(names.index, columns))
        told = [names[place] for place in chosen]
        # Spark reads points in names as paths, so its columns get plain ones for a while.
        plain = [f"c{place}" for place in range(len(names))]
        rows = frame.toDF(*plain).select(*(plain[place] for place in chosen))

        def done(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
            found = work(batch.rename_columns(told) for batch in _larger(batches))
            yield pa.record_batch([pa.array([found], pa.binary())], names=["done"])

        tag = f"unsurprised-{uuid4().hex}"
        session.addTag(tag)
        try:
            found = rows.mapInArrow(done, "done binary").collect()
        except BaseException:  # an interrupt leaves the job running
            with suppress(Exception):
                session.interruptTag(tag)
            raise
        finally:
            session.removeTag(tag)
        for row in found:
            yield bytes(row[0])
