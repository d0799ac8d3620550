"""What an Arrow type can stand for."""

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
        item = stands_for(kind.value_type)
        return _LISTS.get(item, "other")
    if types.is_struct(kind):
        numbers = (stands_for(field.type) in ("float", "integer", "null") for field in kind)
        return "map" if kind.num_fields and all(numbers) else "other"
    return "other"


def plain(kind: pa.DataType) -> pa.DataType:
    """The type of the values, under a dictionary, run-end encoding or tensor extension."""
    if isinstance(kind, pa.FixedShapeTensorType) and len(kind.shape) == 1:
        return kind.storage_type
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return plain(kind.value_type)
    return kind


def is_list(kind: pa.DataType) -> bool:
    """Whether rows of this type are lists."""
    return bool(
        types.is_list(kind)
        or types.is_large_list(kind)
        or types.is_fixed_size_list(kind)
        or types.is_list_view(kind)
        or types.is_large_list_view(kind)
    )


def _is_text(kind: pa.DataType) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


_SCALARS: dict[Stands, Callable[[pa.DataType], bool]] = {
    "bool": types.is_boolean,
    "integer": types.is_integer,
    "float": types.is_floating,
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
