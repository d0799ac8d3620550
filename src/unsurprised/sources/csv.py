"""CSV and TSV: streamed by blocks; every column's type is declared, none is left to a block."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import PurePath
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from unsurprised.errors import InputError, Place
from unsurprised.sources.csv_headers import head_of
from unsurprised.sources.csv_sample import BOOLEAN, INTEGER, NULLS, field_of, is_list
from unsurprised.sources.csv_types import common, surveyed
from unsurprised.sources.files import begin_wanted
from unsurprised.sources.guard import guarded
from unsurprised.sources.limits import LINE
from unsurprised.sources.memory import require_room
from unsurprised.sources.standard_input import name_of
from unsurprised.sources.stores.ahead import Wanted
from unsurprised.sources.table import Part, Table, until_wrong
from unsurprised.sources.text import (
    LIST,
    SAMPLE_ROWS,
    lists,
    longer_row,
    opened_text,
)
from unsurprised.sources.text_maps import maps
from unsurprised.sources.text_rows import csv_rows

#: NumPy writes a long array so, and with it pandas' and Hugging Face's to_csv.
_CUT = "the list was cut, at '...', when it was written; write its frame by to_parquet"

#: Formats that hold text as it is.
_TEXT = ("CSV", "TSV")

#: Arrow's numbers of the first row, where it has read the names and where it has not.
_HEADER, _NO_HEADER = 2, 1

#: What threads and the smallest blocks take.
_ROOM = 96 << 20
#: Of wide rows, types are seen from as many as hold this much text.
_SAMPLE_BYTES = 32 << 20
_NUMBER = r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$|^\s*[-+]?(?i:nan|inf)\s*$"
#: No integer that is a name, or that a float may not hold.
_SHORT = r"^\s*(?:[-+]?(?:0|[1-9][0-9]{0,14})|.*[.eEnN].*)\s*$"
_RAGGED = re.compile(
    r"CSV parse error: (?:Row #(?P<row>\d+): )?Expected (?P<names>\d+) columns, got (?P<values>\d+)"
)
_EXPECTED = {"string": "UTF-8 text", "int64": f"an integer, as in the first {SAMPLE_ROWS} rows"}
_CONVERSION = re.compile(
    r"In CSV column #(?P<column>\d+): (?:Row #(?P<row>\d+): )?CSV conversion error to "
    r"(?P<type>[^:]+): (?P<what>.*)",
    re.DOTALL,
)


class CsvTable(Table):
    """A CSV file (comma) or TSV file (tab) whose first line names the columns."""

    typed = False

    def __init__(self, file: str) -> None:
        self.file = file
        self._kinds: dict[str, pa.DataType] = {}
        suffixes = [suffix.lower() for suffix in PurePath(name_of(file)).suffixes]
        tabs = ".tsv" in suffixes or ".tab" in suffixes
        self.format, self._delimiter = ("TSV", "\t") if tabs else ("CSV", ",")
        with guarded(file, self.format):
            self._head = head_of(file, self._delimiter, self.format)
            self._names = self._head.names
            self.schema = self._seen()

    def read(
        self, part: Part, columns: Mapping[str, str], batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows by blocks of bytes, the columns as the schema and their roles say."""
        texts = {
            name: role
            for name, role in columns.items()
            if role != "text" and self._as_text(name, role)
        }
        declared = {name: self._declared(name, role) for name, role in columns.items()}
        plain = {name: pa.int64() for name, role in texts.items() if self._plainly(name, role)}
        first = 0
        with guarded(self.file, self.format):
            for batch in self._stream(declared, plain):
                try:
                    yield from until_wrong(batch, lambda rows: self._typed(rows, texts))
                except InputError as error:
                    row = error.place.row if isinstance(error.place.row, int) else 0
                    raise error.located(file=self.file, row=first + row) from None
                first += batch.num_rows

    def wanted(self, part: Part, columns: Mapping[str, str]) -> Iterable[Wanted]:
        """Of an object in a store, its first bytes; the others follow while these are read."""
        return begin_wanted(self.file)

    def survey(self, seen: dict[str, Any], form: str, used: Collection[str]) -> None:
        """Look at all cells, but for CSV, which has no types."""
        if form in _TEXT:
            return
        for name, kind in surveyed(self, used).items():
            seen[name] = common(seen.get(name, kind), kind)
        self._kinds = seen

    def surveyed(self, types: Mapping[str, pa.DataType | None]) -> None:
        """Take the types of all files' cells."""
        self._kinds = {name: kind for name, kind in types.items() if kind is not None}

    def kept(self, form: str) -> dict[str, str]:
        """All columns: as text for CSV, for others as the types of all their cells."""
        return dict.fromkeys(self.schema.names, "text" if form in _TEXT else "other")

    def cells(self) -> Iterator[pa.RecordBatch]:
        """All rows as text."""
        with guarded(self.file, self.format):
            yield from self._stream(dict.fromkeys(self._names, pa.string()))

    def holds(self, column: pa.Array, kind: pa.DataType, name: str) -> bool:
        """Whether cells of text are all of a type."""
        try:
            self._column(column, kind, name, "other")
        except InputError:
            return False
        return True

    def _as_text(self, name: str, role: str) -> bool:
        """Whether Arrow hands the column on as text: "007" is a name where others are names."""
        if role == "other":
            return True
        kind = self.schema.field(name).type
        if role in ("by", "units") and pa.types.is_floating(kind):
            return False
        return (
            role in ("label", "id", "by", "units")
            or pa.types.is_list(kind)
            or pa.types.is_struct(kind)
        )

    def _declared(self, name: str, role: str) -> pa.DataType:
        if role == "text" or self._as_text(name, role):  # what means nothing here stays as it is
            return pa.string()
        integers = role == "truth" and pa.types.is_integer(self.schema.field(name).type)
        return pa.int64() if integers else pa.float64()

    def _plainly(self, name: str, role: str) -> bool:
        """Whether cells of text that are plain integers are none but integers."""
        return role != "other" and pa.types.is_integer(self.schema.field(name).type)

    def _typed(self, batch: pa.RecordBatch, texts: Mapping[str, str]) -> pa.RecordBatch:
        for name, role in texts.items():
            kind = self.schema.field(name).type
            if role == "other":
                kind = self._kinds.get(name, pa.string())
            index = batch.schema.get_field_index(name)
            if not pa.types.is_string(batch.column(index).type):
                continue  # read plainly
            column = self._column(batch.column(index), kind, name, role)
            batch = batch.set_column(index, name, column)
        return batch

    def _column(self, column: pa.Array, kind: pa.DataType, name: str, role: str) -> pa.Array:
        """Cells of text as a type."""
        nulls: Sequence[str] = NULLS
        if pa.types.is_string(kind):
            nulls = _null_names(self.known_names) if role == "label" else ("",)
        column = _with_nulls(column, nulls)
        if pa.types.is_list(kind):
            _refuse(column, LIST, "a list of numbers such as [0.1, 0.9]", name)
            # A prediction of 0 and 1 is no list of integers.
            floats = role == "pred"
            column = _at_row(column, pa.list_(pa.float64()) if floats else kind, name)
        elif pa.types.is_struct(kind):
            column = maps(column, kind, name)
        elif pa.types.is_integer(kind):
            _refuse(column, INTEGER, "an integer", name)
            column = pc.utf8_trim_whitespace(column).cast(pa.int64())
        elif pa.types.is_boolean(kind):
            _refuse(column, BOOLEAN, "true or false", name)
            column = pc.equal(pc.utf8_lower(pc.utf8_trim_whitespace(column)), "true")
        elif pa.types.is_floating(kind) and role in ("label", "other"):
            _refuse(column, _NUMBER, "a number", name)
            if role == "other":
                _refuse(column, _SHORT, "a number that a float holds", name)
                _refuse_large(column, name)
            column = pc.utf8_trim_whitespace(column).cast(pa.float64())
        elif pa.types.is_null(kind) and role == "other":
            _refuse(column, r"^$", "nothing", name)
            column = pa.nulls(len(column))
        return column

    def _stream(
        self, declared: Mapping[str, pa.DataType], plain: Mapping[str, pa.DataType] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The rows, first those that are plain; Arrow reads from the first other one on.

        ``plain`` are types of columns that are text to Arrow, and need not be where rows are plain.
        """
        begin, first = None, 0
        start = self._head.first_row
        if start is not None:
            reader = csv_rows(self._names, {**declared, **(plain or {})}, self._delimiter)
            with opened_text(self.file or "", start) as stream:
                for block, rows in reader.blocks(stream):
                    if rows.batch.num_rows:
                        yield rows.batch
                    first += rows.batch.num_rows
                    start += rows.consumed
                    if rows.consumed < len(block):
                        begin = start
                        break
                else:
                    return
        with self._diagnosed(first - (_HEADER if begin is None else _NO_HEADER)):
            yield from self._fitting(declared, begin)

    def _fitting(
        self, declared: Mapping[str, pa.DataType], begin: int | None
    ) -> Iterator[pa.RecordBatch]:
        """The rows; with larger blocks from the first row on that does not fit into one."""
        given = 0
        try:
            for batch in self._blocks(declared, self._head.block, begin):
                yield batch
                given += batch.num_rows
            return
        except pa.ArrowInvalid as error:
            if not _is_too_long(error):
                raise
        row = longer_row(self.file or "", LINE.most)
        if row is not None:
            raise LINE.exceeded("a longer one", Place(self.file, row))
        for batch in self._blocks(declared, LINE.most, begin):
            seen = min(given, batch.num_rows)
            yield batch.slice(seen)
            given -= seen

    def _blocks(
        self, declared: Mapping[str, pa.DataType], size: int, begin: int | None
    ) -> Iterator[pa.RecordBatch]:
        """Arrow's batches: of the whole file, or of the rows that begin at a byte."""
        # Arrow reads in threads of its own, where a lack of memory would end the process.
        require_room(max(_ROOM, 16 * size))
        with opened_text(self.file or "", begin or 0) as stream:
            yield from pacsv.open_csv(
                stream,
                read_options=pacsv.ReadOptions(
                    use_threads=False,
                    block_size=size,
                    skip_rows=self._head.blank_lines if begin is None else 0,
                    column_names=None if begin is None else self._names,
                ),
                parse_options=pacsv.ParseOptions(
                    delimiter=self._delimiter,
                    newlines_in_values=True,
                    # Of one column, an empty line is a value that is not there.
                    ignore_empty_lines=len(self._names) > 1,
                ),
                convert_options=pacsv.ConvertOptions(
                    column_types=dict(declared),
                    include_columns=list(declared),
                    null_values=list(NULLS),
                    strings_can_be_null=False,
                ),
            )

    @contextmanager
    def _diagnosed(self, first: int) -> Iterator[None]:
        """Say which value of which row could not be read, where Arrow's message tells.

        ``first`` is what is added to Arrow's number of a row.
        """
        try:
            yield
        except pa.ArrowInvalid as error:
            ragged = _RAGGED.match(str(error))
            if ragged is not None:
                raise InputError(
                    f"found {ragged['values']} values",
                    expected=f"{ragged['names']}, one for each name in the first line",
                    place=Place(self.file, _row(ragged, first)),
                ) from None
            known = _CONVERSION.match(str(error))
            if known is None:
                raise
            quoted = re.search(r"invalid value '(.*)'", known["what"], re.DOTALL)
            raise InputError(
                f"found {quoted[1]!r}" if quoted else f"found {known['what']}",
                expected=_EXPECTED.get(known["type"], "a number"),
                place=Place(self.file, _row(known, first), self._names[int(known["column"])]),
            ) from None

    def _seen(self) -> pa.Schema:
        """The types of the first rows."""
        seen: dict[str, list[str]] = {name: [] for name in self._names}
        left, held = SAMPLE_ROWS, 0
        for batch in self._stream(dict.fromkeys(seen, pa.string())):
            for name, values in seen.items():
                values.extend(batch.column(name).slice(0, left).to_pylist())
            left -= batch.num_rows
            held += batch.nbytes
            if left <= 0 or held > _SAMPLE_BYTES:
                break
        fields = {name: field_of(name, values) for name, values in seen.items()}
        return pa.schema([fields[name] for name in self._names])


def _is_too_long(error: pa.ArrowInvalid) -> bool:
    """Whether Arrow complains of a row that does not fit into a block."""
    return "straddling object" in str(error)


def _row(found: re.Match[str], first: int) -> int | None:
    return int(found["row"]) + first if found["row"] else None


def _null_names(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in NULLS if word not in names)


def _with_nulls(column: pa.Array, nulls: Sequence[str]) -> pa.Array:
    missing = pc.is_in(column, value_set=pa.array(nulls, pa.string()))
    return pc.if_else(missing, pa.scalar(None, pa.string()), column)


def _refuse(column: pa.Array, pattern: str, expected: str, name: str) -> None:
    wrong = pc.invert(pc.fill_null(pc.match_substring_regex(column, pattern), True))
    row = pc.index(wrong, True).as_py()
    if row >= 0:
        raise InputError(
            f"found {column[row].as_py()!r}",
            expected=f"{expected}, as in the first {SAMPLE_ROWS} rows",
            remedy="if these are names, let one of the first rows hold one that is nothing else",
            place=Place(row=row, column=name),
        )


def _refuse_large(column: pa.Array, name: str) -> None:
    """Refuse 1e400, which a float would have as infinite."""
    infinite = pc.is_inf(pc.utf8_trim_whitespace(column).cast(pa.float64()))
    _refuse(column.filter(pc.fill_null(infinite, False)), r"(?i)inf", "a smaller number", name)


def _at_row(column: pa.Array, kind: pa.DataType, name: str) -> pa.Array:
    try:
        return lists(column, kind)
    except pa.ArrowInvalid:
        row = next(row for row in range(len(column)) if not is_list(column[row : row + 1], kind))
        raise InputError(
            f"found {column[row].as_py()!r}",
            expected=f"numbers between commas ({kind.value_type}), as in the first "
            f"{SAMPLE_ROWS} rows",
            remedy=_CUT if "..." in column[row].as_py() else None,
            place=Place(row=row, column=name),
        ) from None
