"""Scored rows on the disk: what models are compared by where memory does not hold all rows.

The file has no name, so that nothing is left of it however the process ends, and no other user can
open it. Rows with ids lie in runs, each sorted by the leading bits of the ids' hashes; those
without, in the order in which they were read. Of each run it is known where the rows of a bucket
(of a batch) begin, so that the rows of some buckets (places) are read without the others.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.comparison.records import InRecords
from unsurprised.comparison.runs import (
    Run,
    RunColumn,
    RunRows,
    are_integers,
    as_texts,
    bucket_ranges,
    bucket_starts,
    bucket_type,
    columns_of,
    narrowed,
)
from unsurprised.comparison.scored import COLUMNS, ScoredPart, ScoredRows
from unsurprised.comparison.unnamed import SpoolFile, UnnamedFile
from unsurprised.errors import StateError
from unsurprised.states.serial import must_match
from unsurprised.states.sums import Cell

#: The leading bits of a hash that tell a row's bucket.
BITS = 12
#: The bits of where a row lies that tell its place in the run.
_RUN = 40


@dataclass(frozen=True, slots=True, order=True)
class _Piece:
    """The rows of a batch, as they lie in a run."""

    file_index: int
    first_row: int
    number: int
    rows: int
    run: int
    start: int


class Spool:
    """A model's scored rows in a file without a name.

    Parameters
    ----------
    at_once : int
        About how many bytes of rows a thread keeps before it writes them.
    bits : int
        How many leading bits of an id's hash tell its bucket.
    file : SpoolFile, optional
        Where rows lie, in place of a file of its own.
    """

    def __init__(self, at_once: int, *, bits: int = BITS, file: SpoolFile | None = None) -> None:
        self.at_once, self.bits = at_once, bits
        self.rows, self.named = 0, False
        self.cells: dict[str, dict[Cell, int]] = {}
        self._lock = threading.Lock()
        self._file = UnnamedFile() if file is None else file
        self._runs: list[Run] = []
        self._pieces: list[_Piece] = []
        self._columns: tuple[str, ...] = ()
        self._texts = False

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, parts: Sequence[tuple[tuple[int, int], ScoredPart]]) -> None:
        """Write the rows of some batches; several threads may."""
        if not parts:
            return
        sizes = [len(part.hashes) for _, part in parts]
        columns, texts = self._joined([part for _, part in parts])
        named = parts[0][1].ids is not None
        with self._lock:
            first, run = len(self._pieces), len(self._runs)
            start = 0
            for (key, _), rows in zip(parts, sizes, strict=True):
                self._pieces.append(_Piece(*key, len(self._pieces), rows, run, start))
                start += rows
            buckets = None
            if named:
                columns["batch"] = np.repeat(np.arange(len(sizes)), sizes)
                columns["row"] = np.concatenate([np.arange(rows) for rows in sizes])
                columns, texts, buckets = self._sorted(columns, texts)
            written = {name: self._written(values) for name, values in columns.items()}
            at = None
            if texts is not None:
                begin, data = self._file.end, texts.buffers()[2]
                self._file.put(b"" if data is None else data)
                at, self._texts = (begin, self._file.end - begin), True
            self._runs.append(Run(start, written, buckets, at, first, len(sizes)))
            self._columns, self.named = tuple(columns), named
            self.rows += start

    def _joined(self, parts: Sequence[ScoredPart]) -> tuple[dict[str, NDArray[Any]], Any]:
        """The columns of all parts, and the ids if they are texts."""
        columns: dict[str, NDArray[Any]] = {}
        for name in COLUMNS:
            held = [getattr(part, name) for part in parts]
            if held[0] is not None:
                columns[name] = np.concatenate(held)
        for name in parts[0].by:
            columns[f"by {name}"] = np.concatenate([self._cells(name, part) for part in parts])
        ids, texts = [part.ids for part in parts], None
        if ids[0] is not None:
            if all(are_integers(values) for values in ids):
                columns["ids"] = np.concatenate([values.astype(np.int64) for values in ids])
            else:
                texts = as_texts(ids)
        return columns, texts

    def _cells(self, name: str, part: ScoredPart) -> NDArray[np.int32]:
        """The cells of a part's rows, by their places among those of all rows."""
        cells, which = part.by[name]
        with self._lock:
            found: NDArray[np.int32] = self._places(name, cells)[which]
        return found

    def _places(self, name: str, cells: Iterable[Cell]) -> NDArray[np.int32]:
        """The place of each of some cells among those of all rows."""
        known = self.cells.setdefault(name, {})
        return np.array([known.setdefault(cell, len(known)) for cell in cells], dtype=np.int32)

    def _sorted(
        self, columns: dict[str, NDArray[Any]], texts: Any
    ) -> tuple[dict[str, NDArray[Any]], Any, NDArray[np.int64]]:
        """Columns and texts by bucket, and where each bucket begins."""
        bucket = (columns["hashes"] >> np.uint64(64 - self.bits)).astype(np.uint16)
        order = np.argsort(bucket, kind="stable")
        buckets = np.zeros((1 << self.bits) + 1, dtype=np.int64)
        np.cumsum(np.bincount(bucket, minlength=1 << self.bits), out=buckets[1:])
        columns = {name: values[order] for name, values in columns.items()}
        if texts is not None:
            texts = texts.take(order)
            columns["ids"] = np.frombuffer(texts.buffers()[1], dtype=np.int64)[: len(texts) + 1]
        return columns, texts, buckets

    def _written(self, values: NDArray[Any]) -> RunColumn:
        values = narrowed(values)
        column = RunColumn(self._file.end, values.dtype)
        self._file.put(values)
        return column

    def blocks_with(
        self, others: Sequence[Spool], most_rows: int, buckets: tuple[int, int] | None = None
    ) -> Iterator[list[ScoredRows]]:
        """The rows of several models in blocks of the same ids, or of the same places.

        A block has at most so many rows of all models, unless one bucket has more. Of rows with
        ids those of some ``buckets`` are taken, from the first to before the last, or all.
        """
        spools = [self, *others]
        starts = [spool._first_places() for spool in spools]
        if not self.named:
            step = max(1, most_rows // len(spools))
            for low in range(0, self.rows, step):
                yield [
                    spool._at_places(first, low, min(low + step, spool.rows))
                    for spool, first in zip(spools, starts, strict=True)
                ]
            return
        counts = sum((spool._bucket_rows() for spool in spools), np.zeros(1 << self.bits, int))
        begin, end = buckets or (0, len(counts))
        for low, high in bucket_ranges(counts[begin:end], most_rows):
            yield [
                spool._in_buckets(first, begin + low, begin + high)
                for spool, first in zip(spools, starts, strict=True)
            ]

    def _bucket_rows(self) -> NDArray[np.int64]:
        found = np.zeros(1 << self.bits, dtype=np.int64)
        for run in self._runs:
            if run.buckets is not None:
                found += np.diff(run.buckets)
        return found

    def _first_places(self) -> NDArray[np.int64]:
        """The place of the first row of each batch among all rows, by the batch's number."""
        first, place = np.zeros(len(self._pieces) + 1, dtype=np.int64), 0
        for piece in sorted(self._pieces):
            first[piece.number] = place
            place += piece.rows
        return first

    def _in_buckets(self, first: NDArray[np.int64], low: int, high: int) -> ScoredRows:
        """The rows of some buckets."""
        stretches, where = [], [np.empty(0, dtype=np.int64)]
        for number, run in enumerate(self._runs):
            assert run.buckets is not None
            start, end = run.buckets[[low, high]].tolist()
            if start < end:
                stretches.append(RunRows(run, start, end))
                where.append((np.int64(number) << _RUN) + np.arange(start, end))
        columns = self._read(stretches)
        places = first[columns.pop("batch")] + columns.pop("row")
        return self._rows_of(columns, StoredIds(self, np.concatenate(where)), places)

    def _at_places(self, first: NDArray[np.int64], low: int, high: int) -> ScoredRows:
        """The rows of some places, in their order."""
        stretches = []
        for piece in sorted(self._pieces):
            begin = int(first[piece.number])
            start, end = max(low, begin) - begin, min(high, begin + piece.rows) - begin
            if start < end:
                run = self._runs[piece.run]
                stretches.append(RunRows(run, piece.start + start, piece.start + end))
        return self._rows_of(self._read(stretches), None, np.arange(low, high))

    def _rows_of(
        self, columns: dict[str, NDArray[Any]], ids: Any, places: NDArray[np.int64]
    ) -> ScoredRows:
        by = {name: columns[f"by {name}"] for name in self.cells}
        cells = {name: list(known) for name, known in self.cells.items()}
        columns = {
            name: values for name, values in columns.items() if not name.startswith(("by ", "ids"))
        }
        told: dict[str, Any] = dict.fromkeys(COLUMNS)
        return ScoredRows(**{**told, **columns}, ids=ids, by=by, cells=cells, places=places)

    def _read(self, stretches: Sequence[RunRows]) -> dict[str, NDArray[Any]]:
        return columns_of(self._file, stretches, self._columns)

    @property
    def size(self) -> int:
        """How many bytes :meth:`pieces` are."""
        held = (run.buckets for run in self._runs if run.buckets is not None)
        return self._file.end + sum(narrowed(buckets).nbytes for buckets in held)

    def said(self) -> dict[str, Any]:
        """How the rows lie in :meth:`pieces`, as dictionaries, lists and plain values."""
        return self._said(self._runs)

    def in_records(self) -> InRecords:
        """The same rows in runs that hold the columns of each row side by side."""
        return InRecords(self._runs, self._file, self._said)

    def _said(self, lying: Iterable[Run]) -> dict[str, Any]:
        runs = []
        for run in lying:
            pieces = self._pieces[run.first_batch : run.first_batch + run.batches]
            runs.append(run.said([(each.file_index, each.first_row, each.rows) for each in pieces]))
        return {
            "bits": self.bits,
            "named": self.named,
            "cells": {name: [list(cell) for cell in known] for name, known in self.cells.items()},
            "runs": runs,
        }

    def pieces(self) -> Iterator[bytes]:
        """The rows as they lie on the disk, and where the buckets of each run begin."""
        yield from self._file.pieces()
        for run in self._runs:
            if run.buckets is not None:
                yield narrowed(run.buckets).tobytes()

    def adopt(self, said: Mapping[str, Any], pieces: Iterable[bytes]) -> None:
        """Add the rows of another spool, by what it has said, as they are.

        Raises
        ------
        StateError
            They are not what was said, or rows of another kind.
        """
        with self._lock:
            start = self._file.end
            for piece in pieces:
                self._file.put(piece)
            size, self._file.end = self._file.end - start, start
            self._take_in(said, size)

    def lying(self, said: Mapping[str, Any], size: int) -> None:
        """Add rows of another spool, by what it has said, that lie behind the others already.

        Raises
        ------
        StateError
            As for :meth:`adopt`.
        """
        with self._lock:
            self._take_in(said, size)

    def _take_in(self, said: Mapping[str, Any], size: int) -> None:
        """Know the runs that lie behind all others, in so many bytes."""
        if not said["runs"]:
            return
        must_match("scored rows", self.bits, said["bits"])
        if self._runs:
            must_match("scored rows, by whether they have ids", self.named, said["named"])
        named, start, count = bool(said["named"]), self._file.end, (1 << self.bits) + 1
        types = [bucket_type(told["buckets"]) for told in said["runs"]] if named else []
        held = size - count * sum(each.itemsize for each in types)
        at_buckets = start + held
        cells = {
            str(name): self._places(name, [tuple(map(str, cell)) for cell in known])
            for name, known in said["cells"].items()
        }
        for place, told in enumerate(said["runs"]):
            run, batches = Run.of_said(told, held)
            must_match("scored rows", *self._columns_beside(run, cells, named=named))
            buckets = None
            if named:
                stored = np.empty(count, dtype=types[place])
                self._file.fill(at_buckets, stored)
                at_buckets += stored.nbytes
                buckets = bucket_starts(stored, run.rows)
            first, number, at = len(self._pieces), len(self._runs), 0
            for file, row, rows in batches:
                self._pieces.append(_Piece(file, row, len(self._pieces), rows, number, at))
                at += rows
            self._runs.append(run.moved(start, first, buckets, cells))
            self._columns, self.named = tuple(run.columns), named
            self._texts = self._texts or run.texts is not None
            self.rows += run.rows
        self._file.end = start + held

    def _columns_beside(
        self, run: Run, cells: Iterable[str], *, named: bool
    ) -> tuple[list[str], list[str]]:
        """The columns that a run has to have, and those that it has."""
        needed = {"hashes", "surprisal", *(("batch", "row", "ids") if named else ())}
        needed |= {f"by {name}" for name in cells}
        held = run.columns.keys()
        return sorted(self._columns or needed | (held & set(COLUMNS))), sorted(held)

    def _values(self, column: RunColumn, start: int, count: int) -> NDArray[Any]:
        values = np.empty(count, dtype=column.dtype)
        self._file.fill(column.offset + start * column.dtype.itemsize, values)
        return values

    def id_at(self, where: int) -> int | str:
        """What the row that lies somewhere is called."""
        run, row = self._runs[where >> _RUN], where & ((1 << _RUN) - 1)
        if run.texts is None:
            number = int(self._values(run.columns["ids"], row, 1)[0])
            return str(number) if self._texts else number
        begin, size = run.texts
        start, end = self._values(run.columns["ids"], row, 2).tolist()
        if not 0 <= start <= end <= size:
            raise StateError("the bytes of the state make no sense: an id is not where it is said")
        text = np.empty(end - start, dtype=np.uint8)
        self._file.fill(begin + start, text)
        return text.tobytes().decode(errors="replace")


@dataclass(slots=True)
class StoredIds:
    """What rows are called, read for the few that are named; taken from as an array is."""

    spool: Spool
    where: NDArray[np.int64] = field(repr=False)

    def __getitem__(self, rows: Any) -> Any:
        found = self.where[rows]
        return StoredIds(self.spool, found) if found.ndim else self.spool.id_at(int(found))

    def __setitem__(self, rows: Any, other: StoredIds) -> None:
        self.where[rows] = other.where
