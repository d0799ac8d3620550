"""A model's rows, scored: what of each is kept so that two models can be compared row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.batches import Batch
from unsurprised.errors import CallError
from unsurprised.evaluation.bins import Bins
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.row_scores import row_scores
from unsurprised.evaluation.slicing import cells_of
from unsurprised.states.hashing import hashes_of, hashes_of_clusters, ids_at
from unsurprised.states.sums import Cell

#: What rows and parts of them have an array of, or None; beside what rows are called and sliced by.
COLUMNS = ("hashes", "clusters", "surprisal", "weights", "labels", "truth_entropy", "correct")


@dataclass(frozen=True)
class ScoredRows:
    """Scored rows; every array has an entry a row."""

    hashes: NDArray[np.uint64]
    #: Of the row's cluster, if rows belong to some.
    clusters: NDArray[np.uint64] | None
    surprisal: Values
    weights: Values | None
    #: The class that happened; None where the truth is a distribution or unknown.
    labels: NDArray[np.int64] | None
    #: Of a distribution as truth, its entropy: what tells that two truths are the same.
    truth_entropy: Values | None
    #: Whether the top class happened (or its share of the truth).
    correct: Values | None
    #: What each row is called, an array or what is taken from like one; None: by its place.
    ids: Any
    #: For each column to slice by: the cell of each row, by its place in ``cells``.
    by: dict[str, NDArray[np.int32]] = field(default_factory=dict)
    cells: dict[str, list[Cell]] = field(default_factory=dict)
    #: The place of each row among all of its model; None where they are all, in their order.
    places: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.hashes)

    def take(self, which: NDArray[np.int64]) -> ScoredRows:
        """Some of the rows, in this order."""

        def some(values: Any) -> Any:
            return None if values is None else values[which]

        return ScoredRows(
            **{name: some(getattr(self, name)) for name in (*COLUMNS, "ids", "places")},
            by={name: places[which] for name, places in self.by.items()},
            cells=self.cells,
        )

    def reorder(self, order: NDArray[np.int64]) -> ScoredRows:
        """These rows in another order, in their own memory: of many rows there is no more."""
        held = [getattr(self, name) for name in (*COLUMNS, "ids", "places")]
        for values in (*held, *self.by.values()):
            if values is not None:
                values[...] = values[order]
        return self

    def places_of(self, which: NDArray[np.int64]) -> NDArray[np.int64]:
        """The places of some rows among all of their model."""
        return which if self.places is None else self.places[which]

    def name(self, row: int) -> int | str:
        """What a row is called."""
        if self.ids is None:
            return row if self.places is None else int(self.places[row])
        value = self.ids[row]
        return int(value) if isinstance(value, int | np.integer) else str(value)


@dataclass(slots=True)
class ScoredPart:
    """The scored rows of a batch, each array with an entry a row."""

    hashes: NDArray[np.uint64]
    clusters: NDArray[np.uint64] | None
    surprisal: Values
    weights: Values | None
    labels: NDArray[np.int64] | None
    truth_entropy: Values | None
    correct: Values | None
    #: Integers, names as Arrow has them or NumPy; None where rows have no ids.
    ids: Any
    #: For each column to slice by: cells, and which of them is each row's.
    by: dict[str, tuple[list[Cell], NDArray[np.int32]]]

    @property
    def size(self) -> int:
        """About how many bytes these are."""
        held = [getattr(self, name) for name in (*COLUMNS, "ids")]
        return sum(0 if values is None else values.nbytes for values in held)


class KeepsParts(Protocol):
    """Where the rows of all of a model's threads go, in place of memory."""

    at_once: int

    def add(self, parts: Sequence[tuple[tuple[int, int], ScoredPart]]) -> None:
        """Take the rows of some batches, each told by its file and first row."""


class Scoring:
    """Collects a model's scored rows, and evaluates them.

    With ``store`` rows go there, and only few are kept here at a time. With ``apart`` the evaluator
    is sliced, and the rows are not, as is done where the base's are. ``expected`` is how many rows
    come, as :meth:`Evaluator.expect` has it.
    """

    def __init__(
        self,
        classes: Sequence[str] | None,
        bins: dict[str, Bins] | None = None,
        *,
        split: bool = True,
        store: KeepsParts | None = None,
        apart: bool = False,
        expected: int = 0,
    ) -> None:
        # Recalibrations are of the sample.
        rows, own = None if split else 0, (bins or {}) if apart else {}
        self.evaluator = Evaluator(classes, top=0, bins=own, sample_rows=rows).expect(expected)
        self._bins, self._store, self._apart = bins or {}, store, apart
        self._parts: list[tuple[tuple[int, int], ScoredPart]] = []
        self._size = 0

    def update_batch(self, batch: Batch) -> Scoring:
        """Add the rows of a source's batch."""
        if not batch.size:
            self.evaluator.update_batch(batch)
            return self
        facts = row_scores(batch)
        self.evaluator.update_batch(batch if self._apart else replace(batch, by={}), facts)
        ids = batch.ids.values
        if ids is not None and self._store is None:
            ids = np.array(ids_at(batch, np.arange(batch.size)))
        part = ScoredPart(
            hashes=hashes_of(batch),
            clusters=hashes_of_clusters(batch),
            surprisal=facts.surprisal,
            weights=batch.weights,
            labels=facts.labels,
            truth_entropy=facts.truth_entropy,
            correct=None if facts.correct is None else facts.correct.astype(np.float64),
            ids=ids,
            by={
                name: cells_of(name, column, self._bins.get(name))
                for name, column in batch.by.items()
                if not self._apart
            },
        )
        self._parts.append(((batch.file_index, batch.first_row), part))
        if self._store is not None:
            self._size += part.size
            if self._size >= self._store.at_once:
                self.flush()
        return self

    def flush(self) -> Scoring:
        """Send the rows that are held to the store."""
        if self._store is not None:
            self._store.add(self._parts)
            self._parts, self._size = [], 0
        return self

    def merge(self, other: Scoring) -> Scoring:
        """Add another's rows."""
        self.evaluator.merge(other.evaluator)
        other.flush()
        self._parts += other._parts
        return self

    def rows(self) -> ScoredRows:
        """The rows in the order of the files, which are held here no longer."""
        if not self._parts:
            raise no_rows()
        parts = [part for _, part in sorted(self._parts, key=lambda each: each[0])]
        self._parts = []

        def joined(name: str) -> Any:
            held = [getattr(part, name) for part in parts]
            for part in parts:  # so a column is there twice, not all of them
                setattr(part, name, None)
            return None if held[0] is None else np.concatenate(held)

        by, cells = {}, {}
        for name in list(parts[0].by):
            cells[name], by[name] = _joined_cells([part.by.pop(name) for part in parts])
        return ScoredRows(**{name: joined(name) for name in (*COLUMNS, "ids")}, by=by, cells=cells)


def no_rows() -> CallError:
    """The error where there is nothing to compare."""
    return CallError("no rows to compare; expected at least one")


def _joined_cells(
    parts: list[tuple[list[Cell], NDArray[np.int32]]],
) -> tuple[list[Cell], NDArray[np.int32]]:
    places: dict[Cell, int] = {}
    joined = []
    for cells, which in parts:
        numbers = np.array([places.setdefault(cell, len(places)) for cell in cells], dtype=np.int32)
        joined.append(numbers[which])
    return list(places), np.concatenate(joined)
