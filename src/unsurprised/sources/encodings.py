"""Arrow's many ways to hold the same values, as the few that everything after reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unsurprised.sources.kinds import stands_for


def without_encodings(record: pa.RecordBatch) -> pa.RecordBatch:
    """Columns as plain arrays; dictionaries of names and integers stay, for they are quick to read.

    The same batch where there is nothing to do.
    """
    columns = [_decoded(column) for column in record.columns]
    if all(new is old for new, old in zip(columns, record.columns, strict=True)):
        return record
    return pa.record_batch(columns, names=record.schema.names)


def _decoded(column: pa.Array) -> pa.Array:
    """The column without the encodings that nothing later asks for."""
    kind = column.type
    if isinstance(kind, pa.FixedShapeTensorType) and len(kind.shape) == 1:
        return column.storage
    if pa.types.is_run_end_encoded(kind):
        return _decoded(pc.run_end_decode(column))
    if pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        return _listed(column)
    if pa.types.is_string_view(kind):
        return column.cast(pa.large_string())  # few of Arrow's functions know views
    if pa.types.is_dictionary(kind):
        return _dictionary(column)
    return column


def _dictionary(column: pa.DictionaryArray) -> pa.Array:
    """Names and integers stay encoded; nulls among the entries are nulls of the rows."""
    entries = _decoded(column.dictionary)
    if entries is not column.dictionary:
        column = pa.DictionaryArray.from_arrays(column.indices, entries)
    if entries.null_count or stands_for(column.type) not in ("text", "integer", "bool"):
        return column.dictionary_decode()
    return column


def _listed(column: pa.Array) -> pa.Array:
    """A list view as lists; Arrow's own cast gives lists with too few offsets."""
    missing = column.is_null()
    lengths = pc.if_else(missing, 0, pc.list_value_length(column)).to_numpy()
    offsets = np.zeros(len(column) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    mask = missing if column.null_count else None
    return pa.LargeListArray.from_arrays(pa.array(offsets), column.flatten(), mask=mask)


def as_numpy(column: pa.Array) -> NDArray[Any]:
    """Numbers without nulls as a NumPy array over the same memory.

    Not by ``to_numpy``, which imports pandas wherever that is installed: a fifth of a second.
    """
    array: NDArray[Any] = np.from_dlpack(column)
    return array
