"""Rows of scores where they lie: in memory, or in a file from which some are read at a time.

Files are never mapped: a mapped file that another program cuts ends the process by a signal.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.host import HostArray
from unsurprised.errors import InputError, Place
from unsurprised.sources.guard import guarded

#: What NumPy calls the elements of each type; bfloat16 is held by its bits.
ELEMENTS = {"float16": "<f2", "bfloat16": "<u2", "float32": "<f4", "float64": "<f8"}


class Slab(Protocol):
    """Rows of equal width."""

    @property
    def rows(self) -> int:
        """How many there are."""

    @property
    def vocabulary(self) -> int:
        """How wide they are."""

    @property
    def row_bytes(self) -> int:
        """Size of a row."""

    def read(self, first: int, count: int) -> HostArray:
        """Some rows, as an array (count, V)."""


@dataclass(frozen=True, slots=True)
class ArraySlab:
    """Rows in memory."""

    array: HostArray

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.array.shape[0]

    @property
    def vocabulary(self) -> int:
        """How wide they are."""
        return self.array.shape[1]

    @property
    def row_bytes(self) -> int:
        """Size of a row."""
        return self.vocabulary * self.array.values.dtype.itemsize

    def read(self, first: int, count: int) -> HostArray:
        """Some rows."""
        return self.array[first : first + count]


@dataclass(frozen=True, slots=True)
class FileSlab:
    """Rows one after the other in a file, from ``offset`` on."""

    file: str
    offset: int
    rows: int
    vocabulary: int
    #: A key of ``ELEMENTS``, and NumPy's code where the file has another byte order.
    dtype: str
    code: str = ""
    format: str = "npy"

    @property
    def row_bytes(self) -> int:
        """Size of a row."""
        return self.vocabulary * np.dtype(ELEMENTS[self.dtype]).itemsize

    def read(self, first: int, count: int) -> HostArray:
        """Some rows, read anew."""
        code = np.dtype(self.code or ELEMENTS[self.dtype])
        values = np.empty((count, self.vocabulary), dtype=code)
        with guarded(self.file, self.format), Path(self.file).open("rb", buffering=0) as stream:
            stream.seek(self.offset + first * self.row_bytes)
            fill(stream, values, self.file)
        return HostArray(values.astype(code.newbyteorder("="), copy=False), self.dtype)


def fill(stream: IO[bytes], values: NDArray[Any], file: str) -> None:
    """Read as many bytes as the array has; an error where the file has become shorter."""
    view = values.reshape(-1).view(np.uint8).data
    while view:
        got = stream.readinto(view)  # type: ignore[attr-defined]
        if not got:
            raise InputError(
                f"{len(view):,} bytes less than when it was opened",
                expected="a file that stays as it is while it is read",
                place=Place(file),
            )
        view = view[got:]
