"""Ray's datasets: a task a block."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pyarrow as pa

from unsurprised.engines.frames.partitioned import PartitionWork


class RayFrame:
    """A Ray Dataset."""

    called = "Ray Dataset"
    with_id = "the column that names its rows"
    kept = "source.materialize()"
    for_lists = "write lists, or a column for each class, where the rows are made"

    def __init__(self, data: Any) -> None:
        self._data = data

    def mapped(self, work: PartitionWork, columns: Sequence[str] | None = None) -> Generator[bytes]:
        """A task a block, of one CPU."""
        data = self._data if columns is None else self._data.select_columns(list(columns))
        found = data.map_batches(
            _worked, fn_kwargs={"work": work}, batch_size=None, batch_format="pyarrow", num_cpus=1
        )
        for row in found.iter_rows():
            yield row["done"]


def _worked(block: pa.Table, work: PartitionWork) -> pa.Table:
    """The work on one block."""
    return pa.table({"done": pa.array([work(iter(block.to_batches()))], pa.large_binary())})
