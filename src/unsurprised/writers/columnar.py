"""Parquet, Arrow and CSV: pyarrow's writers, given columns that they can hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from unsurprised.arrow.decoded import decoded
from unsurprised.errors import InputError, Place
from unsurprised.writers.held import Convert, Held, held
from unsurprised.writers.json_texts import json_texts
from unsurprised.writers.writer import Writer, converted, refuse_same_name


class _Columns(Writer):
    """Columns of a schema, each converted to what the format holds."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        columns = [self._held(field) for field in schema]
        refuse_same_name([column.name for column in columns], schema.names, self.form)
        self._columns = columns
        self._schema = pa.schema(
            [
                field.with_name(column.name).with_type(column.kind)
                for field, column in zip(schema, columns, strict=True)
            ],
            metadata=schema.metadata,
        )
        self._writer = self._opened(path, self._schema)

    def _held(self, field: pa.Field) -> Held:
        return held(field, self.form)

    def _opened(self, path: Path, schema: pa.Schema) -> Any:
        raise NotImplementedError

    def _write(self, batch: pa.RecordBatch) -> None:
        arrays = [
            converted(column, name, held.convert, self.form)
            for column, name, held in zip(
                batch.columns, batch.schema.names, self._columns, strict=True
            )
        ]
        self._writer.write_batch(pa.record_batch(arrays, schema=self._schema))

    def _close(self) -> None:
        self._writer.close()


class ParquetWriter(_Columns):
    """A Parquet file."""

    form = "Parquet"

    def _opened(self, path: Path, schema: pa.Schema) -> Any:
        return pq.ParquetWriter(path, schema)


class ArrowWriter(_Columns):
    """An Arrow file, which holds every type; but its dictionaries may not change."""

    form = "Arrow"

    def _held(self, field: pa.Field) -> Held:
        if not _has_dictionary(field.type):
            return Held(field.name, field.type, lambda column: column)
        return Held(field.name, _plain(pa.nulls(0, field.type)).type, _plain)

    def _opened(self, path: Path, schema: pa.Schema) -> Any:
        return pa.ipc.new_file(str(path), schema)


def _plain(column: pa.Array) -> pa.Array:
    return decoded(column, wrapped=lambda inner: inner)


def _has_dictionary(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return True
    if pa.types.is_run_end_encoded(kind):
        return _has_dictionary(kind.value_type)
    fields = range(kind.num_fields) if pa.types.is_nested(kind) else ()
    return any(_has_dictionary(kind.field(k).type) for k in fields)


class CsvWriter(_Columns):
    """CSV (or TSV), which knows no lists and no maps: they are written as JSON."""

    form = "CSV"
    delimiter = ","

    def _held(self, field: pa.Field) -> Held:
        found = held(field, self.form)
        cells = _cells(found)
        return Held(found.name, cells(pa.nulls(0, field.type)).type, cells)

    def _opened(self, path: Path, schema: pa.Schema) -> Any:
        options = pacsv.WriteOptions(delimiter=self.delimiter)
        return pacsv.CSVWriter(str(path), schema, write_options=options)


class TsvWriter(CsvWriter):
    """CSV with tabs."""

    delimiter = "\t"


def _cells(column: Held) -> Convert:
    kind = column.kind
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    nested = pa.types.is_nested(kind)

    def cells(values: pa.Array) -> pa.Array:
        plain = column.convert(values)
        if nested:
            return pa.array(json_texts(plain, null=None), pa.string())
        return _without_nul(plain) if text else plain

    return cells


def _without_nul(column: pa.Array) -> pa.Array:
    """The same text; with a NUL byte in it, a file is no text to most readers."""
    row = pc.index(pc.fill_null(pc.match_substring(column, "\0"), False), True).as_py()
    if row >= 0:
        raise InputError(
            f"found {column[row].as_py()!r} with a NUL, which CSV cannot hold",
            remedy="write another format: --out with a name in .parquet, .arrow or .jsonl",
            place=Place(row=row),
        )
    return column
