"""Arrays as npy streams hold them: their headers, and their rows piece by piece."""

from __future__ import annotations

import warnings
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import pyarrow as pa
from numpy.lib import format as npy
from numpy.typing import NDArray

from unsurprised.errors import InputError, Place
from unsurprised.sources.limits import CLASSES, HELD, NAME

#: What to do about arrays that are no column, by the kind of their type.
_REMEDIES = defaultdict(
    lambda: "save it as a plain array (pickled objects are never loaded)",
    O="save array.astype(str) if it holds names, np.stack(array) if rows of numbers (pickled "
    "objects are never loaded)",
    M="save array.astype(str)",
    names="save each of its fields as an array",
)


#: NumPy itself refuses longer headers, but only after it has read them.
_MOST_HEADER = 1 << 16


class _Head:
    """The first bytes of a stream, and an error for whoever asks for more."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._left = stream, _MOST_HEADER

    def read(self, size: int) -> bytes:
        """The next bytes."""
        self._left -= size
        if self._left < 0:
            raise ValueError(f"its header is longer than {_MOST_HEADER} bytes")
        return self._stream.read(size)


def _said(head: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = npy.read_magic(head)
    reader = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    said: tuple[tuple[int, ...], bool, np.dtype[Any]] = reader(head)
    return said


@dataclass(frozen=True, slots=True)
class Header:
    """What the first bytes of an npy stream say, and where its data begin."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    offset: int

    @property
    def row_bytes(self) -> int:
        """Size of a row."""
        return int(np.prod(self.shape[1:], dtype=object)) * self.dtype.itemsize

    @property
    def data_bytes(self) -> int:
        """Size of all rows."""
        return (self.shape[0] if self.shape else 1) * self.row_bytes

    @classmethod
    def read(cls, stream: IO[bytes]) -> Header:
        """The header at the beginning of a stream."""
        head: Any = _Head(stream)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # how Python 2 wrote a header is no concern
                shape, fortran, dtype = _said(head)
        except (OSError, EOFError, MemoryError):
            raise
        except Exception as error:  # whatever a parser of Python raises; a message may name objects
            told = str(error) if isinstance(error, ValueError) and "<" not in str(error) else ""
            raise ValueError(told or "its header is damaged") from None
        return cls(shape, fortran and len(shape) > 1, dtype, stream.tell())

    def arrow_type(self, column: str, file: str) -> pa.DataType:
        """The type of the column; an error for arrays that are none."""
        place = Place(file, column=column)
        if self.dtype.hasobject or self.dtype.kind not in "biufUS":
            raise InputError(
                f"found an array of {self.dtype}",
                expected="numbers or names",
                remedy=_REMEDIES["names" if self.dtype.names else self.dtype.kind],
                place=place,
            )
        if self.dtype.kind == "f" and self.dtype.itemsize > 8:
            raise InputError(f"found {self.dtype}", expected="float64 at most", place=place)
        if len(self.shape) not in (1, 2):
            raise InputError(
                f"found an array of shape {self.shape}",
                expected="one or two dimensions, rows first",
                place=place,
            )
        if 0 in self.shape[1:]:
            raise InputError("found rows of no number", expected="one a class", place=place)
        CLASSES.check(self.shape[1] if len(self.shape) == 2 else 1, place)
        NAME.check(self.dtype.itemsize, place)
        kind = pa.string() if self.dtype.kind in "US" else pa.from_numpy_dtype(self.dtype)
        # A column of one, as Keras and scikit-learn shape it, is a number a row.
        alone = len(self.shape) == 1 or self.shape[1] == 1
        return kind if alone else pa.list_(kind, self.shape[1])


def check_size(header: Header, found: int, file: str, column: str) -> None:
    """Refuse a file that is shorter or longer than its header says."""
    # Before anything is allocated: a damaged header may state any shape.
    if found < header.data_bytes and not header.dtype.hasobject:
        raise InputError(
            f"the header states shape {header.shape} of {header.dtype}, which takes "
            f"{header.data_bytes} bytes; {found} are there",
            remedy="the file seems to be truncated or damaged; write it again",
            place=Place(file, column=None if file == column else column),
        )
    if found > header.data_bytes and not header.dtype.hasobject:
        raise InputError(
            f"{found - header.data_bytes:,} bytes follow the array of shape {header.shape}, "
            "another one perhaps",
            expected="one array",
            remedy="save each array to a file of its own, or all with np.savez",
            place=Place(file, column=None if file == column else column),
        )


def pieces_of(
    stream: IO[bytes], first: int, rows: int, batch_rows: int, place: Place
) -> Iterator[NDArray[Any]]:
    """The rows of an array, so many at a time."""
    header = Header.read(stream)
    if header.fortran and isinstance(stream, zipfile.ZipExtFile):
        HELD.check(header.data_bytes, place)
        data = exactly(stream, header.data_bytes)
        whole = np.frombuffer(data, dtype=header.dtype).reshape(header.shape, order="F")
        for start in range(first, first + rows, batch_rows):
            yield whole[start : min(start + batch_rows, first + rows)]
        return
    if first and not header.fortran:
        stream.seek(header.offset + first * header.row_bytes)
    for start in range(first, first + rows, batch_rows):
        size = min(batch_rows, first + rows - start)
        if header.fortran:
            yield _by_columns(stream, header, start, size)
            continue
        data = exactly(stream, size * header.row_bytes)
        yield np.frombuffer(data, dtype=header.dtype).reshape((size, *header.shape[1:]))


def _by_columns(stream: IO[bytes], header: Header, first: int, rows: int) -> NDArray[Any]:
    """Some rows of a file in Fortran's order, read column by column.

    Not mapped: where a mapped file is cut by another program, reading it ends the process.
    """
    count, size = header.shape[1], header.dtype.itemsize
    columns = []
    for column in range(count):
        stream.seek(header.offset + (column * header.shape[0] + first) * size)
        columns.append(exactly(stream, rows * size))
    return np.frombuffer(b"".join(columns), dtype=header.dtype).reshape(count, rows).T


def exactly(stream: IO[bytes], size: int) -> bytes:
    """So many bytes; an error where there are fewer."""
    data = stream.read(size)
    if len(data) < size:
        raise EOFError(f"{size} bytes are stated, {len(data)} are there")
    return data


def as_arrow(array: NDArray[Any]) -> pa.Array:
    """An array as a column."""
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8")
    if array.ndim == 1 or array.shape[1] == 1:
        return pa.array(np.ascontiguousarray(array).reshape(-1))
    values = pa.array(np.ascontiguousarray(array).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(values, array.shape[1])
