"""Tokens of a model: where each stands, what came, and what the model had predicted there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.arrays.host import HostArray
from unsurprised.batches import SliceColumn

if TYPE_CHECKING:
    from unsurprised.language_models.artefacts.slabs import RowsInFile
    from unsurprised.language_models.top_lists import TopLists

#: Steps between the least and the greatest value of a row of a ``.kld`` file.
STEPS = 65535


@dataclass(frozen=True, slots=True)
class TokenScores:
    """Whole rows of scores: logits or log-probabilities, which differ by a constant a row.

    They are of shape (n, V). With ``floored`` they are log-probabilities in steps of 1/65535 of
    their range, as ``.kld`` files have them, and are taken as they are; where it is true the row's
    least value means "this or less".
    """

    held: HostArray | RowsInFile
    floored: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return self.held.shape[0]

    @property
    def values(self) -> HostArray:
        """All rows; read now, where they are in a file."""
        return self.held if isinstance(self.held, HostArray) else self.held.read()

    def in_memory(self) -> TokenScores:
        """The same rows, read."""
        return self if isinstance(self.held, HostArray) else replace(self, held=self.values)

    @property
    def vocabulary(self) -> int:
        """How many tokens a row has."""
        return self.held.shape[1]

    def row(self, number: int) -> Values:
        """One row in double precision."""
        found: Values = self.part(slice(number, number + 1)).values.as_float64()[0]
        return found

    def part(self, rows: slice) -> TokenScores:
        """Some of the rows."""
        return self.taken(rows)

    def taken(self, rows: slice | NDArray[np.int64]) -> TokenScores:
        """Some of the rows, in any order."""
        floored = None if self.floored is None else self.floored[rows]
        return TokenScores(self.held[rows], floored)

    def cut_to(self, vocabulary: int) -> TokenScores:
        """The first so many scores of each row."""
        if isinstance(self.held, HostArray):
            cut = HostArray(self.held.values[:, :vocabulary], self.held.dtype)
            return TokenScores(cut, self.floored)
        return TokenScores(replace(self.held, vocabulary=vocabulary), self.floored)


@dataclass(frozen=True, slots=True)
class TokenRows:
    """Some tokens of an artefact in their order: documents one after the other."""

    #: Of each token the index of its document among the artefact's ``names``.
    documents: NDArray[np.int64]
    #: The place within its document of the token that is predicted.
    positions: NDArray[np.int64]
    #: The token that came; ``None``: the artefact does not say.
    targets: NDArray[np.int64] | None
    scores: TokenScores | TopLists

    def __len__(self) -> int:
        return len(self.documents)


@dataclass(frozen=True, slots=True)
class PairedTokens:
    """The same tokens under two models, ready to be measured."""

    base: TokenScores | TopLists
    other: TokenScores | TopLists
    #: The token that came; below 0: not known.
    targets: NDArray[np.int64] | None
    #: Names of documents, and of each token which is its own.
    names: Sequence[str]
    documents: NDArray[np.int64]
    positions: NDArray[np.int64]
    #: The mass that was cut off each row of the base, and of the other.
    cut: tuple[Values | None, Values | None] = (None, None)
    #: What the tokens are sliced by, by name.
    by: Mapping[str, SliceColumn] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.documents)

    def taken(self, kept: NDArray[np.int64]) -> PairedTokens:
        """Some of the tokens."""
        base_cut, other_cut = (None if mass is None else mass[kept] for mass in self.cut)
        return replace(
            self,
            base=self.base.taken(kept),
            other=self.other.taken(kept),
            targets=None if self.targets is None else self.targets[kept],
            documents=self.documents[kept],
            positions=self.positions[kept],
            cut=(base_cut, other_cut),
            by={name: column.part(kept) for name, column in self.by.items()},
        )
