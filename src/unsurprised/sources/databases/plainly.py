"""What drivers make of a database's own types, as the types that they stand for."""

from __future__ import annotations

import pyarrow as pa


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """The columns by the types that they stand for."""
    return pa.schema([pa.field(field.name, _plain(field.type)) for field in schema])


def plain_batch(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The rows by these types; exact decimals become the nearest floats, by their text."""
    columns = [
        column if column.type == field.type else _bare(column).cast(field.type)
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_list(kind):
        return pa.list_(_plain(kind.value_type))
    if not isinstance(kind, pa.BaseExtensionType):
        return kind
    return pa.float64() if _is_numeric(kind) else kind.storage_type


def _is_numeric(kind: pa.BaseExtensionType) -> bool:
    """Whether these are PostgreSQL's decimals, which come as text."""
    return getattr(kind, "type_name", None) == "numeric" and pa.types.is_string(kind.storage_type)


def _bare(column: pa.Array) -> pa.Array:
    """The column without the names of types."""
    if isinstance(column.type, pa.BaseExtensionType):
        return column.storage
    if pa.types.is_list(column.type):
        values = _bare(column.values)
        return pa.ListArray.from_arrays(column.offsets, values, mask=_nulls(column))
    return column


def _nulls(column: pa.Array) -> pa.Array | None:
    return column.is_null() if column.null_count else None
