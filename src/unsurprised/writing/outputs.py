"""The outputs of one command as one thing: declared before the work, there together after it."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self, overload

from unsurprised.addresses import scheme_of, without_secrets
from unsurprised.errors import CallError, UnsurprisedError
from unsurprised.writing.placing import Finished, place
from unsurprised.writing.recognition import EXISTS, Replaceable, anything, nothing
from unsurprised.writing.streams import (
    STANDARD_OUTPUT,
    PipeClosedError,
    print_bytes,
    write_device,
)
from unsurprised.writing.temporary import Temporary, sweep


class Target:
    """Where one output goes: a file, standard output, or a pipe or a device.

    What is written waits until all outputs of the command are complete.
    """

    def __init__(self, option: str, name: str, replaceable: Replaceable, overwrite: bool) -> None:
        self.option, self.name = option, name
        self.is_standard_output = name == STANDARD_OUTPUT
        self._replaceable, self._overwrite = replaceable, overwrite
        self._temporary: Temporary | None = None
        self._data: bytes | None = None
        self._path = Path()
        self._status: os.stat_result | None = None
        if not self.is_standard_output:
            with self._named():
                self._look()

    def write(self, text: str) -> None:
        """Write text and a newline as UTF-8; a lone surrogate becomes JSON's escape."""
        self.write_bytes(f"{text}\n".encode(errors="backslashreplace"))

    def write_bytes(self, data: bytes) -> None:
        """Write bytes."""
        if not self._is_file:
            self._data = data
            return
        with self.file() as path, path.open("wb") as stream:
            stream.write(data)

    @contextmanager
    def file(self) -> Iterator[Path]:
        """The path of an empty file to write to, for writers that want one."""
        with self._named():
            folder = self._path.parent if self._is_file else Path(tempfile.gettempdir())
            temporary = self._temporary = Temporary(folder)
            yield temporary.path
            if not self._is_file:
                self._data = temporary.path.read_bytes()

    def same(self, other: Target) -> bool:
        """Whether both would be written to one place."""
        if self.is_standard_output or other.is_standard_output:
            return self.is_standard_output and other.is_standard_output
        if self._status is not None and stat.S_ISCHR(self._status.st_mode):
            return False  # /dev/null holds everything
        return self._path == other._path or _samestat(self._status, other._status)

    def is_one_of(self, others: Iterable[os.stat_result | None]) -> bool:
        """Whether the file is one of these."""
        return self._is_file and any(_samestat(self._status, other) for other in others)

    def finish(self) -> None:
        """Wait until the disk holds what was written."""
        if self._temporary is not None and self._is_file:
            with self._named():
                self._temporary.finish()

    def deliver(self) -> None:
        """Write what goes to no file."""
        if self._data is None:
            return
        if self.is_standard_output:
            print_bytes(self._data)
            return
        with self._named():
            write_device(self._data, self._path)

    def publish(self) -> None:
        """Let what is in no folder appear."""

    def finished(self) -> Finished | None:
        """The file that waits for its name."""
        if self._temporary is None or not self._is_file:
            return None
        return Finished(
            self._temporary,
            self._path,
            was_there=self._status is not None,
            overwrite=self._overwrite,
            exists=EXISTS,
            replaceable=self._replaceable,
            wrong=self._unwritable,
        )

    def drop(self) -> None:
        """Forget what was written."""
        if self._temporary is not None:
            self._temporary.drop()

    @property
    def _is_file(self) -> bool:
        if self.is_standard_output:
            return False
        return self._status is None or stat.S_ISREG(self._status.st_mode)

    def _look(self) -> None:
        """Raise unless it can be written."""
        name = self.name
        if not name:
            raise ValueError("the path is empty")
        if scheme_of(name) is not None:
            raise ValueError(
                "it is an address, which commands alone write to (--out, --json, --html); write a "
                "file here, and copy it there"
            )
        with suppress(FileNotFoundError):
            self._status = Path(name).stat()
        if name.endswith(_SEPARATORS) or (self._status and stat.S_ISDIR(self._status.st_mode)):
            raise IsADirectoryError(None, "it is a folder; expected the path of a file")
        # A link keeps pointing where it does; that of /dev/stdout points to no path.
        self._path = Path(name).resolve() if self._is_file else Path(name)
        if self._status is not None:
            if stat.S_ISBLK(self._status.st_mode) or stat.S_ISSOCK(self._status.st_mode):
                raise ValueError("it is a disk or a socket; expected the path of a file")
            if not os.access(name, os.W_OK):
                raise PermissionError(None, "it is write-protected")
        if self._is_file:
            sweep(self._path.parent)
            Temporary(self._path.parent).drop()  # the folder takes files

    def check_replaceable(self) -> None:
        """Raise where a file that is there must be kept."""
        if self._status is not None and self._is_file:
            with self._named():
                self._replaceable(self._path)

    def refused(self, reason: str) -> CallError:
        """The error for a target that is something else as well."""
        return self._unwritable(ValueError(reason))

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Errors name the option and the target."""
        try:
            yield
        except UnsurprisedError:
            raise
        except (OSError, ValueError) as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: Exception) -> CallError:
        reason = getattr(error, "strerror", None) or str(error)
        return CallError(f"{self.option} {without_secrets(self.name)}: cannot be written: {reason}")


_SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))


class Outputs:
    """All outputs of one command: looked at before the work, and there together, or none, after it.

    A context: what was written into the declared targets appears at its end, and nothing of it
    does where an exception leaves it. Standard output and pipes come before the files, so that
    these tell of success.

    Parameters
    ----------
    inputs : iterable of str
        The files that are read, which must not be written over; ``-`` is standard input.
    overwrite : bool
        Replace files that exist, whatever they are.
    """

    def __init__(self, inputs: Iterable[str] = (), *, overwrite: bool = False) -> None:
        self._inputs = [_status(name) for name in dict.fromkeys(inputs)]
        self._overwrite = overwrite
        self._targets: list[Target] = []

    @overload
    def declare(self, option: str, name: str, replaceable: Replaceable = ...) -> Target: ...
    @overload
    def declare(self, option: str, name: None, replaceable: Replaceable = ...) -> None: ...
    @overload
    def declare(
        self, option: str, name: str | None, replaceable: Replaceable = ...
    ) -> Target | None: ...

    def declare(
        self, option: str, name: str | None, replaceable: Replaceable = nothing
    ) -> Target | None:
        """A target, if an option named one and a result can be written there.

        Parameters
        ----------
        option : str
            The option that named the target, for errors.
        name : str or None
            A path, or ``-`` for standard output.
        replaceable : function of a path
            Raises ``ValueError`` where a file that exists must be kept, but for ``overwrite``.
        """
        if name is None:
            return None
        allowed = anything if self._overwrite else replaceable
        target = self._target(option, name, allowed, self._overwrite or replaceable is anything)
        for other in self._targets:
            if target.same(other):
                raise _both(other, target)
        if target.is_one_of(self._inputs):
            raise target.refused("it is also the input; name another path")
        if target.is_one_of(_redirected()):
            raise target.refused("standard output goes there too; name another path")
        target.check_replaceable()
        self._targets.append(target)
        return target

    def _target(self, option: str, name: str, replaceable: Replaceable, overwrite: bool) -> Target:
        return Target(option, name, replaceable, overwrite)

    @property
    def print_report(self) -> bool:
        """Whether standard output is free for the report."""
        return not any(target.is_standard_output for target in self._targets)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            # The report comes last: a reader that has seen enough of it takes nothing back.
            if error is None or isinstance(error, PipeClosedError):
                self._commit()
        finally:
            for target in self._targets:
                target.drop()

    def _commit(self) -> None:
        for target in self._targets:
            target.finish()
        closed = False
        for target in self._targets:
            try:
                target.deliver()
            except PipeClosedError:
                closed = True
        for target in self._targets:
            target.publish()
        finished = [target.finished() for target in self._targets]
        place([file for file in finished if file is not None])
        if closed:
            raise PipeClosedError


def write_file(data: bytes, name: str, option: str, replaceable: Replaceable = nothing) -> None:
    """Write one file, whole or not at all."""
    with Outputs() as outputs:
        outputs.declare(option, name, replaceable).write_bytes(data)


def _status(name: str) -> os.stat_result | None:
    with suppress(OSError, ValueError):
        return os.fstat(0) if name == STANDARD_OUTPUT else Path(name).stat()
    return None


def _samestat(one: os.stat_result | None, other: os.stat_result | None) -> bool:
    return one is not None and other is not None and os.path.samestat(one, other)


def _redirected() -> Iterator[os.stat_result]:
    """The files that standard output and standard error go to."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            status = os.fstat(stream.fileno())
            if stat.S_ISREG(status.st_mode):
                yield status


def _both(one: Target, other: Target) -> CallError:
    if one.is_standard_output:
        return CallError(f"{one.option} - and {other.option} - cannot both go to standard output")
    return CallError(
        f"{other.option} {other.name}: {one.option} writes there too; name another path"
    )
