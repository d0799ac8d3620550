"""An npy file of records: an array whose type has named fields, which are columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa

from unsurprised.errors import InputError, Place
from unsurprised.sources.files import binary
from unsurprised.sources.guard import guarded
from unsurprised.sources.numpy_arrays import Header, as_arrow, check_size, exactly
from unsurprised.sources.numpy_files import ROWS_A_PART
from unsurprised.sources.table import Part, Table


def holds_records(file: str) -> bool:
    """Whether an npy file is one of records; false for what is none at all."""
    try:
        with binary(file) as stream:
            return Header.read(stream).dtype.names is not None
    except (OSError, ValueError, EOFError):
        return False


class RecordsTable(Table):
    """The records of one npy file."""

    format = "npy"

    def __init__(self, file: str) -> None:
        self.file: str = file
        with guarded(file, self.format), binary(file) as stream:
            self._header = Header.read(stream)
            left = stream.seek(0, 2) - self._header.offset
        check_size(self._header, left, file, file)
        shape, kind = self._header.shape, self._header.dtype
        if len(shape) != 1 or kind.hasobject:
            raise InputError(
                f"found records of shape {shape}" if len(shape) != 1 else f"found {kind}",
                expected="one record a row, of numbers and names",
                remedy="save them as plain arrays (pickled objects are never loaded)",
                place=Place(file),
            )
        self.rows = shape[0]
        fields = ((name, kind[name]) for name in kind.names or ())
        self.schema = pa.schema(
            [
                (name, Header((shape[0], *part.shape), False, part.base, 0).arrow_type(name, file))
                for name, part in fields
            ]
        )

    def parts(self) -> Sequence[Part]:
        """Runs of rows."""
        rows = self.rows or 0
        return [
            Part(first, min(ROWS_A_PART, rows - first)) for first in range(0, rows, ROWS_A_PART)
        ]

    def read(
        self, part: Part, columns: Mapping[str, str], batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows piece by piece."""
        header, last = self._header, part.first_row + (part.rows or 0)
        with guarded(self.file, self.format), binary(self.file) as stream:
            stream.seek(header.offset + part.first_row * header.row_bytes)
            for start in range(part.first_row, last, batch_rows):
                size = min(batch_rows, last - start) * header.row_bytes
                piece = np.frombuffer(exactly(stream, size), dtype=header.dtype)
                arrays = [as_arrow(np.asarray(piece[name])) for name in columns]
                yield pa.record_batch(arrays, names=list(columns))
