"""Cursors of any driver, which have asked already: their rows, read once, a batch at a time."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa

from unsurprised.errors import CallError, InputError, Place
from unsurprised.sources.databases.plainly import plain_batch, plain_schema

#: Rows that are asked of a cursor at a time; the types are those of the first of them.
_ROWS = 10_000


def is_cursor(source: Any) -> bool:
    """Whether an object is a cursor of Python's interface to databases."""
    return all(hasattr(source, name) for name in ("execute", "description", "fetchmany"))


def rows_of_cursor(cursor: Any) -> pa.RecordBatchReader:
    """The rows that a cursor has not given yet."""
    if cursor.description is None:
        raise CallError("the cursor has no rows; execute a query first: cursor.execute('select …')")
    answer = _arrow(cursor)
    if answer is not None:
        schema = plain_schema(answer.schema)
        batches = (plain_batch(batch, schema) for batch in answer)
        return pa.RecordBatchReader.from_batches(schema, batches)
    names = [str(column[0]) for column in cursor.description]
    first = cursor.fetchmany(_ROWS)
    types = [_array(column, None).type for column in _columns(first, len(names))]
    schema = pa.schema(list(zip(names, types, strict=True)))
    return pa.RecordBatchReader.from_batches(schema, _batches(cursor, first, schema))


def _arrow(cursor: Any) -> pa.RecordBatchReader | None:
    """The rows as Arrow's, of cursors that give these: ADBC's, DuckDB's."""
    if hasattr(cursor, "fetch_record_batch"):
        return cursor.fetch_record_batch()
    if hasattr(cursor, "to_arrow_reader"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that relations were faster
            return cursor.to_arrow_reader(_ROWS)
    return None


def _batches(cursor: Any, rows: Sequence[Any], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    first = 0
    while rows:
        columns = [
            _typed(values, field, first)
            for values, field in zip(_columns(rows, len(schema)), schema, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
        first += len(rows)
        rows = cursor.fetchmany(_ROWS)


def _columns(rows: Sequence[Any], count: int) -> list[Sequence[Any]]:
    """The values by columns; drivers give rows as tuples, or by name."""
    if rows and isinstance(rows[0], dict):
        return [list(column) for column in zip(*(row.values() for row in rows), strict=True)]
    return list(zip(*rows, strict=True)) if rows else [()] * count


def _typed(values: Sequence[Any], field: pa.Field, first: int) -> pa.Array:
    """A column by the type that its first rows have shown."""
    try:
        return _array(values, field.type)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        pass
    row = next(row for row, value in enumerate(values) if not _fits(value, field.type))
    known = "null alone" if pa.types.is_null(field.type) else str(field.type)
    raise InputError(
        f"found {values[row]!r:.60}",
        expected=f"{known}, as in the first {_ROWS:,} rows",
        remedy="cast the column in the query: cast(… as double precision)",
        place=Place(row=first + row, column=field.name),
    )


def _fits(value: Any, kind: pa.DataType) -> bool:
    try:
        _array([value], kind)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return False
    return True


def _array(values: Sequence[Any], kind: pa.DataType | None) -> pa.Array:
    try:
        return pa.array([_plain(value) for value in values], kind)
    except (pa.ArrowException, TypeError) as error:
        if kind is not None:
            raise
        text = " ".join(str(error).split())
        raise InputError(
            f"a column of the cursor holds values of several types ({text:.100})",
            remedy="cast it in the query: cast(… as double precision)",
        ) from None


def _plain(value: Any) -> Any:
    """A value as Arrow takes it: decimals are the nearest floats, by their text."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value
