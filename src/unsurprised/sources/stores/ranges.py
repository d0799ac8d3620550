"""Ranges of an object that are known before they are read: few requests, side by side."""

from __future__ import annotations

import io
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import IO

from unsurprised.sources.stores.objects import (
    SIDE_BY_SIDE,
    ObjectBytes,
    ObjectInfo,
    StoredObject,
    opened,
)

#: A hole of so many bytes is read along: another request takes as long.
_HOLE = 1 << 20
#: And no request is for more than this.
_MOST = 64 << 20

Range = tuple[int, int]


class Covered:
    """An object of which some ranges are at hand; what lies outside is asked for."""

    def __init__(self, inner: StoredObject, ranges: Iterable[Range]) -> None:
        self._inner = inner
        self.told: ObjectInfo = inner.told
        asked = joined(ranges)
        if len(asked) > 1:
            with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
                pieces = list(pool.map(lambda each: inner.read(each[0], each[1] - each[0]), asked))
        else:
            pieces = [inner.read(begin, end - begin) for begin, end in asked]
        self._pieces = [(begin, piece) for (begin, _), piece in zip(asked, pieces, strict=True)]

    def read(self, begin: int, size: int) -> bytes:
        """Up to ``size`` bytes from one on."""
        for first, piece in self._pieces:
            if first <= begin < first + len(piece):
                return piece[begin - first : begin - first + size]
        return self._inner.read(begin, size)


def covered(file: str, ranges: Iterable[Range]) -> IO[bytes]:
    """An object's bytes as a file of Python, with some ranges of it read at once."""
    return io.BufferedReader(ObjectBytes(Covered(opened(file), ranges)), 1)


def joined(ranges: Iterable[Range]) -> list[Range]:
    """Ranges ``(begin, end)`` with those as one that lie close together.

    Examples
    --------
    >>> joined([(5_000_000, 5_000_100), (0, 100), (2_000, 3_000)])
    [(0, 3000), (5000000, 5000100)]
    """
    found: list[Range] = []
    for begin, end in sorted(ranges):
        if found and begin - found[-1][1] <= _HOLE and end - found[-1][0] <= _MOST:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found
