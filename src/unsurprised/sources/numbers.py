"""Arrow columns as NumPy's numbers: one a row, a list a row, or one column a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unsurprised.arrow.encodings import as_numpy
from unsurprised.arrow.kinds import is_list, stands_for
from unsurprised.errors import InputError, Place
from unsurprised.sources.nulls import present

#: Where the number of classes comes from, in errors.
_ORIGINS = {"by position": ", as in the first row"}


def matrix(column: pa.Array, count: int, origin: str, *, floats: bool = True) -> NDArray[Any]:
    """Lists of ``count`` numbers as ``(rows, count)``, a view of the child values."""
    if pa.types.is_fixed_size_list(column.type):
        size = column.type.list_size
        wrong = np.full(len(column), size != count)
        lengths = np.full(1, size)
    else:
        lengths = np.diff(as_numpy(column.offsets))
        wrong = lengths != count
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            f"found {lengths[min(row, len(lengths) - 1)]} numbers",
            expected=f"{count}, one a class{_ORIGINS.get(origin, ' (' + origin + ')')}",
            remedy="every list must be of the same length",
            place=Place(row=row),
        )
    values = column.flatten()
    return numbers(values, floats=floats).reshape(len(column), count)


def packed(
    columns: Sequence[pa.Array], names: Sequence[str], *, floats: bool = True
) -> NDArray[Any]:
    """One column a class as ``(rows, classes)``: packed class by class, seen row by row."""
    arrays = []
    for column, name in zip(columns, names, strict=True):
        try:
            arrays.append(numbers(column, floats=floats))
        except InputError as error:
            raise error.located(column=name) from None
    kind = np.result_type(*{array.dtype for array in arrays})
    out = np.empty((len(arrays), len(arrays[0])), dtype=kind)
    for target, array in zip(out, arrays, strict=True):
        target[:] = array
    return out.T


def numbers(column: pa.Array, *, floats: bool = True) -> NDArray[Any]:
    """A column without nulls as a NumPy array; floats of any width stay as they are."""
    if is_list(column.type):  # of one number each
        return matrix(column, 1, "one number a row", floats=floats)[:, 0]
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = stands_for(column.type)
    if kind == "float":
        return as_numpy(column)
    if kind == "null":
        return np.zeros(len(column))
    if kind == "bool":
        column, kind = column.cast(pa.uint8()), "integer"
    if kind != "integer":
        raise InputError(
            f"found {column.type}",
            expected="numbers",
            remedy="cast it to float64",
            place=Place(row=0 if len(column) else None),
        )
    values = as_numpy(column)
    return values.astype(np.float64) if floats else values


def equal_to(column: pa.Array, value: float) -> NDArray[np.bool_]:
    """Which entries of a column of numbers are a number; nulls and names are not."""
    if stands_for(column.type) not in ("integer", "float"):
        return np.zeros(len(column), dtype=bool)
    plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    same = pc.equal(plain.cast(pa.float64(), safe=False), float(value))
    return np.asarray(pc.fill_null(same, False).to_numpy(zero_copy_only=False), dtype=bool)


def with_nan(column: pa.Array) -> NDArray[np.bool_]:
    """Rows that hold a NaN."""
    found = np.zeros(len(column), dtype=bool)
    values, lengths = column, None
    if is_list(column.type):
        lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False)
        values = column.flatten()
    if stands_for(values.type) == "float":
        nan = np.asarray(pc.fill_null(pc.is_nan(values), False).to_numpy(zero_copy_only=False))
        rows = nan if lengths is None else np.repeat(np.arange(len(column)), lengths)[nan]
        found[rows] = True
    return found


def valid(column: pa.Array) -> NDArray[np.bool_]:
    """Which rows hold no null."""
    mask = present(column)
    return np.ones(len(column), dtype=bool) if mask is None else mask


def refuse(values: NDArray[np.float64], wrong: NDArray[np.bool_], expected: str) -> None:
    """Raise for the first number that is wrong."""
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(
            f"found {float(values[row])!r}",
            expected=expected,
            remedy="mend it where the row was made, or leave the row out",
            place=Place(row=row),
        )
