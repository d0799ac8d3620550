"""Files, frames and dictionaries of arrays → the state of a data set."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import pyarrow as pa

from unsurprised.addresses import named
from unsurprised.dataset_drift.agreement import Agreed, Named, agreed
from unsurprised.dataset_drift.base import SCHEMA, DriftBase
from unsurprised.dataset_drift.counting import MOST_COUNTERS, ColumnCounter, WindowCounter
from unsurprised.dataset_drift.model_state import ModelState
from unsurprised.dataset_drift.plans.on_engine import AnySent, columns_on, predictions_on
from unsurprised.dataset_drift.plans.work import ColumnsWork, surveyed_files
from unsurprised.dataset_drift.windows import TimeColumnsSought
from unsurprised.engines.plan_texts import COLUMNS, PREDICTIONS
from unsurprised.errors import CallError, StateError
from unsurprised.evaluation.engine import over_rows, over_splits
from unsurprised.evaluation.plans.planning import Plan
from unsurprised.sources.files import binary, first_bytes
from unsurprised.sources.guard import guarded
from unsurprised.sources.opening import open_predictions
from unsurprised.sources.options import Options
from unsurprised.sources.paths import expanded
from unsurprised.sources.table import Table
from unsurprised.sources.whole_tables import WholeTables, rows_of, surveyed_tables
from unsurprised.states.mistaken import HEAD_BYTES, schema_in

Progress = Callable[[int], None]

#: How the JSON of a saved state is called, and that of plans, without their versions.
_STATE, *_PLANS = (each.partition("/")[0] for each in (SCHEMA, COLUMNS, PREDICTIONS))


@dataclass(frozen=True)
class DataSet:
    """One of the two data sets: rows to be read, or a state that was saved."""

    tables: tuple[Table, ...]
    state: DriftBase | None
    files: tuple[str, ...]
    #: What the tables are of.
    source: Any = None
    #: The types of columns of text.
    types: Mapping[str, pa.DataType | None] = field(default_factory=dict)
    #: What reads the rows; None: threads of this process.
    engine: Any = None

    @classmethod
    def opened(cls, source: Any, engine: Any = None, *, partial: bool = False) -> DataSet:
        """A state, the files of saved ones (which are merged), files, a frame, or columns.

        ``partial``: splits of the plan that a state is of may be missing.
        """
        if isinstance(source, DriftBase):
            return cls((), _whole(source, partial=partial), ())
        saved = _saved_files(source)
        if saved:
            return cls((), _whole(_merged(saved), partial=partial), tuple(saved))
        source, tables, types = (
            surveyed_tables(source) if engine is None else surveyed_files(source)
        )
        files = tuple(table.file for table in tables if table.file is not None)
        return cls(tuple(tables), None, files, source, types, engine)

    def on(self, engine: Any) -> DataSet:
        """The same files, whose rows an engine reads; None: threads of this process."""
        return replace(self, engine=engine)

    @property
    def rows(self) -> int | None:
        """How many rows are to be read; None where that is not known."""
        return rows_of(self.tables)

    def read(self, batch_rows: int | None = None, progress: Progress | None = None) -> DriftBase:
        """The state of all rows, which are read once."""
        if self.state is not None:
            return self.state
        found = agreed(self.tables, self.types)
        return self._collected(found, ColumnCounter, batch_rows, progress).state

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

        def made() -> ModelState:
            return ModelState(label or "", ", ".join(reading.prediction_columns))

        if self.engine is None or not reading.plan():
            return over_rows(reading, made, progress=progress)
        plan = Plan.of(reading, options, top=0, sampled=False)
        make = partial(ModelState, made().label, made().pred)
        return predictions_on(self.engine, plan, make, progress)

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
        sought = TimeColumnsSought(time, batch_rows)
        found = agreed(self.tables, self.types, sought)
        make = partial(WindowCounter, span=span, columns=sought.found)
        whole, windows = self._collected(found, make, batch_rows, progress).whole()
        return whole, sought.found.last, windows

    def _collected(
        self,
        found: Agreed,
        make: Callable[[list[str]], AnySent],
        batch_rows: int | None,
        progress: Progress | None,
    ) -> AnySent:
        """The rows of all tables in a collector, or the error of the first one with one."""
        collected = self._over(found.tables, partial(make, found.names), batch_rows, progress)
        for place, table, names in found.apart:
            self._over([(place, table, names)], partial(make, names), batch_rows, progress)
        if found.error is not None:
            raise found.error
        return collected

    def _over(
        self,
        tables: Sequence[Named],
        make: Callable[[], AnySent],
        batch_rows: int | None,
        progress: Progress | None,
    ) -> AnySent:
        """The rows of some tables in a collector."""
        if self.engine is not None:
            places, names = [place for place, _, _ in tables], tables[0][2] if tables else []
            work = ColumnsWork.of(self.tables, places, names, self.types, batch_rows)
            files = [table.file or "" for table in self.tables]
            return columns_on(self.engine, work, files, make, progress)
        rows = WholeTables(
            [(table, names) for _, table, names in tables],
            batch_rows,
            [place for place, _, _ in tables],
        )
        return over_splits(rows, rows.plan(), make, progress=progress, most=MOST_COUNTERS)


def _whole(state: DriftBase, *, partial: bool) -> DriftBase:
    """A state; an error where it lacks splits of its plan."""
    if state.share is not None:
        state.share.refuse_wrong(partial=partial)
    return state


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
    kinds = {file: _kind_of(file) for file in files}
    for file, kind in kinds.items():
        _refuse_plan(file, kind)
    others = [file for file, kind in kinds.items() if kind != _STATE]
    if others and len(others) < len(files):
        raise CallError(
            f"{others[0]}: this is no saved state, and {_first_state(kinds)} is one; expected "
            "states alone, or data alone"
        )
    return [] if others else files


def _kind_of(file: str) -> str:
    """The name of the JSON of this project that a file holds; empty for data."""
    with guarded(file, "JSON"):
        return schema_in(first_bytes(file, HEAD_BYTES))


def _refuse_plan(file: str, kind: str) -> None:
    """Raise for a plan, of columns or of predictions: the counts of its rows are not in it."""
    if kind in _PLANS:
        raise CallError(
            f"{file}: this is a plan, which holds no rows and no counts; count its rows first: "
            f"unsurprised drift --plan {file} --save FILE"
        )


def _first_state(kinds: Mapping[str, str]) -> str:
    return next(file for file, kind in kinds.items() if kind == _STATE)


def _merged(files: Sequence[str]) -> DriftBase:
    state = DriftBase()
    for file in files:
        with guarded(file, "JSON"), binary(file) as stream:
            text = stream.read()
        try:
            state.merge(DriftBase.from_json(text))
        except StateError as error:
            raise StateError(f"{file}: {error}") from None
    return state
