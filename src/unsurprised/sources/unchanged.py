"""Files that are written while they are read: told, since rows of both would be mixed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from unsurprised.errors import InputError, Place
from unsurprised.sources.standard_input import location


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file's size and time as it was opened, and which file its path stood for."""

    file: str
    size: int
    time_ns: int
    identity: tuple[int, int]

    @classmethod
    def of(cls, file: str) -> Stamp | None:
        """The stamp of a file; None where it cannot be had, which its reader will tell."""
        try:
            found = os.stat(location(file))  # noqa: PTH116 - a Path would hide what was given
        except (OSError, ValueError):
            return None
        return cls(file, found.st_size, found.st_mtime_ns, (found.st_dev, found.st_ino))

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
    return tuple(stamp for stamp in map(Stamp.of, files) if stamp is not None)


@contextmanager
def unchanged(opened: Iterable[Stamp]) -> Iterator[None]:
    """Refuse files that changed, at the end or where what was read of them is wrong."""
    try:
        yield
    except InputError:
        for stamp in opened:
            stamp.refuse_changed()
        raise
    for stamp in opened:
        stamp.refuse_changed()
