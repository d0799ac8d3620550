"""Partitions of one frame, whose types may differ: what all are read as, and how each is."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

import pyarrow as pa
from pyarrow import types

from unsurprised.arrow.encodings import without_encodings
from unsurprised.arrow.kinds import WORDS, plain, stands_for
from unsurprised.class_names.names import listed
from unsurprised.errors import InputError, Place
from unsurprised.sources.stated_names import METADATA

#: What the metadata of a schema says of rows, and all partitions are to say.
_SAID = (*METADATA, b"huggingface")


#: The type of a column that nobody reads, and that partitions disagree about.
UNREAD = pa.binary()


def plain_schema(record: pa.RecordBatch) -> pa.Schema:
    """The types of a partition's columns without encodings."""
    return plainly(record.slice(0, 0)).schema


def held_schema(record: pa.RecordBatch, plain: pa.Schema) -> pa.Schema:
    """The same, where a column of nulls alone has the type of nothing.

    What a library says of such is its own: for Dask they are texts.
    """
    fields = [
        field.with_type(pa.null()) if column.null_count == len(column) else field
        for field, column in zip(plain, record.columns, strict=True)
    ]
    return pa.schema(fields, metadata=plain.metadata)


def plainly(record: pa.RecordBatch) -> pa.RecordBatch:
    """Columns without encodings, with no more metadata than says what rows mean."""
    rows = without_encodings(record)
    columns = [
        column.dictionary_decode() if types.is_dictionary(column.type) else column
        for column in rows.columns
    ]
    fields = [
        pa.field(old.name, column.type, metadata=_said_of(old.metadata))
        for old, column in zip(record.schema, columns, strict=True)
    ]
    schema = pa.schema(fields, metadata=_said_of(record.schema.metadata))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _said_of(metadata: Mapping[bytes, bytes] | None) -> dict[bytes, bytes]:
    return {key: value for key, value in (metadata or {}).items() if key in _SAID}


def united(schemas: Iterable[pa.Schema], unread: Container[str] = ()) -> pa.Schema:
    """The schema of all rows, from those of partitions; whatever their order, it is the same.

    Columns that are ``unread`` may have any types.

    Raises
    ------
    InputError
        Partitions differ in their columns, or types of a column are not of one kind.

    Examples
    --------
    >>> kinds = (pa.int32(), pa.null(), pa.float32(), pa.int64())
    >>> united(pa.schema([("x", kind)]) for kind in kinds).field("x").type
    DataType(double)
    """
    known = sorted(schemas, key=str)
    names = sorted({tuple(schema.names) for schema in known})
    if len(names) > 1:
        one, other = (listed(list(each), 6) for each in names[:2])
        raise InputError(
            f"partitions differ in their columns: {one} in some, {other} in others",
            expected="the same columns in the same order",
            remedy="choose them by name before",
        )
    fields = [
        pa.field(
            name,
            _united_type(name, {schema.field(place).type for schema in known}, name in unread),
            metadata=_united_words([schema.field(place).metadata for schema in known]),
        )
        for place, name in enumerate(names[0])
    ]
    return pa.schema(fields, metadata=_united_words([schema.metadata for schema in known]))


def _united_type(name: str, kinds: set[pa.DataType], unread: bool) -> pa.DataType:
    known = sorted((kind for kind in kinds if not types.is_null(kind)), key=str)
    structs = {tuple(field.name for field in kind) for kind in known if types.is_struct(kind)}
    try:
        if len(structs) > 1:  # which class comes first would hang on which partition does
            raise pa.ArrowTypeError
        schemas = [pa.schema([pa.field(name, kind)]) for kind in known or [pa.null()]]
        return pa.unify_schemas(schemas, promote_options="permissive").field(0).type
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        if unread:
            return UNREAD
        found = sorted({_word(kind) for kind in known})
        raise InputError(
            f"found {', '.join(found[:-1])} in some partitions and {found[-1]} in others"
            if len(found) > 1
            else f"found {found[0]} of several types",
            expected="one type in all partitions",
            remedy="cast the column to it before",
            place=Place(column=name),
        ) from None


def _word(kind: pa.DataType) -> str:
    if types.is_struct(kind):
        return f"structs of {listed([field.name for field in kind], 4)}"
    return WORDS[stands_for(kind)]


def _united_words(words: list[dict[bytes, bytes] | None]) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for said in words:
        for key, value in (said or {}).items():
            if found.setdefault(key, value) != value:
                raise InputError(
                    f"partitions differ in what their metadata says of {key.decode()!r}",
                    expected="the same names of classes in all",
                    remedy="say them with classes=[…]",
                )
    return found


def typed_as(record: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Columns of a partition as the types that they have in all; what is encoded stays so.

    A column that is not there holds nulls.
    """
    there = [field.name for field in schema if field.name in record.schema.names]
    rows = without_encodings(record.select(there))
    found = [
        _typed_as(rows.column(field.name), field)
        if field.name in there
        else pa.nulls(record.num_rows, field.type)
        for field in schema
    ]
    fields = [field.with_type(column.type) for field, column in zip(schema, found, strict=True)]
    return pa.RecordBatch.from_arrays(found, schema=pa.schema(fields, metadata=schema.metadata))


def _typed_as(column: pa.Array, field: pa.Field) -> pa.Array:
    if plain(column.type) == field.type:
        return column
    if column.null_count == len(column) or field.type == UNREAD:
        return pa.nulls(len(column), field.type)
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    try:
        return column.cast(field.type)
    except pa.ArrowInvalid as error:
        raise InputError(
            f"found what is no {field.type} ({' '.join(str(error).split())})",
            expected=f"{field.type}, which the column is in other partitions",
            remedy="cast the column to one type before",
            place=Place(column=field.name),
        ) from None
