"""A sample of the rows of a stream, the same for any batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unsurprised.arrow.decoded import decoded
from unsurprised.errors import CallError
from unsurprised.states.hashing import hashes_of_range


class RowSample:
    """Of all rows those with the smallest hashes of their numbers, in their order.

    All of them where there are no more than ``size``. Twice as many are held at most, and a batch.

    Examples
    --------
    >>> sample = RowSample(2).update(pa.record_batch({"a": [1, 2, 3]}))
    >>> sample.rows, sample.table().num_rows
    (3, 2)
    """

    def __init__(self, size: int) -> None:
        self.size = size
        #: How many rows came.
        self.rows = 0
        self._held: pa.Table | None = None
        self._fresh: list[pa.Table] = []
        self._hashes: NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
        self._numbers: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def update(self, batch: pa.RecordBatch) -> RowSample:
        """Add rows, which come after those before."""
        hashes = hashes_of_range(self.rows, batch.num_rows)
        numbers = np.arange(self.rows, self.rows + batch.num_rows)
        self.rows += batch.num_rows
        if len(self._hashes) >= self.size:
            likely = hashes < np.partition(self._hashes, self.size - 1)[self.size - 1]
            hashes, numbers = hashes[likely], numbers[likely]
            batch = batch.filter(pa.array(likely))
        columns = [decoded(column) for column in batch.columns]
        self._fresh.append(pa.table(columns, names=batch.schema.names))
        self._hashes = np.concatenate([self._hashes, hashes])
        self._numbers = np.concatenate([self._numbers, numbers])
        if len(self._hashes) > 2 * self.size:
            self._shrink()
        return self

    def table(self) -> pa.Table:
        """The rows that are kept."""
        self._shrink()
        return self._held

    def _shrink(self) -> None:
        parts = [*([] if self._held is None else [self._held]), *self._fresh]
        whole = concatenated(parts)
        self._fresh = []
        if len(self._hashes) > self.size:
            least = np.lexsort((self._numbers, self._hashes))[: self.size]
            kept = np.sort(least)  # rows came in the order of their numbers
            self._hashes, self._numbers = self._hashes[kept], self._numbers[kept]
            whole = whole.take(pa.array(kept))
        self._held = whole.combine_chunks()


def concatenated(parts: list[pa.Table]) -> Any:
    """Tables one after the other, each column of the type that holds all its values."""
    try:
        return pa.concat_tables(parts, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        raise CallError(_disagreement(parts)) from None


def _disagreement(parts: list[pa.Table]) -> str:
    for name in parts[0].schema.names:
        types = list(dict.fromkeys(str(part.schema.field(name).type) for part in parts))
        fields = [part.select([name]).slice(0, 0) for part in parts]
        try:
            pa.concat_tables(fields, promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            return (
                f"column {name!r} holds {' in one part and '.join(types[:3])} in another; expected "
                "one type in all parts of a data set"
            )
    return "the parts of the data set hold columns of different types; expected the same"
