"""npy and npz files of scores, read by pieces and never unpickled."""

from __future__ import annotations

import zipfile
from typing import IO

import numpy as np

from unsurprised.arrays.host import HostArray
from unsurprised.errors import InputError, Place
from unsurprised.language_models.artefacts.named_arrays import chosen
from unsurprised.language_models.artefacts.slabs import FileSlab, Lies, fill
from unsurprised.language_models.artefacts.whole import (
    Document,
    WholeRows,
    documents_of,
    refuse_shape,
)
from unsurprised.sources.files import binary, path_or_bytes
from unsurprised.sources.guard import guarded
from unsurprised.sources.limits import CLASSES, COLUMNS
from unsurprised.sources.numpy_arrays import Header, check_size

_NO_PICKLES = (
    "pickled objects are never loaded: where the file was made, write "
    "np.save(file, np.stack(arrays)), or one file a document"
)


def npy(file: str, name: str | None = None) -> WholeRows:
    """An npy file of scores; ``name`` is the document's, where it is one."""
    with guarded(file, "npy"), binary(file) as stream:
        header = Header.read(stream)
        left = stream.seek(0, 2) - header.offset
    dtype = checked(header, Place(file))
    check_size(header, left, file, file)
    width, rows = header.shape[-1], int(np.prod(header.shape[:-1], dtype=object))
    code = "" if dtype == "bfloat16" else header.dtype.str
    slab = FileSlab(file, header.offset, rows, width, dtype, code)
    return WholeRows(file, documents_of(slab, header.shape, name), named=name is not None)


def npz(file: str) -> WholeRows:
    """An npz file: its array of scores, or one a document."""
    headers: dict[str, Header] = {}
    with guarded(file, "npz"), zipfile.ZipFile(path_or_bytes(file)) as archive:
        COLUMNS.check(len(archive.infolist()), Place(file))
        for info in archive.infolist():
            with archive.open(info) as stream:
                header = Header.read(stream)
            name = info.filename.removesuffix(".npy")
            check_size(header, info.file_size - header.offset, file, name)
            headers[name] = header
    for name, header in headers.items():
        _refuse_pickled(header, Place(file, column=name))
    names = chosen({name: header.shape for name, header in headers.items()}, file)
    documents: list[Document] = []
    for name in names:
        header = headers[name]
        dtype = checked(header, Place(file, column=name))
        slab = MemberSlab(file, f"{name}.npy", header, dtype)
        documents += documents_of(slab, header.shape, name if len(names) > 1 else None)
    return WholeRows(file, documents, named=len(names) > 1)


def _refuse_pickled(header: Header, place: Place) -> None:
    if header.dtype.hasobject:
        raise InputError(
            "found pickled objects", expected="numbers", remedy=_NO_PICKLES, place=place
        )


def checked(header: Header, place: Place) -> str:
    """What the elements are; an error where they are no scores, or lie in another order."""
    kind = header.dtype
    _refuse_pickled(header, place)
    # NumPy writes bfloat16 of ml_dtypes, and nothing else of that size, as two bytes of no type.
    dtype = "bfloat16" if kind == np.dtype("V2") else kind.name
    if dtype not in ("float16", "bfloat16", "float32", "float64"):
        raise InputError(
            f"found an array of {kind}",
            expected="float16, bfloat16, float32 or float64",
            place=place,
        )
    refuse_shape(header.shape, place)
    CLASSES.check(header.shape[-1], place)
    if header.fortran:
        raise InputError(
            "found an array in Fortran's order, of which no row lies in one piece",
            expected="rows one after the other",
            remedy="save np.ascontiguousarray(array)",
            place=place,
        )
    return dtype


class MemberSlab:
    """Rows of a member of an npz file, which may be compressed: it is read from front to back."""

    found_anywhere = False

    def __init__(self, file: str, member: str, header: Header, dtype: str) -> None:
        self.file, self.member, self.dtype = file, member, dtype
        self.offset = header.offset
        self.vocabulary = header.shape[-1]
        self.rows = int(np.prod(header.shape[:-1], dtype=object))
        self.code = np.dtype("<u2") if dtype == "bfloat16" else header.dtype
        self._archive: zipfile.ZipFile | None = None
        self._stream: IO[bytes] | None = None
        self._next = 0

    @property
    def lies(self) -> Lies:
        """Where they are."""
        return Lies.IN_BATCHES

    @property
    def row_bytes(self) -> int:
        """Size of a row."""
        return self.vocabulary * self.code.itemsize

    def read(self, first: int, count: int) -> HostArray:
        """Some rows; those that follow the last ones take no second way through the file."""
        values = np.empty((count, self.vocabulary), dtype=self.code)
        with guarded(self.file, "npz"):
            stream = self._at(first)
            fill(stream, values, self.file)
            self._next = first + count
            if self._next == self.rows:
                self.close()
        return HostArray(values.astype(self.code.newbyteorder("="), copy=False), self.dtype)

    def close(self) -> None:
        """Let go of the file."""
        for held in (self._stream, self._archive):
            if held is not None:
                held.close()
        self._stream = self._archive = None

    def _at(self, first: int) -> IO[bytes]:
        if self._stream is None or first < self._next:
            self.close()
            self._archive = zipfile.ZipFile(path_or_bytes(self.file))
            self._stream = self._archive.open(self.member)
            self._stream.read(self.offset)
            self._next = 0
        while self._next < first:  # passed over a row at a time: whatever is between
            self._stream.read(self.row_bytes)
            self._next += 1
        return self._stream
