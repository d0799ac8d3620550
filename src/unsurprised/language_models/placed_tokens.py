"""What is known of tokens beside their scores: few bytes a token, told to whoever reads these."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.batches import SliceColumn
from unsurprised.evaluation.bins import Bins
from unsurprised.evaluation.slicing import cells_of, refuse_many


@dataclass(frozen=True, slots=True)
class PlacedTokens:
    """What is known of some tokens beside their scores, in their order."""

    #: Names of the documents, and of each token which is its own.
    names: Sequence[str]
    which: NDArray[np.int64]
    positions: NDArray[np.int64]
    #: The tokens that came; None: nobody says.
    targets: NDArray[np.int64] | None
    #: Which tokens count; None: all.
    mask: NDArray[np.bool_] | None
    by: Mapping[str, SliceColumn]
    #: Where numbers among these are cut.
    bins: Mapping[str, Bins]
    #: The first one's number among all tokens.
    first: int = 0

    def __len__(self) -> int:
        return len(self.which)

    @property
    def last(self) -> int:
        """The number of the token behind the last one."""
        return self.first + len(self)

    def part(self, first: int, last: int) -> PlacedTokens:
        """The tokens from one up to another, by their numbers among all."""
        rows = slice(first - self.first, last - self.first)
        targets = None if self.targets is None else self.targets[rows]
        mask = None if self.mask is None else self.mask[rows]
        by = {name: column.part(rows) for name, column in self.by.items()}
        return PlacedTokens(
            self.names, self.which[rows], self.positions[rows], targets, mask, by, self.bins, first
        )

    def refuse_many_slices(self, kept: NDArray[np.int64] | None) -> None:
        """Raise where the tokens that count have too many values to be slices."""
        for name, column in self.by.items():
            used = column if kept is None else column.part(kept)
            refuse_many(cells_of(name, used, self.bins.get(name))[0])

    def said(self) -> dict[str, Any]:
        """The tokens as dictionaries, lists and plain values."""
        used, which = np.unique(self.which, return_inverse=True)
        return {
            "names": [self.names[int(place)] for place in used],
            "which": _text(which.reshape(-1).astype(np.int64)),
            "positions": _text(self.positions),
            "targets": None if self.targets is None else _text(self.targets),
            "mask": None if self.mask is None else _text(self.mask),
            "by": {name: _said_of(column) for name, column in self.by.items()},
            "bins": {
                name: {"edges": [repr(edge) for edge in cut.edges or ()], "looked": cut.looked}
                for name, cut in self.bins.items()
            },
            "first": self.first,
        }

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> PlacedTokens:
        """The tokens that :meth:`said` told."""
        return cls(
            tuple(said["names"]),
            _array(said["which"]),
            _array(said["positions"]),
            None if said["targets"] is None else _array(said["targets"]),
            None if said["mask"] is None else _array(said["mask"]),
            {name: _column(column) for name, column in said["by"].items()},
            {
                name: Bins(tuple(map(float, cut["edges"])), cut["looked"])
                for name, cut in said["bins"].items()
            },
            int(said["first"]),
        )


def _said_of(column: SliceColumn) -> dict[str, Any]:
    arrays = {"codes": column.codes, "numbers": column.numbers, "missing": column.missing}
    held = {name: None if array is None else _text(array) for name, array in arrays.items()}
    return {**held, "names": list(column.names)}


def _column(said: Mapping[str, Any]) -> SliceColumn:
    held = {
        name: None if said[name] is None else _array(said[name])
        for name in ("codes", "numbers", "missing")
    }
    return SliceColumn(names=tuple(said["names"]), **held)


def _text(array: NDArray[Any]) -> list[str]:
    """An array of numbers as text, to the bit."""
    kind = array.dtype.newbyteorder("<")
    return [kind.str, base64.b64encode(array.astype(kind).tobytes()).decode()]


def _array(said: Sequence[str]) -> NDArray[Any]:
    kind, text = said
    held = np.frombuffer(base64.b64decode(text), dtype=kind)
    return held.astype(held.dtype.newbyteorder("="))
