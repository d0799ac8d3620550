"""Ranges of an object that are known before they are read: few requests, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any, cast

from unsurprised.sources.stores.ahead import Range, taken
from unsurprised.sources.stores.objects import (
    SIDE_BY_SIDE,
    ObjectBytes,
    ObjectInfo,
    StoredObject,
    opened,
)

#: A hole of so many bytes is read along: another request takes as long.
_HOLE = 1 << 20
#: Ranges come together up to so many bytes; several requests side by side are faster than one.
_MOST = 16 << 20


class Covered:
    """An object of which some ranges are at hand; what lies outside is asked for."""

    def __init__(self, inner: StoredObject, ranges: Iterable[Range], first: int = 0) -> None:
        self._inner = inner
        self.told: ObjectInfo = inner.told
        asked = list(ranges)
        pieces = taken(inner, asked) or _read(inner, asked, first)
        self._pieces = [(begin, piece) for (begin, _), piece in zip(asked, pieces, strict=True)]

    def read(self, begin: int, size: int) -> bytes | memoryview:
        """Up to ``size`` bytes from one on; of what is at hand, no copy is made."""
        for first, piece in self._pieces:
            if first <= begin < first + len(piece):
                found = memoryview(piece)[begin - first : begin - first + size]
                if len(found) == size or begin + len(found) >= self.told.size:
                    return found
                return bytes(found) + self.read(begin + len(found), size - len(found))
        return self._inner.read(begin, size)


class _CoveredBytes(ObjectBytes):
    """The same as a file of Python, whose reads are no copies."""

    def read(self, size: int = -1) -> Any:
        """All that is asked for, but for the end of the object."""
        data = self._opened.read(self._at, self._opened.told.size if size < 0 else size)
        self._at += len(data)
        return data


def _read(inner: StoredObject, ranges: Sequence[Range], first: int) -> list[bytes]:
    """Ranges of an object, several at once; those up to ``first`` are kept for the next reader."""

    def one(asked: Range) -> bytes:
        begin, end = asked
        if end > first or end <= inner.begin_bytes:
            return inner.read(begin, end - begin)
        piece = inner.exactly(begin, end - begin)
        inner.keep(begin, piece)
        return piece

    if len(ranges) <= 1:
        return [one(each) for each in ranges]
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return list(pool.map(one, ranges))


def covered(file: str, ranges: Iterable[Range], first: int) -> IO[bytes]:
    """An object's bytes as a file of Python, with some ranges of it read at once.

    Of what lies before ``first`` all is kept, if it is not much.
    """
    inner = opened(file)
    if first <= _MOST:
        inner.begin_bytes = first
    return cast(IO[bytes], _CoveredBytes(Covered(inner, ranges, first)))


def joined(ranges: Iterable[Range], most: int = _MOST) -> list[Range]:
    """Ranges ``(begin, end)`` with those as one that lie close together, up to so many bytes.

    Examples
    --------
    >>> joined([(5_000_000, 5_000_100), (0, 100), (2_000, 3_000)])
    [(0, 3000), (5000000, 5000100)]
    """
    found: list[Range] = []
    for begin, end in sorted(ranges):
        if found and begin - found[-1][1] <= _HOLE and end - found[-1][0] <= most:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found
