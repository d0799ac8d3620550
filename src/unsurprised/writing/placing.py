"""Finished files get their names: all of one command's, or none.

Each is on the disk before it gets its name, by one rename (or link), so that a name stands for the
old file or for the new one, whole, whatever happens. A rename that fails takes back those before
it. Only a power cut (or ``kill -9``) between two renames can leave some files new and others old;
each is whole even then.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from unsurprised.writing.interruption import held_back
from unsurprised.writing.temporary import NO_LINKS, Temporary, synced


@dataclass(frozen=True, slots=True)
class Finished:
    """A file that is complete under a temporary name.

    ``was_there`` says whether the target was there when it was looked at first; ``exists`` what to
    say where it appeared since. ``replaceable`` raises ``ValueError`` where the file that is there
    now must be kept. ``wrong`` turns whatever fails into the error that names the target.
    """

    temporary: Temporary
    target: Path
    was_there: bool
    overwrite: bool
    exists: str
    replaceable: Callable[[Path], None]
    wrong: Callable[[Exception], Exception]


def place(files: Sequence[Finished]) -> None:
    """Give finished files their names: all, or none; two that want one new name cannot both win."""
    steps = [_Step(file) for file in files]
    with held_back():
        try:
            for step in steps:
                step.take()
            for step in steps:
                step.sync_folder()
        except BaseException:
            for step in reversed(steps):
                step.take_back()
            raise
        for step in steps:
            step.finish()


class _Step:
    """One file on its way to its name."""

    def __init__(self, file: Finished) -> None:
        self._file = file
        self._kept: Temporary | None = None
        self._taken = False

    def take(self) -> None:
        file = self._file
        try:
            try:
                self._replace(file.target.lstat())
            except FileNotFoundError:
                self._appear()
            self._taken = True
        except FileExistsError:
            raise file.wrong(ValueError(file.exists)) from None
        except (OSError, ValueError) as error:
            raise file.wrong(error) from None

    def _replace(self, old: os.stat_result) -> None:
        file = self._file
        if not stat.S_ISREG(old.st_mode):
            raise ValueError("it is no file any more")
        if not file.overwrite:
            if not file.was_there:
                raise FileExistsError
            file.replaceable(file.target)
        self._kept = Temporary.keeping(file.target)
        with suppress(PermissionError):  # a file system without permissions
            shutil.copymode(file.target, file.temporary.path)
        file.temporary.path.replace(file.target)

    def _appear(self) -> None:
        file = self._file
        try:
            _name(file.temporary.path, file.target)
        except FileExistsError:
            if not file.overwrite:
                raise
            self._replace(file.target.lstat())

    def sync_folder(self) -> None:
        try:
            _sync_folder(self._file.target.parent)
        except OSError as error:
            raise self._file.wrong(error) from None

    def take_back(self) -> None:
        target = self._file.target
        if self._kept is not None:
            if self._taken:
                self._put_back(self._kept)
            self._kept.drop()
        elif self._taken:
            with suppress(OSError):
                if _is(target, self._file.temporary.descriptor):
                    target.unlink()
        if self._taken:
            with suppress(OSError):
                _sync_folder(target.parent)

    def _put_back(self, kept: Temporary) -> None:
        target = self._file.target
        try:
            kept.path.replace(target)
        except OSError as error:
            # Under a name that nobody sweeps.
            safe = kept.path.with_suffix(".old")
            with suppress(OSError):
                os.link(kept.path, safe)
            reason = f"{error.strerror}, nor can the old file be put back; it is {safe}"
            raise self._file.wrong(OSError(None, reason)) from None

    def finish(self) -> None:
        if self._kept is not None:
            self._kept.drop()
        self._file.temporary.drop()


def _name(temporary: Path, target: Path) -> None:
    """Give a file a name that must be new."""
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
    else:
        return
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        temporary.replace(target)
    except BaseException:
        target.unlink()
        raise


def _is(path: Path, descriptor: int) -> bool:
    return descriptor < 0 or os.path.samestat(path.stat(), os.fstat(descriptor))


def _sync_folder(folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # one that may not be listed; Windows opens none
        return
    try:
        synced(descriptor)
    finally:
        os.close(descriptor)
