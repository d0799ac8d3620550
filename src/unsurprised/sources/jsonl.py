"""JSON lines: one object a line, or an array of objects, read by runs of them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import Any

import pyarrow as pa

from unsurprised.errors import InputError, Place
from unsurprised.sources.files import begin_wanted
from unsurprised.sources.guard import guarded, located
from unsurprised.sources.json_records import (
    Record,
    Written,
    lines_of,
    opened_records,
    records_of,
    refuse_columns,
    short,
)
from unsurprised.sources.json_types import Seen, StatedType
from unsurprised.sources.limits import COLUMNS, NESTING
from unsurprised.sources.stores.ahead import Wanted
from unsurprised.sources.table import Part, Table, until_wrong
from unsurprised.sources.text import PARTLY_NUMBERS, SAMPLE_ROWS
from unsurprised.sources.text_rows import TextRows, json_rows

#: Marks text that is JSON.
JSON_TEXT = {b"unsurprised.json": b"1"}

#: The column of whole records, as they are written in the file, and its mark.
RECORD, RECORD_TEXT = "\0", {b"unsurprised.record": b"1"}

#: Rows are Python objects while they are read, many times the size of what comes of them: so many
#: are held at once, or of wide ones as many as this much text gives.
_RUN = 4096
_RUN_BYTES = 32 << 20

_JSON_NAMES = {
    bool: "booleans",
    int: "numbers",
    float: "numbers",
    str: "strings",
    list: "lists",
    dict: "objects",
}

#: What Arrow and the conversions here raise for values that a column cannot hold.
_UNREADABLE = (pa.ArrowException, OverflowError, TypeError, ValueError)

#: Numbers that may be too large for a float.
_LARGE = re.compile(r"[eE]\+?[0-9]{3}|[0-9]{300}")


class JsonlTable(Table):
    """A file of JSON objects; NaN and Infinity are read as Python writes them."""

    typed = False
    format = "JSON lines"

    def __init__(self, file: str) -> None:
        self.file = file
        self._seen: Mapping[str, Seen | StatedType] = {}
        with guarded(file, self.format):
            sample = list(_sample(file))
            if len(sample) == 1:
                refuse_columns(file, sample[0])
        names = dict.fromkeys(name for record in sample for name in record)
        COLUMNS.check(len(names), Place(file))
        values = {name: [record.get(name) for record in sample] for name in names}
        self.schema = pa.schema([_field(file, name, held) for name, held in values.items()])
        self._mixed = {
            name: kinds
            for name, held in values.items()
            if pa.types.is_string(self.schema.field(name).type) and (kinds := _mixed(held))
        }
        if not sample:
            self.rows = 0

    def wanted(self, part: Part, columns: Mapping[str, str]) -> Iterable[Wanted]:
        """Of an object in a store, its first bytes; the others follow while these are read."""
        return begin_wanted(self.file)

    def survey(self, seen: dict[str, Any], form: str, used: Collection[str]) -> None:
        """Look at the keys and values of all rows, but for JSON lines, which need no types."""
        if form == self.format:
            return
        self._seen = seen
        with guarded(self.file, self.format):
            for row, record, text in records_of(self.file or ""):
                for name, value in record.items():
                    known = seen.setdefault(name, Seen())
                    if name not in used:
                        known.add(value)
                if _LARGE.search(text):
                    _refuse_large(text, Place(self.file, row))

    def surveyed(self, types: Mapping[str, pa.DataType | None]) -> None:
        """Take the keys of all files, and the types of their values."""
        self._seen = {name: StatedType(kind) for name, kind in types.items()}

    def kept(self, form: str) -> dict[str, str]:
        """Records as they are for JSON lines; for others all keys, once they are surveyed."""
        if form == self.format:
            return {RECORD: "record"}
        return dict.fromkeys(self._seen or self.schema.names, "other")

    def read(
        self, part: Part, columns: Mapping[str, str], batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows by blocks of plain lines, and by runs of others."""
        plan = [self._planned(name, role) for name, role in columns.items()]
        size, file = min(batch_rows, _RUN), self.file or ""
        with guarded(file, self.format), opened_records(file) as (stream, is_array):
            plain = None if is_array else self._plain(columns)
            if plain is None:
                yield from self._typed(records_of(file), plan, size)
                return
            number = 0
            for block, rows in plain.blocks(stream):
                if rows.batch.num_rows:
                    yield rows.batch
                number += rows.batch.num_rows
                if rows.consumed < len(block):
                    left = lines_of(file, BytesIO(block[rows.consumed :]), number)
                    number += yield from self._typed(left, plan, size, number)

    def _typed(
        self, records: Iterator[Written], plan: list[_Column], size: int, first: int = 0
    ) -> Generator[pa.RecordBatch, None, int]:
        """Records as batches of at most ``size``; how many there were."""

        def batch(rows: list[tuple[Record, str]]) -> pa.RecordBatch:
            arrays = [column.of(rows) for column in plan]
            fields = [
                pa.field(column.name, array.type, metadata=column.mark)
                for column, array in zip(plan, arrays, strict=True)
            ]
            return pa.record_batch(arrays, schema=pa.schema(fields))

        done = 0
        for rows, failure in _runs(records, size):
            try:
                yield from until_wrong(rows, batch)
            except InputError as error:
                row = error.place.row if isinstance(error.place.row, int) else 0
                raise error.located(file=self.file, row=first + done + row) from None
            if failure is not None:
                raise failure
            done += len(rows)
        return done

    def _plain(self, columns: Mapping[str, str]) -> TextRows | None:
        """What reads plain lines; None where columns are kept as they are written."""
        if not {"record", "other", "text"}.isdisjoint(columns.values()):
            return None
        types = {name: self._wanted(name, role) for name, role in columns.items()}
        for name, kind in types.items():
            if pa.types.is_struct(kind):
                types[name] = _numbers_of(kind)
        return json_rows(self.schema.names, types)

    def _planned(self, name: str, role: str) -> _Column:
        """How a column is read in a role."""
        if role == "record":
            return _Records(name, lambda texts: pa.array(texts, pa.string()), "", RECORD_TEXT)
        if role not in ("other", "text"):
            wanted = self._wanted(name, role)
            expected = f"{wanted}, as in the first {SAMPLE_ROWS} rows"
            if name in self._mixed:
                expected = (
                    f"one type of values; the first {SAMPLE_ROWS} rows have {self._mixed[name]}"
                )
            written = self.schema.field(name).type
            if name in self._mixed or pa.types.is_null(written):
                written = wanted
            return _Column(name, lambda values: _array(values, wanted, written), expected)
        seen = self._seen.get(name) if role == "other" else None
        kind = None if seen is None else seen.type()
        if kind is None:
            return _Column(name, _as_json, "JSON", JSON_TEXT)
        return _Column(name, lambda values: pa.array(values, kind), str(kind))

    def _wanted(self, name: str, role: str) -> pa.DataType:
        """The type to read a column as: a prediction of 0 and 1 is no column of integers."""
        kind = self.schema.field(name).type
        if role in ("label", "id", "by", "units") or pa.types.is_struct(kind):
            return kind
        if role == "truth" and pa.types.is_integer(kind):
            return kind
        if pa.types.is_list(kind):
            return kind if pa.types.is_struct(kind.value_type) else pa.list_(pa.float64())
        return pa.float64()


@dataclass(frozen=True, slots=True)
class _Column:
    """How the values of a key become an array, and what they are expected to be."""

    name: str
    read: Callable[[list[Any]], pa.Array]
    expected: str
    mark: Mapping[bytes, bytes] | None = None

    def values(self, rows: list[tuple[Record, str]]) -> list[Any]:
        """What the records hold; None where they lack the key."""
        return [record.get(self.name) for record, _ in rows]

    def of(self, rows: list[tuple[Record, str]]) -> pa.Array:
        """The array; an error names the first value that is of no place in it."""
        values = self.values(rows)
        try:
            return self.read(values)
        except _UNREADABLE:
            row, half = _first_of_another_type(values, lambda value: self.read([value]))
            raise InputError(
                "found half of a surrogate pair, which is no text"
                if half
                else f"found {short(values[row])}",
                expected=None if half else self.expected,
                remedy="JSON lines keep it as it is: --out with a name in .jsonl" if half else None,
                place=Place(row=row, column=self.name),
            ) from None


class _Records(_Column):
    """The texts of whole records."""

    def values(self, rows: list[tuple[Record, str]]) -> list[Any]:
        """The records as they are written."""
        return [text for _, text in rows]


def _refuse_large(text: str, place: Place) -> None:
    def read(digits: str) -> float:
        if math.isinf(float(digits)):
            raise InputError(
                f"found {digits[:40]}, a number too large for a float",
                remedy="write JSON lines, which keep it as it is: --out with a name in .jsonl",
                place=place,
            )
        return 0.0

    json.loads(text, parse_float=read)


def _runs(
    records: Iterator[Written], size: int
) -> Iterator[tuple[list[tuple[Record, str]], InputError | None]]:
    """Runs of records; what stands before a broken line is given before its error."""
    rows: list[tuple[Record, str]] = []
    held = 0
    try:
        for _, record, text in records:
            rows.append((record, text))
            held += len(text)
            if len(rows) == size or held > _RUN_BYTES:
                yield rows, None
                rows, held = [], 0
    except InputError as error:
        yield rows, error
        return
    yield rows, None


def _sample(file: str) -> Iterator[Record]:
    """The first rows, fewer if they are wide."""
    held = 0
    for _, record, text in islice(records_of(file), SAMPLE_ROWS):
        yield record
        held += len(text)
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


def _mixed(values: list[Any]) -> str:
    """What values that are not all text are, in words; nothing where they are."""
    found = dict.fromkeys(_JSON_NAMES[type(value)] for value in values if value is not None)
    return " and ".join(found) if len(found) > 1 else ""


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


def _array(values: list[Any], kind: pa.DataType, written: pa.DataType) -> pa.Array:
    """Values written as one type, as another; no number is cut, no class of a map left out."""
    if pa.types.is_struct(kind):
        names = {field.name for field in kind}
        for value in values:
            if value is not None and not (isinstance(value, dict) and value.keys() <= names):
                raise ValueError
        entries = [entry for value in values if value is not None for entry in value.values()]
        flags = all(pa.types.is_boolean(field.type) for field in kind)
        if not _types_in(entries) <= ({bool} if flags else {int, float}):
            raise TypeError
        return pa.array(values, _numbers_of(kind))
    if not _types_in(values) <= _types_of(written):
        raise TypeError  # text alone would become numbers, beside numbers it would not
    made = pa.array(values)
    # Declaring the type would cut 2.5 to 2 without a word; a checked cast does not.
    return made.cast(kind)


def _types_in(values: list[Any]) -> set[type]:
    """Of the values themselves, and of the entries of lists."""
    found = {type(value) for value in values if value is not None}
    if list in found:
        found.discard(list)
        found |= _types_in([entry for value in values if type(value) is list for entry in value])
    return found


def _types_of(kind: pa.DataType) -> set[type]:
    """The types of values, or of the entries of lists, that JSON writes as a type of Arrow."""
    while pa.types.is_list(kind):
        kind = kind.value_type
    if pa.types.is_struct(kind):
        return {dict}
    if pa.types.is_boolean(kind):
        return {bool}
    return {str} if pa.types.is_string(kind) else {int, float}


def _numbers_of(kind: pa.StructType) -> pa.StructType:
    """A map's type as it is read: a prediction of 0 and 1 is none of integers."""
    return pa.struct([(field.name, pa.float64()) for field in kind])


def _first_of_another_type(values: list[Any], read: Callable[[Any], object]) -> tuple[int, bool]:
    """The row of it, and whether it holds half of a surrogate pair: as alone, so beside others."""
    for row, value in enumerate(values):
        try:
            read(value)
        except _UNREADABLE as error:
            return row, isinstance(error, UnicodeEncodeError)
    return 0, False
