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
from unsurprised.states.distinct import Distinct
from unsurprised.states.sums import Cell
from unsurprised.statistics.cell_means import CellMeans


class Block:
    """Rows of all models side by side, the base's first."""

    def __init__(self, models: Sequence[ScoredRows]) -> None:
        self.models, self.base = models, models[0]
        self._differences: dict[int, Values] = {}

    def difference(self, place: int) -> Values:
        """By how much more a model is surprised than the base, row by row."""
        if place not in self._differences:
            with np.errstate(invalid="ignore"):
                found = self.models[place].surprisal - self.base.surprisal
            # Infinite in both: which is worse cannot be told.
            self._differences[place] = np.where(np.isnan(found), 0.0, found)
        return self._differences[place]


class Adds(Protocol):
    """What is summed over the rows of blocks; with weights these are looked at before."""

    def look(self, block: Block) -> None:
        """Look at the weights."""

    def add(self, block: Block) -> None:
        """Add the rows."""


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

    def add(self, block: Block) -> None:
        """Add the rows."""
        which, base = None if self._which is None else self._which(block), block.base
        self.means.add(self._values(block), which, base.weights, base.clusters)


class Survey:
    """What is known of matched rows before anything is summed."""

    def __init__(self, blocks: Iterable[Block]) -> None:
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
            self.clusters.update(base.clusters)
