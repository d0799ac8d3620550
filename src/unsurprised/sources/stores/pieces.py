"""What was read last of objects, up to some MiB in all, for who reads it again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable


class Pieces:
    """Pieces of objects by where they begin; any number of threads may keep some."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[Hashable, int], bytes] = OrderedDict()
        self._starts: dict[Hashable, set[int]] = {}
        self._size = 0
        self._lock = threading.Lock()

    def get(self, owner: Hashable, start: int) -> bytes:
        """The piece that begins there; nothing if there is none."""
        with self._lock:
            return self._held.get((owner, start), b"")

    def put(self, owner: Hashable, start: int, piece: bytes, most: int) -> None:
        """Keep a piece, in place of those that were kept first, so that all have ``most`` bytes."""
        if len(piece) > most:
            return
        with self._lock:
            self._drop(owner, start)
            self._held[owner, start] = piece
            self._starts.setdefault(owner, set()).add(start)
            self._size += len(piece)
            while self._size > most:
                self._drop(*next(iter(self._held)))

    def take(self, owner: Hashable, begin: int, end: int) -> list[memoryview]:
        """What is kept of a range from its beginning on, without holes."""
        found: list[memoryview] = []
        with self._lock:
            while begin < end:
                reach = {
                    start + len(self._held[owner, start]): start
                    for start in self._starts.get(owner, ())
                    if start <= begin
                }
                stop = max(reach, default=begin)
                if stop <= begin:
                    break
                start, stop = reach[stop], min(stop, end)
                piece = memoryview(self._held[owner, start])
                found.append(piece[begin - start : stop - start])
                begin = stop
        return found

    def release(self, owner: Hashable, begin: int, end: int) -> None:
        """Keep no longer what lies within a range, but for an object's first bytes."""
        with self._lock:
            for start in [*self._starts.get(owner, ())]:
                if start and begin <= start and start + len(self._held[owner, start]) <= end:
                    self._drop(owner, start)

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._held.clear()
            self._starts.clear()
            self._size = 0

    def _drop(self, owner: Hashable, start: int) -> None:
        piece = self._held.pop((owner, start), None)
        if piece is None:
            return
        self._size -= len(piece)
        self._starts[owner].discard(start)
        if not self._starts[owner]:
            del self._starts[owner]
