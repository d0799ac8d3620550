"""All columns of any data set as they are: files, frames and dictionaries of arrays, in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from unsurprised.arrays.host import host_array
from unsurprised.errors import CallError, InputError, Place
from unsurprised.sources.frames import is_frame, refuse_unread
from unsurprised.sources.guard import NoMemoryError
from unsurprised.sources.jsonl import JsonlTable
from unsurprised.sources.opened_tables import OpenedTables
from unsurprised.sources.options import Options
from unsurprised.sources.reading import Split
from unsurprised.sources.table import Part, Table, refuse_twice
from unsurprised.sources.tables import tables_of
from unsurprised.sources.unchanged import unchanged

_ROWS = 1 << 17
#: No format of files, so that text is read as the types that all its values have.
_FORM = "the types of the values"


def rows_of(tables: Iterable[Table]) -> int | None:
    """How many rows tables have together; None where one does not say."""
    known = [table.rows for table in tables]
    return None if None in known else sum(rows for rows in known if rows is not None)


def with_names(tables: Iterable[Table]) -> Iterator[tuple[Table, list[str]]]:
    """Each table that holds columns, with their names."""
    for table in tables:
        if not table.empty:
            names = list(table.kept(_FORM))
            refuse_twice(table.schema.names, names, table.file)
            yield table, names


def batches(table: Table, names: Sequence[str], batch_rows: int | None) -> Iterator[pa.RecordBatch]:
    """The rows of some columns as they are, batch after batch."""
    for part in table.parts():
        yield from part_batches(table, part, names, batch_rows)


def part_batches(
    table: Table, part: Part, names: Sequence[str], batch_rows: int | None
) -> Iterator[pa.RecordBatch]:
    """The same of one part."""
    rows = _ROWS if batch_rows is None else batch_rows
    for batch in table.read(part, as_they_are(names), rows):
        for first in range(0, max(batch.num_rows, 1), rows):
            yield batch.slice(first, rows)


def first_rows(table: Table, names: Sequence[str], batch_rows: int | None) -> pa.RecordBatch | None:
    """The first batch, which is there again for whoever reads the table; None where none is."""
    rows = _ROWS if batch_rows is None else batch_rows
    with closing(table.looked(as_they_are(names), rows)) as found:  # type: ignore[type-var]
        first = next(found, None)
    return None if first is None else first.slice(0, rows)


def as_they_are(names: Iterable[str]) -> dict[str, str]:
    """Columns in the role of those that mean nothing here."""
    return dict.fromkeys(names, "other")


@dataclass(frozen=True, slots=True)
class TableRows:
    """Rows with all their columns, and where they stand."""

    batch: pa.RecordBatch
    table: Table
    #: The place of the file among all, and of the first row in it.
    place: int
    first_row: int
    #: Rows that were left out.
    skipped: int = 0

    @property
    def size(self) -> int:
        """How many rows there are."""
        return int(self.batch.num_rows)


class WholeTables(OpenedTables):
    """Tables whose rows are read with all columns; splits of them can be read at the same time.

    Parameters
    ----------
    tables : sequence of (Table, names)
        Of each its columns, as :func:`with_names` gives them.
    batch_rows : int, optional
        Rows a batch.
    places : sequence of int, optional
        The place of each file among all, of which these may be some.
    """

    def __init__(
        self,
        tables: Sequence[tuple[Table, list[str]]],
        batch_rows: int | None = None,
        places: Sequence[int] | None = None,
    ) -> None:
        self._tables = tuple(table for table, _ in tables)
        self._names = [names for _, names in tables]
        self._columns = {id(table): as_they_are(names) for table, names in tables}
        self._batch_rows = batch_rows
        self._places = range(len(tables)) if places is None else places
        self.files = tuple(table.file for table in self._tables if table.file is not None)

    def plan(self) -> list[Split]:
        """The splits in the order of their rows."""
        return [
            Split(index, part) for index, table in enumerate(self._tables) for part in table.parts()
        ]

    def columns_of(self, table: Table) -> Mapping[str, str]:
        """All columns of a table."""
        return self._columns[id(table)]

    def batches(self, split: Split) -> Iterator[TableRows]:
        """The rows of a split."""
        index, first = split.file_index, split.part.first_row
        table, names = self._tables[index], self._names[index]
        with unchanged(table.stamps, later=self._looks_later):
            for batch in part_batches(table, split.part, names, self._batch_rows):
                yield TableRows(batch, table, self._places[index], first)
                first += batch.num_rows

    @staticmethod
    def placed(error: InputError, split: Split) -> InputError:
        """The error as it is, whose place is that of its row."""
        return error

    def in_memory(self) -> AbstractContextManager[None]:
        """Nothing to say: readers tell of a lack of memory by themselves."""
        return nullcontext()

    def no_memory(self) -> NoMemoryError:
        """The error for a lack of memory while rows are counted."""
        return NoMemoryError(
            "there is not enough memory for the counts of all columns on each thread",
            remedy="read fewer rows at once (--batch-rows), or on one thread "
            "(UNSURPRISED_NUM_THREADS=1)",
            place=Place(", ".join(self.files) or None),
        )


def opened_tables(source: Any) -> tuple[Any, list[Table]]:
    """A source as others read it too, and its tables, opened and looked at."""
    source, tables, _ = surveyed_tables(source)
    return source, tables


def surveyed_tables(source: Any) -> tuple[Any, list[Table], dict[str, pa.DataType | None]]:
    """The same, and the types that all files of text have together, by column."""
    if isinstance(source, Mapping) and not any(map(_has_columns, source.values())):
        source = _table_of(source)
    refuse_unread(source)
    if not is_frame(source) and (hasattr(source, "shape") or hasattr(source, "dtype")):
        raise CallError(
            f"found {type(source).__name__}, which names no columns; expected a path, a data "
            'frame, or a dictionary of columns such as {"age": ages}'
        )
    tables, _ = tables_of(source, Options(labelled=False))
    _refuse_two_kinds_of_text(tables)
    seen: dict[str, Any] = {}
    for table in tables:
        table.survey(seen, _FORM, ())
    types = {
        name: kind if isinstance(kind, pa.DataType) else kind.type() for name, kind in seen.items()
    }
    return source, tables, types


def type_of(table: Table, name: str, types: Mapping[str, pa.DataType | None]) -> pa.DataType:
    """The type that a column is read as; ``types`` are those of text."""
    if table.typed or name not in types:
        return table.schema.field(name).type
    return types[name] or pa.string()


def _refuse_two_kinds_of_text(tables: Iterable[Table]) -> None:
    """Raise where the types of columns would have to be found in records and in cells."""
    first: dict[bool, Table] = {}
    for table in tables:
        if not table.typed:
            first.setdefault(table.format == JsonlTable.format, table)
    if len(first) > 1:
        lines, cells = first[True], first[False]
        raise CallError(
            f"{lines.file} is JSON lines, and {cells.file} {cells.format}, whose types do not "
            "agree; expected one of them for all files of a data set"
        )


def _has_columns(values: Any) -> bool:
    """Whether what stands under a name is a whole frame, as in a dictionary of splits."""
    return is_frame(values) and any(
        hasattr(values, name) for name in ("columns", "schema", "column_names")
    )


def _table_of(columns: Mapping[Any, Any]) -> pa.Table:
    """A dictionary of arrays as a table."""
    made: dict[str, Any] = {}
    for name, values in columns.items():
        try:
            made[str(name)] = values if isinstance(values, pa.ChunkedArray) else _array(values)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            said = " ".join(str(error).split())[:160]
            raise CallError(
                f"column {str(name)!r} is no column of one type ({said}); expected one number, "
                "name or time a row"
            ) from None
    lengths = {name: len(values) for name, values in made.items()}
    if len(set(lengths.values())) > 1:
        (one, rows), (other, others) = sorted(lengths.items(), key=lambda each: each[1])[
            :: len(lengths) - 1
        ]
        raise CallError(
            f"column {one!r} has {rows:,} rows, and {other!r} {others:,}; expected as many in each"
        )
    return pa.table(made)


def _array(values: Any) -> Any:
    if hasattr(values, "__arrow_c_array__") or hasattr(values, "__arrow_c_stream__"):
        return (
            pa.chunked_array(values) if hasattr(values, "__arrow_c_stream__") else pa.array(values)
        )
    if getattr(values, "ndim", 1) != 1:
        raise ValueError(f"it has {values.ndim} dimensions")
    if hasattr(values, "__dlpack__") and not isinstance(values, np.ndarray):
        values = host_array(values, "a column").values
    return pa.array(values)
