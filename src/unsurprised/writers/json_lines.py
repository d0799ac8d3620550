"""JSON lines: a line a row; records that came as JSON keep the text of every key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from unsurprised.errors import InputError, Place
from unsurprised.sources.json_records import members_of
from unsurprised.sources.jsonl import JSON_TEXT, RECORD_TEXT
from unsurprised.writers.held import held
from unsurprised.writers.json_texts import json_texts
from unsurprised.writers.writer import Writer, converted, refuse_same_name

_name = json.JSONEncoder(ensure_ascii=False).encode


class JsonLinesWriter(Writer):
    """Rows as objects, a key for every column.

    A column of whole records (:data:`RECORD_TEXT`) gives each row its keys and their text; other
    columns replace keys, or are added at the end.
    """

    form = "JSON lines"

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._columns = {}
        self._names = []
        self._records: str | None = None
        for field in schema:
            if has(field, RECORD_TEXT):
                self._records = field.name
                continue
            column = held(field, self.form)
            self._columns[field.name] = column
            self._names.append(column.name)
        refuse_same_name(self._names, list(self._columns), self.form)
        self._stream = path.open("w", encoding="utf-8", newline="")

    def _write(self, batch: pa.RecordBatch) -> None:
        columns = [self._texts(batch, name) for name in self._columns]
        rows = zip(*columns, strict=True)
        keys = [_name(name) for name in self._names]
        if self._records is None:
            for row in rows:
                members = (f"{key}: {text}" for key, text in zip(keys, row, strict=True))
                self._stream.write("{" + ", ".join(members) + "}\n")
            return
        records = batch.column(batch.schema.get_field_index(self._records)).to_pylist()
        for record, row in zip(records, rows, strict=True):
            line = replaced(record, dict(zip(self._names, row, strict=True)))
            self._stream.write(line + "\n")

    def _texts(self, batch: pa.RecordBatch, name: str) -> list[str | None]:
        index = batch.schema.get_field_index(name)
        field, column = batch.schema.field(index), batch.column(index)
        plain = converted(column, name, self._columns[name].convert, self.form)
        try:
            if has(field, JSON_TEXT) or _is_json(field.type):
                return list(_checked(plain.to_pylist()))
            return json_texts(plain)
        except InputError as error:
            raise error.located(column=name) from None

    def _close(self) -> None:
        self._stream.close()


def has(field: pa.Field, mark: Mapping[bytes, bytes]) -> bool:
    """Whether the metadata of a field hold a mark."""
    return mark.items() <= (field.metadata or {}).items()


def _is_json(kind: pa.DataType) -> bool:
    return getattr(kind, "extension_name", None) == "arrow.json"


def _checked(texts: list[str | None]) -> Iterator[str]:
    """Text that is JSON, on one line."""
    for row, text in enumerate(texts):
        try:
            json.loads("null" if text is None else text)
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"found {str(text)[:60]!r}, which is no JSON ({error})",
                expected="JSON, as the type of the column states",
                remedy="write another format: --out with a name in .parquet or .arrow",
                place=Place(row=row),
            ) from None
        yield "null" if text is None else one_line(text)


def one_line(text: str) -> str:
    """JSON without line ends, which stand between its parts and never within text."""
    return text.replace("\r", " ").replace("\n", " ")


def replaced(record: str, values: Mapping[str, str]) -> str:
    """An object's text with some of its values replaced, and what it lacks added at its end.

    Examples
    --------
    >>> replaced('{"n": 1e400, "probs": [0.5, 0.5]}', {"probs": "[0.4, 0.6]", "day": "1"})
    '{"n": 1e400, "probs": [0.4, 0.6], "day": 1}'
    """
    left, parts, at = dict(values), [], 0
    members = list(members_of(record))
    for name, start, end in members:
        if name in left:
            parts += [record[at:start], left.pop(name)]
            at = end
    text = one_line("".join(parts) + record[at:]).strip()
    if not left:
        return text
    added = ", ".join(f"{_name(name)}: {value}" for name, value in left.items())
    return f"{text[:-1].rstrip()}{', ' if members else ''}{added}}}"
