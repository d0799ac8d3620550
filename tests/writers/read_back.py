"""Values as they were, and as another reader finds them in a file that was written."""

from __future__ import annotations

import base64
import csv
import json
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

Kind = pa.DataType
_UNITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}


def canonical(scalar: pa.Scalar) -> Any:
    """A value as plain Python: times as counts, in the unit of their type."""
    kind = scalar.type
    if isinstance(kind, pa.BaseExtensionType):
        inner = canonical(scalar.value) if scalar.is_valid else None
        if kind.extension_name == "arrow.bool8" and inner is not None:
            return bool(inner)
        return inner
    if types.is_run_end_encoded(kind):
        return canonical(scalar.value) if scalar.value is not None else None
    if types.is_dictionary(kind):
        return canonical(scalar.value) if scalar.is_valid and scalar.value is not None else None
    if not scalar.is_valid:
        return None
    if types.is_union(kind):
        return canonical(scalar.value)
    if types.is_map(kind):
        pairs = [scalar.values[index] for index in range(len(scalar.values))]
        return [(canonical(pair[0]), canonical(pair[1])) for pair in pairs]
    if types.is_struct(kind):
        return [canonical(scalar[index]) for index in range(kind.num_fields)]
    if types.is_nested(kind):
        return [canonical(item) for item in scalar.values]
    if types.is_date64(kind):
        return scalar.value // 86_400_000
    if types.is_floating(kind):
        return same_float(float(scalar.as_py()))
    if types.is_temporal(kind) and not types.is_interval(kind):
        return scalar.value
    value = scalar.as_py()
    return tuple(value) if types.is_interval(kind) else value


def same_float(value: float) -> Any:
    return "NaN" if value != value else value


def counts(text: str, unit: str) -> int:
    """A clock's or a duration's text as a count."""
    whole, _, part = text.partition(".")
    sign = -1 if whole.startswith("-") else 1
    return sign * (abs(int(whole)) * 10 ** _UNITS[unit] + int(part or 0))


def from_json(value: Any, kind: Kind) -> Any:
    """What stands in JSON, as :func:`canonical` has it; numbers are of :class:`Number`."""
    if value is None:
        return None
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            return bytes.fromhex(value.replace("-", ""))
        own = kind.extension_name in ("arrow.bool8", "arrow.json")
        return value if own else from_json(value, kind.storage_type)
    if types.is_run_end_encoded(kind) or types.is_dictionary(kind):
        return from_json(value, kind.value_type)
    if types.is_map(kind):
        return [(of_key(key, kind.key_type), from_json(item, kind.item_type))
                for key, item in value.items()]  # fmt: skip
    if types.is_struct(kind):
        assert list(value) == [field.name for field in kind]
        return [from_json(value[field.name], field.type) for field in kind]
    if types.is_nested(kind):
        return [from_json(item, kind.value_type) for item in value]
    return of_text(value, kind) if isinstance(value, str) else of_number(value, kind)


def of_number(value: Any, kind: Kind) -> Any:
    if types.is_boolean(kind):
        assert isinstance(value, bool)
        return value
    if types.is_decimal(kind):
        return Decimal(value)
    return same_float(float(value)) if types.is_floating(kind) else int(value)


def of_key(text: str, kind: Kind) -> Any:
    if types.is_boolean(kind):
        return {"true": True, "false": False}[text]
    number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    return of_number(text, kind) if number else of_text(text, kind)


def of_text(text: str, kind: Kind) -> Any:
    """What stands in text."""
    if types.is_interval(kind):
        found = re.fullmatch(r"P(-?\d+)M(-?\d+)DT(-?\d+)\.(\d{9})S", text)
        assert found, text
        sign = -1 if found[3].startswith("-") else 1
        return int(found[1]), int(found[2]), sign * (abs(int(found[3])) * 10**9 + int(found[4]))
    if types.is_duration(kind):
        sign = -1 if text.startswith("-") else 1
        assert text.removeprefix("-").startswith("PT")
        assert text.endswith("S")
        return sign * counts(text.removeprefix("-")[2:-1], kind.unit)
    if types.is_timestamp(kind):
        assert text.endswith("Z") == (kind.tz is not None)
        return pa.scalar(text.removesuffix("Z")).cast(pa.timestamp(kind.unit)).value
    if types.is_time(kind):
        hours, minutes, seconds = text.split(":")
        return (int(hours) * 60 + int(minutes)) * 60 * 10 ** _UNITS[kind.unit] + counts(
            seconds, kind.unit
        )
    if types.is_date(kind):
        return pa.scalar(text).cast(pa.date32()).value
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return base64.b64decode(text)
    return base64.b64decode(text) if types.is_binary_view(kind) else text


class Number(str):
    """The text of a number in JSON."""


def json_of(text: str) -> Any:
    return json.loads(text, parse_float=Number, parse_int=Number, parse_constant=Number)


def numbered(value: Any, kind: Kind) -> Any:
    """JSON by the type of a column."""
    return from_json(_unmarked(value, kind), kind)


def _unmarked(value: Any, kind: Kind) -> Any:
    if isinstance(value, Number):
        return Decimal(value) if not value.strip("-").isalpha() else float(value)
    if isinstance(value, list):
        return [_unmarked(item, kind) for item in value]
    if isinstance(value, dict):
        return {key: _unmarked(item, kind) for key, item in value.items()}
    return value


def from_cell(cell: str, kind: Kind) -> Any:
    """What stands in a cell of CSV; an empty one of text is no null to Python's reader."""
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            return bytes.fromhex(cell.replace("-", "")) if cell else None
        if kind.extension_name == "arrow.bool8":
            return {"true": True, "false": False, "": None}[cell]
        return from_cell(cell, kind.storage_type)
    if types.is_run_end_encoded(kind) or types.is_dictionary(kind):
        return from_cell(cell, kind.value_type)
    if cell == "":
        return None
    if types.is_nested(kind):
        return numbered(json_of(cell), kind)
    return of_key(cell, kind)


def blank(value: Any) -> Any:
    """Text as CSV has it: what is empty, is null."""
    return None if value in ("", b"") else value


def read(path: Path, kinds: dict[str, Kind]) -> dict[str, list[Any]]:
    """Columns of a file, that were of types."""
    suffix = path.suffix
    if suffix in (".parquet", ".arrow"):
        arrow = suffix == ".arrow"
        table = pa.ipc.open_file(path).read_all() if arrow else pq.read_table(path)
        return {name: [canonical(scalar) for scalar in table[name]] for name in kinds}
    if suffix == ".jsonl":
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
        rows = list(map(json_of, lines))
        return {name: [numbered(row[name], kind) for row in rows] for name, kind in kinds.items()}
    csv.field_size_limit(sys.maxsize)
    with path.open(newline="", encoding="utf-8") as stream:
        cells = list(csv.DictReader(stream, delimiter="\t" if suffix == ".tsv" else ","))
    return {name: [from_cell(row[name], kind) for row in cells] for name, kind in kinds.items()}


def expected(column: pa.Array | pa.ChunkedArray, suffix: str) -> list[Any]:
    """What a column that is written must be read back as."""
    kind = column.type
    values = [canonical(scalar) for scalar in column]
    if suffix == ".parquet":
        values = [in_milliseconds(value, kind) for value in values]
    if suffix == ".jsonl" and getattr(kind, "extension_name", None) == "arrow.json":
        return [None if value is None else numbered(json_of(value), kind) for value in values]
    return list(map(blank, values)) if suffix in (".csv", ".tsv") else values


def in_milliseconds(value: Any, kind: Kind) -> Any:
    """Times of seconds in Parquet's smallest unit."""
    if value is None:
        return None
    if isinstance(kind, pa.BaseExtensionType):
        return in_milliseconds(value, kind.storage_type)
    if types.is_run_end_encoded(kind) or types.is_dictionary(kind):
        return in_milliseconds(value, kind.value_type)
    if types.is_map(kind):
        return [(in_milliseconds(k, kind.key_type), in_milliseconds(v, kind.item_type))
                for k, v in value]  # fmt: skip
    if types.is_struct(kind):
        return [in_milliseconds(v, f.type) for v, f in zip(value, kind, strict=True)]
    if types.is_nested(kind) and not types.is_union(kind):
        return [in_milliseconds(item, kind.value_type) for item in value]
    seconds = (types.is_time32(kind) or types.is_timestamp(kind)) and kind.unit == "s"
    return value * 1000 if seconds else value
