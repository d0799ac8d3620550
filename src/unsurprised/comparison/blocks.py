"""Rows of several models side by side, and what is summed over blocks of them.

Sums are exact and see no blocks, so what memory holds at once shows in no result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.comparison.scored import ScoredRows
from unsurprised.errors import StateError
from unsurprised.states.distinct import Distinct
from unsurprised.states.serial import pack, unpack
from unsurprised.states.sums import Cell
from unsurprised.statistics.cell_means import CellMeans


class Block:
    """Rows of all models side by side, the base's first."""

    def __init__(self, models: Sequence[ScoredRows]) -> None:
        self.models, self.base = models, models[0]
        self._differences: dict[int, Values] = {}

    @property
    def counting(self) -> NDArray[np.bool_] | None:
        """Which rows have a weight above 0; None where rows have no weights."""
        return None if self.base.weights is None else self.base.weights > 0

    def difference(self, place: int) -> Values:
        """By how much more a model is surprised than the base, row by row: 0 at the weight 0."""
        if place not in self._differences:
            with np.errstate(invalid="ignore"):
                found = self.models[place].surprisal - self.base.surprisal
            # Infinite in both: which is worse cannot be told.
            none, counting = np.isnan(found), self.counting
            none = none if counting is None else none | ~counting
            self._differences[place] = np.where(none, 0.0, found)
        return self._differences[place]


class Adds(Protocol):
    """What is summed over the rows of blocks; with weights these are looked at before.

    What was seen, and what was summed, of other rows is taken in as bytes.
    """

    def look(self, block: Block) -> None:
        """Look at the weights."""

    def looked(self) -> bytes:
        """What was seen of the weights."""

    def look_at(self, looked: bytes) -> None:
        """Look at weights as another has seen them."""

    def add(self, block: Block) -> None:
        """Add the rows."""

    def to_bytes(self) -> bytes:
        """What was summed."""

    def merge(self, data: bytes) -> None:
        """Add what another has summed, who has looked at the same weights."""


def add_all(
    blocks: Callable[[], Iterable[Block]], parts: Sequence[Adds], *, weighted: bool
) -> None:
    """Add the rows of all blocks to each of the parts."""
    if weighted:
        for block in blocks():
            for part in parts:
                part.look(block)
    for block in blocks():
        for part in parts:
            part.add(block)


class MeanColumn:
    """The means of one value of the rows, of all of them or by the cell of each."""

    def __init__(
        self,
        survey: Survey,
        values: Callable[[Block], Values],
        which: Callable[[Block], NDArray[Any]] | None = None,
        cells: int = 1,
    ) -> None:
        self._values, self._which = values, which
        self.means = CellMeans(
            cells,
            weighted=survey.weighted,
            clustered=survey.clustered,
            units=which is not None,
        )

    def look(self, block: Block) -> None:
        """Look at the weights."""
        if block.base.weights is not None:
            which = None if self._which is None else self._which(block)
            self.means.look(block.base.weights, which)

    def looked(self) -> bytes:
        """What was seen of the weights."""
        return self.means.looked()

    def look_at(self, looked: bytes) -> None:
        """Look at weights as another has seen them."""
        self.means.look_at(looked)

    def add(self, block: Block) -> None:
        """Add the rows."""
        which, base = None if self._which is None else self._which(block), block.base
        self.means.add(self._values(block), which, base.weights, base.clusters)

    def to_bytes(self) -> bytes:
        """What was summed."""
        return self.means.to_bytes()

    def merge(self, data: bytes) -> None:
        """Add what another has summed."""
        self.means.merge(data)


class Survey:
    """What is known of matched rows before anything is summed."""

    def __init__(self, blocks: Iterable[Block] = ()) -> None:
        self.weighted = self.clustered = False
        self.cells: dict[str, list[Cell]] = {}
        #: The models that differ infinitely from the base in some row.
        self.infinite: set[int] = set()
        self.correct: set[int] = set()
        self.classes = 0
        self.clusters = Distinct()
        for block in blocks:
            self._note(block)

    def _note(self, block: Block) -> None:
        base = block.base
        self.weighted, self.clustered = base.weights is not None, base.clusters is not None
        self.cells = base.cells
        for place, rows in enumerate(block.models):
            if rows.correct is not None:
                self.correct.add(place)
            if place and not np.isfinite(block.difference(place)).all():
                self.infinite.add(place)
        if base.labels is not None and len(base.labels):
            self.classes = max(self.classes, int(base.labels.max()) + 1)
        if base.clusters is not None:
            counting = block.counting
            self.clusters.update(base.clusters if counting is None else base.clusters[counting])

    def refuse_beyond(self, classes: Sequence[str] | None) -> None:
        """Raise where a label is of no class."""
        if classes is not None and self.classes > len(classes):
            raise StateError("the bytes of the state make no sense: a label is of no class")

    def merge(self, other: Survey) -> Survey:
        """Know what another has found of other rows."""
        self.weighted |= other.weighted
        self.clustered |= other.clustered
        self.cells = self.cells or other.cells
        self.infinite |= other.infinite
        self.correct |= other.correct
        self.classes = max(self.classes, other.classes)
        self.clusters.merge(other.clusters)
        return self

    def to_bytes(self) -> bytes:
        """What is known, as bytes."""
        settings = {
            "weighted": self.weighted,
            "clustered": self.clustered,
            "cells": {name: [list(cell) for cell in cells] for name, cells in self.cells.items()},
            "columns": list(self.cells),
            "infinite": sorted(self.infinite),
            "correct": sorted(self.correct),
            "classes": self.classes,
        }
        return pack("Survey", settings, [self.clusters.to_bytes()])

    @classmethod
    def from_bytes(cls, data: bytes) -> Survey:
        """What :meth:`to_bytes` told."""
        told, (clusters,) = unpack(data, "Survey")
        made = cls()
        made.weighted, made.clustered = bool(told["weighted"]), bool(told["clustered"])
        made.cells = {name: list(map(tuple, told["cells"][name])) for name in told["columns"]}
        made.infinite, made.correct = set(told["infinite"]), set(told["correct"])
        made.classes, made.clusters = int(told["classes"]), Distinct.from_bytes(clusters)
        return made
