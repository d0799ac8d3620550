"""What collects the rows of a data set: the counts of all columns, or of each window of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Self

from unsurprised.dataset_drift.base import DriftBase
from unsurprised.dataset_drift.windows import (
    MOST_WINDOWS,
    TimeColumns,
    by_window,
    refuse_many,
    windows_of,
)
from unsurprised.errors import InputError, Place, StateError
from unsurprised.sources.guard import guarded, located
from unsurprised.sources.table import Table
from unsurprised.sources.whole_tables import TableRows
from unsurprised.states.serial import pack, unpack

#: Threads at most: each holds counts of all columns, up to 15 MB of one with numbers.
MOST_COUNTERS = 4

_NAME = "DriftWindows"


class ColumnCounter:
    """Counts the rows of all columns.

    Parameters
    ----------
    names : sequence of str
        The columns, in the order that the first table has them in; none: those of the first rows.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        self.state = DriftBase(names)

    def update_batch(self, rows: TableRows) -> None:
        """Add rows."""
        if self.state.is_blank:
            self.state = DriftBase(rows.batch.schema.names)
        with of_table(rows.table):
            self.state.update(rows.batch)

    def merge(self, other: ColumnCounter) -> Self:
        """Add another's rows."""
        self.state.merge(other.state)
        return self

    def to_bytes(self) -> bytes:
        """The state's bytes."""
        return self.state.to_bytes()

    def merge_bytes(self, data: bytes) -> None:
        """Add the rows of another's bytes."""
        self.state.merge(DriftBase.from_bytes(data))


class WindowCounter:
    """Counts the rows of all columns in each window of time.

    Of more windows than are kept none is: that there are too many is told once all rows are read,
    so that the error does not hang on who has read which.

    Parameters
    ----------
    names : sequence of str
        As for :class:`ColumnCounter`.
    span : str
        The span of a window.
    columns : TimeColumns
        The columns of times.
    """

    def __init__(self, names: Sequence[str], span: str, columns: TimeColumns) -> None:
        self.names, self.span, self.columns = tuple(names), span, columns
        self.windows: dict[str, DriftBase] = {}
        self.too_many = False

    def update_batch(self, rows: TableRows) -> None:
        """Add rows."""
        column = self.columns.of(rows.place)
        with of_table(rows.table):
            times = rows.batch.column(column)
            which = windows_of(times, self.span, column, rows.first_row)
            for name, part in by_window(rows.batch, which):
                self._window(name).update(part)
        self._dropped_if_many()

    def _window(self, name: str) -> DriftBase:
        return self.windows.setdefault(name, DriftBase(self.names))

    def _dropped_if_many(self) -> None:
        self.too_many = self.too_many or len(self.windows) > MOST_WINDOWS
        if self.too_many:
            self.windows = {}

    def merge(self, other: WindowCounter) -> Self:
        """Add another's rows."""
        self.too_many = self.too_many or other.too_many
        for name, state in other.windows.items():
            self._window(name).merge(state)
        self._dropped_if_many()
        return self

    def to_bytes(self) -> bytes:
        """The states of all windows."""
        names = sorted(self.windows)
        said = {"names": names, "too_many": self.too_many}
        return pack(_NAME, said, [self.windows[name].to_bytes() for name in names])

    def merge_bytes(self, data: bytes) -> None:
        """Add the rows of another's bytes."""
        said, states = unpack(data, _NAME)
        other = WindowCounter(self.names, self.span, self.columns)
        other.too_many = said["too_many"]
        other.windows = dict(zip(said["names"], map(DriftBase.from_bytes, states), strict=True))
        self.merge(other)

    def whole(self) -> tuple[DriftBase, dict[str, DriftBase]]:
        """The state of all rows, and that of each window; an error where there are too many."""
        if self.too_many:
            raise refuse_many(self.span)
        whole = DriftBase(self.names)
        for name in sorted(self.windows):
            whole.merge(self.windows[name])
        return whole, dict(sorted(self.windows.items()))


@contextmanager
def of_table(table: Table) -> Iterator[None]:
    """Errors about the rows of a table, with its file."""
    try:
        with guarded(table.file, table.format), located(table.file):
            yield
    except StateError as error:
        raise InputError(str(error), place=Place(table.file)) from None
