"""Temporary files beside their targets, which outlive no process: the next one sweeps them.

A file is locked as long as the process lives that made it, and a lock is dropped however a process
dies. So a file of that name without a lock is a dead one's. Where the file system knows no locks
it is left where it is.
"""

from __future__ import annotations

import atexit
import errno
import hashlib
import os
import platform
import re
import secrets
import shutil
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from unsurprised.writing.interruption import held_back

#: Missing on Windows, where files that are open cannot be deleted.
fcntl: Any = import_module("fcntl") if find_spec("fcntl") else None

_NAME = re.compile(r"\.unsurprised-(?:([0-9a-f]{8})-)?[0-9a-f]{16}\.tmp")
#: Locks of another machine on a shared disk may be unseen here: how long its file must be still.
_STILL = 3600.0
_FLAGS = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_BINARY", 0)


class Temporary:
    """A locked file of this process, under a name of its own.

    Examples
    --------
    >>> from pathlib import Path
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = Temporary(Path(folder))
    ...     sweep(Path(folder))  # this process lives
    ...     left = made.path.exists()
    ...     made.drop()
    >>> left, made.path.exists()
    (True, False)
    """

    def __init__(self, folder: Path, make: Callable[[Path], int] | None = None) -> None:
        with held_back():
            self.path, self.descriptor = _made(folder, make or _new)
            self._process = os.getpid()
            _LIVING.add(self)

    @classmethod
    def private(cls, folder: Path) -> Temporary:
        """A file that no other user may read."""
        return cls(folder, lambda path: _new(path, 0o600))

    @classmethod
    def keeping(cls, file: Path) -> Temporary:
        """A second name of a file that is to be replaced; a copy where there are no links."""
        try:
            return cls(file.parent, lambda name: _linked(file, name))
        except FileNotFoundError:
            raise
        except OSError:
            kept = cls(file.parent)
            try:
                shutil.copy2(file, kept.path)
            except BaseException:
                kept.drop()
                raise
            return kept

    def finish(self) -> None:
        """Wait until the disk holds what was written, whoever wrote it."""
        synced(self.descriptor)
        if fcntl is None:  # Windows renames no file that is open
            os.close(self.descriptor)
            self.descriptor = -1

    def close(self) -> None:
        """Let go of the file, which has another name by now."""
        _LIVING.discard(self)
        if self.descriptor >= 0:
            descriptor, self.descriptor = self.descriptor, -1
            with suppress(OSError):  # all of it is on the disk already
                os.close(descriptor)

    def drop(self) -> None:
        """Delete the file, if it still has this name."""
        with held_back():
            if fcntl is None:
                self.close()
            with suppress(OSError):
                self.path.unlink()
            self.close()


#: Dropped at the exit of the interpreter at the latest.
_LIVING: set[Temporary] = set()


def synced(descriptor: int) -> None:
    """Wait until the disk holds a file, or a folder; nothing where the file system cannot."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


def _errors(*names: str) -> frozenset[int]:
    return frozenset(getattr(errno, name) for name in names if hasattr(errno, name))


_UNSUPPORTED = _errors("EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS")
#: A file system without links answers one of these.
NO_LINKS = _UNSUPPORTED | _errors("EPERM", "EMLINK", "EXDEV")


def sweep(folder: Path) -> None:
    """Delete what dead processes have left in a folder; what is not ours to delete is left."""
    with suppress(OSError), os.scandir(folder) as entries:
        names = [entry.name for entry in entries if _NAME.fullmatch(entry.name)]
        for name in names:
            with suppress(OSError):
                _sweep(folder / name)


def _sweep(path: Path) -> None:
    if fcntl is None:
        path.unlink()
        return
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            return
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        match = _NAME.fullmatch(path.name)
        here = match is not None and match[1] == _machine()
        if here or time.time() - found.st_mtime > _STILL:
            path.unlink()
    finally:
        os.close(descriptor)


def _made(folder: Path, make: Callable[[Path], int]) -> tuple[Path, int]:
    while True:
        path = folder / f".unsurprised-{_machine()}-{secrets.token_hex(8)}.tmp"
        descriptor = make(path)
        # Another process may have swept it between its making and its lock.
        if os.fstat(descriptor).st_nlink or fcntl is None:
            return path, descriptor
        os.close(descriptor)


def _new(path: Path, mode: int = 0o666) -> int:
    descriptor = os.open(path, _FLAGS, mode)
    if fcntl is not None:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _linked(file: Path, path: Path) -> int:
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        if fcntl is not None:
            with suppress(OSError):  # somebody else's lock does as well
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        os.link(file, path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@cache
def _machine() -> str:
    """Which kernel runs this: the same for all its containers, another one after a start."""
    try:
        name = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        name = platform.node()
    return hashlib.sha256(name.strip().encode(errors="replace")).hexdigest()[:8]


@atexit.register
def drop_all() -> None:
    """Delete all temporary files of this process."""
    for one in list(_LIVING):
        if one._process == os.getpid():  # a forked child leaves its parent's alone
            one.drop()
