"""The texts of the worst tokens by their ids, where a tokenizer's vocabulary is at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.errors import CallError
from unsurprised.language_models.placed_tokens import PlacedTokens
from unsurprised.language_models.result import Fidelity, WorstToken
from unsurprised.language_models.token_texts import token_texts
from unsurprised.language_models.vocabulary import Vocabulary
from unsurprised.language_models.wording import AFTER, BEFORE


class IdWording:
    """What a vocabulary tells of tokens; around them, of those that came beside them.

    Parameters
    ----------
    vocabulary : Vocabulary
        The texts of the ids.
    names : sequence of str
        The documents that are measured.
    """

    def __init__(self, vocabulary: Vocabulary, names: Sequence[str]) -> None:
        self._vocabulary, self._names = vocabulary, names
        #: Document, position and token of those that came.
        self._came: NDArray[np.int64] = np.empty((3, 0), np.int64)

    def note(self, tokens: PlacedTokens) -> None:
        """Keep which tokens came, and where."""
        if tokens.targets is not None:
            self._came = np.stack([tokens.which, tokens.positions, tokens.targets])

    def of(self, found: Fidelity) -> Fidelity:
        """The result with the texts of its worst tokens."""
        places = {name: place for place, name in enumerate(self._names)}
        worded = []
        for token in found.worst_tokens:
            own = self._came[1:, self._came[0] == places[token.document]]
            before, after = self._around(token, own)
            told = by_id(token, self._vocabulary)
            worded.append(replace(told, before=before, after=after))
        return replace(found, worst_tokens=tuple(worded))

    def _around(self, token: WorstToken, own: NDArray[np.int64]) -> tuple[str, str]:
        """The text before a token and after it, as far as it is known without a gap."""
        positions, targets = own[:, np.argsort(own[0], kind="stable")]
        known = dict(zip(positions.tolist(), targets.tolist(), strict=True))
        before = _run(known, token.position, -1, BEFORE)[::-1]
        after = _run(known, token.position, 1, AFTER)
        return self._vocabulary.text(before), self._vocabulary.text(after)


def _run(known: dict[int, int], position: int, step: int, most: int) -> list[int]:
    found: list[int] = []
    while len(found) < most:
        token = known.get(position + step * (len(found) + 1), -1)
        if token < 0:
            break
        found.append(token)
    return found


def by_id(token: WorstToken, vocabulary: Vocabulary) -> WorstToken:
    """A token with its own text, and that of both models' top tokens."""
    return replace(
        token,
        text=vocabulary.of_token(token.target),
        base_top_text=vocabulary.of_token(token.base_top),
        other_top_text=vocabulary.of_token(token.other_top),
    )


def worded_by_id(found: Fidelity, text: Any, size: int | None) -> Fidelity:
    """The result of a meter, which knows no tokens but the worst; rows have ``size`` scores."""
    vocabulary = token_texts(text)
    if not isinstance(vocabulary, Vocabulary):
        raise CallError(
            "text holds the tokens of documents; expected a tokenizer or its tokenizer.json, for a "
            "meter keeps no documents: fidelity(…, text=…) takes these"
        )
    vocabulary.refuse_larger_than(size)
    worst = tuple(by_id(token, vocabulary) for token in found.worst_tokens)
    return replace(found, worst_tokens=worst)
