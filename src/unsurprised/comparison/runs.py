"""How scored rows lie on the disk: runs of columns, and the batches that came together in each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.comparison.unnamed import SpoolFile
from unsurprised.errors import StateError
from unsurprised.states.serial import whole

#: What columns are read as, places of cells apart; they are written as narrow as they are.
WIDE: dict[str, Any] = {
    "hashes": np.uint64,
    "clusters": np.uint64,
    "surprisal": np.float64,
    "weights": np.float64,
    "labels": np.int64,
    "truth_entropy": np.float64,
    "correct": np.float64,
    "batch": np.int64,
    "row": np.int64,
}
#: What all entries of a column are, whoever wrote them.
_NUMBERS: Mapping[str, Callable[[Any], Any]] = {
    "surprisal": lambda values: ~np.isnan(values),
    "weights": np.isfinite,
    "truth_entropy": np.isfinite,
    "correct": np.isfinite,
}
#: What they may be written as: the same on all machines.
_TYPES = frozenset(("|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f8"))


@dataclass(frozen=True, slots=True)
class RunColumn:
    """Where a column of a run lies in the file, and of which type it is."""

    offset: int
    dtype: np.dtype[Any]


@dataclass(frozen=True, slots=True)
class Run:
    """Some rows that were written at once."""

    rows: int
    columns: Mapping[str, RunColumn]
    #: Where each bucket begins, and the end; None where rows have no ids.
    buckets: NDArray[np.int64] | None
    #: Where the ids' texts lie, one behind the other, and their bytes, if they are texts.
    texts: tuple[int, int] | None
    #: The number of its first batch among all, and how many these are.
    first_batch: int
    batches: int
    #: The place of each cell that the columns tell, where another spool wrote them.
    cells: Mapping[str, NDArray[np.int32]] | None = None
    #: Bytes from a row to the next, where all columns but the ids lie side by side; else 0.
    step: int = 0

    @property
    def begin(self) -> int:
        """Where the first row lies, of those that lie side by side."""
        return min(column.offset for name, column in self.columns.items() if name != "ids")

    def field(self, name: str, rows: NDArray[np.uint8]) -> NDArray[Any]:
        """A column of some rows that lie side by side."""
        column = self.columns[name]
        offset = column.offset - self.begin
        return np.ndarray(len(rows), column.dtype, rows, offset, (self.step,))

    def values(self, name: str, stored: NDArray[Any]) -> NDArray[Any]:
        """What a column holds, of what was written: batches and cells as they are numbered here."""
        if name == "batch":
            _refuse_beyond(stored, self.batches)
            numbers: NDArray[np.int64] = stored.astype(np.int64) + self.first_batch
            return numbers
        if self.cells is None:
            return stored
        if name.startswith("by "):
            places = self.cells[name.removeprefix("by ")]
            _refuse_beyond(stored, len(places))
            found: NDArray[Any] = places[stored]
            return found
        if name in _NUMBERS and not _NUMBERS[name](stored).all():
            raise StateError(f"the bytes of the state make no sense: {name} of a row is no number")
        return stored

    def said(self, batches: Sequence[tuple[int, int, int]]) -> dict[str, Any]:
        """The run as dictionaries, lists and plain values; its batches by file, row and size."""
        return {
            "rows": self.rows,
            "columns": {name: [held.offset, held.dtype.str] for name, held in self.columns.items()},
            "texts": None if self.texts is None else list(self.texts),
            "buckets": None if self.buckets is None else narrowed(self.buckets).dtype.str,
            "batches": [list(batch) for batch in batches],
            "cells": None
            if self.cells is None
            else {name: places.tolist() for name, places in self.cells.items()},
            **({"step": self.step} if self.step else {}),
        }

    @classmethod
    def of_said(cls, said: Mapping[str, Any], size: int) -> tuple[Run, list[tuple[int, int, int]]]:
        """What :meth:`said` told of some of so many bytes; numbers of batches count from 0."""
        rows, texts = whole(said["rows"], "rows"), said["texts"]
        step, columns = whole(said.get("step", 0), "a step", 0, size), {}
        for name, (offset, dtype) in said["columns"].items():
            if dtype not in _TYPES:
                raise StateError(f"the bytes of the state hold a column of type {dtype!r:.40}")
            entries = rows + (name == "ids" and texts is not None)
            taken = entries * np.dtype(dtype).itemsize
            if step and name != "ids":
                taken = (rows - 1) * step + np.dtype(dtype).itemsize
            columns[name] = RunColumn(whole(offset, "an offset", 0, size - taken), np.dtype(dtype))
        if texts is not None:
            length = whole(texts[1], "the size of texts", 0, size)
            texts = whole(texts[0], "an offset", 0, size - length), length
        batches = [
            (whole(file, "a file"), whole(first, "a row"), whole(held, "rows"))
            for file, first, held in said["batches"]
        ]
        if sum(held for _, _, held in batches) != rows:
            raise StateError("the bytes of the state hold other rows than their batches")
        cells = said["cells"]
        if cells is not None:
            cells = {name: np.array(places, dtype=np.int32) for name, places in cells.items()}
        run = cls(rows, columns, None, texts, 0, len(batches), cells, step)
        run._refuse_beyond_step(size)
        return run, batches

    def _refuse_beyond_step(self, size: int) -> None:
        """Raise unless rows that lie side by side, in so many bytes, hold all their columns."""
        if not self.step:
            return
        beside = [column for name, column in self.columns.items() if name != "ids"]
        end = max(column.offset + column.dtype.itemsize for column in beside)
        if end > self.begin + self.step or self.begin + self.rows * self.step > size:
            raise StateError("the bytes of the state make no sense: a column is of no row")

    def moved(
        self,
        by: int,
        first_batch: int,
        buckets: NDArray[np.int64] | None,
        cells: Mapping[str, NDArray[np.int32]],
    ) -> Run:
        """The run where a spool has taken it in, whose cells have these places there."""
        mine = self.cells
        if mine is not None:
            for name, places in mine.items():
                _refuse_beyond(places, len(cells[name]))
        return replace(
            self,
            columns={
                name: RunColumn(held.offset + by, held.dtype) for name, held in self.columns.items()
            },
            buckets=buckets,
            texts=None if self.texts is None else (self.texts[0] + by, self.texts[1]),
            first_batch=first_batch,
            cells=cells
            if mine is None
            else {name: places[mine[name]] for name, places in cells.items()},
        )


@dataclass(frozen=True, slots=True)
class RunRows:
    """Rows of a run that lie behind each other."""

    run: Run
    start: int
    end: int

    def __len__(self) -> int:
        return self.end - self.start


def columns_of(
    file: SpoolFile, stretches: Sequence[RunRows], names: Iterable[str]
) -> dict[str, NDArray[Any]]:
    """Columns, without ids, of some rows of a file."""
    beside = [
        np.empty((len(each), each.run.step), dtype=np.uint8) if each.run.step else None
        for each in stretches
    ]
    file.fill_all(
        (each.run.begin + each.start * each.run.step, rows)
        for each, rows in zip(stretches, beside, strict=True)
        if rows is not None
    )
    found: dict[str, NDArray[Any]] = {}
    for name in names:
        if name == "ids":
            continue
        stored: list[NDArray[Any]] = []
        wanted = []
        for each, rows in zip(stretches, beside, strict=True):
            column = each.run.columns[name]
            if rows is not None:
                stored.append(each.run.field(name, rows))
                continue
            stored.append(np.empty(len(each), dtype=column.dtype))
            wanted.append((column.offset + each.start * column.dtype.itemsize, stored[-1]))
        file.fill_all(wanted)
        values, at = np.empty(sum(map(len, stretches)), dtype=WIDE.get(name, np.int32)), 0
        for each, part in zip(stretches, stored, strict=True):
            values[at : at + len(each)] = each.run.values(name, part)
            at += len(each)
        found[name] = values
    return found


def _refuse_beyond(numbers: NDArray[Any], count: int) -> None:
    """Raise unless all numbers are from 0 to before ``count``."""
    if len(numbers) and not 0 <= int(numbers.min()) <= int(numbers.max()) < count:
        raise StateError("the bytes of the state make no sense: a row is of no batch, or no cell")


def bucket_type(dtype: Any) -> np.dtype[Any]:
    """The type of the numbers by which a run tells where its buckets begin."""
    if dtype not in _TYPES:
        raise StateError(f"the bytes of the state hold buckets of type {dtype!r:.40}")
    found: np.dtype[Any] = np.dtype(dtype)
    return found


def bucket_starts(stored: NDArray[Any], rows: int) -> NDArray[np.int64]:
    """Where the buckets of a run begin, if that is what the numbers tell."""
    found: NDArray[np.int64] = stored.astype(np.int64)
    if found[0] != 0 or found[-1] != rows or (np.diff(found) < 0).any():
        raise StateError("the bytes of the state make no sense: rows are in no bucket")
    return found


def bucket_ranges(counts: NDArray[np.int64], most: int) -> Iterator[tuple[int, int]]:
    """Buckets side by side that hold at most so many rows, as far as single buckets do.

    Examples
    --------
    >>> list(bucket_ranges(np.array([3, 3, 9, 0, 1]), 6))
    [(0, 2), (2, 3), (3, 5)]
    """
    low, held = 0, 0
    for bucket, rows in enumerate(counts.tolist()):
        if bucket > low and held + rows > most:
            yield low, bucket
            low, held = bucket, 0
        held += rows
    yield low, len(counts)


def narrowed(values: NDArray[Any]) -> NDArray[Any]:
    """The same numbers in few bytes, where these hold them; in one order on all machines."""
    values = np.ascontiguousarray(_narrow(values))
    return values.astype(values.dtype.newbyteorder("<"), copy=False)


def _narrow(values: NDArray[Any]) -> NDArray[Any]:
    if not len(values) or values.dtype.kind not in "if":
        return values
    least, most = values.min(), values.max()
    if values.dtype.kind == "f":
        small = least >= 0 and most <= 1 and bool(((values == 0) | (values == 1)).all())
        return values.astype(np.uint8) if small and not np.signbit(values).any() else values
    if least < 0:
        return values
    return values.astype(np.min_scalar_type(int(most)))


def are_integers(values: Any) -> bool:
    """Whether ids are an array of integers."""
    return isinstance(values, np.ndarray) and values.dtype.kind in "iu"


def as_texts(ids: Sequence[Any]) -> Any:
    """Ids of several batches as one array of Arrow's texts."""
    import pyarrow as pa  # slow

    def text(values: Any) -> Any:
        if isinstance(values, pa.Array):
            return values.cast(pa.large_string())
        return pa.array([str(value) for value in values.tolist()], pa.large_string())

    return pa.concat_arrays([text(values) for values in ids])
