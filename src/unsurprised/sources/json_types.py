"""The Arrow type of JSON values, once all of them have been seen."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

#: Integers that are floats too, without losing a digit.
_EXACT = 1 << 53

#: An object with more keys than this is a map from something, and no record.
_MOST_FIELDS = 1000

_SCALARS = {bool: pa.bool_(), float: pa.float64(), str: pa.string()}


class StatedType:
    """The type that somebody else has seen values of one key to have."""

    __slots__ = ("_type",)

    def __init__(self, kind: pa.DataType | None) -> None:
        self._type = kind

    def type(self) -> pa.DataType | None:
        """The type that holds all of them as they are."""
        return self._type


class Seen:
    """What values of one key (or entries of its lists) have been.

    Examples
    --------
    >>> seen = Seen()
    >>> for value in (1, 2.5, None):
    ...     seen.add(value)
    >>> seen.type()
    DataType(double)
    >>> seen.add("none")
    >>> seen.type() is None
    True
    """

    __slots__ = ("entries", "fields", "high", "kinds", "low")

    def __init__(self) -> None:
        self.kinds: set[type] = set()
        self.low = self.high = 0
        self.entries: Seen | None = None
        self.fields: dict[str, Seen] = {}

    def add(self, value: Any) -> None:
        """One more value."""
        if value is None:
            return
        kind = type(value)
        self.kinds.add(kind)
        if kind is int:
            self.low, self.high = min(self.low, value), max(self.high, value)
        elif kind is list:
            self.entries = self.entries or Seen()
            for entry in value:
                self.entries.add(entry)
        elif kind is dict and len(self.fields) <= _MOST_FIELDS:
            for name, inner in value.items():
                self.fields.setdefault(name, Seen()).add(inner)

    def type(self) -> pa.DataType | None:
        """The type that holds all of them as they are; None where no type but JSON does."""
        if self.kinds == {int, float}:
            exact = max(-self.low, self.high) <= _EXACT
            return pa.float64() if exact else None
        if len(self.kinds) != 1:
            return None if self.kinds else pa.null()
        (kind,) = self.kinds
        of_kind = {int: self._integers, list: self._list, dict: self._struct}.get(kind)
        return _SCALARS[kind] if of_kind is None else of_kind()

    def _list(self) -> pa.DataType | None:
        inner = (self.entries or Seen()).type()
        return None if inner is None else pa.list_(inner)

    def _integers(self) -> pa.DataType | None:
        if max(-self.low - 1, self.high) < 1 << 63:
            return pa.int64()
        return pa.uint64() if self.low >= 0 and self.high < 1 << 64 else None

    def _struct(self) -> pa.DataType | None:
        types = {name: seen.type() for name, seen in self.fields.items()}
        if not types or len(types) > _MOST_FIELDS or None in types.values():
            return None
        return pa.struct(list(types.items()))
