"""Bytes as choices, so that whatever is made by choices can be mutated and made smaller."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

FLOATS = (
    *(0.5, 0.25, 0.0, 1.0, -0.0, 5e-324, 1e-310, 2.2250738585072014e-308, 1e-200, 1e-17, 0.1),
    *(1 - 2**-53, 1e308, -1e308, 1.7976931348623157e308, float("inf"), -float("inf")),
    *(float("nan"), -1.0, 3.0, 1e9, -100.0, -745.2, 1e-8, 3.4e38, 65504.0, -3.4028234663852886e38),
)


class Choices:
    """Reads choices from the front; where nothing is left, each is the first."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def below(self, end: int) -> int:
        """A number from 0 to ``end - 1``."""
        size = 1 if end <= 256 else 2
        taken = self.bytes(size)
        return int.from_bytes(taken, "little") % end if end else 0

    def bytes(self, size: int) -> bytes:
        """Some bytes, fewer where no more are left."""
        self._at += size
        return self._data[self._at - size : self._at]

    def one_of(self, options: Sequence[T]) -> T:
        """One of them."""
        return options[self.below(len(options))]

    def happens(self, out_of: int = 2) -> bool:
        """Whether something does that happens once in so many times; not where nothing is left."""
        return self.below(out_of) == out_of - 1

    def number(self) -> float:
        """A float: usually an ordinary share, often a notable one, sometimes any."""
        kind = self.below(8)
        if kind < 4:
            return self.below(256) / 256
        if kind < 7:
            return self.one_of(FLOATS)
        return float(struct.unpack("<d", self.bytes(8).ljust(8, b"\0"))[0])
