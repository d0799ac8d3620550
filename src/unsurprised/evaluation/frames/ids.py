"""Ids of the rows of a frame in an engine, which are all that they are called by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unsurprised.errors import CallError, InputError, Place, StateError, told_id
from unsurprised.sources.convert import ids_in
from unsurprised.states.hashing import hashes_of_ids


@dataclass(frozen=True, slots=True)
class RowsSeen:
    """How many rows came, and a sum over their ids, by which two reads are held to the same."""

    rows: int = 0
    digest: int = 0

    def and_of(self, hashes: NDArray[np.uint64], rows: int) -> RowsSeen:
        """With some rows more, of which those have ids."""
        return self.joined(RowsSeen(rows, int(hashes.sum(dtype=np.uint64))))

    def joined(self, other: RowsSeen) -> RowsSeen:
        """Of both."""
        return RowsSeen(self.rows + other.rows, (self.digest + other.digest) % 2**64)

    def said(self) -> dict[str, int]:
        """As plain values."""
        return {"rows": self.rows, "digest": self.digest}

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> RowsSeen:
        """From plain values."""
        return cls(said["rows"], said["digest"])

    def refuse_other(self, other: RowsSeen, called: str, kept: str) -> None:
        """Raise if another read gave other rows."""
        if self == other:
            return
        several = "other rows"
        if self.rows != other.rows:
            several = f"{other.rows:,} rows, and {self.rows:,}"
        raise StateError(
            f"the {called} gave {several} when it was read before; expected the same ones each "
            f"time: keep them with {kept}, or write them to files"
        )


def ids_of(record: pa.RecordBatch, name: str) -> tuple[Any, NDArray[np.int64]]:
    """The ids of a batch, int64 or texts, and the rows that have one."""
    column = record.column(name)
    rows = np.flatnonzero(np.asarray(column.is_valid())).astype(np.int64)
    if pa.types.is_null(column.type):  # as some libraries have a partition without any
        return np.empty(0, dtype=np.int64), rows
    try:
        return ids_in(column.take(pa.array(rows)) if column.null_count else column), rows
    except InputError as error:  # of the column, and not of its first row
        raise InputError(
            error.found,
            expected=error.expected,
            remedy=error.remedy,
            place=Place(column=name),
        ) from None


def hashes_in(record: pa.RecordBatch, name: str) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The hashes of a batch's ids, and the rows that have one."""
    ids, rows = ids_of(record, name)
    return hashes_of_ids(ids), rows


def in_order(record: pa.RecordBatch, name: str) -> NDArray[np.int64]:
    """Rows by their ids, numbers by value and names as text; those without one come last."""
    ids, rows = ids_of(record, name)
    if isinstance(ids, np.ndarray):
        order = np.argsort(ids, kind="stable")
    else:
        # As `sorted` orders them; Arrow's order is that of their bytes, which is the same.
        order = np.asarray(pa.compute.sort_indices(ids), dtype=np.int64)
    others = np.setdiff1d(np.arange(record.num_rows), rows)
    return np.concatenate([rows[order], others])


def id_at(record: pa.RecordBatch, name: str, row: int) -> int | str | None:
    """The id of one row."""
    ids, rows = ids_of(record.slice(row, 1), name)
    if not len(rows):
        return None
    return int(ids[0]) if isinstance(ids, np.ndarray) else str(ids[0])


def refuse_no_id(name: str | None, called: str, with_id: str) -> str:
    """The column of the ids; an error where none is named."""
    if name is not None:
        return name
    raise CallError(
        f"the rows of a {called} have no places by which they could be told from each other, or "
        f'named in errors; say id="…": {with_id}'
    )


def twice(id: int | str, name: str) -> InputError:  # noqa: A002 - what it is
    """The error for an id that several rows have."""
    return InputError(
        f"found the id {told_id(id)} more than once",
        expected="an id of its own for every row, since rows in an engine have no other name",
        remedy="say id=… of a column whose values are distinct; a column that says which rows "
        "belong together is cluster=…",
        place=Place(column=name),
    )
