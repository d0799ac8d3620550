"""The types of CSV's columns, as the first rows show them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from unsurprised.sources.text import LIST, PARTLY_NUMBERS, lists
from unsurprised.sources.text_maps import map_type

#: What stands for "no value". "nan" is a number here, and a wrong one.
NULLS = ("", "NA", "N/A", "#N/A", "NULL", "null", "None", "<NA>")

INTEGER = r"^\s*-?(0|[1-9][0-9]{0,17})\s*$"
BOOLEAN = r"^\s*(?i:true|false)\s*$"
_PADDED = r"^\s*-?0[0-9]+\s*$"


def field_of(name: str, values: list[str]) -> pa.Field:
    """A column, by its name and its first cells."""
    known = [value for value in values if value not in NULLS]
    kind = _type_of(known)
    partly = pa.types.is_string(kind) and any(map(_is_number, known))
    return pa.field(name, kind, metadata=PARTLY_NUMBERS if partly else None)


def _type_of(known: list[str]) -> pa.DataType:
    if not known:
        return pa.null()
    if known[0].lstrip()[:1] in _LIST_BEGINS and _all_lists(known):
        kind = _list_type(known)
        if kind is not None:
            return kind
    named = map_type(known)
    if named is not None:
        return named
    return _scalar_type(known)


#: How a list may begin: ``[``, ``(``, ``array(`` or ``tensor(``.
_LIST_BEGINS = ("[", "(", "a", "t")


def _all_lists(known: list[str]) -> bool:
    # Not by the module re, which takes a hundred bytes for each character of a long list.
    return bool(pc.all(pc.match_substring_regex(pa.array(known, pa.string()), LIST)).as_py())


def _scalar_type(known: list[str]) -> pa.DataType:
    if all(map(re.compile(INTEGER).match, known)):
        return pa.int64()
    if all(map(re.compile(BOOLEAN).match, known)):
        return pa.bool_()
    # "007" is a name, if it may be a number too.
    numbers = _are_numbers(known) and not any(map(re.compile(_PADDED).match, known))
    return pa.float64() if numbers else pa.string()


def _list_type(known: list[str]) -> pa.DataType | None:
    """Lists of integers or of numbers; nothing for names such as ``(none)``."""
    for kind in (pa.int64(), pa.float64()):
        if is_list(pa.array(known), pa.list_(kind)):
            return pa.list_(kind)
    return pa.list_(pa.float64()) if all(value.lstrip()[0] == "[" for value in known) else None


def _is_number(value: str) -> bool:
    return _are_numbers([value])


def _are_numbers(values: Sequence[str]) -> bool:
    try:
        deque(map(float, values), maxlen=0)
    except ValueError:
        return False
    return not any("_" in value for value in values)


def is_list(column: pa.Array, kind: pa.DataType) -> bool:
    """Whether cells hold lists of a type."""
    try:
        lists(column, kind)
    except pa.ArrowInvalid:
        return False
    return True
