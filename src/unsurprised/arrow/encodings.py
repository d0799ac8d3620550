"""Arrow's many ways to hold the same values, as the few that everything after reads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unsurprised.arrow.decoded import decoded, same
from unsurprised.arrow.kinds import is_list, is_vector, is_wrapped, stands_for
from unsurprised.errors import CallError, InputError, Place


def without_encodings(record: pa.RecordBatch) -> pa.RecordBatch:
    """Columns as plain arrays; dictionaries of names and integers stay, for they are quick to read.

    The same batch where there is nothing to do.
    """
    columns = [_decoded(column) for column in record.columns]
    if all(new is old for new, old in zip(columns, record.columns, strict=True)):
        return record
    return pa.record_batch(columns, names=record.schema.names)


def taken(record: pa.RecordBatch, rows: NDArray[np.int64]) -> pa.RecordBatch:
    """Some rows; columns that Arrow takes none from, such as runs and views, are undone."""
    columns = [_taken(column, pa.array(rows)) for column in record.columns]
    fields = [
        field.with_type(column.type) for field, column in zip(record.schema, columns, strict=True)
    ]
    return pa.record_batch(columns, schema=pa.schema(fields, metadata=record.schema.metadata))


def _taken(column: pa.Array, rows: pa.Array) -> pa.Array:
    try:
        return column.take(rows)
    except pa.ArrowNotImplementedError:
        return decoded(column, wrapped=same).take(rows)


def _decoded(column: pa.Array) -> pa.Array:
    """The column without the encodings that nothing later asks for."""
    if is_wrapped(column.type):
        return _decoded(column.storage)
    if pa.types.is_dictionary(column.type):
        return _dictionary(column)
    if is_vector(column.type):
        return _vectors(column)
    return decoded(column, _as_floats, wrapped=_unwrapped)


def _unwrapped(column: pa.Array) -> pa.Array:
    """The storage of what only says more of it; a tensor of several dimensions is no row."""
    return _decoded(column.storage) if is_wrapped(column.type) else column


def _as_floats(column: pa.Array) -> pa.Array:
    """Decimals as floats.

    By their text: Arrow's own way from decimals to floats is off by a unit in the last place.
    """
    if pa.types.is_decimal(column.type):
        return column.cast(pa.string()).cast(pa.float64())
    return column


def _vectors(column: pa.StructArray) -> pa.Array:
    """Vectors of Spark ML as lists: dense ones hold all values, sparse ones those at indices."""
    kinds, sizes, indices, values = column.flatten()
    dense = pc.fill_null(pc.equal(kinds, 1), True)
    if pc.all(dense).as_py() is not False:
        return _decoded(values)
    rows = zip(kinds.to_pylist(), sizes.to_pylist(), indices.to_pylist(), values.to_pylist(),
               strict=True)  # fmt: skip
    lists: list[list[float] | None] = []
    for row, (kind, size, places, entries) in enumerate(rows):
        if kind != 0 or entries is None:
            lists.append(entries)
            continue
        full = [0.0] * int(size or 0)
        if (
            places is None
            or len(places) != len(entries)
            or any(not 0 <= place < len(full) for place in places)
        ):
            raise InputError(
                "found a sparse vector whose indices do not fit its size and values",
                expected="an index below the size for each value",
                place=Place(row=row),
            )
        for place, entry in zip(places, entries, strict=True):
            full[place] = entry
        lists.append(full)
    return pa.array(lists, pa.large_list(pa.float64()))


def _dictionary(column: pa.DictionaryArray) -> pa.Array:
    """Names and integers stay encoded; nulls among the entries are nulls of the rows."""
    entries = _decoded(column.dictionary)
    if entries is not column.dictionary:
        column = pa.DictionaryArray.from_arrays(column.indices, entries)
    if entries.null_count or stands_for(column.type) not in ("text", "integer", "bool"):
        return entries.take(column.indices)
    return column


def as_numpy(column: pa.Array) -> NDArray[Any]:
    """Numbers without nulls as a NumPy array over the same memory.

    Not by ``to_numpy``, which imports pandas wherever that is installed: a fifth of a second. What
    came by a network need not lie where numbers of its size do, and is copied then.
    """
    array: NDArray[Any] = np.require(np.from_dlpack(column), requirements="A")
    return array


def array_of(column: Any, what: str) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """A whole column as an array, lists as its rows; and which entries are null, if any are."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
        if isinstance(column, pa.ChunkedArray):  # of no chunk
            column = column.chunk(0) if column.num_chunks else pa.array([], column.type)
    column = _decoded(column)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if is_list(column.type):
        return _matrix(column, what), None
    missing = column.is_null().to_numpy(zero_copy_only=False) if column.null_count else None
    kind = stands_for(column.type)
    if kind == "text":
        names = column.cast(pa.large_string()).to_numpy(zero_copy_only=False)
        return np.array(["" if name is None else name for name in names], dtype=str), missing
    if kind == "null":
        return np.zeros(len(column)), np.ones(len(column), dtype=bool)
    if kind not in ("integer", "float", "bool"):
        raise CallError(f"{what} holds {str(column.type)[:80]}; expected numbers or names")
    if missing is not None:
        column = pc.fill_null(column, pa.scalar(0).cast(column.type))
    if kind == "bool":
        return column.to_numpy(zero_copy_only=False).astype(np.bool_), missing
    return as_numpy(column), missing


def _matrix(column: pa.Array, what: str) -> NDArray[Any]:
    """Lists of one length as ``(rows, numbers)``."""
    lengths = pc.list_value_length(column)
    known = pc.unique(lengths).to_pylist()
    if len(known) > 1 or None in known:
        raise CallError(
            f"{what} holds lists of the lengths {', '.join(map(str, known[:4]))}; expected one "
            "length, a number for every class"
        )
    values, missing = array_of(column.flatten(), what)
    if missing is not None:
        raise CallError(f"{what} holds lists with nulls; expected a number everywhere")
    return values.reshape(len(column), *([known[0]] if known else [0]), *values.shape[1:])
