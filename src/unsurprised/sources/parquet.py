"""Parquet: one part a row group (small ones together), read ahead of nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from unsurprised.errors import InputError, Place
from unsurprised.sources.files import footer_of, ranges_of
from unsurprised.sources.guard import guarded
from unsurprised.sources.stores.addresses import is_stored
from unsurprised.sources.stores.ahead import Range, Wanted
from unsurprised.sources.stores.ranges import joined
from unsurprised.sources.table import Part, Table, parts_of_runs, single_parts

#: Row groups are put together up to this many rows, so that a part is worth opening a file for.
_ROWS_A_PART = 1 << 18

#: Measured: without it the reader holds whole column chunks in memory.
_BUFFER = 1 << 20

#: Of an object in a store, so many bytes of row groups come together, and no more of one.
_AT_ONCE, _MOST_AT_ONCE = 64 << 20, 256 << 20


class ParquetTable(Table):
    """A Parquet file; its footer says how many rows each row group has."""

    format = "Parquet"

    def __init__(self, file: str) -> None:
        self.file = file
        with guarded(file, self.format), pq.ParquetFile(footer_of(file)) as opened:
            self.schema = opened.schema_arrow
            self._metadata = opened.metadata
            self.rows = self._metadata.num_rows
            held = ((k, rows) for k, rows in enumerate(self._sizes()) if rows)
            self._parts = parts_of_runs(held, _ROWS_A_PART)
        self._first_end = self._end_of_first() if is_stored(file) else 0
        stated = sum(part.rows or 0 for part in self._parts)
        if stated != self.rows:
            raise InputError(
                f"the footer states {self.rows} rows, its row groups {stated}",
                remedy="the file is damaged; write it again",
                place=Place(file),
            )

    def parts(self) -> Sequence[Part]:
        """Runs of row groups."""
        return self._parts

    def pieces(self) -> Sequence[Part]:
        """Row groups."""
        return single_parts(self._sizes())

    def _sizes(self) -> Iterator[int]:
        """The rows of each row group."""
        groups = map(self._metadata.row_group, range(self._metadata.num_row_groups))
        return (group.num_rows for group in groups)

    def read(
        self, part: Part, columns: Mapping[str, str], batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """Decode batch by batch in the calling thread: one thread a part scales best (measured)."""
        names = list(columns)
        runs = self._runs(part, names) if is_stored(self.file) else [part.keys]
        for keys in runs:
            yield from self._run(keys, names, batch_rows)

    def wanted(self, part: Part, columns: Mapping[str, str]) -> Iterator[Wanted]:
        """Of an object in a store, the ranges that :meth:`read` asks for."""
        names = list(columns)
        if is_stored(self.file):
            for keys in self._runs(part, names):
                if ranges := self._at_once(keys, names):
                    yield Wanted(self.file, tuple(ranges))

    def _runs(self, part: Part, columns: Sequence[str]) -> Iterator[tuple[int, ...]]:
        """Row groups whose columns are asked for at once, which are held until they are read."""
        run: list[int] = []
        held = 0
        for key in part.keys:
            size = sum(map(_bytes, self._ranges([key], columns)))
            # Who looks at the first rows goes away before the other row groups are asked for.
            if run and (held + size > _AT_ONCE or run == [self._parts[0].keys[0]]):
                yield tuple(run)
                run, held = [], 0
            run.append(key)
            held += size
        yield tuple(run)

    def _run(
        self, keys: Sequence[int], columns: list[str], batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows of some row groups."""
        stored = self._at_once(keys, columns) if is_stored(self.file) else []
        with (
            guarded(self.file, self.format),
            pq.ParquetFile(
                ranges_of(self.file, stored, self._first_end),
                metadata=self._metadata,
                pre_buffer=False,
                buffer_size=0 if stored else _BUFFER,  # what is at hand is not copied
            ) as opened,
        ):
            for batch in opened.iter_batches(
                batch_size=batch_rows,
                row_groups=list(keys),
                columns=columns,
                use_threads=False,
            ):
                # "p_1" also asks for "p_1.5": Arrow takes the dot for a path into "p_1".
                yield self._checked(batch.select(columns))

    def _at_once(self, keys: Sequence[int], columns: Sequence[str]) -> list[Range]:
        """What is asked for before it is decoded: all, unless that is very much.

        A row group is one request, unless it has columns between those that are asked for.
        """
        groups = [joined(self._ranges([key], columns), _MOST_AT_ONCE) for key in keys]
        ranges = [each for group in groups for each in group]
        return joined(ranges) if sum(map(_bytes, ranges)) <= _MOST_AT_ONCE else []

    def _end_of_first(self) -> int:
        """Where the first row group ends, whose looks are followed by who reads all of it."""
        if not self._parts:
            return 0
        group = self._metadata.row_group(self._parts[0].keys[0])
        return max((_range(group.column(k))[1] for k in range(group.num_columns)), default=0)

    def _ranges(self, keys: Sequence[int], columns: Sequence[str]) -> Iterator[Range]:
        """Where columns lie in row groups, as the footer says; Arrow reads no others."""
        roots = tuple(f"{name}." for name in columns)
        for key in keys:
            group = self._metadata.row_group(key)
            for chunk in map(group.column, range(group.num_columns)):
                if f"{chunk.path_in_schema}.".startswith(roots):
                    yield _range(chunk)

    def _checked(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The batch; Arrow takes text from Parquet as it is, and decodes it where it is used."""
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if pa.types.is_primitive(column.type):
                continue
            try:
                column.validate(full=True)
            except pa.ArrowInvalid as error:
                text = "UTF8" in str(error)
                raise InputError(
                    "found bytes that are not UTF-8 text" if text else f"found {error}",
                    remedy="write the column again, as binary if it is no text",
                    place=Place(self.file, column=name),
                ) from None
        return batch


def _range(chunk: pq.ColumnChunkMetaData) -> Range:
    first = (chunk.dictionary_page_offset, chunk.data_page_offset)
    begin = min(offset for offset in first if offset)
    return begin, begin + chunk.total_compressed_size


def _bytes(one: Range) -> int:
    return one[1] - one[0]
