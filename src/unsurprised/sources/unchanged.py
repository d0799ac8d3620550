"""Files that are written while they are read: told, since rows of both would be mixed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from unsurprised.errors import InputError, Place
from unsurprised.sources.standard_input import location
from unsurprised.sources.stores.addresses import is_stored
from unsurprised.sources.stores.listing import listed_again
from unsurprised.sources.stores.objects import (
    LOOKED_AT_ONCE,
    came_before,
    told_at_opening,
    told_now,
)

_SETTLED_SECONDS = 1000


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file's size and time as it was opened, and which file its path stood for.

    An object in a store is known by the store's digest of it, where it tells one.
    """

    file: str
    size: int
    time_ns: int
    identity: tuple[int, int] | str

    @classmethod
    def of(cls, file: str, *, opening: bool = False) -> Stamp | None:
        """The stamp of a file; None where it cannot be had, which its reader will tell.

        ``opening``: it will be read next, and an object is opened with that.
        """
        if is_stored(file):
            told = told_now(file, opening=opening)
            return None if told is None else cls(file, told.size, told.time_ns, told.tag)
        try:
            found = os.stat(location(file))  # noqa: PTH116 - a Path would hide what was given
        except (OSError, ValueError):
            return None
        return cls(file, found.st_size, found.st_mtime_ns, (found.st_dev, found.st_ino))

    @classmethod
    def opening(cls, file: str) -> Stamp | None:
        """The stamp of a file that is about to be opened; of an object, it is opened by this."""
        if is_stored(file):
            told = told_at_opening(file)
            return cls(file, told.size, told.time_ns, told.tag)
        return cls.of(file)

    @property
    def stored(self) -> bool:
        """Whether another look at it is a request."""
        return isinstance(self.identity, str)

    def refuse_changed(self) -> None:
        """Raise if the file is no longer as it was opened."""
        now = Stamp.of(self.file)
        if now == self:
            return
        raise InputError(
            f"the file changed while it was read: {self._difference(now)}",
            expected="one that stays as it is",
            remedy="read it again once it is written, or a copy of it",
            place=Place(self.file),
        )

    def _difference(self, now: Stamp | None) -> str:
        if now is None:
            return "it is gone"
        if now.size != self.size:
            return f"it had {self.size:,} bytes, and has {now.size:,}"
        if now.identity != self.identity:
            return "another file is in its place"
        return f"it was written at {_clock(now.time_ns)}"


def _clock(time_ns: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(time_ns / 1e9))


def stamps(files: Iterable[str]) -> tuple[Stamp, ...]:
    """The stamps of files, before they are opened."""
    return tuple(stamp for stamp in map(Stamp.opening, files) if stamp is not None)


@contextmanager
def unchanged(opened: Iterable[Stamp], *, later: bool = False) -> Iterator[None]:
    """Refuse files that changed, at the end or where what was read of them is wrong.

    ``later``: at the end, of objects in stores :func:`refuse_changed` tells.
    """
    try:
        yield
    except InputError:
        for stamp in opened:
            stamp.refuse_changed()
        raise
    for stamp in opened:
        if not (later and stamp.stored):
            stamp.refuse_changed()


class Known(Protocol):
    """What tells a file that was read from another in its place."""

    @property
    def file(self) -> str:
        """The file."""

    @property
    def size(self) -> int:
        """Its bytes."""

    @property
    def time_ns(self) -> int:
        """When it was written."""

    def refuse_changed(self) -> None:
        """Raise if it is another one."""


def _is_settled(known: Known) -> bool:
    """Whether an object was written so long ago that its time tells it from any later one.

    Lists tell no digest, and times in seconds. Stores refuse clocks that differ by more than a
    quarter of an hour.
    """
    return is_stored(known.file) and _second(known) < time.time() - _SETTLED_SECONDS


def _second(known: Known) -> int:
    return known.time_ns // 10**9


def refuse_changed(known: Iterable[Known]) -> None:
    """Refuse the first file that changed; several objects in stores are asked about at once."""
    known = list(known)
    if not any(is_stored(each.file) for each in known):
        for each in known:
            each.refuse_changed()
        return
    listed = listed_again(each.file for each in known if _is_settled(each))
    known = [each for each in known if listed.get(each.file) != (each.size, _second(each))]
    with ThreadPoolExecutor(LOOKED_AT_ONCE) as pool:
        for _ in pool.map(lambda each: each.refuse_changed(), known):
            pass


class LaterLook:
    """Whether objects changed while they were read: one look at all, once all has come of them."""

    def __init__(self, stamps: Iterable[Stamp]) -> None:
        self._stamps = [stamp for stamp in stamps if stamp.stored]
        self._lock, self._done = threading.Lock(), False
        self._begun: Future[None] | None = None
        self._begun_at = 0.0

    def begin(self) -> None:
        """Look while what has come is still worked on."""
        with self._lock:
            if self._done or self._begun is not None:
                return
            self._begun_at = time.monotonic()
            pool = ThreadPoolExecutor(1, "unsurprised-look")
            self._begun = pool.submit(refuse_changed, self._stamps)
            pool.shutdown(wait=False)

    def finish(self) -> None:
        """Raise if an object changed; what was read since the look began is looked at anew."""
        with self._lock:
            self._done = True
        if self._begun is not None:
            self._begun.result()
            at = self._begun_at
            self._stamps = [each for each in self._stamps if not came_before(each.file, at)]
        refuse_changed(self._stamps)
