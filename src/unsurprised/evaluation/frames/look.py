"""A first look at all partitions of a frame: what columns there are, and where numbers are cut."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unsurprised.arrow.kinds import stands_for
from unsurprised.engines.tasks import Done
from unsurprised.errors import InputError, Place
from unsurprised.evaluation.bins import Bins, NumberLook
from unsurprised.evaluation.frames.ids import RowsSeen, hashes_in, id_at, twice
from unsurprised.evaluation.slicing import look_at
from unsurprised.sources.frames import FrameTable
from unsurprised.sources.options import Options
from unsurprised.sources.partitions import (
    held_schema,
    plain_schema,
    plainly,
    typed_as,
    united,
)
from unsurprised.sources.slices import slice_column
from unsurprised.sources.table import refuse_twice, require
from unsurprised.sources.witnesses import (
    Rows,
    concatenated,
    looked_at,
    rows_looked_at,
    shown,
    smallest,
    told_or_usual,
    witnesses_in,
)

#: By their bytes, for PyArrow cannot hash a schema with metadata in every version.
_Schemas: TypeAlias = dict[tuple[bytes, bytes], tuple[pa.Schema, pa.Schema]]


@dataclass
class FrameLook:
    """What was seen of the rows of some partitions, a bounded number of them; it merges."""

    options: Options
    seen: RowsSeen = field(default_factory=RowsSeen)
    #: As libraries say, and as the values do: see :func:`without_values`.
    schemas: _Schemas = field(default_factory=dict)
    numbers: dict[str, NumberLook] = field(default_factory=dict)
    #: The few rows that are looked at, of each schema apart.
    few: list[pa.RecordBatch] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The column of the ids."""
        return self.options.id or ""

    def add(self, record: pa.RecordBatch) -> None:
        """Look at some rows."""
        refuse_twice(record.schema.names, record.schema.names, None)
        _refuse_missing(record, self.options)
        schema = plain_schema(record)
        self.schemas.update(_schemas([(schema, held_schema(record, schema))]))
        rows = plainly(record.select(looked_at(schema, self.options)))
        hashes, places = hashes_in(rows, self.id)
        self.seen = self.seen.and_of(hashes, rows.num_rows)
        for name in self.options.by:
            kind = stands_for(rows.schema.field(name).type)
            if kind in ("integer", "float"):
                look = self.numbers.setdefault(name, NumberLook())
                look_at(slice_column(rows.column(name)), look)
        named = rows if len(places) == rows.num_rows else rows.take(pa.array(places))
        chosen, witnesses = _chosen(named, hashes, self.options, len(schema))
        self._hold([shown(named.take(pa.array(chosen)), witnesses)])

    def _hold(self, few: Iterable[pa.RecordBatch]) -> None:
        self.few += few
        if len(self.few) > _HELD_APART:
            self._settle()

    def merge(self, other: FrameLook) -> FrameLook:
        """Add what was seen of other partitions."""
        self.seen = self.seen.joined(other.seen)
        self.schemas |= other.schemas
        for name, look in other.numbers.items():
            self.numbers.setdefault(name, NumberLook()).merge(look)
        self._hold(other.few)
        return self

    def _settle(self) -> None:
        """Of the rows that are held keep those that are looked at."""
        apart: dict[bytes, list[pa.RecordBatch]] = {}
        for batch in self.few:
            apart.setdefault(_data_of(batch.schema), []).append(batch)
        self.few = []
        for batches in apart.values():
            rows = concatenated(batches)
            self.few.append(rows.take(pa.array(self._chosen_of(rows))))

    def rows(self) -> pa.Table:
        """The rows by which it is decided what columns mean, as of one type each.

        Raises
        ------
        InputError
            There are no rows, none has an id, or two have the same; partitions do not go together.
        """
        if not self.seen.rows:
            raise InputError("found no rows", expected="at least one")
        schema = self._schema()
        self._refuse_other_integers()
        rows = concatenated([typed_as(batch, schema) for batch in self.few])
        if not rows.num_rows:
            raise InputError(
                "found null in every row",
                expected="an id of its own for every row",
                place=Place(column=self.id),
            )
        rows = rows.take(pa.array(self._chosen_of(rows)))
        hashes = hashes_in(rows, self.id)[0][: rows_looked_at(len(rows.schema))]
        again = np.flatnonzero(hashes[1:] == hashes[:-1])
        if len(again):
            raise twice(id_at(rows, self.id, int(again[0])) or "", self.id)
        return pa.Table.from_batches([rows])

    def _refuse_other_integers(self) -> None:
        """Raise for ids of uint64 beside others: they are hashed as names, as they may not fit."""
        kinds = {held.field(self.id).type for _, held in self.schemas.values()}
        others = sorted(str(kind) for kind in kinds if stands_for(kind) == "integer")
        if pa.uint64() in kinds and len(others) > 1:
            raise InputError(
                f"found {others[0]} in some partitions and uint64 in others",
                expected="one type in all partitions",
                remedy="cast the column to it before",
                place=Place(column=self.id),
            )

    def _chosen_of(self, rows: pa.RecordBatch) -> Rows:
        """Of rows that were chosen already, those that are chosen of all."""
        width = max(len(said) for said, _ in self.schemas.values())
        return _chosen(rows, hashes_in(rows, self.id)[0], self.options, width)[0]

    def _schema(self) -> pa.Schema:
        """The schema of all rows; of a column without any value, as the library says."""
        names = {name for said, _ in self.schemas.values() for name in said.names}
        named = {
            name for said, _ in self.schemas.values() for name in told_or_usual(said, self.options)
        }
        held = united((held for _, held in self.schemas.values()), names - named)
        said = united((said for said, _ in self.schemas.values()), names)
        fields = [
            empty if pa.types.is_null(field.type) else field
            for field, empty in zip(held, said, strict=True)
        ]
        return pa.schema(fields, metadata=held.metadata)

    def bins(self, names: Sequence[str]) -> dict[str, Bins]:
        """Where some columns of numbers are cut."""
        return {name: self.numbers.get(name, NumberLook()).bins() for name in names}

    def done(self) -> Done:
        """What a task returns of its partition."""
        self._settle()
        return Done(
            (),
            facts={
                "seen": self.seen.said(),
                "schemas": list(self.schemas),
                "numbers": {name: look.said() for name, look in self.numbers.items()},
                "few": [_written(batch) for batch in self.few],
            },
        )

    @classmethod
    def of_done(cls, facts: Mapping[str, Any], options: Options) -> FrameLook:
        """What :meth:`done` told."""
        return cls(
            options,
            RowsSeen.of_said(facts["seen"]),
            _schemas((_schema_of(said), _schema_of(held)) for said, held in facts["schemas"]),
            {name: NumberLook.of_said(look) for name, look in facts["numbers"].items()},
            [batch for data in facts["few"] for batch in pa.ipc.open_stream(data)],
        )


#: Batches that are held until the few rows that count are chosen among them.
_HELD_APART = 16


def look_of(batches: Iterable[pa.RecordBatch], options: Options) -> Done:
    """What there is to see of one partition."""
    look = FrameLook(options)
    for batch in batches:
        if batch.num_rows:
            look.add(batch)
    return look.done()


def _refuse_missing(rows: pa.RecordBatch, options: Options) -> None:
    """Raise if a column that is looked at by its name is not there."""
    told = ((options.id or "", "id"), *((name, "by") for name in options.by))
    for name, option in told:
        if name not in rows.schema.names:
            require(FrameTable(rows), name, option)


def _chosen(
    rows: pa.RecordBatch, hashes: NDArray[np.uint64], options: Options, width: int
) -> tuple[Rows, Rows]:
    """The rows that stand for all, those of the smallest hashes first; and where witnesses lie."""
    first = smallest(hashes, rows_looked_at(width))
    witnesses = witnesses_in(rows, hashes, options)
    others = np.setdiff1d(witnesses, first)
    chosen = np.concatenate([first, others[np.argsort(hashes[others], kind="stable")]])
    return chosen, np.flatnonzero(np.isin(chosen, witnesses))


def _schemas(pairs: Iterable[tuple[pa.Schema, pa.Schema]]) -> _Schemas:
    return {(_data_of(said), _data_of(held)): (said, held) for said, held in pairs}


def _data_of(schema: pa.Schema) -> bytes:
    data: bytes = schema.serialize().to_pybytes()
    return data


def _schema_of(data: bytes) -> pa.Schema:
    return pa.ipc.read_schema(pa.py_buffer(data))


def _written(batch: pa.RecordBatch) -> bytes:
    """A batch as Arrow's stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    data: bytes = sink.getvalue().to_pybytes()
    return data
