"""Where a result goes: standard output, or a file that is there whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from unsurprised.errors import CallError

STANDARD_OUTPUT = "-"


def holds_json(path: Path) -> None:
    """Raises unless the file may be a JSON object; ``--json *.parquet`` must not destroy data."""
    with path.open("rb") as stream:
        head = stream.read(256).lstrip()
    if head and not head.startswith(b"{"):
        raise ValueError("it exists and holds no JSON; remove it or name another path")


def anything(_: Path) -> None:
    """Any file may be replaced: the user said so."""


def nothing(_: Path) -> None:
    """Raises always: no file may be replaced."""
    raise ValueError("it exists; name another path, or replace it with --overwrite")


def checked_target(
    target: str,
    inputs: Iterable[str] = (),
    *,
    option: str = "--json",
    replaceable: Callable[[Path], None] = holds_json,
) -> str:
    """``target`` as it is, if a result can be written there; said before the work, not after it.

    Parameters
    ----------
    target : str
        A path, or ``-`` for standard output.
    inputs : iterable of str
        The files that are read, which must not be written over.
    option : str
        The option that named the target, for errors.
    replaceable : function of a path
        Raises ``ValueError`` where a file that exists must be kept.

    Returns
    -------
    str
        The target.
    """
    if target == STANDARD_OUTPUT:
        return target
    path = Path(target)
    try:
        _check(path, inputs, replaceable)
    except (OSError, ValueError) as error:
        raise _unwritable(target, option, error) from None
    return target


def write(text: str, target: str, option: str = "--json") -> None:
    """Write ``text`` and a newline as UTF-8; a file appears whole or not at all."""
    # A lone surrogate becomes JSON's escape.
    write_bytes(f"{text}\n".encode(errors="backslashreplace"), target, option)


def write_bytes(data: bytes, target: str, option: str) -> None:
    """Write ``data``; a file appears whole or not at all."""
    if target == STANDARD_OUTPUT:
        with standard_output():
            sys.stdout.flush()
            sys.stdout.buffer.write(data)
        return
    try:
        _write_file(data, Path(target))
    except OSError as error:
        raise _unwritable(target, option, error) from None


class PipeClosedError(Exception):
    """The reader of standard output has seen enough."""


@contextmanager
def standard_output() -> Iterator[None]:
    """Whatever is printed inside is flushed; a full disk is an error in one line."""
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        # Python flushes once more at exit, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise PipeClosedError from None
        raise CallError(f"standard output cannot be written: {error.strerror}") from None


def _check(path: Path, inputs: Iterable[str], replaceable: Callable[[Path], None]) -> None:
    if path.is_dir():
        raise IsADirectoryError(None, "it is a folder; expected the path of a file")
    if path.exists() and not path.is_file():
        return  # a pipe or a device: written to, never replaced
    if path.exists() and any(_same(path, Path(name)) for name in inputs):
        raise ValueError("it is also the input; name another path")
    if path.exists():
        replaceable(path)
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(None, "it is write-protected")
    with tempfile.TemporaryFile(dir=path.resolve().parent):
        pass


def _same(path: Path, other: Path) -> bool:
    return other.exists() and path.samefile(other)


@contextmanager
def whole_file(target: str, option: str) -> Iterator[Path]:
    """A path to write to; what stands there becomes ``target``, or nothing does after an error."""
    try:
        with _replacement(Path(target)) as path:
            yield path
    except OSError as error:
        raise _unwritable(target, option, error) from None


def _write_file(data: bytes, path: Path) -> None:
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    with _replacement(path) as temporary, temporary.open("xb") as stream:
        stream.write(data)


@contextmanager
def _replacement(path: Path) -> Iterator[Path]:
    path = path.resolve()  # a link keeps pointing where it does
    temporary = path.with_name(f".unsurprised-{secrets.token_hex(8)}.tmp")
    try:
        yield temporary
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _unwritable(target: str, option: str, error: Exception) -> CallError:
    reason = getattr(error, "strerror", None) or str(error)
    return CallError(f"{option} {target}: cannot be written: {reason}")
