"""Kinds of values that Arrow types stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pyarrow as pa
from pyarrow import types

Stands = Literal["integer", "float", "bool", "text", "integers", "floats", "map", "null", "other"]

#: What is said of a type in errors, by what it stands for.
WORDS: dict[Stands, str] = {
    "integer": "integers",
    "float": "floating-point numbers",
    "bool": "booleans",
    "text": "names",
    "integers": "lists of integers",
    "floats": "lists of floating-point numbers",
    "map": "maps from class to number",
    "null": "nulls only",
    "other": "another type",
}


def stands_for(kind: pa.DataType) -> Stands:
    """Sort a type by what it can mean.

    Examples
    --------
    >>> stands_for(pa.dictionary(pa.int8(), pa.string()))
    'text'
    >>> stands_for(pa.list_(pa.float16()))
    'floats'
    >>> stands_for(pa.timestamp("s"))
    'other'
    """
    kind = plain(kind)
    for word, matches in _SCALARS.items():
        if matches(kind):
            return word
    if is_list(kind):
        if entry_of(kind) is not None:
            return "map"
        item = stands_for(kind.value_type)
        return _LISTS.get(item, "other")
    if is_vector(kind):
        return "floats"
    return "map" if _names_classes(kind) else "other"


def _names_classes(kind: pa.DataType) -> bool:
    """Whether rows are maps or structs from class to number."""
    if types.is_map(kind):
        named = stands_for(kind.key_type) in ("text", "integer", "bool")
        return named and stands_for(kind.item_type) in _NUMBERS
    numbers = (
        (stands_for(field.type) in _NUMBERS for field in kind) if types.is_struct(kind) else ()
    )
    return bool(types.is_struct(kind) and kind.num_fields and all(numbers))


def plain(kind: pa.DataType) -> pa.DataType:
    """The type of the values, under a dictionary, run-end encoding or tensor extension."""
    if is_wrapped(kind):
        return plain(kind.storage_type)
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return plain(kind.value_type)
    return kind


def is_wrapped(kind: pa.DataType) -> bool:
    """Whether a type only says more of its storage: tensors of one dimension, Ray's columns, …."""
    if isinstance(kind, pa.FixedShapeTensorType):
        return len(kind.shape) == 1
    return isinstance(kind, pa.BaseExtensionType)


def is_list(kind: pa.DataType) -> bool:
    """Whether rows of this type are lists."""
    return bool(
        types.is_list(kind)
        or types.is_large_list(kind)
        or types.is_fixed_size_list(kind)
        or types.is_list_view(kind)
        or types.is_large_list_view(kind)
    )


def is_vector(kind: pa.DataType) -> bool:
    """Whether rows are vectors as Spark ML stores them: dense values, or sparse ones by index."""
    return types.is_struct(kind) and [field.name for field in kind] == [
        "type",
        "size",
        "indices",
        "values",
    ]


def entry_of(kind: pa.DataType) -> tuple[str, str] | None:
    """The fields of class and number in lists of pairs, as pipelines write them; None if none.

    >>> entry_of(pa.list_(pa.struct([("label", pa.string()), ("score", pa.float32())])))
    ('label', 'score')
    """
    if not is_list(kind) or not types.is_struct(plain(kind.value_type)):
        return None
    fields = list(plain(kind.value_type))
    if len(fields) != 2:
        return None
    kinds = {field.name: stands_for(field.type) for field in fields}
    named = [name for name in kinds if kinds[name] == "text" or name.lower() in _CLASS_FIELDS]
    numbers = [name for name in kinds if kinds[name] in ("float", "null") and name not in named]
    if len(named) == 1 and kinds[named[0]] in ("text", "integer") and len(numbers) == 1:
        return named[0], numbers[0]
    return None


#: What the class is called in lists of pairs, where it may be an integer.
_CLASS_FIELDS = ("label", "class", "name", "id", "token", "category", "key")


def _is_text(kind: pa.DataType) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _is_real(kind: pa.DataType) -> bool:
    return bool(types.is_floating(kind) or types.is_decimal(kind))


_NUMBERS: tuple[Stands, ...] = ("float", "integer", "null")

_SCALARS: dict[Stands, Callable[[pa.DataType], bool]] = {
    "bool": types.is_boolean,
    "integer": types.is_integer,
    "float": _is_real,
    "text": _is_text,
    "null": types.is_null,
}

#: A list that holds nothing but nulls says nothing of its numbers; its rows are refused one by one.
_LISTS: dict[Stands, Stands] = {
    "integer": "integers",
    "bool": "integers",
    "float": "floats",
    "null": "floats",
}
