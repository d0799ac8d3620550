"""npz (arrays named like columns) and npy (one file a column), read by pieces, never unpickled."""

from __future__ import annotations

import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
from numpy.lib import format as npy
from numpy.typing import NDArray

from unsurprised.errors import InputError, Place
from unsurprised.sources.guard import guarded
from unsurprised.sources.table import Part, Table

ROWS_A_PART = 1 << 18

#: The member of an npz file that names the classes instead of being a column.
_CLASSES = "classes"


#: What to do about arrays that are no column, by the kind of their type.
_REMEDIES = defaultdict(
    lambda: "save it as a plain array (pickled objects are never loaded)",
    O="save array.astype(str) if it holds names, np.stack(array) if rows of numbers (pickled "
    "objects are never loaded)",
    M="save array.astype(str)",
    names="save each of its fields as an array",
)


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
        version = npy.read_magic(stream)
        reader = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = reader(stream)
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
        kind = pa.string() if self.dtype.kind in "US" else pa.from_numpy_dtype(self.dtype)
        # A column of one, as Keras and scikit-learn shape it, is a number a row.
        alone = len(self.shape) == 1 or self.shape[1] == 1
        return kind if alone else pa.list_(kind, self.shape[1])


class _Files(Table):
    """Arrays of equal length as columns."""

    file: str

    def _adopt(self, headers: Mapping[str, Header]) -> None:
        lengths = {name: header.shape[0] for name, header in headers.items()}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name!r} {length}" for name, length in lengths.items())
            raise InputError(
                f"the arrays differ in length: {told}",
                expected="one entry a row in every array",
                place=Place(self.file),
            )
        self.rows = next(iter(lengths.values()), 0)
        self.schema = pa.schema(
            [(name, head.arrow_type(name, self.file)) for name, head in headers.items()]
        )

    def read(
        self, part: Part, columns: Mapping[str, str], batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows piece by piece; only an array in Fortran's order is loaded as a whole."""
        rows = (self.rows or 0) - part.first_row if part.rows is None else part.rows
        with guarded(self.file, self.format), ExitStack() as stack:
            pieces = [
                _pieces(stack.enter_context(self._open(name)), part.first_row, rows, batch_rows)
                for name in columns
            ]
            for arrays in zip(*pieces, strict=True):
                yield pa.record_batch([as_arrow(array) for array in arrays], names=list(columns))

    def _open(self, column: str) -> IO[bytes]:
        raise NotImplementedError


class NpzTable(_Files):
    """An npz file: one array a column; an array named ``classes`` names the classes."""

    format = "npz"

    def __init__(self, file: str) -> None:
        self.file = file
        headers: dict[str, Header] = {}
        with guarded(file, self.format), zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                name = info.filename.removesuffix(".npy")
                with archive.open(info) as stream:
                    header = Header.read(stream)
                    check_size(header, info.file_size - header.offset, file, name)
                    names = _class_names(stream, header) if name == _CLASSES else None
                    if names is not None:
                        self.class_names = names
                        continue
                if header.shape:
                    headers[name] = header
        self._adopt(headers)

    def _open(self, column: str) -> IO[bytes]:
        # An archive of its own for each member: one handle gives them in turns, through a lock.
        with zipfile.ZipFile(self.file) as archive:
            name = column if column in archive.namelist() else f"{column}.npy"
            return archive.open(name)


class NpyTable(_Files):
    """Several npy files, one a column; the columns are called by their paths."""

    format = "npy"

    def __init__(self, file: str, columns: Sequence[str]) -> None:
        self.file = file
        headers: dict[str, Header] = {}
        for column in dict.fromkeys(columns):
            with guarded(column, self.format), Path(column).open("rb") as stream:
                header = Header.read(stream)
                left = stream.seek(0, 2) - header.offset
            check_size(header, left, column, column)
            if not header.shape:
                raise InputError(
                    "found a single number", expected="one entry a row", place=Place(column)
                )
            headers[column] = header
        self._adopt(headers)

    def parts(self) -> Sequence[Part]:
        """Runs of rows; any row can be found without reading those before it."""
        rows = self.rows or 0
        return [
            Part(first, min(ROWS_A_PART, rows - first)) for first in range(0, rows, ROWS_A_PART)
        ]

    def _open(self, column: str) -> IO[bytes]:
        return Path(column).open("rb")


def _class_names(stream: IO[bytes], header: Header) -> tuple[str, ...] | None:
    """The names that an array gives; ``None`` for one that is a column instead."""
    if len(header.shape) != 1 or header.dtype.kind not in "USiu":
        return None
    array = _whole(stream, header)
    if header.dtype.kind == "S":
        array = np.char.decode(array, "utf-8")
    names = tuple(map(str, array.tolist()))
    # Integers that come more than once are labels in a column of that name.
    return names if header.dtype.kind in "US" or len(set(names)) == len(names) else None


def check_size(header: Header, found: int, file: str, column: str) -> None:
    """Refuse a file that is shorter than its header says."""
    # Before anything is allocated: a damaged header may state any shape.
    if found < header.data_bytes and not header.dtype.hasobject:
        raise InputError(
            f"the header states shape {header.shape} of {header.dtype}, which takes "
            f"{header.data_bytes} bytes; {found} are there",
            remedy="the file seems to be truncated or damaged; write it again",
            place=Place(file, column=None if file == column else column),
        )


def _pieces(stream: IO[bytes], first: int, rows: int, batch_rows: int) -> Iterator[NDArray[Any]]:
    header = Header.read(stream)
    if header.fortran:
        whole = _whole(stream, header)
        for start in range(first, first + rows, batch_rows):
            yield whole[start : min(start + batch_rows, first + rows)]
        return
    if first:
        stream.seek(header.offset + first * header.row_bytes)
    for start in range(0, rows, batch_rows):
        size = min(batch_rows, rows - start)
        data = stream.read(size * header.row_bytes)
        yield np.frombuffer(data, dtype=header.dtype).reshape((size, *header.shape[1:]))


def _whole(stream: IO[bytes], header: Header) -> NDArray[Any]:
    name = getattr(stream, "name", None)
    if isinstance(name, str) and not isinstance(stream, zipfile.ZipExtFile):
        return np.memmap(
            name, header.dtype, "r", header.offset, header.shape, "F" if header.fortran else "C"
        )
    data = np.frombuffer(stream.read(header.data_bytes), dtype=header.dtype)
    return data.reshape(header.shape, order="F" if header.fortran else "C")


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
