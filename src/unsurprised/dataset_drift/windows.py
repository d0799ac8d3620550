"""Windows of time: the rows of each month (or day, …) as a state of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from unsurprised.arrow.decoded import decoded
from unsurprised.arrow.encodings import taken
from unsurprised.copies import Record
from unsurprised.errors import CallError, InputError, Place
from unsurprised.sources.table import Table
from unsurprised.sources.whole_tables import first_rows

#: How the name of a window is made of a time.
SPANS = {"year": "%Y", "quarter": "%Y-Q", "month": "%Y-%m", "week": "%G-W%V", "day": "%Y-%m-%d",
         "hour": "%Y-%m-%d %H:00"}  # fmt: skip
#: Windows at most: each has a state.
MOST_WINDOWS = 1000
#: The window of rows without a time.
WITHOUT = "no time"


@dataclass(frozen=True, slots=True)
class TimeColumns(Record):
    """The columns of times that windows are cut by, of all files."""

    #: The column, from the file at a place on; of files with the same columns there is one.
    changes: tuple[tuple[int, str], ...] = ()

    def of(self, place: int) -> str:
        """The column in the file at a place."""
        return [column for first, column in self.changes if first <= place][-1]

    @property
    def last(self) -> str:
        """The column of the last file; empty where no file has rows."""
        return self.changes[-1][1] if self.changes else ""


class TimeColumnsSought:
    """Finds the columns of times, file after file.

    Parameters
    ----------
    told : str, optional
        The column that somebody said.
    batch_rows : int, optional
        Rows a batch, of which the first tells.
    """

    def __init__(self, told: str | None, batch_rows: int | None = None) -> None:
        self._told, self._batch_rows = told, batch_rows
        self._changes: list[tuple[int, str]] = [] if told is None else [(0, told)]

    def look(self, place: int, table: Table, names: Sequence[str]) -> None:
        """Take the column of a file, which is looked for where it lacks that of those before."""
        if self._changes and self._changes[-1][1] in names:
            return
        first = first_rows(table, names, self._batch_rows)
        if first is not None:
            self._changes.append((place, time_column(first, self._told)))

    @property
    def found(self) -> TimeColumns:
        """What was found."""
        return TimeColumns(tuple(self._changes))


def refuse_many(span: str) -> CallError:
    """The error for more windows than are kept."""
    return CallError(
        f"more than {MOST_WINDOWS:,} windows by {span}; expected a longer span, one of "
        f"{', '.join(SPANS)} (--by)"
    )


def checked_span(by: str) -> str:
    """A span of time; an error that names all for what is none."""
    if by not in SPANS:
        raise CallError(f"by={by!r}; expected one of {', '.join(SPANS)} (--by)")
    return by


def time_column(first: pa.RecordBatch, told: str | None) -> str:
    """The column of times that windows are cut by: the one that was told, or the only one."""
    if told is not None:
        if told not in first.schema.names:
            names = ", ".join(repr(name) for name in first.schema.names[:20])
            raise CallError(f"no column {told!r}; expected one of {names} (--time)")
        return told
    found = [name for name in first.schema.names if _holds_times(first.column(name))]
    if len(found) != 1:
        listed = ", ".join(repr(name) for name in found[:10]) or "none"
        raise CallError(
            f"windows of time need one column of dates or times; found {listed}: say which, time=… "
            "(--time)"
        )
    return str(found[0])


def _holds_times(column: pa.Array) -> bool:
    column = decoded(column)
    if types.is_timestamp(column.type) or types.is_date(column.type):
        return True
    present = column.drop_null().slice(0, 100)
    return bool(_is_text(column.type) and len(present) and _parsed(present) is not None)


def _is_text(kind: pa.DataType) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind))


def _parsed(column: pa.Array) -> pa.Array | None:
    """Text as ISO 8601 writes dates and times; None where some is none."""
    for kind in (pa.timestamp("us"), pa.timestamp("us", "UTC")):
        try:
            return column.cast(kind).cast(pa.timestamp("us"))
        except pa.ArrowInvalid:
            continue
    return None


def windows_of(column: pa.Array, span: str, name: str, first_row: int) -> pa.Array:
    """The name of the window of each row."""
    column = decoded(column)
    if _is_text(column.type):
        moments = _parsed(column)
    elif types.is_date(column.type):
        moments = column.cast(pa.timestamp("ms")).cast(pa.timestamp("us"))
    elif types.is_timestamp(column.type):
        fine = pa.timestamp("us", column.type.tz)
        moments = column.cast(fine, safe=False).cast(pa.timestamp("us"))
    else:
        moments = None
    if moments is None:
        raise InputError(
            f"column {name!r} holds {column.type}, not all of it times",
            expected="dates, timestamps, or text as ISO 8601 writes them (2024-03-31 12:00:00)",
            place=Place(column=name, row=first_row),
        )
    texts = pc.strftime(moments, format=SPANS[span].removesuffix("-Q"))
    if span == "quarter":
        texts = pc.binary_join_element_wise(texts, pc.quarter(moments).cast(pa.string()), "-Q")
    return pc.fill_null(texts, WITHOUT)


def by_window(batch: pa.RecordBatch, names: pa.Array) -> Iterator[tuple[str, Any]]:
    """The rows of each window in a batch."""
    for name in pc.unique(names).to_pylist():
        yield name, taken(batch, np.flatnonzero(pc.equal(names, name)))
