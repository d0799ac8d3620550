"""Columns that are folders' names, ``label=cat/part-0.parquet``, as Hive and Spark write them.

They are read off the path as it was given, for a single file too, as DuckDB does. A folder that
happens to be called so is harmless: its column is one more that nobody asks for, and gives way to
a column of that name in the file unless their values differ and the column is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc

from unsurprised.addresses import named
from unsurprised.errors import InputError, Place
from unsurprised.sources.stores.ahead import Wanted
from unsurprised.sources.table import Part, Table

#: Marks a column that is a folder's name.
FOLDERS_NAME = {b"unsurprised.partition": b"1"}

#: How a null is written as a folder's name.
_NULL = "__HIVE_DEFAULT_PARTITION__"

_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,17}")


def partitions_of(file: str) -> dict[str, str | None]:
    """The columns that the folders of a path name.

    Examples
    --------
    >>> partitions_of("rows/label=caf%C3%A9/day=__HIVE_DEFAULT_PARTITION__/part-0.parquet")
    {'label': 'café', 'day': None}
    """
    found: dict[str, str | None] = {}
    for folder in PurePath(named(file)).parts[:-1]:
        key, equals, value = folder.partition("=")
        if not key or not equals:
            continue
        key, text = unquote(key), None if value == _NULL else unquote(value)
        if found.get(key, text) != text:
            raise InputError(
                f"two folders of the path name {key!r}: {found[key]!r} and {text!r}",
                expected="one value for all rows of a file",
                remedy="rename one of the folders",
                place=Place(file),
            )
        found[key] = text
    return found


def integer_partitions(files: Iterable[str]) -> frozenset[str]:
    """The columns that folders name whose values, of all files, are written as integers are.

    Examples
    --------
    >>> sorted(integer_partitions(["day=1/a=x/rows.csv", "day=2/a=1/rows.csv"]))
    ['day']
    """
    values: dict[str, set[str | None]] = {}
    for file in files:
        for key, value in partitions_of(file).items():
            values.setdefault(key, set()).add(value)
    return frozenset(key for key, known in values.items() if _integers(known - {None}))


def with_partitions(tables: Sequence[Table], integers: Collection[str]) -> list[Table]:
    """The tables with the columns that their folders name, some of which hold ``integers``."""

    def typed(found: Mapping[str, str | None]) -> dict[str, tuple[str | None, pa.DataType]]:
        return {
            key: (value, pa.int64() if key in integers else pa.string())
            for key, value in found.items()
        }

    keys = [partitions_of(table.file or "") for table in tables]
    return [
        HiveTable(table, typed(found)) if found else table
        for table, found in zip(tables, keys, strict=True)
    ]


def _integers(values: set[str | None]) -> bool:
    return bool(values) and all(_INTEGER.fullmatch(value or "") for value in values)


class HiveTable(Table):
    """A table with columns that hold one value in all its rows."""

    def __init__(
        self, table: Table, partitions: Mapping[str, tuple[str | None, pa.DataType]]
    ) -> None:
        self._table = table
        self.file, self.format, self.rows = table.file, table.format, table.rows
        self.typed, self.class_names = table.typed, table.class_names
        self.stamps = table.stamps
        own = set(table.schema.names)
        #: Of columns that the file has too, what the folder says.
        self._twice = {key: value for key, (value, _) in partitions.items() if key in own}
        self._values = {
            key: pa.scalar(value, pa.string()).cast(kind)
            for key, (value, kind) in partitions.items()
            if key not in own
        }
        self.schema = table.schema
        for key, value in self._values.items():
            field = pa.field(key, pa.dictionary(pa.int32(), value.type), metadata=FOLDERS_NAME)
            self.schema = self.schema.append(field)

    @property
    def empty(self) -> bool:
        """Whether the file holds no rows, and says nothing of its columns."""
        return self._table.empty

    def parts(self) -> Sequence[Part]:
        """The parts of the file."""
        return self._table.parts()

    def read(
        self, part: Part, columns: Mapping[str, str], batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows of the file, each with the folders' values."""
        return self._read(
            columns, lambda inner: self._table.read(part, inner, batch_rows), part.first_row
        )

    def wanted(self, part: Part, columns: Mapping[str, str]) -> Iterable[Wanted]:
        """What the file's rows are read from."""
        return self._table.wanted(part, self._inner(columns))

    def survey(self, seen: dict[str, Any], form: str, used: Collection[str]) -> None:
        """Look at the values of the file's rows."""
        self._table.survey(seen, form, used)

    def surveyed(self, types: Mapping[str, pa.DataType | None]) -> None:
        """Take the types of the files' values."""
        self._table.surveyed(types)

    def kept(self, form: str) -> dict[str, str]:
        """What the file keeps, and the folders' values."""
        return self._table.kept(form) | dict.fromkeys(self._values, "other")

    def looked(self, columns: Mapping[str, str], batch_rows: int) -> Iterator[pa.RecordBatch]:
        """Some columns of all rows."""
        return self._read(columns, lambda inner: self._table.looked(inner, batch_rows), 0)

    def _read(
        self,
        columns: Mapping[str, str],
        read: Callable[[Mapping[str, str]], Iterator[pa.RecordBatch]],
        first: int,
    ) -> Iterator[pa.RecordBatch]:
        self._table.known_names = self.known_names
        for batch in read(self._inner(columns)):
            for name in self._twice.keys() & columns.keys():
                if columns[name] != "other":
                    self._check_same(batch.column(name), name, first)
            yield self._with_values(batch, columns)
            first += batch.num_rows

    def _inner(self, columns: Mapping[str, str]) -> Mapping[str, str]:
        """The columns that the file has."""
        inner = {name: role for name, role in columns.items() if name not in self._values}
        # A batch without a column would not say how many rows it has.
        return inner or {self._table.schema.names[0]: "text"}

    def _with_values(self, batch: pa.RecordBatch, columns: Mapping[str, str]) -> pa.RecordBatch:
        arrays = [
            self._constant(name, role, batch.num_rows)
            if name in self._values
            else batch.column(name)
            for name, role in columns.items()
        ]
        fields = [
            pa.field(name, array.type) if name in self._values else batch.schema.field(name)
            for name, array in zip(columns, arrays, strict=True)
        ]
        return pa.record_batch(arrays, schema=pa.schema(fields))

    def _constant(self, name: str, role: str, rows: int) -> pa.Array:
        value = self._values[name]
        if role == "weight":  # which need not be an integer
            return pa.repeat(self._number(name), rows)
        if not value.is_valid:
            return pa.nulls(rows, pa.dictionary(pa.int32(), value.type))
        codes = pa.repeat(pa.scalar(0, pa.int32()), rows)
        return pa.DictionaryArray.from_arrays(codes, pa.array([value]))

    def _number(self, name: str) -> pa.Scalar:
        value = self._values[name]
        try:
            return value.cast(pa.float64())
        except pa.ArrowInvalid:
            raise InputError(
                f"the folder's name says {value.as_py()!r}",
                expected="a number",
                place=Place(self.file, column=name),
            ) from None

    def _check_same(self, column: pa.Array, name: str, first: int) -> None:
        """Refuse a column whose values are not those of the folder's name."""
        said = self._twice[name]
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        try:
            value = pa.scalar(said, pa.string()).cast(column.type)
            same = pc.fill_null(pc.equal(column, value), False)
            same = pc.or_(same, pc.and_(pc.is_null(column), not value.is_valid))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            same = pa.repeat(False, len(column))
        row = pc.index(same, False).as_py()
        if row >= 0:
            raise InputError(
                f"found {column[row].as_py()!r} in the file and {said!r} in its folder's name",
                expected="the same in both",
                remedy=f"rename the folder if {name}={said} is no column of the rows",
                place=Place(self.file, first + row, name),
            )


def refuse_folders_as_predictions(table: Table, names: Sequence[str]) -> None:
    """Refuse predictions that are folders' names: one number for all rows of a file."""
    for name in names:
        if table.schema.field(name).metadata == FOLDERS_NAME:
            raise InputError(
                "the column is a folder's name, one value for a whole file",
                expected="predictions, which are numbers for every row",
                remedy="name their column with pred=… (--pred)",
                place=Place(table.file, column=name),
            )
