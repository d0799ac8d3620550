"""Values that text formats have no type for, as text from which each can be had again."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from unsurprised.errors import InputError, Place

#: Years that every reader of ISO 8601 knows.
_YEAR = r"^(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})-"
_CLOCK = r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]+)?$"
_UNITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}


def dates(column: pa.Array) -> pa.Array:
    """Dates as ``2026-01-31``.

    Examples
    --------
    >>> dates(pa.array([0, None], pa.date32())).to_pylist()
    ['1970-01-01', None]
    """
    return _checked(column.cast(pa.date32()).cast(pa.string()), _YEAR)


def timestamps(column: pa.Array) -> pa.Array:
    """Timestamps as ``2026-01-31T12:00:00.000000001``, those of a zone as UTC, with ``Z``."""
    text = column.cast(pa.timestamp(column.type.unit)).cast(pa.string())  # the clock of UTC
    text = pc.replace_substring(_checked(text, _YEAR), " ", "T")
    return text if column.type.tz is None else pc.binary_join_element_wise(text, "Z", "")


def times(column: pa.Array) -> pa.Array:
    """Times of day as ``12:00:00.000000001``."""
    return _checked(column.cast(pa.string()), _CLOCK)


def _checked(text: pa.Array, pattern: str) -> pa.Array:
    good = pc.fill_null(pc.match_substring_regex(text, pattern), True)
    row = pc.index(good, False).as_py()
    if row >= 0:
        raise InputError(
            f"found {text[row].as_py()!r}, which ISO 8601 cannot say",
            expected="years from 1 to 9999, and times before 24:00:00",
            remedy="write another format: --out with a name in .parquet or .arrow",
            place=Place(row=row),
        )
    return text


def durations(column: pa.Array) -> pa.Array:
    """Durations as ISO 8601 has them, in seconds.

    Examples
    --------
    >>> durations(pa.array([1500, -1, None], pa.duration("ms"))).to_pylist()
    ['PT1.500S', '-PT0.001S', None]
    """
    digits = _UNITS[column.type.unit]
    return _each(column.view(pa.int64()), lambda count: _seconds(count, digits))


def _seconds(count: int, digits: int) -> str:
    sign, (whole, part) = "-" if count < 0 else "", divmod(abs(count), 10**digits)
    return f"{sign}PT{whole}" + (f".{part:0{digits}d}S" if digits else "S")


def intervals(column: pa.Array) -> pa.Array:
    """Months, days and seconds as ``P1M2DT0.000000003S``, each with its sign."""
    return _each(column, lambda value: f"P{value[0]}M{value[1]}DT{_signed(value[2])}S")


def _signed(nanoseconds: int) -> str:
    whole, part = divmod(abs(nanoseconds), 10**9)
    return f"{'-' if nanoseconds < 0 else ''}{whole}.{part:09d}"


def base64s(column: pa.Array) -> pa.Array:
    """Bytes in base64."""
    return _each(column, lambda value: base64.b64encode(value).decode())


def uuids(column: pa.Array) -> pa.Array:
    """Sixteen bytes as ``01234567-89ab-cdef-0123-456789abcdef``."""
    return _each(column, lambda value: str(uuid.UUID(bytes=value)))


def booleans(column: pa.Array) -> pa.Array:
    """Numbers of eight bits that stand for booleans."""
    return pc.not_equal(column, 0)


def doubles(column: pa.Array) -> pa.Array:
    """Floats in double precision: whoever reads their digits as doubles has the same values."""
    if pa.types.is_float16(column.type):
        column = column.cast(pa.float32())
    return column.cast(pa.float64())


def _each(column: pa.Array, text: Callable[[Any], str]) -> pa.Array:
    rows = column.to_pylist()
    return pa.array([None if row is None else text(row) for row in rows], pa.string())
