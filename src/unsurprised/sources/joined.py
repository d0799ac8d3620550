"""Truth in another file: rows with the same id belong together."""

from __future__ import annotations

import copy
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from unsurprised.arrow.encodings import without_encodings
from unsurprised.arrow.kinds import plain, stands_for
from unsurprised.class_names.names import listed
from unsurprised.errors import InputError, Place, quoted_id, told_id
from unsurprised.sources.agreement import other_type
from unsurprised.sources.columns import usual_label
from unsurprised.sources.hive import integer_partitions
from unsurprised.sources.key_index import KeyIndex
from unsurprised.sources.options import Options
from unsurprised.sources.stores.ahead import Wanted
from unsurprised.sources.table import Part, Table, require, until_wrong
from unsurprised.sources.tables import tables_of
from unsurprised.sources.unchanged import unchanged
from unsurprised.states.marked_rows import MarkedRows


class Solution:
    """The truth by id, in memory: an id and a label a row, however wide the predictions are.

    ``integers`` are columns named by folders that hold some; by default, the files tell.
    """

    def __init__(
        self, source: Any, options: Options, integers: Collection[str] | None = None
    ) -> None:
        assert options.id is not None
        self.join, self.id = options.join, options.id
        alone = replace(options, truth=None, join="exact", pred=None, labelled=False)
        tables, _ = tables_of(source, alone, integers)
        names = [table.file for table in tables if table.file is not None]
        #: Columns that folders name and that hold some, in all files.
        self.integers = integer_partitions(names) if integers is None else frozenset(integers)
        tables = [table for table in tables if not table.empty]
        if not tables:
            raise InputError("holds no row", expected="the truth of each id")
        first = tables[0]
        for table in tables:
            require(table, self.id, "id")
        self.label = options.label or usual_label(first, {self.id})
        self.field = _field_of_all(tables, self.label)
        #: What the label is called among the columns of the predictions.
        self.column = self.label
        self.file = first.file
        #: All that hold rows; None for a frame.
        self.files = tuple(table.file for table in tables)
        self.stamps = tuple(stamp for table in tables for stamp in table.stamps)
        #: How many rows all files up to each have.
        self._ends: tuple[int, ...] = ()
        self._keys, self._labels = self._read(tables)
        self._seen = np.zeros(len(self._keys), dtype=bool)
        self._index = KeyIndex.of(self._keys)
        self._refuse_twice()

    def __deepcopy__(self, memo: dict[int, Any]) -> Solution:
        other = copy.copy(self)  # keys, labels and their index are never written to
        other._seen = self._seen.copy()
        return other

    @property
    def described(self) -> str:
        """What is joined, in words."""
        return f"{self.label} of {self.file or 'the frame'}, joined by {self.id}"

    @property
    def called(self) -> tuple[str, ...]:
        """The files as errors call them; a frame by the name of the argument."""
        return tuple(file or "truth" for file in self.files)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self._keys)

    @property
    def met(self) -> MarkedRows:
        """The rows that predictions were read for."""
        return MarkedRows.of(self._seen)

    def meet(self, rows: MarkedRows) -> None:
        """Take predictions of these rows for read, by whomever."""
        self._seen |= rows.marked

    @property
    def unmatched(self) -> int:
        """How many rows have met no prediction yet."""
        return int((~self._seen).sum())

    def labels_of(self, ids: pa.Array) -> pa.Array:
        """The label of each id; null where there is none, which is an error unless allowed."""
        found = self._index.places(as_keys(ids))
        absent = found < 0
        if absent.any() and self.join == "exact":
            row = int(absent.argmax())
            raise InputError(
                f"found the id {quoted_id(ids[row].as_py())}, which {self.file or 'the truth'} "
                "does not have",
                expected="the truth of every row",
                remedy='say join="inner" (--join inner) to leave such rows out and count them',
                place=Place(row=row, column=self.id),
            )
        self._seen[found[~absent]] = True
        return self._labels.take(pa.array(found, mask=absent))

    def finish(self) -> None:
        """Raise where the truth holds rows that no prediction was made for."""
        if self.join == "inner" or self._seen.all():
            return
        row = int(np.argmin(self._seen))
        count = self.unmatched
        raise InputError(
            f"{count:,} {'row has' if count == 1 else 'rows have'} no prediction; the "
            "first has the id "
            f"{quoted_id(self._keys[row].as_py())}",
            expected="a prediction for every row of the truth",
            remedy='say join="inner" (--join inner) to leave such rows out and count them',
            place=Place(self.called[self._place(row)[0]]),
        )

    def placed(self, error: InputError, ids: pa.Array) -> InputError:
        """The error of a label with its own place, by the id of the prediction that it is of."""
        file, row = self._place(int(self._index.places(as_keys(ids))[0]))
        return error.located(file=self.called[file], row=row)

    def _place(self, row: int) -> tuple[int, int]:
        """The place among the files of that of one of all rows, and its number there."""
        file = bisect_right(self._ends, row)
        return file, row - (self._ends[file - 1] if file else 0)

    def _read(self, tables: list[Table]) -> tuple[pa.Array, pa.Array]:
        keys, labels, rows = [], [], 0
        roles = {self.id: "id", self.label: "label"}
        for table in tables:
            with unchanged(table.stamps):
                for part in table.parts():
                    for batch in table.read(part, roles, 65536):
                        held = without_encodings(batch)
                        rows += held.num_rows
                        keys.append(as_keys(held.column(self.id)))
                        labels.append(self._as_in_all(held.column(self.label), table.file))
            self._ends += (rows,)
        return joined_chunks(keys, pa.large_string()), joined_chunks(labels, self.field.type)

    def _as_in_all(self, labels: pa.Array, file: str | None) -> pa.Array:
        """Labels of one file as the type that holds those of all."""
        labels, kind = decoded(labels), self.field.type
        if len(self.files) == 1 or labels.type == kind:
            return labels
        try:
            return labels.cast(kind)
        except pa.ArrowInvalid as error:
            raise InputError(
                f"found what is no {kind} ({' '.join(str(error).split())})",
                expected=f"{kind}, which holds the labels of all files",
                remedy="write the column with the same type in every file",
                place=Place(file, column=self.label),
            ) from None

    def _refuse_twice(self) -> None:
        if not self._index.may_repeat:
            return
        counts = self._keys.value_counts()
        twice = counts.filter(pc.greater(counts.field("counts"), 1)).field("values").to_pylist()
        if not twice:
            return
        row = int(self._index.places(pa.array(twice[:1], pa.large_string()))[0])
        raise InputError(
            f"{len(twice):,} ids are there twice: {listed(map(told_id, twice), 3)}",
            expected="each id once",
            place=Place(self.called[self._place(row)[0]], column=self.id),
        )


def _field_of_all(tables: Sequence[Table], label: str) -> pa.Field:
    """The column of the labels, of the type that holds those of all files; one, as it is."""
    fields = [require(table, label, "label") for table in tables]
    kinds = [plain(field.type) for field in fields]
    known = [place for place, kind in enumerate(kinds) if stands_for(kind) != "null"]
    if len(fields) == 1 or not known:
        return fields[0]
    first, kind = tables[known[0]], kinds[known[0]]
    for place in known[1:]:
        here = kinds[place]
        try:
            if stands_for(here) != stands_for(kind):
                raise pa.ArrowTypeError
            both = [pa.schema([(label, each)]) for each in (kind, here)]
            kind = pa.unify_schemas(both, promote_options="permissive").field(0).type
        except (pa.ArrowTypeError, pa.ArrowInvalid):
            raise other_type(here, kind, tables[place], first, label) from None
    return fields[0].with_type(kind)


def as_keys(ids: pa.Array) -> pa.Array:
    """Ids as text, by which integers of any width and names are the same; each by itself."""
    ids = decoded(ids)
    texts = ids.cast(pa.large_string())
    if stands_for(ids.type) != "float":
        return texts
    numbers = ids.cast(pa.float64())
    whole = pc.and_(pc.equal(numbers, pc.floor(numbers)), pc.less(pc.abs(numbers), 2.0**63))
    integers = pc.if_else(whole, numbers, 0.0).cast(pa.int64())
    return pc.if_else(whole, integers.cast(pa.large_string()), texts)


def decoded(column: pa.Array) -> pa.Array:
    """A column without a dictionary."""
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def joined_chunks(chunks: list[pa.Array], kind: pa.DataType) -> pa.Array:
    """Chunks as one array; of a type, where there is none."""
    if not chunks:
        return pa.array([], kind)
    whole = pa.chunked_array(chunks).combine_chunks()
    return whole if isinstance(whole, pa.Array) else whole.chunk(0)


class JoinedTable(Table):
    """Predictions with the truth of another file as one more column."""

    def __init__(self, table: Table, solution: Solution, pred: Any = None) -> None:
        self._table, self._solution = table, solution
        self.file, self.format, self.typed = table.file, table.format, table.typed
        self.rows, self.class_names = table.rows, table.class_names
        self.stamps = table.stamps
        if not table.empty:
            require(table, solution.id, "id")
            if solution.label in table.schema.names and pred is not None:
                solution.column = f"{solution.label} of the truth"  # the other one is a prediction
            elif solution.label in table.schema.names:
                raise InputError(
                    f"both this file and {solution.file or 'the truth'} have the column "
                    f"{solution.label!r}: whose is the truth?",
                    expected="one",
                    remedy=f"say which column is the prediction, pred={solution.label!r} (--pred "
                    f"{solution.label}) or another; that of the truth is then the truth",
                    place=Place(table.file),
                )
        self.schema = (
            table.schema
            if table.empty
            else table.schema.append(solution.field.with_name(solution.column))
        )

    def survey(self, seen: dict[str, Any], form: str, used: Collection[str]) -> None:
        """Look at the values of the predictions' rows."""
        self._table.survey(seen, form, used)

    def kept(self, form: str) -> dict[str, str]:
        """What the predictions keep, and the label."""
        return self._table.kept(form) | {self._solution.column: "other"}

    def parts(self) -> Any:
        """Those of the predictions."""
        return self._table.parts()

    def wanted(self, part: Part, columns: Mapping[str, str]) -> Iterable[Wanted]:
        """What the predictions are read from."""
        return self._table.wanted(part, self._others(columns))

    def _others(self, columns: Mapping[str, str]) -> dict[str, str]:
        """The columns that the predictions have, and their id."""
        others = {name: role for name, role in columns.items() if name != self._solution.column}
        others.setdefault(self._solution.id, "id")
        return others

    def read(
        self, part: Part, columns: Mapping[str, str], batch_rows: int
    ) -> Iterator[pa.RecordBatch]:
        """The rows of the predictions, each with its label."""
        label = self._solution.column
        others = self._others(columns)
        self._table.known_names = self.known_names
        first = part.first_row
        for batch in self._table.read(part, others, batch_rows):
            if label not in columns:
                yield batch.select(list(columns))
                continue
            try:
                for labelled in until_wrong(batch, self._labelled):
                    yield labelled.select(list(columns))
            except InputError as error:
                row = error.place.row if isinstance(error.place.row, int) else 0
                raise error.located(file=self.file, row=first + row) from None
            first += batch.num_rows

    def _labelled(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows with their labels."""
        ids = without_encodings(batch.select([self._solution.id])).column(0)
        found = self._solution.labels_of(ids)
        metadata = self._solution.field.metadata
        return batch.append_column(
            pa.field(self._solution.column, found.type, metadata=metadata), found
        )
