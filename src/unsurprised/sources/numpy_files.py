"""npz (arrays named like columns) and npy (one file a column), read by pieces, never unpickled."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import IO

import numpy as np
import pyarrow as pa

from unsurprised.errors import InputError, Place
from unsurprised.sources.files import binary, path_or_bytes
from unsurprised.sources.guard import guarded
from unsurprised.sources.limits import CLASSES, COLUMNS, NAME, NAMES
from unsurprised.sources.numpy_arrays import Header, as_arrow, check_size, pieces_of
from unsurprised.sources.table import Part, Table

#: Open files of one archive, so that each member is read on its own.
_HANDLES = 16

ROWS_A_PART = 1 << 18

#: The member of an npz file that names the classes instead of being a column.
_CLASSES = "classes"


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
        """The rows piece by piece; of npz, an array in Fortran's order is held as a whole."""
        rows = (self.rows or 0) - part.first_row if part.rows is None else part.rows
        with guarded(self.file, self.format), self._opened(list(columns)) as streams:
            pieces = [
                pieces_of(stream, part.first_row, rows, batch_rows, Place(self.file, column=name))
                for name, stream in zip(columns, streams, strict=True)
            ]
            for arrays in zip(*pieces, strict=True):
                yield pa.record_batch([as_arrow(array) for array in arrays], names=list(columns))

    @contextmanager
    def _opened(self, columns: Sequence[str]) -> Iterator[list[IO[bytes]]]:
        """A stream of each column."""
        yield []  # of no column


class NpzTable(_Files):
    """An npz file: one array a column; an array named ``classes`` names the classes."""

    format = "npz"

    def __init__(self, file: str) -> None:
        self.file = file
        headers: dict[str, Header] = {}
        with guarded(file, self.format), zipfile.ZipFile(path_or_bytes(file)) as archive:
            self._members = _members(archive.infolist(), file)
            COLUMNS.check(len(self._members), Place(file))
            for name, member in self._members.items():
                with archive.open(member) as stream:
                    header = Header.read(stream)
                check_size(header, archive.getinfo(member).file_size - header.offset, file, name)
                if header.shape:
                    headers[name] = header
            named = headers.get(_CLASSES)
            if named is not None and _may_name_classes(named, headers, file):
                with archive.open(self._members[_CLASSES]) as stream:
                    self.class_names = _class_names(stream, Header.read(stream))
        if self.class_names is not None:
            del headers[_CLASSES]
        self._adopt(headers)

    @contextmanager
    def _opened(self, columns: Sequence[str]) -> Iterator[list[IO[bytes]]]:
        """The members; each through an archive of its own, unless there are many.

        One handle gives members in turns, through a lock.
        """
        with ExitStack() as stack:
            shared = None if len(columns) <= _HANDLES else self._archive(stack)
            yield [
                stack.enter_context((shared or self._archive(stack)).open(self._members[name]))
                for name in columns
            ]

    def _archive(self, stack: ExitStack) -> zipfile.ZipFile:
        return stack.enter_context(zipfile.ZipFile(path_or_bytes(self.file)))


def _members(infos: Sequence[zipfile.ZipInfo], file: str) -> dict[str, str]:
    """The arrays' names and those of their members."""
    members: dict[str, str] = {}
    for info in infos:
        name = info.filename.removesuffix(".npy")
        if name in members:
            raise InputError(
                "the file holds two arrays of this name",
                expected="each once",
                remedy="write the file anew: of two arrays nothing tells which counts",
                place=Place(file, column=name),
            )
        members[name] = info.filename
    return members


class NpyTable(_Files):
    """Several npy files, one a column; the columns are called by their paths."""

    format = "npy"

    def __init__(self, file: str, columns: Sequence[str]) -> None:
        self.file = file
        headers: dict[str, Header] = {}
        for column in dict.fromkeys(columns):
            with guarded(column, self.format), binary(column) as stream:
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

    @contextmanager
    def _opened(self, columns: Sequence[str]) -> Iterator[list[IO[bytes]]]:
        with ExitStack() as stack:
            yield [stack.enter_context(binary(column)) for column in columns]


def _may_name_classes(header: Header, headers: Mapping[str, Header], file: str) -> bool:
    """Whether an array may hold the classes' names; an error for more names than classes.

    Counted against the widest of the other arrays, before a name is made.
    """
    if len(header.shape) != 1 or header.dtype.kind not in "USiu":
        return False
    others = [other for name, other in headers.items() if name != _CLASSES]
    widths = [other.shape[1] for other in others if len(other.shape) == 2]
    most = max([2, len(others), *widths])
    if header.shape[0] > most:
        if header.dtype.kind in "iu":  # labels in a column of that name
            return False
        raise InputError(
            f"found {header.shape[0]:,} names of classes",
            expected=f"one a class: the arrays have {most:,} columns at most",
            remedy="save the names of the classes once each, or call a column of labels otherwise",
            place=Place(file, column=_CLASSES),
        )
    CLASSES.check(header.shape[0], Place(file, column=_CLASSES))
    NAME.check(header.dtype.itemsize, Place(file, column=_CLASSES))
    NAMES.check(header.data_bytes, Place(file, column=_CLASSES))
    return True


def _class_names(stream: IO[bytes], header: Header) -> tuple[str, ...] | None:
    """The names that an array gives; ``None`` for one that is a column instead."""
    array = np.frombuffer(stream.read(header.data_bytes), dtype=header.dtype)
    if header.dtype.kind == "S":
        array = np.char.decode(array, "utf-8")
    names = tuple(map(str, array.tolist()))
    # Integers that come more than once are labels in a column of that name.
    return names if header.dtype.kind in "US" or len(set(names)) == len(names) else None
