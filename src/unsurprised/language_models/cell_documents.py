"""In how many documents the tokens of a cell are, as far as intervals ask."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.errors import StateError
from unsurprised.states.serial import whole
from unsurprised.states.sums import Cell
from unsurprised.statistics.jackknife import FEWEST_CLUSTERS


class CellDocuments:
    """Of each cell the smallest hashes of its documents: as many as intervals need.

    Whether a cell has as many is known exactly, in whatever portions and order its tokens come.

    Examples
    --------
    >>> met = CellDocuments()
    >>> met.update([("position", "0")], np.zeros(3, np.int32), np.array([7, 9, 7], np.uint64))
    >>> met.suffice(("position", "0"))
    False
    """

    def __init__(self) -> None:
        self._hashes: dict[Cell, list[int]] = {}

    def update(
        self, cells: Sequence[Cell], which: NDArray[np.int32], groups: NDArray[np.uint64]
    ) -> None:
        """Add tokens: of each its cell, as a place in ``cells``, and the hash of its document."""
        used, codes = np.unique(groups, return_inverse=True)
        pairs = np.unique(which.astype(np.int64) * len(used) + codes)
        places, documents = pairs // len(used), pairs % len(used)
        starts = np.flatnonzero(np.append(True, np.diff(places) > 0)[: len(places)])
        for start, end in pairwise([*starts.tolist(), len(places)]):
            smallest = documents[start : min(end, start + FEWEST_CLUSTERS)]
            self._meet(cells[int(places[start])], used[smallest].tolist())

    def merge(self, other: CellDocuments) -> None:
        """Add those of another."""
        for cell, hashes in other._hashes.items():
            self._meet(cell, hashes)

    def _meet(self, cell: Cell, hashes: Sequence[int]) -> None:
        held = self._hashes.get(cell, [])
        self._hashes[cell] = sorted({*held, *hashes})[:FEWEST_CLUSTERS]

    def suffice(self, cell: Cell) -> bool:
        """Whether there are enough documents for an interval."""
        return len(self._hashes.get(cell, ())) >= FEWEST_CLUSTERS

    def said(self) -> list[list[Any]]:
        """The cells, in order, and the hashes of each."""
        return [[list(cell), hashes] for cell, hashes in sorted(self._hashes.items())]

    @classmethod
    def of_said(cls, said: Sequence[Any]) -> CellDocuments:
        """What :meth:`said` had told; an error for what it cannot have."""
        made = cls()
        for cell, hashes in said:
            if not all(isinstance(name, str) for name in cell) or len(hashes) > FEWEST_CLUSTERS:
                raise StateError("the bytes of the FidelityMeter name cells by what are no names")
            numbers = [whole(number, "document", most=(1 << 64) - 1) for number in hashes]
            made._meet(tuple(cell), numbers)
        return made
