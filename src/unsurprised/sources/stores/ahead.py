"""Ranges of objects that are asked for before they are read: some at once, and only so many bytes.

Whoever reads asks for its ranges as always (:func:`.ranges.covered`), and finds them on their way.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from unsurprised.sources.stores.objects import SIDE_BY_SIDE, StoredObject, opened_before

Range = tuple[int, int]

#: So many bytes are on their way, or have come and wait for who reads them.
_MOST_BYTES = 96 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """Ranges of an object that are read together."""

    file: str
    ranges: tuple[Range, ...]
    #: Whether nothing else of the object is read but its beginning and its end before.
    all_is_read: bool = True

    @property
    def size(self) -> int:
        """Their bytes."""
        return sum(end - begin for begin, end in self.ranges)


_Key = tuple[StoredObject, tuple[Range, ...]]

_lock = threading.Lock()
_coming: dict[_Key, tuple[_Ahead, int, list[Future[bytes]]]] = {}


class _Ahead:
    """Asks for what is wanted, in its order, as those before it are taken."""

    def __init__(self, wanted: Iterable[Wanted], then: Callable[[], None]) -> None:
        self._left, self._held = iter(wanted), 0
        self._then: Callable[[], None] | None = then
        #: What has not come yet, and one for what has not been asked for.
        self._awaited, self._counting = 1, threading.Lock()
        #: Whether all that is read is asked for here; None while nothing is.
        self._tells: bool | None = None
        self._all_asked = False
        self._next: Wanted | None = None
        self._pool = ThreadPoolExecutor(SIDE_BY_SIDE, "unsurprised-ahead")
        #: What somebody has read without waiting for us.
        self.passed: set[_Key] = set()

    def ask(self) -> None:
        """Ask for as much as may be held; the lock is held."""
        while (wanted := self._next or next(self._left, None)) is not None:
            if self._held and self._held + wanted.size > _MOST_BYTES:
                self._next = wanted
                return
            self._next = None
            inner = opened_before(wanted.file)
            if inner is None:  # whoever reads it opens it again
                self._tells = False
                continue
            key = (inner, wanted.ranges)
            if key in self.passed or key in _coming:
                continue
            self._held += wanted.size
            with self._counting:
                self._awaited += len(wanted.ranges)
            pieces = [
                self._pool.submit(inner.exactly, begin, end - begin, again=False)
                for begin, end in wanted.ranges
            ]
            for piece in pieces:
                piece.add_done_callback(self._came)
            _coming[key] = (self, wanted.size, pieces)
            self._tells = wanted.all_is_read and self._tells is not False
        if self._tells and not self._all_asked:
            self._all_asked = True
            self._came(None)

    def _came(self, _: Future[bytes] | None) -> None:
        """Count what has come; after the last of all, do what was to be done then."""
        with self._counting:
            self._awaited -= 1
            then = None if self._awaited or self.passed else self._then
        if then is not None:
            then()

    def took(self, size: int) -> None:
        """Ask for more in the place of what was taken; the lock is held."""
        self._held -= size
        self.ask()

    def close(self) -> None:
        """Give up what nobody has read; the lock is held."""
        for key in [key for key, (whose, _, _) in _coming.items() if whose is self]:
            del _coming[key]
        self._left, self._next, self._then = iter(()), None, None
        self._pool.shutdown(wait=False, cancel_futures=True)


_active: list[_Ahead] = []


def _forget_in_child() -> None:
    """A child that was forked has none of the threads that ask."""
    _coming.clear()
    _active.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)


@contextmanager
def asked_ahead(wanted: Iterable[Wanted], then: Callable[[], None]) -> Iterator[None]:
    """Within the context, ask for ranges in the order in which they will be read.

    ``then`` is done once all have come that is read of objects, if there are any; nobody waits for
    it.
    """
    ahead = _Ahead(wanted, then)
    with _lock:
        _active.append(ahead)
        ahead.ask()
    try:
        yield
    finally:
        with _lock:
            _active.remove(ahead)
            ahead.close()


def taken(inner: StoredObject, ranges: Sequence[Range]) -> list[bytes] | None:
    """Ranges that were asked for before; None where they were not."""
    key = (inner, tuple(ranges))
    with _lock:
        found = _coming.pop(key, None)
        if found is None:
            for ahead in _active:
                ahead.passed.add(key)
            return None
    whose, size, pieces = found
    try:
        return [piece.result() for piece in pieces]
    finally:
        with _lock:
            whose.took(size)
