"""The one place where other libraries' errors about a file become ours."""

from __future__ import annotations

import csv
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from unsurprised.errors import CallError, InputError, Place, UnsurprisedError

#: ``ArrowException`` covers what does not derive from a builtin error already named here.
_BROKEN = (
    pa.ArrowException,
    OSError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    struct.error,
    csv.Error,
    zlib.error,
    zipfile.BadZipFile,
)


@contextmanager
def guarded(file: str | None, name: str) -> Iterator[None]:
    """Turn whatever a reader of the format ``name`` raises into an :class:`InputError`."""
    try:
        yield
    except UnsurprisedError:
        raise
    except FileNotFoundError:
        raise InputError("no such file", place=Place(file)) from None
    except PermissionError:
        raise InputError(
            "the file may not be read (permission denied)", place=Place(file)
        ) from None
    except MemoryError as error:
        raise InputError(
            f"reading it as {name} asks for more memory than there is ({_short(error)})",
            remedy="the file may be damaged",
            place=Place(file),
        ) from None
    except _BROKEN as error:
        raise InputError(
            f"cannot be read as {name} ({_short(error)})",
            remedy=file and "the file seems to be truncated or damaged; write it again",
            place=Place(file),
        ) from None


@contextmanager
def guarded_writing(name: str) -> Iterator[None]:
    """Turn whatever a writer of the format ``name`` raises into an error of ours.

    What the disk says (it is full, say) is told by who opened the file.
    """
    try:
        yield
    except UnsurprisedError:
        raise
    except MemoryError as error:
        raise CallError(
            f"writing {name} asks for more memory than there is ({_short(error)})"
        ) from None
    except _BROKEN as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise InputError(
            f"cannot be written as {name} ({_short(error)})",
            remedy="write another format: --out with a name in .parquet, .arrow, .csv or .jsonl",
        ) from None


@contextmanager
def located(file: str | None, column: str | None = None) -> Iterator[None]:
    """Let errors about what was said of a file name it."""
    try:
        yield
    except InputError as error:
        raise error if error.place.file else error.located(file=file, column=column) from None
    except CallError as error:
        if file is None:
            raise
        raise CallError(f"{file}: {error}") from None


def _short(error: BaseException) -> str:
    """The first line of a message, which may quote whole rows or a C++ call stack."""
    text = str(error.args[0]) if error.args else type(error).__name__
    line = (text.strip().splitlines() or [type(error).__name__])[0].rstrip(". ")
    return line if len(line) <= 200 else line[:197] + "…"
