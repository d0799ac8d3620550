"""The one place where a file's name becomes its bytes, for all formats: of a disk or of a store."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import IO

import pyarrow as pa

from unsurprised.sources.standard_input import location
from unsurprised.sources.stores.addresses import is_stored
from unsurprised.sources.stores.ahead import Range, Wanted
from unsurprised.sources.stores.objects import opened, stream_of
from unsurprised.sources.stores.ranges import covered
from unsurprised.sources.stores.sequential import first_wanted, sequential


def binary(file: str) -> IO[bytes]:
    """A file's bytes as Python reads them."""
    return stream_of(file) if is_stored(file) else Path(location(file)).open("rb")


def unbuffered(file: str) -> IO[bytes]:
    """The same for who reads much at a time, or asks the system to; an object reads ahead."""
    return stream_of(file) if is_stored(file) else Path(location(file)).open("rb", buffering=0)


def arrow_bytes(file: str | None) -> pa.NativeFile:
    """A file's bytes as Arrow reads them, anywhere."""
    return pa.PythonFile(stream_of(file)) if is_stored(file) else pa.OSFile(location(file))


def decompressed(file: str, compression: str | None) -> pa.NativeFile:
    """A file's bytes from the first one on, out of a compression."""
    bytes_of = sequential(file) if is_stored(file) else location(file)
    return pa.input_stream(bytes_of, compression=compression)


def look_soon(file: str) -> None:
    """Ask for the first bytes of an object, which will be looked at beside its footer."""
    if is_stored(file):
        opened(file).ask_for_begin()


def begin_wanted(file: str | None) -> Iterable[Wanted]:
    """Of an object in a store, what :func:`decompressed` asks for first."""
    return first_wanted(file) if is_stored(file) else ()


def path_or_bytes(file: str | None) -> str | IO[bytes]:
    """What libraries take that open files by themselves."""
    return stream_of(file) if is_stored(file) else location(file)


def footer_of(file: str) -> str | IO[bytes]:
    """The same for who looks at the end of a file, which of an object is asked for at once."""
    if not is_stored(file):
        return location(file)
    opened(file).tail()
    return stream_of(file, 1)


def ranges_of(file: str | None, ranges: Iterable[Range], first: int) -> str | IO[bytes]:
    """The same for who knows which ranges of a file it reads, which of an object come at once.

    Up to ``first`` it reads all in the end, though at first it looks at some of it alone.
    """
    return covered(file, ranges, first) if is_stored(file) else location(file)


def first_bytes(file: str, size: int, ends: bytes = b"") -> bytes:
    """How a file begins; ``ends`` is how those end that begin with the same."""
    if is_stored(file):
        found = opened(file)
        return ends if ends and found.tail().endswith(ends) else found.read(0, size)
    with open(location(file), "rb") as stream:  # noqa: PTH123 - a Path would hide what was given
        return stream.read(size)


def size_of(file: str) -> int:
    """How many bytes a file has."""
    return opened(file).told.size if is_stored(file) else Path(location(file)).stat().st_size
