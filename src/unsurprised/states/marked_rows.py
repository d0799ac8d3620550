"""Which of some rows were met: a bit a row, whose union does not depend on who met them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from unsurprised.copies import Record
from unsurprised.errors import StateError

#: Of more rows none is read, whatever bytes say: it would take memory that they do not.
MOST_ROWS = 1 << 31

#: A bitmap of so few bytes is written as it is.
_SHORT = 8


@dataclass(frozen=True, slots=True)
class MarkedRows(Record):
    """Some of so many rows, which merge by their union.

    Examples
    --------
    >>> some = MarkedRows.of(np.array([True, False, True]))
    >>> others = MarkedRows.of(np.array([True, True, False]))
    >>> some.joined(others).all
    True
    """

    rows: int
    #: Eight rows a byte, the first in the highest bit; the last byte's rest is 0.
    bits: bytes

    @classmethod
    def of(cls, marked: NDArray[np.bool_]) -> Self:
        """Those that are true."""
        return cls(len(marked), np.packbits(marked).tobytes())

    @classmethod
    def none(cls, rows: int) -> Self:
        """None of so many rows."""
        return cls(rows, bytes(-(-rows // 8)))

    @property
    def marked(self) -> NDArray[np.bool_]:
        """Whether each row is one of them."""
        bits = np.frombuffer(self.bits, dtype=np.uint8)
        return np.unpackbits(bits, count=self.rows).view(bool)

    @property
    def all(self) -> bool:
        """Whether all rows are among them."""
        whole, rest = divmod(self.rows, 8)
        last = bytes([0xFF << (8 - rest) & 0xFF]) if rest else b""
        return self.bits == b"\xff" * whole + last

    def joined(self, other: Self) -> Self:
        """The rows of both."""
        both = np.frombuffer(self.bits, np.uint8) | np.frombuffer(other.bits, np.uint8)
        return type(self)(self.rows, both.tobytes())

    def to_bytes(self) -> bytes:
        """A bit a row at most, and a seventh: bytes without a row are left out, at each level."""
        return _written(np.frombuffer(self.bits, np.uint8))

    @classmethod
    def from_bytes(cls, rows: int, data: bytes) -> Self:
        """Of so many rows those that :meth:`to_bytes` wrote."""
        bits, rest = _read(-(-rows // 8), data)
        found = cls(rows, bits.tobytes())
        beyond = rows % 8 and found.bits[-1] & 0xFF >> rows % 8
        if rest or beyond or found.to_bytes() != data:
            raise StateError("the bytes of the state do not say which rows were met")
        return found


def _written(bits: NDArray[np.uint8]) -> bytes:
    """Which bytes are not 0, written in the same way, and these bytes."""
    if len(bits) <= _SHORT:
        return bits.tobytes()
    there = bits != 0
    held: bytes = bits[there].tobytes()
    return _written(np.packbits(there)) + held


def _read(size: int, data: bytes) -> tuple[NDArray[np.uint8], bytes]:
    """So many bytes, and what follows them."""
    if size <= _SHORT:
        short, rest = data[:size], data[size:]
        if len(short) < size:
            raise StateError("the bytes of the state end before all rows that were met")
        return np.frombuffer(short, np.uint8), rest
    flags, rest = _read(-(-size // 8), data)
    there = np.unpackbits(flags, count=size).view(bool)
    count = int(there.sum())
    if len(rest) < count:
        raise StateError("the bytes of the state end before all rows that were met")
    bits = np.zeros(size, np.uint8)
    bits[there] = np.frombuffer(rest[:count], np.uint8)
    return bits, rest[count:]
