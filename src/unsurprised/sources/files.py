"""The one place where a file's name becomes its bytes, for all formats."""

from __future__ import annotations

from pathlib import Path
from typing import IO

import pyarrow as pa

from unsurprised.sources.standard_input import location


def binary(file: str) -> IO[bytes]:
    """A file's bytes as Python reads them."""
    return Path(location(file)).open("rb")


def arrow_bytes(file: str | None) -> pa.NativeFile:
    """A file's bytes as Arrow reads them, anywhere."""
    return pa.OSFile(location(file))


def decompressed(file: str, compression: str | None) -> pa.NativeFile:
    """A file's bytes from the first one on, out of a compression."""
    return pa.input_stream(location(file), compression=compression)


def path_or_bytes(file: str | None) -> str | IO[bytes]:
    """What libraries take that open files by themselves."""
    return location(file)


def first_bytes(file: str, size: int) -> bytes:
    """How a file begins."""
    with open(location(file), "rb") as stream:  # noqa: PTH123 - a Path would hide what was given
        return stream.read(size)


def size_of(file: str) -> int:
    """How many bytes a file has."""
    return Path(location(file)).stat().st_size
