"""Files, frames and dictionaries of arrays → the state of a data set."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from unsurprised.addresses import named
from unsurprised.arrays.host import host_array
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
from unsurprised.sources.frames import is_frame, refuse_unread
from unsurprised.sources.guard import guarded
from unsurprised.sources.opening import open_predictions
from unsurprised.sources.options import Options
from unsurprised.sources.paths import expanded
from unsurprised.sources.table import Table, refuse_twice
from unsurprised.sources.tables import tables_of

_ROWS = 1 << 17
#: No format of files, so that text is read as the types that all its values have.
_FORM = "the types of the values"

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


def rows_of(tables: Iterable[Table]) -> int | None:
    """How many rows tables have together; None where one does not say."""
    known = [table.rows for table in tables]
    return None if None in known else sum(rows for rows in known if rows is not None)


def with_names(tables: Iterable[Table]) -> Iterator[tuple[Table, list[str]]]:
    """Each table that holds columns, with their names."""
    for table in tables:
        if not table.empty:
            names = list(table.kept(_FORM))
            refuse_twice(names, names, table.file)
            yield table, names


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


def batches(table: Table, names: Sequence[str], batch_rows: int | None) -> Iterator[pa.RecordBatch]:
    """The rows of some columns as they are, batch after batch."""
    rows = _ROWS if batch_rows is None else batch_rows
    for part in table.parts():
        for batch in table.read(part, dict.fromkeys(names, "other"), rows):
            for first in range(0, max(batch.num_rows, 1), rows):
                yield batch.slice(first, rows)


def opened_tables(source: Any) -> tuple[Any, list[Table]]:
    """A source as others read it too, and its tables, opened and looked at."""
    if isinstance(source, Mapping) and not any(map(_has_columns, source.values())):
        source = _table_of(source)
    refuse_unread(source)
    if not is_frame(source) and (hasattr(source, "shape") or hasattr(source, "dtype")):
        raise CallError(
            f"found {type(source).__name__}, which names no columns; expected a path, a data "
            'frame, or a dictionary of columns such as {"age": ages}'
        )
    tables, _ = tables_of(source, Options(labelled=False))
    seen: dict[str, Any] = {}
    for table in tables:
        table.survey(seen, _FORM, ())
    return source, tables


def _has_columns(values: Any) -> bool:
    """Whether what stands under a name is a whole frame, as in a dictionary of splits."""
    return is_frame(values) and any(
        hasattr(values, name) for name in ("columns", "schema", "column_names")
    )


def _table_of(columns: Mapping[Any, Any]) -> pa.Table:
    """A dictionary of arrays as a table."""
    made: dict[str, Any] = {}
    for name, values in columns.items():
        try:
            made[str(name)] = values if isinstance(values, pa.ChunkedArray) else _array(values)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            said = " ".join(str(error).split())[:160]
            raise CallError(
                f"column {str(name)!r} is no column of one type ({said}); expected one number, "
                "name or time a row"
            ) from None
    lengths = {name: len(values) for name, values in made.items()}
    if len(set(lengths.values())) > 1:
        (one, rows), (other, others) = sorted(lengths.items(), key=lambda each: each[1])[
            :: len(lengths) - 1
        ]
        raise CallError(
            f"column {one!r} has {rows:,} rows, and {other!r} {others:,}; expected as many in each"
        )
    return pa.table(made)


def _array(values: Any) -> Any:
    if hasattr(values, "__arrow_c_array__") or hasattr(values, "__arrow_c_stream__"):
        return (
            pa.chunked_array(values) if hasattr(values, "__arrow_c_stream__") else pa.array(values)
        )
    if getattr(values, "ndim", 1) != 1:
        raise ValueError(f"it has {values.ndim} dimensions")
    if hasattr(values, "__dlpack__") and not isinstance(values, np.ndarray):
        values = host_array(values, "a column").values
    return pa.array(values)
