"""The one place where other libraries' errors about a file become ours."""

from __future__ import annotations

import csv
import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import pyarrow as pa

from unsurprised.errors import CallError, InputError, Place, UnsurprisedError
from unsurprised.sources.stores.faults import telling_of_stores

_PACKAGE = str(Path(__file__).parents[1]) + os.sep

#: What functions written in C raise for bytes that are none of the format. They leave no frame of
#: their own, so the innermost one is ours, as it is for a fault of ours.
_BROKEN = (
    pa.ArrowException,
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    RecursionError,
    SystemError,
    struct.error,
    csv.Error,
    tokenize.TokenError,
    zlib.error,
    zipfile.BadZipFile,
)


class NoMemoryError(InputError):
    """More memory is asked for than there is."""


@contextmanager
def guarded(file: str | None, name: str) -> Iterator[None]:
    """Turn whatever a reader of the format ``name`` raises into an :class:`InputError`.

    What another library raises is the file's fault, of whatever kind it is; what our own code
    raises without meaning to is not, and passes.
    """
    try:
        with telling_of_stores(file):
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
        raise NoMemoryError(
            f"reading it as {name} asks for more memory than there is ({_short(error)})",
            remedy="allow it more (ulimit -v), or write the file again if it is damaged",
            place=Place(file),
        ) from None
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # Rust's panics derive from nothing else
        if not isinstance(error, _BROKEN) and _is_ours(error.__traceback__):
            raise
        raise InputError(
            f"cannot be read as {name} ({_short(error)})",
            remedy=file and "the file seems to be truncated or damaged; write it again",
            place=Place(file),
        ) from None


def _is_ours(traceback: TracebackType | None) -> bool:
    """Whether an error was raised by code of this package, and not by what it calls."""
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback is not None and traceback.tb_frame.f_code.co_filename.startswith(_PACKAGE)


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
