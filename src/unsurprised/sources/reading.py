"""A source, opened: what was found in it, and its rows as batches."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from unsurprised.arrow.encodings import taken, without_encodings
from unsurprised.arrow.kinds import stands_for
from unsurprised.batches import Batch, SliceColumn
from unsurprised.copies import OfThisRelease, Record
from unsurprised.errors import CallError, InputError, Place
from unsurprised.forms import Labels
from unsurprised.interpretation import Interpretation
from unsurprised.sources.agreement import check_agreement
from unsurprised.sources.classes import Classes, classes_of
from unsurprised.sources.columns import Roles, roles_in
from unsurprised.sources.convert import Conversion
from unsurprised.sources.formats import opened, stamped
from unsurprised.sources.frames import FrameTable, is_frame, no_frame, refuse_unread
from unsurprised.sources.guard import NoMemoryError, located
from unsurprised.sources.hive import refuse_folders_as_predictions, with_partitions
from unsurprised.sources.interpreted import (
    bound_how,
    interpretation_of,
    refuse_confidence,
    refuse_predicted_classes,
)
from unsurprised.sources.joined import JoinedTable, Solution
from unsurprised.sources.numpy_files import NpyTable
from unsurprised.sources.numpy_records import RecordsTable, holds_records
from unsurprised.sources.options import Options
from unsurprised.sources.paths import expanded
from unsurprised.sources.slices import slice_column
from unsurprised.sources.table import Part, Table, refuse_twice, until_wrong
from unsurprised.sources.truth_means import truth_means
from unsurprised.sources.unchanged import unchanged
from unsurprised.threads import get_num_threads, is_lack_of_threads

_BATCH_BYTES = 8 << 20
#: However wide the rows (a language model's vocabulary), a batch stays well below this.
_MOST_BYTES = 64 << 20
_FEWEST_ROWS, _MOST_ROWS = 1024, 131_072


@dataclass(frozen=True, slots=True)
class Split(Record):
    """A part of one file, to be read by whichever thread or machine."""

    file_index: int
    part: Part


class Reading:
    """What :func:`open_predictions` found; splits of it can be read at the same time.

    It is pickled for other processes of the same release, with the rows of a data frame, and of
    files with no more than their names: they are opened where they are read.

    Examples
    --------
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
    ) -> None:
        self._tables, self._conversion = tuple(tables), conversion
        self._joined, self._zero_seen = joined, not conversion.classes.binding.is_open
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
        if not self._zero_seen and self._label_kind == "integer":
            with located(", ".join(self.files) or None, self.label):
                self._conversion.classes.binding.refuse_unsaid_start()
        if self._joined is not None:
            self._joined.finish()

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
    def keys(self) -> tuple[str, ...]:
        """The keys of maps in the order of the classes; none where predictions lie otherwise."""
        return self._conversion.roles.keys

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """Names of the classes, where they have names and are not only numbered."""
        return self._conversion.classes.names

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
        with unchanged(table.stamps), self.in_memory(table):
            yield from self._batches(table, split)

    def _batches(self, table: Table, split: Split) -> Iterator[Batch]:
        size = self._batch_rows(table)
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
            for record in table.looked(columns, _MOST_ROWS):
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
        size = self._batch_rows(table)
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
        file = self._tables[index].file

        def convert(rows: pa.RecordBatch) -> Batch:
            batch = self._conversion.batch(rows, first, file=file, file_index=index)
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
        table = table or self._tables[0]
        rows, count = self._batch_rows(table), max(1, self._conversion.classes.count)
        size = rows * count * self._item_bytes(table)
        fewer = max(1, rows // 8)
        return NoMemoryError(
            f"there is not enough memory for {rows:,} rows of {count:,} classes at once, "
            f"{size / (1 << 20):,.1f} MiB and several times that while they are measured, on each "
            f"of {get_num_threads()} threads",
            remedy=f"read fewer at once, batch_rows={fewer} (--batch-rows {fewer}), on one thread "
            "(UNSURPRISED_NUM_THREADS=1)",
            place=Place(table.file),
        )

    def _batch_rows(self, table: Table) -> int:
        if self._conversion.options.batch_rows is not None:
            return self._conversion.options.batch_rows
        row_bytes = max(1, self._conversion.classes.count) * self._item_bytes(table)
        rows = max(_BATCH_BYTES // row_bytes, min(_FEWEST_ROWS, _MOST_BYTES // row_bytes))
        return int(min(max(rows, 1), _MOST_ROWS))

    def _item_bytes(self, table: Table) -> int:
        roles = self._conversion.roles
        if not roles.pred:
            return 8
        kind = table.schema.field(roles.pred[0]).type
        while getattr(kind, "value_type", None) is not None:
            kind = kind.value_type
        try:
            return max(1, int(kind.byte_width)) if not kind.num_fields else 8
        except ValueError:
            return 8


def _plain(reading: Reading) -> dict[str, Any]:
    return {"choices": dict(reading.choices)}


def _reopened(_: Any, held: dict[str, Any]) -> Reading:
    """A reading that found the same; files are opened when they are read, as always."""
    reading = Reading.__new__(Reading)
    vars(reading).update(held, choices=MappingProxyType(held["choices"]))
    return reading


def open_predictions(source: Any, options: Options | None = None) -> Reading:
    """Open files or a data frame, and decide which columns mean what.

    Parameters
    ----------
    source : path, sequence of paths, data frame, or None
        Parquet, Arrow (file, stream, Feather), CSV, TSV, JSON, npz or npy files; globs and
        folders, whose names may be columns (``label=cat``); or any object with the Arrow
        interface. ``None`` where ``label`` and ``pred`` are paths of ``.npy`` files; or the
        prediction's ``.npy`` file, with ``label`` a path.
    options : Options, optional
        What the caller says.

    Returns
    -------
    Reading
        What was found; nothing but heads of files has been read yet.

    Examples
    --------
    >>> frame = pa.table({"label": ["cat"], "p_cat": [0.9], "p_dog": [0.1]})
    >>> reading = open_predictions(frame)
    >>> reading.classes
    ('cat', 'dog')
    >>> [batch.size for split in reading.plan() for batch in reading.batches(split)]
    [1]
    """
    options = options or Options()
    tables, aside = tables_of(source, options)
    first = next((table for table in tables if not table.empty), None)
    if first is None:
        raise InputError("holds no row and names no column", place=Place(tables[0].file))
    options = _with_npy(first, options)
    joined = None
    if options.truth is not None and options.labelled:
        joined = Solution(options.truth, options)
        tables = [JoinedTable(table, joined, pred=options.pred) for table in tables]
        first = next(table for table in tables if not table.empty)
        options = replace(options, label=joined.column)
    roles = roles_in(first, options)
    refuse_twice(first.schema.names, roles.pred, first.file)
    refuse_folders_as_predictions(first, [*roles.pred, *filter(None, [roles.logprob])])
    classes, roles = classes_of(tables, first, roles, options)
    check_agreement(tables, first, roles, classes)
    for table in tables:
        table.known_names = classes.names or ()
    means = "labels" if not options.labelled else truth_means(tables, first, roles, classes.count)
    if roles.layout == "number" and options.kind is None:
        refuse_predicted_classes(tables, roles.pred[0])
        refuse_confidence(first, roles)
    choices = {**roles.choices, **_described(first, roles, classes)}
    if roles.left_aside:
        choices["left aside"] = ", ".join(roles.left_aside)
    if joined is not None:
        choices["truth"] = joined.described
    if aside:
        choices["files"] = f"{len(tables)}; of another format and left aside: {', '.join(aside)}"
    return Reading(tables, Conversion(roles, classes, options, means), choices, joined)


def tables_of(source: Any, options: Options) -> tuple[list[Table], list[str]]:
    """The files or the frame as tables, and the files that were left aside."""
    if is_frame(source):
        return [FrameTable(source)], []
    npy = _npy_options(options)
    if source is None or (not isinstance(source, str | os.PathLike) and not list(_paths(source))):
        if not npy:
            raise CallError("no file is given; expected a file, several, a glob or a folder")
        pred = options.pred if isinstance(options.pred, str) else None
        return [_npy_files(pred or options.logprob or npy[0], npy)], []
    files, aside = expanded(_paths(source))
    if npy or any(file.lower().endswith(".npy") for file in files):
        return [_npy_table(files, npy, options)], aside
    return with_partitions([opened(file) for file in files]), aside


def _paths(source: Any) -> Sequence[str | os.PathLike[str]]:
    if isinstance(source, str | os.PathLike):
        return [source]
    if isinstance(source, Sequence) and all(isinstance(s, str | os.PathLike) for s in source):
        return source
    refuse_unread(source)
    raise no_frame(source)


def _npy_options(options: Options) -> list[str]:
    told = (options.label, options.pred, options.logprob, options.weight, options.id)
    return [name for name in told if isinstance(name, str) and name.lower().endswith(".npy")]


def _npy_table(files: Sequence[str], npy: Sequence[str], options: Options) -> Table:
    others = [file for file in files if not file.lower().endswith(".npy")]
    if len(files) == 1 and not npy and holds_records(files[0]):
        return stamped(files, lambda: RecordsTable(files[0]))
    if others or len(files) > 1 or (options.labelled and not npy):
        raise CallError(
            f"{', '.join([*files, *npy][:4])}: a .npy file is one column; pass the predictions' "
            'file, and the others as label="y.npy", weight="w.npy" (--label, --weight)'
        )
    return _npy_files(files[0], [files[0], *npy])


def _npy_files(file: str, columns: Sequence[str]) -> Table:
    return stamped(columns, lambda: NpyTable(file, columns))


def _with_npy(first: Table, options: Options) -> Options:
    """The options with the file itself as the prediction, where it is an npy file."""
    if not isinstance(first, NpyTable) or options.pred is not None or options.logprob is not None:
        return options
    return replace(options, pred=first.file)


def _described(first: Table, roles: Roles, classes: Classes) -> dict[str, str]:
    told: dict[str, str] = {}
    if roles.layout == "columns":
        told["pred"] = f"{roles.model_name} ({classes.count} columns)"
    elif roles.layout == "number":
        one = classes.binding.spoken_of
        name = f"class {classes.names[one]!r}" if classes.names else "class 1"
        told["pred"] = f"{roles.pred[0]} (one number a row: {name} of two)"
    elif roles.layout is not None:
        told["pred"] = f"{roles.pred[0]} ({roles.layout} of {classes.count})"
    if classes.shown:
        told["classes"] = f"{_range(classes.shown)} ({classes.origin})"
    if roles.label and classes.names:
        kind = stands_for(first.schema.field(roles.label).type)
        if kind in ("integer", "float", "bool"):
            told["label"] = f"{roles.label} ({bound_how(kind, classes)})"
    return told


def _range(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 4 else f"{names[0]} … {names[-1]}"
