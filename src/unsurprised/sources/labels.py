"""Labels of any type → the index of each row's class."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from unsurprised.arrays.host import HostArray
from unsurprised.arrow.encodings import as_numpy
from unsurprised.arrow.kinds import plain, stands_for
from unsurprised.class_names.binding import shown
from unsurprised.class_names.indices import whole_numbers
from unsurprised.errors import InputError, Place
from unsurprised.sources.classes import Classes

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
        return classes.binding.of_booleans(as_numpy(column.cast(pa.uint8())).astype(np.bool_))
    if kind == "integer":
        return _of_integers(column, classes)
    if kind == "float":
        return _of_floats(column, classes)
    if kind == "null":
        return np.zeros(len(column), dtype=np.int64)
    raise InputError(
        f"found {_first(column)} ({str(plain(column.type))[:80]})",
        expected="the index or the name of a class, or a list of numbers",
        remedy="cast it to an integer or a name",
        place=Place(row=0 if len(column) else None),
    )


def _first(column: pa.Array) -> str:
    """The first value, for an error."""
    if not len(column):
        return "a value"
    try:
        return shown(column[0].as_py())
    except ValueError:  # a struct that has one name twice
        return str(column[0])


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
            f"found the name {shown(column[0].as_py())}" if len(column) else "the labels are names",
            expected="an index, since the classes have no names",
            remedy="say the names, in the order of the prediction, with classes=[…] (--classes)",
            place=Place(row=0 if len(column) else None),
        )
    found = pc.index_in(column.cast(pa.string()), value_set=classes.name_array)
    if not found.null_count:
        return as_numpy(found).astype(np.int64)
    # What is not written as the names are may be the same number, or a word for yes or no.
    strange = column.filter(found.is_null()).unique()
    places = classes.binding.of_texts([str(value) for value in strange.to_pylist()])
    if -1 in places:
        unknown = strange.filter(pa.array([place < 0 for place in places]))
        row = pc.index(pc.is_in(column, value_set=unknown), True).as_py()
        raise classes.binding.unknown(column[row].as_py(), row)
    other = pc.index_in(column, value_set=strange)
    table = pa.array(places, pa.int32()).take(other)
    return as_numpy(pc.coalesce(found, table)).astype(np.int64)


def _of_integers(column: pa.Array, classes: Classes) -> Indices:
    values = as_numpy(column)
    if values.dtype == np.uint64 and len(values) and values.max() > np.iinfo(np.int64).max:
        row = int(np.argmax(values > np.iinfo(np.int64).max))
        raise InputError(
            f"found label {values[row]}",
            expected="an index"
            + (
                f" from 0 to {classes.count - 1}, as there are {classes.count} classes"
                if classes.count
                else ""
            ),
            place=Place(row=row),
        )
    return classes.binding.of_integers(values.astype(np.int64))


def _of_floats(column: pa.Array, classes: Classes) -> Indices:
    """Whole numbers are labels whatever carries them; others only where a class is so named."""
    numbers = as_numpy(column)
    values = HostArray(numbers, numbers.dtype.name)
    whole = whole_numbers(values)
    if whole is not None:
        return classes.binding.of_integers(whole.values)
    if classes.names is not None:
        texts, where = np.unique(values.values.astype(str), return_inverse=True)
        places = np.array(classes.binding.of_texts(texts.tolist()), dtype=np.int64)[where]
        if (places >= 0).all():
            return places
    is_whole = values.values == np.floor(values.values)
    row = int(np.argmax(~is_whole | (np.abs(values.values) >= 2.0**63)))
    raise InputError(
        f"found {shown(float(values.values[row]))}, which is "
        + ("no index of a class" if is_whole[row] else "no whole number"),
        expected="the index or the name of a class, or a list of numbers",
        remedy="a share of class 1 goes with one number a row, a distribution with a list a row",
        place=Place(row=row),
    )
