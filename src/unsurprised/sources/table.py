"""Interface of all formats: a schema, splits, record batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import accumulate
from typing import Any, TypeVar

import pyarrow as pa

from unsurprised.class_names.names import listed
from unsurprised.copies import Record
from unsurprised.errors import InputError, Place
from unsurprised.sources.stores.ahead import Wanted
from unsurprised.sources.unchanged import Stamp

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Part(Record):
    """Rows of one file that can be read without the rows before them."""

    first_row: int = 0
    #: ``None``: known only once they are read.
    rows: int | None = None
    #: What the format needs to find them: row groups, record batches, ….
    keys: tuple[int, ...] = ()


class Table(ABC):
    """One file (or frame) as rows of named columns. Holds no open file between calls."""

    #: How errors call the file; ``None`` for a frame.
    file: str | None
    schema: pa.Schema
    #: Number of rows, where the file says it without being read.
    rows: int | None = None
    #: Whether the schema is stated by the file; text has none, it is seen from the first rows.
    typed: bool = True
    #: What the format is called in errors.
    format: str
    #: Names of the classes, where the file states them outside of the schema.
    class_names: tuple[str, ...] | None = None
    #: Names of the classes once known: text such as "NA" is no null if a class is so named.
    known_names: tuple[str, ...] = ()

    #: The files that are read, as they were when they were opened.
    stamps: tuple[Stamp, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether the file is known to hold no rows, and says nothing of its columns."""
        return self.rows == 0 and not self.schema.names

    def parts(self) -> Sequence[Part]:
        """The parts, in order; one for a file that can only be read from its beginning."""
        return [Part(0, self.rows)]

    def pieces(self) -> Sequence[Part]:
        """The smallest parts that are read apart from each other, for who begins in the middle."""
        return self.parts()

    @abstractmethod
    def read(
        self, part: Part, columns: Mapping[str, str], batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows of a part, with ``columns`` (name → role) alone.

        Opens its own handle, so that parts can be read at the same time. A batch may be larger than
        ``batch_rows``; it is cut by the caller.
        """

    def wanted(self, part: Part, columns: Mapping[str, str]) -> Iterable[Wanted]:
        """Of an object in a store, the ranges that :meth:`read` asks for, where they are known."""
        return ()

    def survey(  # noqa: B027 - most have nothing to do
        self, seen: dict[str, Any], form: str, used: Collection[str]
    ) -> None:
        """Look at the values of all rows, so that a file in the format ``form`` can keep them.

        A typed file has no need to. ``seen`` is what the files before it have shown, and takes
        what this one does, but for columns in use, whose roles say their types.
        """

    def surveyed(  # noqa: B027 - most have nothing to do
        self, types: Mapping[str, pa.DataType | None]
    ) -> None:
        """Take the types that a survey of all files has found, in the place of a :meth:`survey`.

        None is that of values which no type but their JSON holds.
        """

    def kept(self, form: str) -> dict[str, str]:
        """The columns that a file in the format ``form`` keeps, and the roles to read them by.

        "other": as the type that holds all its values, once they are surveyed; "text": as text of
        the file's own; "record": a row's whole text.
        """
        return dict.fromkeys(self.schema.names, "other")

    def looked(self, columns: Mapping[str, str], batch_rows: int) -> Iterator[pa.RecordBatch]:
        """Some columns of all rows, for a look before they are read."""
        for part in self.parts():
            yield from self.read(part, columns, batch_rows)


def single_parts(sizes: Iterable[int]) -> list[Part]:
    """A part of each run of rows, which are found by their numbers.

    Examples
    --------
    >>> [(part.first_row, part.rows, part.keys) for part in single_parts([10, 5])]
    [(0, 10, (0,)), (10, 5, (1,))]
    """
    ends = accumulate(sizes := list(sizes))
    return [
        Part(end - size, size, (key,))
        for key, (size, end) in enumerate(zip(sizes, ends, strict=True))
    ]


def parts_of_runs(sizes: Iterable[tuple[int, int]], most: int) -> list[Part]:
    """Parts of several runs of rows, each by its number and size, of up to ``most`` rows together.

    Examples
    --------
    >>> [part.keys for part in parts_of_runs(enumerate([10, 5, 20, 1]), most=15)]
    [(0, 1), (2,), (3,)]
    """
    parts: list[Part] = []
    first = rows = 0
    keys: list[int] = []
    for key, size in sizes:
        if keys and rows + size > most:
            parts.append(Part(first, rows, tuple(keys)))
            first, rows, keys = first + rows, 0, []
        keys.append(key)
        rows += size
    if keys:
        parts.append(Part(first, rows, tuple(keys)))
    return parts


def until_wrong(rows: Any, convert: Callable[[Any], T]) -> Iterator[T]:
    """``convert(rows)``, or what stands before the first wrong row, and then its error.

    A conversion looks at one column after the other, so the row that it complains of need not be
    the first wrong one; those before it are tried again. So the row that is reported does not
    depend on how many rows are converted at once. Errors count rows from the first of ``rows``.
    """
    failure: InputError | None = None
    while len(rows):
        try:
            converted = convert(rows)
        except InputError as error:
            failure = error
            rows = rows[: error.place.row if isinstance(error.place.row, int) else 0]
        else:
            yield converted
            break
    if failure is not None:
        raise failure


def require(table: Table, name: str, option: str) -> pa.Field:
    """The column called ``name``; an error that lists the columns where it is not there once."""
    try:
        found = table.schema.get_all_field_indices(name)
    except UnicodeEncodeError:  # bytes of a command line that are no text
        found = []
    if not found:
        raise missing(table, f"no column {name!r}", name, option)
    if len(found) > 1:
        refuse_twice(table.schema.names, [name], table.file)
    return table.schema.field(found[0])


def refuse_twice(names: Iterable[str], used: Iterable[str], file: str | None) -> None:
    """Raise if a column that is used is there more than once."""
    counts = Counter(names)
    twice = next((name for name in used if counts[name] > 1), None)
    if twice is not None:
        raise InputError(
            f"{counts[twice]} columns are named {twice!r}",
            expected="one",
            remedy="rename the others",
            place=Place(file),
        )


def missing(table: Table, found: str, name: str | None, option: str) -> InputError:
    """An error that lists the columns, and the nearest name."""
    names = list(dict.fromkeys(table.schema.names))
    others = [other for other in names if other != name]
    near = get_close_matches(name, others, 1) if name else []
    remedy = f"did you mean {near[0]!r}?" if near else f"name it with {option}=… (--{option})"
    return InputError(
        found, expected=f"one of {listed(names, 20)}", remedy=remedy, place=Place(table.file)
    )
