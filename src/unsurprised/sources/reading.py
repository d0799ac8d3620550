"""A source, opened: what was found in it, and its rows as batches."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from unsurprised.arrow.encodings import taken, without_encodings
from unsurprised.arrow.kinds import stands_for
from unsurprised.batches import Batch, SliceColumn
from unsurprised.copies import OfThisRelease, Record
from unsurprised.errors import InputError, Place
from unsurprised.forms import Labels
from unsurprised.interpretation import Interpretation
from unsurprised.sources.batch_size import MOST_ROWS, no_memory, rows_at_once
from unsurprised.sources.convert import Conversion
from unsurprised.sources.guard import NoMemoryError, located
from unsurprised.sources.interpreted import (
    interpretation_of,
)
from unsurprised.sources.joined import Solution
from unsurprised.sources.opened_tables import OpenedTables
from unsurprised.sources.slices import slice_column
from unsurprised.sources.table import Part, Table, refuse_twice, until_wrong
from unsurprised.sources.unchanged import unchanged
from unsurprised.states.marked_rows import MarkedRows
from unsurprised.threads import is_lack_of_threads


@dataclass(frozen=True, slots=True)
class Split(Record):
    """A part of one file, to be read by whichever thread or machine."""

    file_index: int
    part: Part


class Reading(OpenedTables):
    """What :func:`open_predictions` found; splits of it can be read at the same time.

    It is pickled for other processes of the same release, with the rows of a data frame, and of
    files with no more than their names: they are opened where they are read.

    Examples
    --------
    >>> from unsurprised.sources import open_predictions
    >>> frame = pa.table({"label": [1, 0], "probs": [[0.25, 0.75], [0.5, 0.5]]})
    >>> reading = open_predictions(frame)
    >>> reading.choices["pred"], reading.choices["kind"], reading.rows
    ('probs (list of 2)', 'probs (the default)', 2)
    >>> [batch.model for split in reading.plan() for batch in reading.batches(split)]
    [Probs(shape=(2, 2), dtype=float64)]
    """

    def __init__(
        self,
        tables: Sequence[Table],
        conversion: Conversion,
        choices: Mapping[str, str],
        joined: Solution | None = None,
        places: Sequence[int] | None = None,
    ) -> None:
        self._tables, self._conversion = tuple(tables), conversion
        #: The place of each file among all, of which these may be some: rows are hashed by it.
        self._places = tuple(range(len(self._tables)) if places is None else places)
        self._joined, self._zero_seen = joined, not conversion.classes.binding.is_open
        self._looks_later = False
        #: What was taken, told or not, for printing.
        self.choices: Mapping[str, str] = MappingProxyType(dict(choices))
        #: Names of the classes in the order of the columns; indices where they have no names.
        self.classes: tuple[str, ...] | None = conversion.classes.shown
        known = [table.rows for table in self._tables]
        #: Number of rows, where the files say it without being read.
        self.rows: int | None = (
            sum(rows for rows in known if rows is not None) if None not in known else None
        )
        #: The files, in the order of their rows; empty for a data frame.
        self.files: tuple[str, ...] = tuple(t.file for t in self._tables if t.file is not None)

    def __reduce__(self) -> tuple[Any, ...]:
        # The classes within are no one's outside, and so belong to one release.
        return _reopened, (OfThisRelease("an opened source"), {**vars(self), **_plain(self)})

    def __copy__(self) -> Reading:
        return copy.deepcopy(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Reading:
        return _reopened(None, copy.deepcopy({**vars(self), **_plain(self)}, memo))

    @property
    def interpretation(self) -> Interpretation:
        """What was taken for what."""
        return interpretation_of(self._tables, self._conversion)

    def finish(self) -> None:
        """Raise for what only all rows together tell; called once they are read."""
        if not self._zero_seen and (error := self.unsaid_start()) is not None:
            raise error
        if self._joined is not None:
            self._joined.finish()

    def unsaid_start(self) -> InputError | None:
        """The error for labels of which none is 0; None where that would tell nothing."""
        if not self._conversion.classes.binding.is_open or self._label_kind != "integer":
            return None
        files = self.files if self._joined is None else self._joined.called
        try:
            with located(", ".join(files) or None, self.label):
                self._conversion.classes.binding.refuse_unsaid_start()
        except InputError as error:
            return error
        return None

    @property
    def zero_seen(self) -> bool:
        """Whether a label that was read is 0, or none need be."""
        return self._zero_seen

    @property
    def conversion(self) -> Conversion:
        """How rows become batches."""
        return self._conversion

    @property
    def joined(self) -> Solution | None:
        """The truth of another file, if there is one."""
        return self._joined

    @property
    def met(self) -> MarkedRows | None:
        """The rows of the truth's file that predictions were read for, where all must have one."""
        joined = self._joined
        return None if joined is None or joined.join == "inner" else joined.met

    @property
    def unmatched_rows(self) -> int:
        """Rows of the truth's file without a prediction, once all are read."""
        return 0 if self._joined is None else self._joined.unmatched

    @property
    def label(self) -> str | None:
        """The column of the truth, if it is one column."""
        return self._conversion.roles.label

    @property
    def kind(self) -> str:
        """What the predictions are: "probs", "logits" or "logprobs"."""
        return self._conversion.roles.kind

    @property
    def layout(self) -> str | None:
        """How predictions lie: "list", "map", "number" or "columns"."""
        return self._conversion.roles.layout

    @property
    def prediction_columns(self) -> tuple[str, ...]:
        """The columns of the predictions: one, or one a class in the order of the classes."""
        return self._conversion.roles.pred

    @property
    def unused_columns(self) -> tuple[str, ...]:
        """Columns of plain values that nothing was taken from; floating-point ones come last."""
        roles, schema = self._conversion.roles, self._tables[0].schema
        used = {roles.label, *roles.label_columns, *roles.pred, roles.logprob, roles.weight,
                roles.id, roles.cluster, *roles.by, *roles.left_aside,
                *roles.units.values()}  # fmt: skip
        unused = [
            column
            for column in schema
            if column.name not in used and not pa.types.is_nested(column.type)
        ]
        unused.sort(key=lambda column: bool(pa.types.is_floating(column.type)))
        return tuple(column.name for column in unused)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of maps in the order of the classes; none where predictions lie otherwise."""
        return self._conversion.roles.keys

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """Names of the classes, where they have names and are not only numbered."""
        return self._conversion.classes.names

    @property
    def spoken_of(self) -> int:
        """The class, of two, that one number a row is the probability of."""
        return self._conversion.classes.binding.spoken_of

    @property
    def positive_said(self) -> bool:
        """Whether somebody said which class that is."""
        return self._conversion.classes.binding.positive is not None

    @property
    def has_named_labels(self) -> bool:
        """Whether the label column holds the classes' names rather than their indices."""
        named = self._conversion.classes.binding.integers is not None
        return self._label_kind == "text" or (self._label_kind is not None and named)

    @property
    def _label_kind(self) -> str | None:
        first = next((table for table in self._tables if not table.empty), None)
        if self.label is None or first is None:
            return None
        kind = stands_for(first.schema.field(self.label).type)
        return "integer" if kind == "float" else kind

    @property
    def by(self) -> tuple[str, ...]:
        """The columns to slice by."""
        return self._conversion.roles.by

    @property
    def class_count(self) -> int:
        """How many classes a prediction has."""
        return self._conversion.classes.count

    @staticmethod
    def release() -> None:
        """Give back what pyarrow keeps of the memory that batches were in."""
        pa.default_memory_pool().release_unused()

    def plan(self) -> list[Split]:
        """The splits in the order of their rows."""
        return [
            Split(index, part)
            for index, table in enumerate(self._tables)
            if not table.empty
            for part in table.parts()
        ]

    def batches(self, split: Split) -> Iterator[Batch]:
        """The rows of a split as batches.

        Rows before a wrong one are given before its error is raised, so that which row is reported
        does not depend on the size of the batches.
        """
        table = self._tables[split.file_index]
        with unchanged(table.stamps, later=self._looks_later), self.in_memory(table):
            yield from self._batches(table, split)

    def columns_of(self, table: Table) -> Mapping[str, str]:
        """The columns of the predictions, and those that stand beside them."""
        return self._conversion.columns

    def _batches(self, table: Table, split: Split) -> Iterator[Batch]:
        size = rows_at_once(table, self._conversion)
        first = split.part.first_row
        for record in table.read(split.part, self._conversion.columns, size):
            for start in range(0, record.num_rows, size):
                piece = record.slice(start, size)
                yield from self._converted(piece, split.file_index, first + start)
            first += record.num_rows
        stated = split.part.rows
        if stated is not None and first - split.part.first_row != stated:
            raise InputError(
                f"found {first - split.part.first_row} rows from row {split.part.first_row} on",
                expected=f"{stated}, as the file states",
                remedy="the file seems to be truncated or damaged; write it again",
                place=Place(table.file),
            )

    def placed(self, error: InputError, split: Split) -> InputError:
        """An error of a row of a split, which is that of a truth's file where its label is wrong.

        The rows' ids are read once more for that.
        """
        joined, row = self._joined, error.place.row
        if joined is None or error.place.column != joined.column or not isinstance(row, int):
            return error
        first = split.part.first_row
        for record in self._tables[split.file_index].read(split.part, {joined.id: "id"}, MOST_ROWS):
            if row < first + record.num_rows:
                return joined.placed(
                    error, without_encodings(record).column(0).slice(row - first, 1)
                )
            first += record.num_rows
        return error

    def number_columns(self) -> list[str]:
        """The columns to slice by that hold numbers, which are binned."""
        first = next((table for table in self._tables if not table.empty), None)
        if first is None:
            return []
        kinds = {name: stands_for(first.schema.field(name).type) for name in self.by}
        return [name for name, kind in kinds.items() if kind in ("integer", "float")]

    def looks(self, names: Sequence[str]) -> Iterator[dict[str, SliceColumn]]:
        """Some columns to slice by, for a look before all is read.

        Of a stream that can be read only once, its first rows alone.
        """
        columns = {name: self._conversion.columns[name] for name in names}
        for table in self._tables:
            if table.empty:
                continue
            for record in table.looked(columns, MOST_ROWS):
                plainly = without_encodings(record)
                yield {name: slice_column(plainly.column(name)) for name in names}

    def survey(self, form: str) -> None:
        """Look at all rows of text, where a file in the format ``form`` needs types for them."""
        seen: dict[str, Any] = {}
        for table in self._tables:
            if not table.empty:
                with unchanged(table.stamps), self.in_memory(table):
                    table.survey(seen, form, self._conversion.columns)

    def records(self, split: Split, form: str = "Arrow") -> Iterator[tuple[pa.RecordBatch, Batch]]:
        """The rows of a split with all columns that ``form`` keeps, and what they mean.

        Without a :meth:`survey` before, columns of text that no role has a type for stay text.
        """
        table = self._tables[split.file_index]
        used = self._conversion.columns
        names = table.schema.names
        refuse_twice(names, names, table.file)
        kept = table.kept(form)
        written = [*(name for name in self.prediction_columns if name not in kept), *kept]
        columns = used | {name: used.get(name, role) for name, role in kept.items()}
        with unchanged(table.stamps), self.in_memory(table):
            yield from self._records(table, split, columns, written)

    def _records(
        self, table: Table, split: Split, columns: Mapping[str, str], written: Sequence[str]
    ) -> Iterator[tuple[pa.RecordBatch, Batch]]:
        used = self._conversion.columns
        size = rows_at_once(table, self._conversion)
        first = split.part.first_row
        for record in table.read(split.part, columns, size):
            for start in range(0, record.num_rows, size):
                piece = record.slice(start, size)
                at = first + start
                for batch in self._converted(piece.select(list(used)), split.file_index, at):
                    rows = piece.select(written)
                    numbers = batch.row_numbers
                    yield (
                        (
                            rows.slice(0, batch.size)
                            if numbers is None
                            else taken(rows, numbers - at)
                        ),
                        batch,
                    )
            first += record.num_rows

    def _converted(self, record: pa.RecordBatch, index: int, first: int) -> Iterator[Batch]:
        file, place = self._tables[index].file, self._places[index]

        def convert(rows: pa.RecordBatch) -> Batch:
            batch = self._conversion.batch(rows, first, file=file, file_index=place)
            if not self._zero_seen and isinstance(batch.truth, Labels):
                self._zero_seen = bool((batch.truth.indices() == 0).any())
            return batch

        try:
            yield from until_wrong(record, convert)
        except InputError as error:
            row = error.place.row if isinstance(error.place.row, int) else 0
            raise error.located(file=file, row=first + row) from None

    @contextmanager
    def in_memory(self, table: Table | None = None) -> Iterator[None]:
        """Say what a batch takes, where there is not as much memory."""
        try:
            yield
        except (MemoryError, NoMemoryError):
            raise self.no_memory(table) from None
        except RuntimeError as error:
            if not is_lack_of_threads(error):
                raise
            raise self.no_memory(table) from None

    def no_memory(self, table: Table | None = None) -> NoMemoryError:
        """The error for a lack of memory: what rows take at once, and how to ask for less."""
        return no_memory(table or self._tables[0], self._conversion)


def _plain(reading: Reading) -> dict[str, Any]:
    return {"choices": dict(reading.choices)}


def _reopened(_: Any, held: dict[str, Any]) -> Reading:
    """A reading that found the same; files are opened when they are read, as always."""
    reading = Reading.__new__(Reading)
    vars(reading).update(held, choices=MappingProxyType(held["choices"]))
    return reading
