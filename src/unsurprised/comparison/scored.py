"""A model's rows, scored: what of each is kept so that two models can be compared row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.batches import Batch, SliceColumn
from unsurprised.errors import CallError
from unsurprised.evaluation.bins import Bins
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.row_scores import row_scores
from unsurprised.evaluation.slicing import cells_of
from unsurprised.states.hashing import hashes_of, hashes_of_clusters, ids_at
from unsurprised.states.sums import Cell


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
    #: What each row is called; None where that is its number.
    ids: NDArray[Any] | None
    #: For each column to slice by: the cell of each row, by its place in ``cells``.
    by: dict[str, NDArray[np.int32]] = field(default_factory=dict)
    cells: dict[str, list[Cell]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.hashes)

    def take(self, which: NDArray[np.int64]) -> ScoredRows:
        """Some of the rows, in this order."""

        def some(values: Any) -> Any:
            return None if values is None else values[which]

        return ScoredRows(
            self.hashes[which],
            some(self.clusters),
            self.surprisal[which],
            some(self.weights),
            some(self.labels),
            some(self.truth_entropy),
            some(self.correct),
            some(self.ids),
            {name: places[which] for name, places in self.by.items()},
            self.cells,
        )

    def reorder(self, order: NDArray[np.int64]) -> ScoredRows:
        """These rows in another order, in their own memory: of many rows there is no more."""
        held = (self.hashes, self.clusters, self.surprisal, self.weights, self.labels,
                self.truth_entropy, self.correct, self.ids, *self.by.values())  # fmt: skip
        for values in held:
            if values is not None:
                values[...] = values[order]
        return self

    def name(self, row: int) -> int | str:
        """What a row is called."""
        if self.ids is None:
            return row
        value = self.ids[row]
        return int(value) if isinstance(value, np.integer) else str(value)


class Scoring:
    """Collects a model's scored rows, and evaluates them."""

    def __init__(
        self,
        classes: Sequence[str] | None,
        bins: dict[str, Bins] | None = None,
        *,
        split: bool = True,
    ) -> None:
        # Recalibrations are of the sample.
        self.evaluator = Evaluator(classes, top=0, sample_rows=None if split else 0)
        self._bins = bins or {}
        self._parts: list[tuple[tuple[int, int], dict[str, Any]]] = []

    def update_batch(self, batch: Batch) -> Scoring:
        """Add the rows of a source's batch."""
        if not batch.size:
            self.evaluator.update_batch(batch)
            return self
        facts = row_scores(batch)
        self.evaluator.update_batch(replace(batch, by={}), facts)
        hashes = hashes_of(batch)
        clusters = hashes_of_clusters(batch)
        named = batch.ids.named
        part = {
            "hashes": hashes,
            "clusters": clusters,
            "surprisal": facts.surprisal,
            "weights": batch.weights,
            "labels": facts.labels,
            "truth_entropy": facts.truth_entropy,
            "correct": None if facts.correct is None else facts.correct.astype(np.float64),
            "ids": np.array(ids_at(batch, np.arange(batch.size))) if named else None,
            "by": {name: self._cells(name, column) for name, column in batch.by.items()},
        }
        self._parts.append(((batch.file_index, batch.first_row), part))
        return self

    def _cells(self, name: str, column: SliceColumn) -> tuple[list[Cell], NDArray[np.int32]]:
        return cells_of(name, column, self._bins.get(name))

    def merge(self, other: Scoring) -> Scoring:
        """Add another's rows."""
        self.evaluator.merge(other.evaluator)
        self._parts += other._parts
        return self

    def rows(self) -> ScoredRows:
        """The rows in the order of the files, which are held here no longer."""
        if not self._parts:
            raise CallError("no rows to compare; expected at least one")
        parts = [part for _, part in sorted(self._parts, key=lambda each: each[0])]
        self._parts = []

        def joined(name: str) -> Any:
            held = [part.pop(name) for part in parts]  # so a column is there twice, not all of them
            return None if held[0] is None else np.concatenate(held)

        by, cells = {}, {}
        for name in list(parts[0]["by"]):
            cells[name], by[name] = _joined_cells([part["by"].pop(name) for part in parts])
        return ScoredRows(
            hashes=joined("hashes"),
            clusters=joined("clusters"),
            surprisal=joined("surprisal"),
            weights=joined("weights"),
            labels=joined("labels"),
            truth_entropy=joined("truth_entropy"),
            correct=joined("correct"),
            ids=joined("ids"),
            by=by,
            cells=cells,
        )


def _joined_cells(
    parts: list[tuple[list[Cell], NDArray[np.int32]]],
) -> tuple[list[Cell], NDArray[np.int32]]:
    places: dict[Cell, int] = {}
    joined = []
    for cells, which in parts:
        numbers = np.array([places.setdefault(cell, len(places)) for cell in cells], dtype=np.int32)
        joined.append(numbers[which])
    return list(places), np.concatenate(joined)
