"""Objects that are read from their beginning on: while a piece is worked on, the next ones come."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from unsurprised.sources.stores.ahead import Range, Wanted, taken
from unsurprised.sources.stores.objects import (
    AHEAD_BYTES,
    ObjectBytes,
    StoredObject,
    opened,
    opened_before,
)

#: So many pieces of one object are on their way, or have come and wait.
_MOST_PIECES = 4
#: What Python copies at a time.
_BUFFER = 1 << 20


class _Pieces(ObjectBytes):
    """An object as a file of Python, asked for by pieces.

    The first one is asked for alone, since a look ends there, unless it was asked for before, by
    who reads all.
    """

    def __init__(self, inner: StoredObject) -> None:
        super().__init__(inner)
        self._inner, self._goes_on = inner, False
        self._pool: ThreadPoolExecutor | None = None
        self._coming: dict[int, Future[bytes]] = {}
        self._number, self._piece = -1, b""

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer, but for the end of a piece."""
        view = memoryview(buffer).cast("B")
        number, begin = divmod(self._at, AHEAD_BYTES)
        if number != self._number:
            self._piece = self._first() if number == 0 else self._next(number)
            self._number = number
        data = memoryview(self._piece)[begin : begin + len(view)]
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        """Give up what nobody has read."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._coming.clear()
        super().close()

    def _first(self) -> bytes:
        first = _first_of(self._inner)
        found = taken(self._inner, [first])
        if found is None:
            return self._inner.read(0, AHEAD_BYTES)
        self._inner.keep_begin(found[0])
        self._ask(range(1, 1 + _MOST_PIECES))
        return found[0]

    def _next(self, number: int) -> bytes:
        for passed in [each for each in self._coming if each < number]:
            self._coming.pop(passed).cancel()
        self._ask(range(number, number + 1 + _MOST_PIECES))
        return self._coming.pop(number).result() if number in self._coming else b""

    def _ask(self, numbers: range) -> None:
        for number in numbers:
            begin = number * AHEAD_BYTES
            if number in self._coming or begin >= self._inner.told.size:
                continue
            if self._pool is None:
                self._pool = ThreadPoolExecutor(_MOST_PIECES, "unsurprised-next")
            self._coming[number] = self._pool.submit(self._inner.read, begin, AHEAD_BYTES)


def _first_of(inner: StoredObject) -> Range:
    return 0, min(AHEAD_BYTES, inner.told.size)


def sequential(file: str) -> io.BufferedReader:
    """An object's bytes, for who reads them from the first to the last."""
    return io.BufferedReader(_Pieces(opened(file)), _BUFFER)


def first_wanted(file: str) -> Iterator[Wanted]:
    """The first bytes of an object that will be read so."""
    inner = opened_before(file)
    if inner is not None and inner.told.size:
        first = _first_of(inner)
        yield Wanted(file, (first,), all_is_read=first[1] == inner.told.size)
