"""Arrow IPC: files (Feather is one) by runs of record batches, streams from their beginning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import pyarrow as pa

from unsurprised.errors import InputError, Place
from unsurprised.sources.files import arrow_bytes
from unsurprised.sources.guard import guarded
from unsurprised.sources.table import Part, Table, parts_of_runs, single_parts

_ROWS_A_PART = 1 << 18

#: The mark of a stream's end: a message of no length.
_END = b"\xff\xff\xff\xff" + bytes(4)


class IpcFileTable(Table):
    """An Arrow file; record batches can be read in any order."""

    format = "an Arrow file"

    def __init__(self, file: str) -> None:
        self.file = file
        with guarded(file, self.format), arrow_bytes(file) as handle:
            self.schema = pa.ipc.open_file(handle).schema
        self.rows = sum(part.rows or 0 for part in self._parts)

    def parts(self) -> Sequence[Part]:
        """Runs of record batches."""
        return self._parts

    def pieces(self) -> Sequence[Part]:
        """Record batches."""
        return single_parts(self._sizes)

    @cached_property
    def _parts(self) -> list[Part]:
        return parts_of_runs(enumerate(self._sizes), _ROWS_A_PART)

    @cached_property
    def _sizes(self) -> list[int]:
        """The rows of each batch.

        The footer does not state them; reading one narrow column of each does.
        """
        with guarded(self.file, self.format), arrow_bytes(self.file) as handle:
            if not len(self.schema):
                return []
            types = self.schema.types
            narrow = min(range(len(types)), key=lambda k: _width(types[k]))
            reader = _opened(handle, [narrow])
            return [reader.get_batch(key).num_rows for key in range(reader.num_record_batches)]

    def read(
        self, part: Part, columns: Mapping[str, str], batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The record batches as they were written."""
        fields = [self.schema.get_field_index(name) for name in columns]
        with guarded(self.file, self.format), arrow_bytes(self.file) as handle:
            reader = _opened(handle, fields)
            for key in part.keys:
                yield _validated(reader.get_batch(key))


class IpcStreamTable(Table):
    """An Arrow stream; it can only be read from its beginning."""

    format = "an Arrow stream"

    def __init__(self, file: str) -> None:
        self.file = file
        with guarded(file, self.format), arrow_bytes(file) as handle:
            self.schema = pa.ipc.open_stream(handle).schema

    def read(
        self, part: Part, columns: Mapping[str, str], batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The record batches as they were written."""
        fields = [self.schema.get_field_index(name) for name in columns]
        options = pa.ipc.IpcReadOptions(included_fields=fields, use_threads=False)
        with guarded(self.file, self.format), arrow_bytes(self.file) as handle:
            for batch in pa.ipc.open_stream(handle, options=options):
                yield _validated(batch)
            self._check_end(handle)

    def _check_end(self, handle: pa.NativeFile) -> None:
        """Refuse a stream that stops without its mark of the end, or goes on after it."""
        at = handle.tell()
        left = handle.size() - at
        handle.seek(max(at - len(_END), 0))
        if handle.read(len(_END)) != _END:
            raise InputError(
                "the stream stops without the mark of its end: rows may be missing",
                expected="a stream whose writer was closed",
                remedy="write it again, and close its writer",
                place=Place(self.file),
            )
        if left:
            raise InputError(
                f"{left:,} bytes follow the end of the stream",
                expected="one stream a file",
                remedy="write each stream to a file of its own",
                place=Place(self.file),
            )


def _opened(handle: pa.NativeFile, fields: list[int]) -> pa.RecordBatchFileReader:
    options = pa.ipc.IpcReadOptions(included_fields=fields, use_threads=False)
    return pa.ipc.open_file(handle, options=options)


def _validated(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same batch; the offsets are those of the file, and may point anywhere."""
    batch.validate(full=True)
    return batch


def _width(kind: pa.DataType) -> int:
    try:
        return int(kind.bit_width)
    except ValueError:
        return 1 << 20
