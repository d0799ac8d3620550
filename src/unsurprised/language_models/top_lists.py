"""Cut-off lists: of each token's distribution the likely entries alone, as servers write them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values


class Texts:
    """Texts that stand for tokens where no ids are known; a token is its place among them."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts: Sequence[str] = tuple(texts)

    @cached_property
    def places(self) -> dict[str, int]:
        """The place of each text."""
        return {text: place for place, text in enumerate(self.texts)}

    def matched(self, tokens: NDArray[np.int64], other: Texts) -> NDArray[np.int64]:
        """Tokens of these texts as those of others; what the others lack comes after theirs.

        Examples
        --------
        >>> Texts(["a", "b", "c"]).matched(np.array([0, 2, 0]), Texts(["c"])).tolist()
        [1, 0, 1]
        """
        if other is self:
            return tokens
        used, places = np.unique(tokens, return_inverse=True)
        found = [other.places.get(self.texts[token], -1) for token in used.tolist()]
        codes = np.array(found, dtype=np.int64)
        lacking = codes < 0
        codes[lacking] = len(other.texts) + used[lacking]
        return codes[places]


@dataclass(frozen=True, slots=True)
class TopLists:
    """Cut-off lists of some tokens: entries of row i stand at ``starts[i]`` to ``starts[i + 1]``.

    Nothing that a row doesn't list has a log-probability above its entry of ``caps``: that is the
    k-th ranked value, −∞ where all that isn't listed is impossible, and 0 where nothing is known.
    """

    starts: NDArray[np.int64]
    #: Ids, or places among ``texts``; those of a row are distinct.
    tokens: NDArray[np.int64]
    #: In nats.
    logprobs: Values
    caps: Values
    #: How many tokens there are at all; ``None``: not said.
    vocabulary: int | None = None
    texts: Texts | None = None
    #: Entries that are among the k likely ones. The others were added because they happened.
    ranked: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.caps)

    @property
    def counts(self) -> NDArray[np.int64]:
        """How many entries each row has."""
        return np.diff(self.starts)

    @property
    def rows(self) -> NDArray[np.int64]:
        """The row of each entry."""
        return np.repeat(np.arange(len(self)), self.counts)

    @property
    def whole(self) -> NDArray[np.bool_]:
        """Which rows leave nothing to what they don't list."""
        nothing: NDArray[np.bool_] = self.caps == -np.inf
        return nothing if self.vocabulary is None else nothing | (self.counts == self.vocabulary)

    def part(self, rows: slice) -> TopLists:
        """Some of the rows."""
        first, last, _ = rows.indices(len(self))
        last = max(first, last)
        entries = slice(int(self.starts[first]), int(self.starts[last]))
        return replace(
            self,
            starts=self.starts[first : last + 1] - self.starts[first],
            tokens=self.tokens[entries],
            logprobs=self.logprobs[entries],
            caps=self.caps[first:last],
            ranked=None if self.ranked is None else self.ranked[entries],
        )

    def taken(self, rows: NDArray[np.int64]) -> TopLists:
        """Some of the rows, in any order."""
        counts = self.counts[rows]
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        entries = np.arange(int(starts[-1])) + np.repeat(self.starts[rows] - starts[:-1], counts)
        return replace(
            self,
            starts=starts,
            tokens=self.tokens[entries],
            logprobs=self.logprobs[entries],
            caps=self.caps[rows],
            ranked=None if self.ranked is None else self.ranked[entries],
        )
