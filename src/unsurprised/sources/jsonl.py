"""JSON lines: one object a line, or an array of objects, read by runs of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

import pyarrow as pa

from unsurprised.errors import InputError, Place
from unsurprised.sources.guard import guarded, located
from unsurprised.sources.json_records import Record, records_of, refuse_columns, short
from unsurprised.sources.limits import COLUMNS, NESTING
from unsurprised.sources.table import Part, Table, until_wrong
from unsurprised.sources.text import PARTLY_NUMBERS, SAMPLE_ROWS

#: Marks text that is JSON.
JSON_TEXT = {b"unsurprised.json": b"1"}
#: Rows are Python objects while they are read, many times the size of what comes of them: so many
#: are held at once, or of wide ones as many as this much text gives.
_RUN = 4096
_RUN_BYTES = 32 << 20


class JsonlTable(Table):
    """A file of JSON objects; NaN and Infinity are read as Python writes them."""

    typed = False
    format = "JSON lines"

    def __init__(self, file: str) -> None:
        self.file = file
        with guarded(file, self.format):
            sample = list(_sample(file))
            if len(sample) == 1:
                refuse_columns(file, sample[0])
        names = dict.fromkeys(name for record in sample for name in record)
        COLUMNS.check(len(names), Place(file))
        self.schema = pa.schema(
            [_field(file, name, [record.get(name) for record in sample]) for name in names]
        )
        if not sample:
            self.rows = 0

    def read(
        self, part: Part, columns: Mapping[str, str], batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows by runs of lines."""
        names = list(columns)
        types = [self._wanted(name, role) for name, role in columns.items()]

        others = {name for name, role in columns.items() if role == "other"}
        fields = [
            pa.field(name, pa.string(), metadata=JSON_TEXT)
            if name in others
            else pa.field(name, kind)
            for name, kind in zip(names, types, strict=True)
        ]

        def batch(records: list[Record]) -> pa.RecordBatch:
            columns = [
                _as_json([record.get(name) for record in records])
                if name in others
                else self._column([record.get(name) for record in records], name, kind)
                for name, kind in zip(names, types, strict=True)
            ]
            kinds = [pa.field(f.name, c.type, metadata=f.metadata)
                     for f, c in zip(fields, columns, strict=True)]  # fmt: skip
            return pa.record_batch(columns, schema=pa.schema(kinds))

        with guarded(self.file, self.format):
            for first, records, failure in self._runs(min(batch_rows, _RUN)):
                try:
                    yield from until_wrong(records, batch)
                except InputError as error:
                    row = error.place.row if isinstance(error.place.row, int) else 0
                    raise error.located(file=self.file, row=first + row) from None
                if failure is not None:
                    raise failure

    def _wanted(self, name: str, role: str) -> pa.DataType:
        """The type to read a column as: a prediction of 0 and 1 is no column of integers."""
        kind = self.schema.field(name).type
        if role in ("label", "id", "by") or pa.types.is_struct(kind):
            return kind
        if role == "truth" and pa.types.is_integer(kind):
            return kind
        if pa.types.is_list(kind):
            return kind if pa.types.is_struct(kind.value_type) else pa.list_(pa.float64())
        return pa.float64()

    def _column(self, values: list[Any], name: str, kind: pa.DataType) -> pa.Array:
        try:
            return _array(values, kind)
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            row = _first_wrong(values, lambda value: _array([value], kind))
            raise InputError(
                f"found {short(values[row])}",
                expected=f"{kind}, as in the first {SAMPLE_ROWS} rows",
                place=Place(row=row, column=name),
            ) from None

    def _runs(self, size: int) -> Iterator[tuple[int, list[Record], InputError | None]]:
        """Runs of records; what stands before a broken line is given before its error."""
        records: list[Record] = []
        first = held = 0
        try:
            for number, record, length in records_of(self.file or ""):
                records.append(record)
                held += length
                if len(records) == size or held > _RUN_BYTES:
                    yield first, records, None
                    first, records, held = number + 1, [], 0
        except InputError as error:
            yield first, records, error
            return
        yield first, records, None


def _sample(file: str) -> Iterator[Record]:
    """The first rows, fewer if they are wide."""
    held = 0
    for _, record, length in islice(records_of(file), SAMPLE_ROWS):
        yield record
        held += length
        if held > _RUN_BYTES:
            break


def _as_json(values: list[Any]) -> pa.Array:
    """Values that mean nothing here, so that each can be written as it was."""
    texts = [None if value is None else json.dumps(value, ensure_ascii=False) for value in values]
    return pa.array(texts, pa.string())


def _field(file: str, name: str, values: list[Any]) -> pa.Field:
    with located(file, name):
        kind = _type_of(values)
    partly = pa.types.is_string(kind) and any(type(value) in (int, float) for value in values)
    return pa.field(name, kind, metadata=PARTLY_NUMBERS if partly else None)


def _type_of(values: list[Any], depth: int = 1) -> pa.DataType:
    NESTING.check(depth)
    known = [value for value in values if value is not None]
    if known and all(isinstance(value, list) for value in known):
        item = _type_of([entry for value in known for entry in value], depth + 1)
        return pa.list_(pa.float64() if pa.types.is_null(item) else item)
    if known and all(isinstance(value, dict) for value in known):
        inner: dict[str, list[Any]] = {}
        for value in known:
            for name, entry in value.items():
                inner.setdefault(name, []).append(entry)
        return pa.struct([(name, _type_of(found, depth + 1)) for name, found in inner.items()])
    return _scalar_type({type(value) for value in known})


def _scalar_type(kinds: set[type]) -> pa.DataType:
    for types, arrow in (
        (set[type](), pa.null()),
        ({bool}, pa.bool_()),
        ({int}, pa.int64()),
        ({int, float}, pa.float64()),
    ):
        if kinds <= types:
            return arrow
    return pa.string()


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    """The values as Arrow; never with a number cut to an integer or a class left out."""
    if pa.types.is_struct(kind):
        names = {field.name for field in kind}
        for value in values:
            if value is not None and not (isinstance(value, dict) and value.keys() <= names):
                raise ValueError
        return pa.array(values, pa.struct([(field.name, pa.float64()) for field in kind]))
    # Declaring the type would cut 2.5 to 2 without a word; a checked cast does not.
    return pa.array(values).cast(kind)


def _first_wrong(values: list[Any], read: Callable[[Any], object]) -> int:
    for row, value in enumerate(values):
        try:
            read(value)
        except (pa.ArrowException, OverflowError, TypeError, ValueError):
            return row
    return 0
