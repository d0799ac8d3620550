"""All columns of any data set as they are: files, frames and dictionaries of arrays, in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from unsurprised.arrays.host import host_array
from unsurprised.errors import CallError
from unsurprised.sources.frames import is_frame, refuse_unread
from unsurprised.sources.options import Options
from unsurprised.sources.table import Table, refuse_twice
from unsurprised.sources.tables import tables_of

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
            refuse_twice(names, names, table.file)
            yield table, names


def batches(table: Table, names: Sequence[str], batch_rows: int | None) -> Iterator[pa.RecordBatch]:
    """The rows of some columns as they are, batch after batch."""
    rows = _ROWS if batch_rows is None else batch_rows
    for part in table.parts():
        for batch in table.read(part, dict.fromkeys(names, "other"), rows):
            for first in range(0, max(batch.num_rows, 1), rows):
                yield batch.slice(first, rows)


def opened_tables(source: Any) -> tuple[Any, list[Table]]:
    """A source as others read it too, and its tables, opened and looked at."""
    if isinstance(source, Mapping) and not any(map(_has_columns, source.values())):
        source = _table_of(source)
    refuse_unread(source)
    if not is_frame(source) and (hasattr(source, "shape") or hasattr(source, "dtype")):
        raise CallError(
            f"found {type(source).__name__}, which names no columns; expected a path, a data "
            'frame, or a dictionary of columns such as {"age": ages}'
        )
    tables, _ = tables_of(source, Options(labelled=False))
    seen: dict[str, Any] = {}
    for table in tables:
        table.survey(seen, _FORM, ())
    return source, tables


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
