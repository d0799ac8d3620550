"""Files, frames and dictionaries of arrays → the state of a data set."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from unsurprised.addresses import named
from unsurprised.dataset_drift.base import SCHEMA, DriftBase
from unsurprised.dataset_drift.model_state import ModelState
from unsurprised.dataset_drift.windows import (
    MOST_WINDOWS,
    SPANS,
    by_window,
    time_column,
    windows_of,
)
from unsurprised.errors import CallError, InputError, Place, StateError
from unsurprised.sources.files import binary, first_bytes
from unsurprised.sources.guard import guarded
from unsurprised.sources.opening import open_predictions
from unsurprised.sources.options import Options
from unsurprised.sources.paths import expanded
from unsurprised.sources.table import Table
from unsurprised.sources.whole_tables import batches, opened_tables, rows_of, with_names

Progress = Callable[[int], object]


@dataclass(frozen=True)
class DataSet:
    """One of the two data sets: rows to be read, or a state that was saved."""

    tables: tuple[Table, ...]
    state: DriftBase | None
    files: tuple[str, ...]
    #: What the tables are of.
    source: Any = None

    @classmethod
    def opened(cls, source: Any) -> DataSet:
        """A state, the files of saved ones (which are merged), files, a frame, or columns."""
        if isinstance(source, DriftBase):
            return cls((), source, ())
        saved = _saved_files(source)
        if saved:
            return cls((), _merged(saved), tuple(saved))
        source, tables = opened_tables(source)
        files = tuple(table.file for table in tables if table.file is not None)
        return cls(tuple(tables), None, files, source)

    @property
    def rows(self) -> int | None:
        """How many rows are to be read; None where that is not known."""
        return rows_of(self.tables)

    def read(self, batch_rows: int | None = None, progress: Progress | None = None) -> DriftBase:
        """The state of all rows, which are read once."""
        if self.state is not None:
            return self.state
        state = DriftBase()
        for table, names in with_names(self.tables):
            part = DriftBase(names)
            for batch in batches(table, names, batch_rows):
                with _of(table):
                    part.update(batch)
                if progress is not None:
                    progress(batch.num_rows)
            with _of(table):
                state.merge(part)
        return state

    def read_model(
        self, label: str | None, pred: Any, kind: str | None, progress: Progress | None = None
    ) -> ModelState:
        """What the predictions of all rows say of themselves; they are read again for that."""
        if isinstance(self.source, pa.RecordBatchReader):
            raise CallError(
                "pred and a pyarrow.RecordBatchReader, whose rows can be read once; pass them as a "
                "table: reader.read_all()"
            )
        options = Options(label=label, pred=pred, kind=kind, labelled=label is not None)
        reading = open_predictions(self.source, options)
        state = ModelState(label or "", ", ".join(reading.prediction_columns))
        for split in reading.plan():
            for batch in reading.batches(split):
                state.update(batch)
                if progress is not None:
                    progress(batch.size)
        reading.finish()
        return state

    def read_windows(
        self,
        span: str,
        time: str | None,
        batch_rows: int | None = None,
        progress: Progress | None = None,
    ) -> tuple[DriftBase, str, dict[str, DriftBase]]:
        """The state of all rows, the column of their times, and the state of each window."""
        if self.state is not None:
            raise CallError("a saved state has no rows to cut into windows; expected NEW as rows")
        found: dict[str, DriftBase] = {}
        column = time
        for table, names in with_names(self.tables):
            row = 0
            for batch in batches(table, names, batch_rows):
                if column is None or column not in names:
                    column = time_column(batch, time)
                with _of(table):
                    which = windows_of(batch.column(column), span, column, row)
                    for name, part in by_window(batch, which):
                        found.setdefault(name, DriftBase(names)).update(part)
                if len(found) > MOST_WINDOWS:
                    raise CallError(
                        f"more than {MOST_WINDOWS:,} windows by {span}; expected a longer span, "
                        f"one of {', '.join(SPANS)} (--by)"
                    )
                row += batch.num_rows
                if progress is not None:
                    progress(batch.num_rows)
        whole = DriftBase()
        for name in sorted(found):
            whole.merge(found[name])
        return whole, column or "", dict(sorted(found.items()))


def _saved_files(source: Any) -> list[str]:
    """The files of saved states, if that is what a source names."""
    given = [source] if isinstance(source, str | os.PathLike) else source
    if not isinstance(given, list | tuple) or not given:
        return []
    if not all(isinstance(each, str | os.PathLike) for each in given):
        return []
    names = [os.fspath(each) for each in given]
    if not all(named(name).lower().endswith(".json") for name in names):
        return []
    files = expanded(names)[0]
    return files if all(map(_is_saved, files)) else []


def _is_saved(file: str) -> bool:
    with guarded(file, "JSON"):
        return SCHEMA.partition("/")[0].encode() in first_bytes(file, 64)


def _merged(files: Sequence[str]) -> DriftBase:
    state = DriftBase()
    for file in files:
        with guarded(file, "JSON"), binary(file) as stream:
            text = stream.read()
        try:
            state.merge(DriftBase.from_json(text))
        except StateError as error:
            raise InputError(str(error), place=Place(file)) from None
    return state


@contextmanager
def _of(table: Table) -> Iterator[None]:
    """Errors about the rows of a table, with its file."""
    try:
        with guarded(table.file, table.format):
            yield
    except StateError as error:
        raise InputError(str(error), place=Place(table.file)) from None
