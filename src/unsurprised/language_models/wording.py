"""The texts of the worst tokens, and of those around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from unsurprised.errors import InputError, Place
from unsurprised.language_models.by_document import places_of
from unsurprised.language_models.placed_tokens import PlacedTokens
from unsurprised.language_models.result import Fidelity, WorstToken
from unsurprised.language_models.token_texts import TokenTexts
from unsurprised.language_models.top_logprobs import TopLogProbs

#: How many tokens of the text are shown before one, and after it.
BEFORE, AFTER = 12, 6


class Wording:
    """The texts of all tokens beside the tokens that are measured.

    Parameters
    ----------
    texts : TokenTexts
        Those that the caller has.
    names : sequence of str
        The documents that are measured.
    lengths : sequence of int
        How long each is, up to the last token that is predicted.
    placed : bool
        Whether positions are places in the whole document. Positions that were counted may be those
        of the first token that is predicted on: then the texts have one token more, or as many.

    Raises
    ------
    InputError
        Where the texts are not those of these documents.
    """

    def __init__(
        self, texts: TokenTexts, names: Sequence[str], lengths: Sequence[int], *, placed: bool
    ) -> None:
        self._said, self._names = texts.said, names
        self._texts, self._ids = _arranged(texts, names, lengths, placed=placed)
        self._shifts = [
            _shift(len(own), length, name, texts.said, placed=placed)
            for own, length, name in zip(self._texts, lengths, names, strict=True)
        ]
        self._places = {name: place for place, name in enumerate(names)}
        self._of_ids: dict[int, str] = {}

    def note(self, tokens: PlacedTokens) -> None:
        """Let the texts of tokens be known by their ids, which must be those of the texts."""
        if tokens.targets is None:
            return
        if self._ids is not None:
            self._refuse_other_ids(tokens, tokens.targets)
        ids, firsts = np.unique(tokens.targets, return_index=True)
        for token, row in zip(ids.tolist(), firsts.tolist(), strict=True):
            if token >= 0:
                document = int(tokens.which[row])
                at = int(tokens.positions[row]) + self._shifts[document]
                self._of_ids[token] = self._texts[document][at]

    def _refuse_other_ids(self, tokens: PlacedTokens, targets: NDArray[np.int64]) -> None:
        assert self._ids is not None
        places = zip(tokens.which.tolist(), tokens.positions.tolist(), targets.tolist(),
                     strict=True)  # fmt: skip
        for document, position, target in places:
            own = self._ids[document][position + self._shifts[document]]
            if target >= 0 and own != target:
                raise InputError(
                    f"found the token {own} at position {position} of document "
                    f"{self._names[document]!r:.60}, and {target} among the targets",
                    expected="the texts of the same tokens",
                    place=Place(self._said),
                )

    def of(self, found: Fidelity) -> Fidelity:
        """The result with the texts of its worst tokens."""
        return replace(found, worst_tokens=tuple(map(self._worded, found.worst_tokens)))

    def _worded(self, token: WorstToken) -> WorstToken:
        document = self._places[token.document]
        texts, at = self._texts[document], token.position + self._shifts[document]
        before, after = around(texts, at)
        return replace(
            token,
            text=texts[at],
            base_top_text=None if token.base_top is None else self._of_ids.get(token.base_top),
            other_top_text=None if token.other_top is None else self._of_ids.get(token.other_top),
            before=before,
            after=after,
        )


def around(texts: Sequence[str], at: int) -> tuple[str, str]:
    """The text before a token and after it.

    Examples
    --------
    >>> around(["a", " cat", " sat"], 1)
    ('a', ' sat')
    """
    before, after = texts[max(at - BEFORE, 0) : at], texts[at + 1 : at + 1 + AFTER]
    return "".join(before), "".join(after)


def _arranged(
    texts: TokenTexts, names: Sequence[str], lengths: Sequence[int], *, placed: bool
) -> tuple[Sequence[Sequence[str]], Sequence[Sequence[int]] | None]:
    """The texts, and the ids, of these documents in their order."""
    places = None if texts.names is None else places_of(texts.names, names, Place(texts.said))
    if places is not None:
        ids = None if texts.ids is None else [texts.ids[place] for place in places]
        return [texts.documents[place] for place in places], ids
    if len(texts.documents) == len(names):
        return texts.documents, texts.ids
    if placed and len(texts.documents) == 1 and len(texts.documents[0]) >= sum(lengths):
        # One text that was cut into contexts.
        starts = np.cumsum([0, *lengths]).tolist()
        cuts = [slice(*ends) for ends in pairwise(starts)]
        ids = None if texts.ids is None else [texts.ids[0][cut] for cut in cuts]
        return [texts.documents[0][cut] for cut in cuts], ids
    raise InputError(
        f"found the texts of {len(texts.documents):,} documents, and {len(names):,} are measured",
        expected="the tokens of each document, in the same order or by the same names",
        place=Place(texts.said),
    )


def _shift(texts: int, length: int, name: str, said: str, *, placed: bool) -> int:
    """By how much the place of a token among the texts is beyond its position."""
    if texts == length or (placed and texts > length):
        return 0
    if texts == length + 1 and not placed:
        return 1
    more = "" if placed else f", or {length + 1:,} with the first, which nothing predicts"
    raise InputError(
        f"found the texts of {texts:,} tokens of document {name!r:.60}",
        expected=f"those of {length:,}{more}",
        remedy="write the tokens that the models saw, one string each",
        place=Place(said),
    )


def of_lists(found: Fidelity, base: TopLogProbs, other: TopLogProbs) -> Fidelity:
    """The result with the texts of its worst tokens, where lists know tokens by their texts."""
    own, theirs = base.lists.texts, other.lists.texts
    if own is None or theirs is None:
        return found

    def text(token: int | None) -> str | None:
        if token is None:
            return None
        size = len(own.texts)
        return own.texts[token] if token < size else theirs.texts[token - size]

    contexts, worded = _contexts(base), []
    for one in found.worst_tokens:
        before, after = contexts(one)
        texts = text(one.target), text(one.base_top), text(one.other_top)
        worded.append(_named(one, texts, before, after))
    return replace(found, worst_tokens=tuple(worded))


def _named(
    token: WorstToken, texts: tuple[str | None, str | None, str | None], before: str, after: str
) -> WorstToken:
    """A token by its texts, for its ids are none."""
    return replace(
        token,
        target=None,
        base_top=None,
        other_top=None,
        text=texts[0],
        base_top_text=texts[1],
        other_top_text=texts[2],
        before=before,
        after=after,
    )


def _contexts(base: TopLogProbs) -> Callable[[WorstToken], tuple[str, str]]:
    """What tells the text around a token, of the tokens that came."""
    places = {name: place for place, name in enumerate(base.names)}

    def told(token: WorstToken) -> tuple[str, str]:
        rows = np.flatnonzero(base.documents == places[token.document])
        positions = base.positions[rows]
        rows = rows[np.argsort(positions, kind="stable")]
        at = int(np.flatnonzero(base.positions[rows] == token.position)[0])
        first = max(at - BEFORE, 0)
        texts = [base.target_text(int(row)) or "" for row in rows[first : at + 1 + AFTER]]
        return around(texts, at - first)

    return told
