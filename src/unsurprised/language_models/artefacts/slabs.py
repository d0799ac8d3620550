"""Rows of scores where they lie: in memory, or in a file from which some are read at a time.

Files are never mapped: a mapped file that another program cuts ends the process by a signal.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from typing import IO, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.arrays.host import HostArray
from unsurprised.errors import InputError, Place
from unsurprised.sources.files import unbuffered
from unsurprised.sources.guard import guarded
from unsurprised.sources.stores.addresses import is_stored

#: What NumPy calls the elements of each type; bfloat16 is held by its bits.
ELEMENTS = {"float16": "<f2", "bfloat16": "<u2", "float32": "<f4", "float64": "<f8"}


class Lies(Enum):
    """Where rows are when they are measured."""

    #: There already: no batch takes memory of its own.
    IN_MEMORY = "in memory"
    #: Each thread reads what it measures.
    IN_FILE = "in a file"
    #: A batch is read, or decoded, before it is measured.
    IN_BATCHES = "in batches"


class Slab(Protocol):
    """Rows of equal width."""

    @property
    def lies(self) -> Lies:
        """Where they are."""

    @property
    def rows(self) -> int:
        """How many there are."""

    @property
    def vocabulary(self) -> int:
        """How wide they are."""

    @property
    def row_bytes(self) -> int:
        """Size of a row."""

    @property
    def found_anywhere(self) -> bool:
        """Whether rows are found without a read of all that is before them."""

    def read(self, first: int, count: int) -> HostArray | RowsInFile:
        """Some rows, as an array (count, V), or as what will be read."""


@dataclass(frozen=True, slots=True)
class ArraySlab:
    """Rows in memory."""

    array: HostArray

    found_anywhere = True

    @property
    def lies(self) -> Lies:
        """Where they are."""
        return Lies.IN_MEMORY

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

    found_anywhere = True

    @property
    def row_bytes(self) -> int:
        """Size of a row."""
        return self.vocabulary * np.dtype(ELEMENTS[self.dtype]).itemsize

    @property
    def lies(self) -> Lies:
        """Where they are; kernels read this machine's order of bytes alone, and its own files."""
        native = np.dtype(self.code or ELEMENTS[self.dtype]).isnative
        here = native and hasattr(os, "pread") and not is_stored(self.file)
        return Lies.IN_FILE if here else Lies.IN_BATCHES

    def read(self, first: int, count: int) -> HostArray | RowsInFile:
        """Some rows, which a thread reads when it measures them."""
        rows = RowsInFile(self, np.arange(first, first + count), self.vocabulary)
        return rows if self.lies is Lies.IN_FILE else rows.read()


@dataclass(frozen=True, slots=True)
class RowsInFile:
    """Some rows of a file that nobody has read yet, each cut to the first so many scores."""

    slab: FileSlab
    numbers: NDArray[np.int64]
    vocabulary: int

    @property
    def shape(self) -> tuple[int, int]:
        """How many rows, and how long each is."""
        return len(self.numbers), self.vocabulary

    @property
    def dtype(self) -> str:
        """A key of ``ELEMENTS``."""
        return self.slab.dtype

    def __getitem__(self, rows: slice | NDArray[np.int64]) -> RowsInFile:
        return replace(self, numbers=self.numbers[rows])

    def read(self) -> HostArray:
        """The rows as an array."""
        slab = self.slab
        code = np.dtype(slab.code or ELEMENTS[slab.dtype])
        values = np.empty((len(self.numbers), slab.vocabulary), dtype=code)
        with self.opened() as stream:
            ends = [*(np.flatnonzero(np.diff(self.numbers) != 1) + 1).tolist(), len(values)]
            begin = 0
            for end in ends if len(values) else []:
                stream.seek(slab.offset + int(self.numbers[begin]) * slab.row_bytes)
                fill(stream, values[begin:end], slab.file)
                begin = end
        native = values.astype(code.newbyteorder("="), copy=False)
        return HostArray(native[:, : self.vocabulary], self.dtype)

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """The file, whose faults are told as ours."""
        slab = self.slab
        with guarded(slab.file, slab.format), unbuffered(slab.file) as stream:
            yield stream

    def scores_of(self, stream: IO[bytes]) -> _kernels.ScoresInFile:
        """The rows as kernels read them, from the file that is open."""
        slab, numbers = self.slab, np.ascontiguousarray(self.numbers, dtype=np.int64)
        return _kernels.ScoresInFile(
            stream.fileno(), slab.offset, slab.vocabulary, slab.dtype, self.vocabulary, numbers
        )

    def refuse_shorter(self, stream: IO[bytes]) -> None:
        """Raise where the file has become too short for the rows."""
        last = int(self.numbers.max(initial=-1)) + 1
        missing = self.slab.offset + last * self.slab.row_bytes - os.fstat(stream.fileno()).st_size
        if missing > 0:
            raise shorter_error(missing, self.slab.file)


def fill(stream: IO[bytes], values: NDArray[Any], file: str) -> None:
    """Read as many bytes as the array has; an error where the file has become shorter."""
    view = values.reshape(-1).view(np.uint8).data
    while view:
        got = stream.readinto(view)  # type: ignore[attr-defined]
        if not got:
            raise shorter_error(len(view), file)
        view = view[got:]


def shorter_error(missing: int, file: str) -> InputError:
    """The error for a file that has become shorter."""
    return InputError(
        f"{missing:,} bytes less than when it was opened",
        expected="a file that stays as it is while it is read",
        place=Place(file),
    )
