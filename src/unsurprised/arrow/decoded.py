"""Arrow arrays without encodings at any depth: plain scalars, lists, structs and maps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import types

from unsurprised.arrow.kinds import is_list

Convert = Callable[[pa.Array], pa.Array]


def same(column: pa.Array) -> pa.Array:
    """The array itself."""
    return column


def decoded(column: pa.Array, leaf: Convert = same, *, wrapped: Convert | None = None) -> pa.Array:
    """The same values without dictionaries, runs, views and extension types.

    Parameters
    ----------
    column : pyarrow.pa.Array
        An array of any type; a slice of another one, too.
    leaf : function of an array
        Converts what is no list, struct or map, once it is plain.
    wrapped : function of an array, optional
        Converts arrays of extension types; by default they are read as their storage.

    Returns
    -------
    pyarrow.pa.Array
        The array itself where there is nothing to do.

    Examples
    --------
    >>> runs = pa.RunEndEncodedArray.from_arrays([2, 3], pa.array(["a", "b"]).dictionary_encode())
    >>> decoded(runs).to_pylist()
    ['a', 'a', 'b']
    """

    def again(inner: pa.Array) -> pa.Array:
        return decoded(inner, leaf, wrapped=wrapped)

    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return again(column.storage) if wrapped is None else wrapped(column)
    for matches, undone in _UNDONE:
        if matches(kind):
            return undone(column, again)
    if types.is_string_view(kind) or types.is_binary_view(kind):  # few of Arrow's functions do
        column = column.cast(pa.large_string() if types.is_string_view(kind) else pa.large_binary())
    return leaf(column)


def _dictionary(column: pa.DictionaryArray, convert: Convert) -> pa.Array:
    return convert(column.dictionary).take(column.indices)


def _run_ends(column: pa.RunEndEncodedArray, convert: Convert) -> pa.Array:
    return convert(column.values).take(_runs(column))


def _runs(column: pa.RunEndEncodedArray) -> pa.Array:
    """The place among the values for each row; ``run_end_decode`` knows plain values alone."""
    ends = np.asarray(column.run_ends)
    rows = np.arange(column.offset, column.offset + len(column))
    return pa.array(np.searchsorted(ends, rows, side="right"))


def lengths_of(column: pa.Array) -> NDArray[np.int64]:
    """How many entries each list has; none where there is no list."""
    if types.is_fixed_size_list(column.type):
        present = ~np.asarray(column.is_null())
        counts: NDArray[np.int64] = present.astype(np.int64) * column.type.list_size
        return counts
    lengths = np.asarray(pc.fill_null(pc.list_value_length(column), 0))
    return lengths.astype(np.int64)


def _offsets(lengths: NDArray[np.int64], wide: bool) -> pa.Array:
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return pa.array(offsets, pa.int64() if wide else pa.int32())


def _mask(column: pa.Array) -> pa.Array | None:
    return column.is_null() if column.null_count else None


def _list(column: pa.Array, convert: Convert) -> pa.Array:
    kind = column.type
    if types.is_fixed_size_list(kind) and kind.list_size:
        return _fixed(column, convert)
    entries = convert(column.flatten())  # of these rows alone, without what nulls hide
    view = types.is_list_view(kind) or types.is_large_list_view(kind)
    if (types.is_list(kind) or types.is_large_list(kind)) and entries.type == kind.value_type:
        return column
    # Arrow's own cast of views gives lists with too few offsets.
    wide = types.is_large_list(kind) or view
    make: Any = pa.LargeListArray if wide else pa.ListArray
    return make.from_arrays(_offsets(lengths_of(column), wide), entries, mask=_mask(column))


def _fixed(column: pa.FixedSizeListArray, convert: Convert) -> pa.Array:
    size = column.type.list_size
    entries = convert(column.flatten())
    if entries.type == column.type.value_type:
        return column
    if column.null_count:
        hidden = np.repeat(np.asarray(column.is_null()), size)
        entries = entries.take(pa.array(np.cumsum(~hidden) - 1, mask=hidden))
    return pa.FixedSizeListArray.from_arrays(entries, size, mask=_mask(column))


def _map(column: pa.MapArray, convert: Convert) -> pa.Array:
    offsets = column.offsets
    first, last = offsets[0].as_py(), offsets[len(column)].as_py()
    keys = convert(column.keys.slice(first, last - first))
    items = convert(column.items.slice(first, last - first))
    if keys.type == column.type.key_type and items.type == column.type.item_type:
        return column
    plain = pa.MapArray.from_arrays(pc.subtract(offsets, offsets[0]), keys, items)
    return _with_nulls(plain, column)


def _with_nulls(array: pa.Array, like: pa.Array) -> pa.Array:
    """An array with the nulls of another one."""
    if not like.null_count:
        return array
    rows = pa.array(np.arange(len(like)), mask=np.asarray(like.is_null()))
    return array.take(rows)


def children_of(column: pa.StructArray) -> list[pa.Array]:
    """The fields of structs, null where the structs are.

    Not by ``flatten`` alone, which gives unions and runs the nulls that they cannot have, and ends
    the process over it.
    """
    if not column.null_count:
        return [column.field(k) for k in range(column.type.num_fields)]
    rows = pa.array(np.arange(len(column)), mask=np.asarray(column.is_null()))
    plain = [not _without_nulls(field.type) for field in column.type]
    safe = pa.StructArray.from_arrays(
        [column.field(k) if good else rows for k, good in enumerate(plain)],
        names=list(map(str, range(len(plain)))),
        mask=column.is_null(),
    ).flatten()
    return [safe[k] if good else column.field(k) for k, good in enumerate(plain)]


def _without_nulls(kind: pa.DataType) -> bool:
    """Whether arrays of a type have no nulls of their own."""
    if isinstance(kind, pa.BaseExtensionType):
        return _without_nulls(kind.storage_type)
    return bool(types.is_union(kind) or types.is_run_end_encoded(kind))


def _struct(column: pa.StructArray, convert: Convert) -> pa.Array:
    kind = column.type
    children = [convert(child) for child in children_of(column)]
    fields = [kind.field(k).with_type(c.type) for k, c in enumerate(children)]
    if all(field.type == old.type for field, old in zip(fields, kind, strict=True)):
        return column
    return pa.StructArray.from_arrays(children, fields=fields, mask=_mask(column))


_UNDONE: tuple[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array, Convert], pa.Array]], ...]
_UNDONE = (
    (types.is_run_end_encoded, _run_ends),
    (types.is_dictionary, _dictionary),
    (is_list, _list),
    (types.is_map, _map),
    (types.is_struct, _struct),
)
