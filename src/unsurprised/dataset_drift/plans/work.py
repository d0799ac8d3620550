"""What a task is told: rows of which files to count in all columns; it opens them itself."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from unsurprised.dataset_drift.agreement import agreed
from unsurprised.dataset_drift.counting import MOST_COUNTERS
from unsurprised.errors import CallError
from unsurprised.evaluation.engine import AnyCollector, Progress, over_splits
from unsurprised.evaluation.plans.work import (
    OfFiles,
    PlannedFile,
    files_of,
    files_of_said,
    splits_of_said,
)
from unsurprised.sources.hive import integer_partitions
from unsurprised.sources.options import Options
from unsurprised.sources.reading import Split
from unsurprised.sources.recipes import refuse_no_files, refuse_standard_input
from unsurprised.sources.table import Table
from unsurprised.sources.tables import tables_of
from unsurprised.sources.whole_tables import WholeTables, surveyed_tables, with_names

#: Marks a column of text whose values no type but their JSON holds.
_AS_JSON = {b"unsurprised.json": b"1"}


@dataclass(frozen=True, slots=True)
class ColumnsWork(OfFiles):
    """Splits of some files by their numbers, and what all tasks of a plan have to know of them."""

    #: The columns in the order of the first file; none where a plan of predictions knows none.
    names: tuple[str, ...]
    #: The types of columns of text, as Arrow writes a schema, in base64; None where there is none.
    types: str | None
    #: Columns that folders name and that hold integers, in all files.
    integers: tuple[str, ...]
    batch_rows: int | None
    files: Mapping[int, PlannedFile]
    splits: Mapping[int, Split]

    @classmethod
    def of(
        cls,
        tables: Sequence[Table],
        some: Iterable[int],
        names: Sequence[str],
        types: Mapping[str, pa.DataType | None],
        batch_rows: int | None,
    ) -> ColumnsWork:
        """The work of all rows of some tables, by their places among all."""
        splits = dict(
            enumerate(Split(place, part) for place in some for part in tables[place].parts())
        )
        integers = integer_partitions(table.file or "" for table in tables)
        return cls(
            tuple(names),
            _text_of(types) if types else None,
            tuple(sorted(integers)),
            batch_rows,
            files_of(tables, splits.values()),
            splits,
        )

    def collected(
        self, make: Callable[[], AnyCollector], progress: Progress | None = None
    ) -> AnyCollector:
        """All rows of the splits in a collector."""
        if not self.splits:
            return make()
        return over_splits(
            self.opened(), self.within(), make, progress=progress, most=MOST_COUNTERS
        )

    def opened(self) -> WholeTables:
        """The files, none of which has changed, and which agree in their columns."""
        files = self.unchanged_files()
        tables, _ = tables_of(list(files.values()), Options(labelled=False), self.integers)
        types = _types_in(self.types)
        for table in tables:
            if types is None and not table.typed:
                raise CallError(
                    f"{table.file} is {table.format}, whose columns have the types that all rows "
                    "tell, and the plan is of predictions; plan for drift: unsurprised plan "
                    "--drift --pred … (us.DriftPlan)"
                )
            table.surveyed(types or {})
        if not self.names and (apart := agreed(tables, {}).error) is not None:
            raise apart
        return WholeTables(list(with_names(tables)), self.batch_rows, list(files))

    def said(self) -> dict[str, Any]:
        """The work as dictionaries, lists and plain values."""
        return {
            "names": list(self.names),
            "types": self.types,
            "integers": list(self.integers),
            "batch_rows": self.batch_rows,
            **self._said_of_files(),
        }

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> ColumnsWork:
        """The work that :meth:`said` told."""
        return cls(
            tuple(map(str, said["names"])),
            said["types"],
            tuple(said["integers"]),
            said["batch_rows"],
            files_of_said(said),
            splits_of_said(said),
        )


def surveyed_files(source: Any) -> tuple[Any, list[Table], dict[str, pa.DataType | None]]:
    """Files as :func:`.surveyed_tables` has them; an error for what others cannot open."""
    refuse_no_files(source)
    found = surveyed_tables(source)
    refuse_no_files(found[0])  # a dictionary of columns is a frame by now
    refuse_standard_input(table.file or "" for table in found[1])
    return found


def _text_of(types: Mapping[str, pa.DataType | None]) -> str:
    fields = [
        pa.field(name, kind or pa.string(), metadata=None if kind else _AS_JSON)
        for name, kind in types.items()
    ]
    return base64.b64encode(pa.schema(fields).serialize()).decode()


def _types_in(text: str | None) -> dict[str, pa.DataType | None] | None:
    if text is None:
        return None
    schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(text, validate=True)))
    return {field.name: None if field.metadata == _AS_JSON else field.type for field in schema}
