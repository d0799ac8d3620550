"""What tells a file that was read from what others find in its place later."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unsurprised.copies import Record
from unsurprised.errors import InputError, Place
from unsurprised.sources.files import binary
from unsurprised.sources.guard import guarded
from unsurprised.sources.unchanged import Stamp

#: So much of each end is looked at; formats with a footer say there what lies between.
_END_BYTES = 1 << 16
_SECOND = 10**9


@dataclass(frozen=True, slots=True)
class Mark(Record):
    """The size and the time of a file, and a digest of its ends, or a store's of an object."""

    file: str
    size: int
    time_ns: int
    ends: str

    @classmethod
    def of(cls, stamp: Stamp) -> Mark:
        """The mark of a file as it was when it was opened."""
        return cls(stamp.file, stamp.size, stamp.time_ns, _digest(stamp))

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> Mark:
        """The mark that :meth:`said` told."""
        return cls(str(said["file"]), int(said["size"]), int(said["time_ns"]), str(said["ends"]))

    def said(self) -> dict[str, Any]:
        """The mark as a dictionary."""
        return self._kept()

    def refuse_changed(self) -> None:
        """Raise if the file is another one, or was written since.

        Machines that share a disk agree on its times; of a copy that was made with none, there is
        no telling whether it is one.
        """
        stamp = Stamp.of(self.file, opening=True)
        if stamp is None:
            raise InputError(
                "no such file, and there was one when the plan was made",
                remedy=f"tasks look for it from {Path.cwd()}; plan with paths that all machines "
                "know",
                place=Place(self.file),
            )
        found = None
        if stamp.size != self.size:
            found = f"it had {self.size:,} bytes, and has {stamp.size:,}"
        elif _digest(stamp) != self.ends:
            found = "other bytes are at its ends"
        elif not _same_time(self.time_ns, stamp.time_ns):
            found = (
                f"it was written at {_clock(self.time_ns)}, and again at {_clock(stamp.time_ns)}"
            )
        if found is not None:
            raise InputError(
                f"the file changed since the plan was made: {found}",
                expected="the file that was planned, or a copy with its time (cp -p, rsync -t)",
                remedy="make the plan again",
                place=Place(self.file),
            )


def _digest(stamp: Stamp) -> str:
    if isinstance(stamp.identity, str):
        return stamp.identity
    file, size = stamp.file, stamp.size
    with guarded(file, "a file of predictions"), binary(file) as stream:
        found = hashlib.sha256(stream.read(_END_BYTES))
        if size > _END_BYTES:
            stream.seek(max(_END_BYTES, size - _END_BYTES))
            found.update(stream.read(_END_BYTES))
    return found.hexdigest()[:32]


def _same_time(one: int, other: int) -> bool:
    """Whether two times are one, of which some disks and archives keep the seconds alone."""
    whole = 0 in (one % _SECOND, other % _SECOND)
    return one == other or (whole and one // _SECOND == other // _SECOND)


def _clock(time_ns: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time_ns / _SECOND)) + " UTC"
