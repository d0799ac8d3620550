"""Columns to slice rows by: Arrow arrays → names by their codes, or numbers to be binned."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from unsurprised.arrow.encodings import as_numpy
from unsurprised.arrow.kinds import plain, stands_for
from unsurprised.batches import SliceColumn
from unsurprised.errors import InputError, Place


def slice_column(column: pa.Array) -> SliceColumn:
    """What the rows are sliced by; a null is a value of its own.

    Examples
    --------
    >>> slice_column(pa.array(["b", None, "a", "b"]))
    SliceColumn(codes=array([0, 2, 1, 0], dtype=int32), names=('b', 'a', None), ...)
    """
    kind = stands_for(column.type)
    if kind in ("integer", "float"):
        return _numbers(column)
    if kind not in ("text", "bool", "null"):
        raise InputError(
            f"found {plain(column.type)}",
            expected="names, numbers or booleans to slice by",
            remedy="cast it to text",
            place=Place(row=0 if len(column) else None),
        )
    if not pa.types.is_dictionary(column.type):
        column = column.cast(pa.string()).dictionary_encode()
    names = tuple(column.dictionary.cast(pa.string()).to_pylist())
    codes = column.indices
    if codes.null_count:
        codes, names = pc.fill_null(codes, len(names)), (*names, None)
    return SliceColumn(codes=as_numpy(codes).astype(np.int32, copy=False), names=names)


def _numbers(column: pa.Array) -> SliceColumn:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    missing = None
    if column.null_count:
        missing = column.is_null().to_numpy(zero_copy_only=False)
        column = pc.fill_null(column, pa.scalar(0).cast(column.type))
    return SliceColumn(numbers=as_numpy(column), missing=missing)
