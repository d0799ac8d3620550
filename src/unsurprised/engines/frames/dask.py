"""Dask's data frames: a task a partition, on the current client, else by the frame's scheduler."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from importlib import import_module
from typing import Any

import pyarrow as pa

from unsurprised.engines.dask import refuse_unusable, workers_of
from unsurprised.engines.frames.partitioned import PartitionWork
from unsurprised.errors import InputError


class DaskFrame:
    """A Dask DataFrame."""

    called = "Dask DataFrame"
    with_id = "the column that names its rows; an index is one too, if it has a name"
    kept = "source.persist()"
    for_lists = (
        "Dask turns lists into text: make the frame under "
        'dask.config.set({"dataframe.convert-string": False}), or with a column for each class'
    )

    def __init__(self, frame: Any, client: Any = None) -> None:
        self._frame, self._client = frame, client

    def mapped(self, work: PartitionWork, columns: Sequence[str] | None = None) -> Generator[bytes]:
        """A task a partition; ``map_partitions`` would try the work on rows of its own making."""
        dask: Any = import_module("dask")
        frame = self._frame
        if columns is not None:
            frame = frame[[name for name in frame.columns if str(name) in columns]]
        worked = dask.delayed(_worked, pure=False)
        tasks = [worked(part, work) for part in frame.to_delayed()]
        client = self._client or _current_client(frame)
        if client is None:
            yield from dask.compute(*tasks)
            return
        refuse_unusable(client)
        workers_of(client)  # of which there may be none, and then nothing would ever come
        futures = client.compute(tasks, retries=0)
        ended: Any = import_module("distributed").as_completed(futures, with_results=True)
        try:
            for _, found in ended:
                yield found
        finally:
            client.cancel(futures)


def _current_client(frame: Any) -> Any:
    """The client that would compute the frame; None where another scheduler would."""
    base: Any = import_module("dask.base")
    client = getattr(base.get_scheduler(collections=[frame]), "__self__", None)
    return client if hasattr(client, "get_executor") else None


def _worked(part: Any, work: PartitionWork) -> bytes:
    """The work on one partition."""
    return work(_batches(part))


def _batches(part: Any) -> Iterator[pa.RecordBatch]:
    """The rows of a partition; an index without a name counts rows, and says nothing of them."""
    try:
        table = pa.Table.from_pandas(part, preserve_index=part.index.name is not None, nthreads=1)
    except (pa.ArrowException, ValueError) as error:
        raise InputError(
            f"a partition is no table of Arrow ({' '.join(str(error).split())})",
            expected="columns of one type each",
            remedy="cast them with source.astype(…)",
        ) from None
    yield from table.replace_schema_metadata().to_batches()
