"""All rows of a data set, read once: a sample of them, and counts of what holds categories."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from unsurprised.class_names.names import listed
from unsurprised.column_ranking.category_codes import BatchCodes, batch_codes, nothing
from unsurprised.column_ranking.pair_counts import PairCounts
from unsurprised.column_ranking.row_sample import RowSample
from unsurprised.column_ranking.settings import MiSettings
from unsurprised.errors import InputError, Place
from unsurprised.sources.guard import guarded
from unsurprised.sources.table import Table, require
from unsurprised.sources.whole_tables import batches, with_names

Progress = Callable[[int], object]


@dataclass(frozen=True)
class ReadRows:
    """What is kept of a data set."""

    #: How many rows there are, and some of them.
    rows: int
    sample: pa.Table
    #: Of each column its counts against y (and what is given); of these two their own.
    counts: Mapping[str, PairCounts]
    #: The file, where there is one alone.
    file: str | None

    @property
    def is_sampled(self) -> bool:
        """Whether there are more rows than were kept."""
        return bool(self.sample.num_rows < self.rows)


def read_tables(
    tables: Sequence[Table], settings: MiSettings, progress: Progress | None = None
) -> ReadRows:
    """The rows of tables that are opened."""
    sample, first = RowSample(settings.sample), None
    counts: dict[str, PairCounts] = {}
    for table, names in with_names(tables):
        for name, option in settings.options:
            require(table, name, option)
        first = names if first is None else first
        _refuse_other_names(table, names, first)
        for batch in batches(table, names, settings.batch_rows):
            with guarded(table.file, table.format):
                sample.update(batch.select(first))
                if batch.num_rows:
                    _count(batch, settings, counts)
            if progress is not None:
                progress(batch.num_rows)
    file = tables[0].file if len(tables) == 1 else None
    if not sample.rows:
        raise _without_rows(first, settings.y, tables[0].file)
    return ReadRows(sample.rows, sample.table(), counts, file)


def _without_rows(names: list[str] | None, y: str, file: str | None) -> InputError:
    found = "there are no columns" if names is None else f"columns {listed(names)} have no rows"
    return InputError(
        found,
        expected=f"a column {y!r} and others beside it, of at least two rows",
        remedy="look at what wrote the data, or at what was left out of them",
        place=Place(file),
    )


def _count(batch: pa.RecordBatch, settings: MiSettings, counts: dict[str, PairCounts]) -> None:
    """Add a batch to the counts of all columns that hold categories."""
    target = _codes(batch, settings.y, settings)
    if target is not None and settings.given is not None:
        given = _codes(batch, settings.given, settings)
        target = None if given is None else target.beside(given)
    for name in batch.schema.names:
        pairs = counts.setdefault(name, PairCounts())
        beside = nothing(batch.num_rows) if name in (settings.y, settings.given) else target
        if not pairs.given_up:
            pairs.update(None if beside is None else _codes(batch, name, settings), beside)


def _codes(batch: pa.RecordBatch, name: str, settings: MiSettings) -> BatchCodes | None:
    return None if name in settings.numbers else batch_codes(batch.column(name))


def _refuse_other_names(table: Table, names: Sequence[str], first: Sequence[str]) -> None:
    """Rows without a column would be taken for nulls of it."""
    odd = sorted({*names} ^ {*first})
    if odd:
        has = "lacks" if odd[0] in first else "alone has"
        raise InputError(
            f"it {has} the column {odd[0]!r}",
            expected="the columns of the first file in each",
            place=Place(table.file),
        )
