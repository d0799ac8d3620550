"""Tokens of a model: where each stands, what came, and what the model had predicted there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from unsurprised.language_models.top_lists import TopLists


@dataclass(frozen=True, slots=True)
class Scores:
    """Whole rows of scores: logits or log-probabilities, which differ by a constant a row.

    ``values`` are of shape (n, V): float16, float32, float64, or bfloat16 of ``ml_dtypes``.
    ``floored`` marks rows whose least value means "this or less", as ``.kld`` files have them.
    """

    values: NDArray[Any]
    floored: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.values)

    def part(self, rows: slice) -> Scores:
        """Some of the rows."""
        floored = None if self.floored is None else self.floored[rows]
        return Scores(self.values[rows], floored)


@dataclass(frozen=True, slots=True)
class TokenRows:
    """Some tokens of an artefact in their order: documents one after the other."""

    #: Of each token the index of its document among the artefact's ``names``.
    documents: NDArray[np.int64]
    #: The place within its document of the token that is predicted.
    positions: NDArray[np.int64]
    #: The token that came; ``None``: the artefact doesn't say.
    targets: NDArray[np.int64] | None
    scores: Scores | TopLists

    def __len__(self) -> int:
        return len(self.documents)

    def part(self, rows: slice) -> TokenRows:
        """Some of the tokens."""
        targets = None if self.targets is None else self.targets[rows]
        return TokenRows(
            self.documents[rows], self.positions[rows], targets, self.scores.part(rows)
        )


class Artefact(Protocol):
    """What was handed in for one model, opened; of bounded memory, however long it is."""

    @property
    def said(self) -> str:
        """What errors call it: a path, or the name of an argument."""

    @property
    def names(self) -> Sequence[str]:
        """Names of the documents."""

    @property
    def vocabulary(self) -> int | None:
        """How many tokens a whole row has; ``None``: lists that don't say."""

    @property
    def tokens(self) -> int:
        """How many tokens are predicted."""

    def batches(self, rows: int) -> Iterator[TokenRows]:
        """All tokens in order, at most ``rows`` at a time; a new read at each call."""
