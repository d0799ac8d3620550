"""A frame in an engine, which gives its partitions to some work.

The engine only schedules and hands rows over, as Arrow's batches; a work returns bytes, which the
driver gets as they come.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Protocol

import pyarrow as pa

#: What is done with the batches of one partition; it has to be pickled.
PartitionWork = Callable[[Iterator[pa.RecordBatch]], bytes]


class EngineFrame(Protocol):
    """A frame in an engine."""

    #: How errors call it.
    called: str
    #: How an id is added to its rows, for a variable called ``source``.
    with_id: str
    #: How its rows are kept from being made anew for each read.
    kept: str
    #: How lists in a column come as lists.
    for_lists: str

    def mapped(self, work: PartitionWork, columns: Sequence[str] | None = None) -> Generator[bytes]:
        """What some work finds in each partition, of some columns alone, as it comes."""
