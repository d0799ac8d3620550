"""Labels of any type → the index of each row's class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unsurprised.errors import InputError, Place
from unsurprised.sources.classes import Classes
from unsurprised.sources.columns import listed
from unsurprised.sources.encodings import as_numpy
from unsurprised.sources.kinds import plain, stands_for

Indices = NDArray[np.int64]


def indices_of(column: pa.Array, classes: Classes) -> Indices:
    """The index of each row's class. ``column`` holds no null (one of nulls holds no row).

    Raises
    ------
    InputError
        With the first row, counted in ``column``, that names no class.
    """
    if pa.types.is_dictionary(column.type):
        return _of_dictionary(column, classes)
    kind = stands_for(column.type)
    if kind == "text":
        return _of_names(column, classes)
    if kind == "bool":
        return _of_booleans(column, classes)
    if kind == "integer":
        return _of_integers(column, classes)
    if kind == "null":
        return np.zeros(len(column), dtype=np.int64)
    value = _short(column[0].as_py()) if len(column) else "a value"
    raise InputError(
        f"found {value} ({plain(column.type)})",
        expected="the index or the name of a class, or a list of numbers",
        remedy="cast it to an integer" if kind == "float" else "cast it to an integer or a name",
        place=Place(row=0 if len(column) else None),
    )


def _of_dictionary(column: pa.DictionaryArray, classes: Classes) -> Indices:
    """Each entry is looked up once, and only entries that rows use can be wrong."""
    codes = as_numpy(column.indices)
    used = np.unique(codes)
    table: Indices = np.full(len(column.dictionary), -1, dtype=np.int64)
    try:
        table[used] = indices_of(column.dictionary.take(pa.array(used)), classes)
    except InputError:
        for row, code in enumerate(codes):
            if table[code] >= 0:
                continue
            try:
                table[code] = indices_of(column.dictionary.slice(int(code), 1), classes)[0]
            except InputError as error:
                raise error.located(row=row) from None
    found: Indices = table[codes]
    return found


def _of_names(column: pa.Array, classes: Classes) -> Indices:
    if classes.names is None:
        raise InputError(
            f"found the name {_short(column[0].as_py())}"
            if len(column)
            else "the labels are names",
            expected="an index, since the classes have no names",
            remedy="say the names, in the order of the prediction, with classes=[…] (--classes)",
            place=Place(row=0 if len(column) else None),
        )
    found = pc.index_in(column.cast(pa.string()), value_set=classes.name_array)
    if found.null_count:
        row = pc.index(pc.is_null(found), True).as_py()
        raise _unknown(column, row, classes)
    indices: Indices = as_numpy(found).astype(np.int64)
    return indices


def _of_booleans(column: pa.Array, classes: Classes) -> Indices:
    lower = [name.lower() for name in classes.names or ()]
    values: Indices = as_numpy(column.cast(pa.uint8())).astype(np.int64)
    if sorted(lower) == ["false", "true"]:
        return np.where(values == 1, lower.index("true"), lower.index("false"))
    return _checked(values, column, classes)


def _of_integers(column: pa.Array, classes: Classes) -> Indices:
    values = as_numpy(column)
    if values.dtype == np.uint64:
        values = np.minimum(values, np.uint64(np.iinfo(np.int64).max))
    values = values.astype(np.int64)
    if classes.integers is None:
        return _checked(values, column, classes)
    known, order = classes.integers
    where = np.minimum(np.searchsorted(known, values), len(known) - 1)
    wrong = known[where] != values
    if wrong.any():
        raise _unknown(column, int(np.argmax(wrong)), classes)
    indices: Indices = order[where]
    return indices


def _checked(values: Indices, column: pa.Array, classes: Classes) -> Indices:
    if not len(values):
        return values
    if values.min() < 0 or values.max() >= classes.count:
        wrong = (values < 0) | (values >= classes.count)
        raise _unknown(column, int(np.argmax(wrong)), classes)
    return values


def _unknown(column: pa.Array, row: int, classes: Classes) -> InputError:
    value: Any = column[row].as_py()
    if isinstance(value, str) or classes.integers is not None:
        return InputError(
            f"found the unknown class {_short(value)}",
            expected=f"one of {listed(classes.shown or (), 10)}",
            place=Place(row=row),
        )
    return InputError(
        f"found label {value}",
        expected=f"an index from 0 to {classes.count - 1}, as there are {classes.count} classes",
        place=Place(row=row),
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
