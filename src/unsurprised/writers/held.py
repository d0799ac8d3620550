"""The Arrow types that each format holds: as they are, by a cast, or not at all.

:data:`HELD` is the whole of it. What holds other values (a list, a struct, a map) is held if these
are. Dictionaries, runs and views are how values lie in memory, not what they are: they are undone
wherever a format has none. An Arrow file holds every type.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyarrow import types

from unsurprised.arrow.decoded import decoded, same
from unsurprised.arrow.kinds import is_list
from unsurprised.errors import InputError, Place
from unsurprised.writers import texts

Convert = Callable[[pa.Array], pa.Array]


def _days(column: pa.Array) -> pa.Array:
    return column.cast(pa.date32())


def _milliseconds(column: pa.Array) -> pa.Array:
    """Parquet knows no unit of a second."""
    kind = column.type
    if types.is_time32(kind):
        return column.cast(pa.time32("ms"))
    return column.cast(pa.timestamp("ms", kind.tz)) if kind.unit == "s" else column


def _whole_decimals(column: pa.Array) -> pa.Array:
    """Parquet knows no negative scale: 12E+3 is 12000 there."""
    kind = column.type
    if kind.scale >= 0:
        return column
    digits = kind.precision - kind.scale
    return column.cast(pa.decimal128(digits, 0) if digits <= 38 else pa.decimal256(digits, 0))


def _bytes(column: pa.Array) -> pa.Array:
    """Parquet has no values of a fixed size of nothing."""
    return column if column.type.byte_width else column.cast(pa.binary())


#: What is done to a column of a type in Parquet, CSV and JSON lines; None: the format cannot hold
#: it. Arrow files hold all.
HELD: dict[str, tuple[Convert | None, Convert | None, Convert | None]] = {
    "null": (same, same, same),
    "bool": (same, same, same),
    "integer": (same, same, same),
    "float": (same, texts.doubles, texts.doubles),
    "decimal": (_whole_decimals, same, same),
    "text": (same, same, same),
    "bytes": (same, texts.base64s, texts.base64s),
    "fixed bytes": (_bytes, texts.base64s, texts.base64s),
    "date": (_days, texts.dates, texts.dates),
    "time": (_milliseconds, texts.times, texts.times),
    "time of nanoseconds": (same, texts.times, texts.times),
    "timestamp": (_milliseconds, texts.timestamps, texts.timestamps),
    "duration": (same, texts.durations, texts.durations),
    "interval": (None, texts.intervals, texts.intervals),
    "list": (same, same, same),
    "struct": (same, same, same),
    "struct of nothing": (None, same, same),
    "struct with one name twice": (same, None, None),
    "map": (same, same, same),
    "map from other than names and numbers": (same, None, None),
    "union": (None, None, None),
    "tensor": (same, None, None),
    "extension": (same, same, same),
    "another type": (None, None, None),
}
_FORMATS = ("Parquet", "CSV", "JSON lines")
_HOLDS_ALL = ".arrow"
_ENDINGS = {"Parquet": ".parquet", "CSV": ".csv", "JSON lines": ".jsonl"}

#: Extension types that text says in a way of their own, from their storage.
_EXTENSIONS: dict[str, Convert] = {
    "arrow.uuid": texts.uuids,
    "arrow.bool8": texts.booleans,
}


def word_of(kind: pa.DataType) -> str:
    """The row of :data:`HELD` for a type without encodings.

    Examples
    --------
    >>> word_of(pa.large_binary()), word_of(pa.struct([])), word_of(pa.duration("s"))
    ('bytes', 'struct of nothing', 'duration')
    """
    return next((word for word, matches in _WORDS if matches(kind)), "another type")


def _key_is_odd(kind: pa.DataType) -> bool:
    if not types.is_map(kind):
        return False
    known = ("text", "integer", "bool", "decimal", "date", "time", "timestamp")
    return word_of(decoded(pa.nulls(0, kind.key_type)).type) not in known


def _is_tensor(kind: pa.DataType) -> bool:
    tensor = isinstance(kind, pa.FixedShapeTensorType)
    return tensor and len(kind.shape) > 1


_WORDS: tuple[tuple[str, Callable[[pa.DataType], bool]], ...] = (
    ("null", types.is_null),
    ("bool", types.is_boolean),
    ("integer", types.is_integer),
    ("float", types.is_floating),
    ("decimal", types.is_decimal),
    ("text", lambda k: types.is_string(k) or types.is_large_string(k) or types.is_string_view(k)),
    ("fixed bytes", types.is_fixed_size_binary),
    ("bytes", lambda k: types.is_binary(k) or types.is_large_binary(k) or types.is_binary_view(k)),
    ("date", types.is_date),
    ("time", types.is_time32),
    ("time of nanoseconds", types.is_time64),
    ("timestamp", types.is_timestamp),
    ("duration", types.is_duration),
    ("interval", types.is_interval),
    ("list", is_list),
    ("struct of nothing", lambda k: types.is_struct(k) and not k.num_fields),
    (
        "struct with one name twice",
        lambda k: types.is_struct(k) and len({field.name for field in k}) < k.num_fields,
    ),
    ("struct", types.is_struct),
    ("map from other than names and numbers", _key_is_odd),
    ("map", types.is_map),
    ("union", types.is_union),
    ("tensor", _is_tensor),
    ("extension", lambda k: isinstance(k, pa.BaseExtensionType)),
)


def parts_of(kind: pa.DataType, *, own: Collection[str] = ()) -> Iterator[pa.DataType]:
    """A type and all types within it, but encodings and extension types whose names are ``own``."""
    if getattr(kind, "extension_name", None) in own:
        return
    if not types.is_dictionary(kind) and not types.is_run_end_encoded(kind):
        yield kind
    for part in _children(kind):
        yield from parts_of(part, own=own)


def _children(kind: pa.DataType) -> list[pa.DataType]:
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind) or is_list(kind):
        return [kind.value_type]
    if isinstance(kind, pa.BaseExtensionType):
        return [kind.storage_type]
    if types.is_map(kind):
        return [kind.key_type, kind.item_type]
    return [kind.field(k).type for k in range(kind.num_fields)] if types.is_nested(kind) else []


def not_held(kind: pa.DataType, form: str) -> pa.DataType | None:
    """The part of a type that a format cannot hold; None where it holds all."""
    column = _FORMATS.index(form)
    return next((part for part in parts_of(kind) if HELD[word_of(part)][column] is None), None)


@dataclass(frozen=True, slots=True)
class Held:
    """How a column is written: under which name, as which type, by what conversion."""

    name: str
    kind: pa.DataType
    convert: Convert


def held(field: pa.Field, form: str) -> Held:
    """How a format holds a column.

    Raises
    ------
    InputError
        Naming the column, its type, and a format that can hold it.

    Examples
    --------
    >>> held(pa.field("x", pa.binary()), "CSV").name
    'x_base64'
    >>> held(pa.field("x", pa.string_view()), "Parquet").kind
    DataType(large_string)
    """
    strange = not_held(field.type, form)
    if strange is not None:
        raise refused(field, strange, form)
    convert = _in_parquet if form == "Parquet" else _as_text_of(_FORMATS.index(form))
    kind = convert(pa.nulls(0, field.type)).type
    parts = parts_of(field.type, own=_EXTENSIONS)
    coded = form != "Parquet" and any(texts.base64s in HELD[word_of(part)] for part in parts)
    return Held(f"{field.name}_base64" if coded else field.name, kind, convert)


def refused(field: pa.Field, strange: pa.DataType, form: str) -> InputError:
    """The error for a column that a format cannot hold."""
    others = [other for other in _FORMATS if not_held(field.type, other) is None]
    endings = [*(_ENDINGS[other] for other in others), _HOLDS_ALL]
    within = "" if strange == field.type else f" ({str(field.type)[:80]})"
    told = word_of(strange) if not str(strange) else str(strange)[:80]
    return InputError(
        f"found {told}{within}, which {form} cannot hold",
        remedy=f"write another format: --out with a name in {' or '.join(endings)}",
        place=Place(column=field.name),
    )


def _leaf(column: int) -> Convert:
    def converted(values: pa.Array) -> pa.Array:
        how: Any = HELD[word_of(values.type)][column]
        return how(values)

    return converted


def _in_parquet(column: pa.Array) -> pa.Array:
    kind = column.type
    if types.is_dictionary(kind) and word_of(kind.value_type) == "text":
        return _categories(column)
    return decoded(column, _leaf(0), wrapped=_kept_extension)


def _categories(column: pa.DictionaryArray) -> pa.DictionaryArray:
    """Dictionaries of names stay, for to many readers they are categories; without null names."""
    kind = column.type
    view = types.is_string_view(kind.value_type)
    if not view and not column.dictionary.null_count:
        return column
    coded = decoded(column).dictionary_encode()
    names = coded.dictionary.cast(pa.large_string() if view else kind.value_type)
    return pa.DictionaryArray.from_arrays(
        coded.indices.cast(kind.index_type), names, ordered=kind.ordered
    )


def _kept_extension(column: pa.Array) -> pa.Array:
    """An extension type stays where its storage does, else the storage alone."""
    storage = _in_parquet(column.storage)
    return column if storage.type == column.type.storage_type else storage


def _as_text_of(index: int) -> Convert:
    def said(column: pa.Array) -> pa.Array:
        return decoded(column, _leaf(index), wrapped=storage_of)

    def storage_of(column: pa.Array) -> pa.Array:
        own = _EXTENSIONS.get(column.type.extension_name)
        return said(column.storage) if own is None else own(column.storage)

    return said
