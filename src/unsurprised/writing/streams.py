"""Standard output, pipes and devices: written to as they are, never replaced."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from unsurprised.errors import CallError

STANDARD_OUTPUT = "-"


class Nowhere(io.TextIOWrapper):
    """Takes the place of a standard stream that the shell has closed (``>&-``)."""

    def __init__(self) -> None:
        descriptor = os.open(os.devnull, os.O_WRONLY)
        super().__init__(os.fdopen(descriptor, "wb"), encoding="utf-8", errors="replace")


class PipeClosedError(Exception):
    """The reader of standard output has seen enough."""


@contextmanager
def standard_output() -> Iterator[None]:
    """Whatever is printed inside is flushed; a full disk is an error in one line."""
    try:
        yield
        sys.stdout.flush()
    except OSError as error:
        silence(sys.stdout)
        if isinstance(error, BrokenPipeError):
            raise PipeClosedError from None
        raise CallError(f"standard output cannot be written: {error.strerror}") from None


def print_bytes(data: bytes) -> None:
    """Write bytes to standard output."""
    if isinstance(sys.stdout, Nowhere):
        raise CallError("standard output cannot be written: it is closed")
    with standard_output():
        sys.stdout.flush()
        sys.stdout.buffer.write(data)


def write_device(data: bytes, path: Path) -> None:
    """Write bytes to a pipe or a device."""
    with os.fdopen(os.open(path, os.O_WRONLY), "wb", buffering=0) as stream:
        left = memoryview(data)
        while left:
            left = left[stream.write(left) :]


def silence(stream: object) -> None:
    """Let a stream that fails go nowhere: Python flushes once more at its exit."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # type: ignore[attr-defined]
        os.close(nowhere)
