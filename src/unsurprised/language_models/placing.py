"""What a caller says of tokens beside the scores: targets, documents, slices, which count."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.host import host_array
from unsurprised.errors import CallError, InputError, Place
from unsurprised.evaluation.slicing import slicing_of
from unsurprised.language_models.artefacts import AnyOpened
from unsurprised.language_models.artefacts.token_files import token_file
from unsurprised.language_models.by_document import slice_columns
from unsurprised.language_models.given import counted_within, mask_of, token_ids
from unsurprised.language_models.id_wording import IdWording
from unsurprised.language_models.placed_tokens import PlacedTokens
from unsurprised.language_models.token_texts import token_texts
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.language_models.vocabulary import Vocabulary
from unsurprised.language_models.wording import Wording

Names = tuple[tuple[str, ...], NDArray[np.int64]]


class Placing:
    """What the caller says of tokens beside the scores.

    Parameters are those of :func:`~unsurprised.fidelity`.
    """

    def __init__(
        self,
        targets: Any = None,
        document: Any = None,
        position: Any = None,
        vocabulary: int | None = None,
        ignore_index: int = -100,
        *,
        by: Mapping[str, Any] | None = None,
        mask: Any = None,
        text: Any = None,
    ) -> None:
        if vocabulary is not None and (type(vocabulary) is not int or vocabulary < 1):
            raise CallError(f"vocabulary={vocabulary!r}; expected a whole number of tokens")
        self._targets, self._document, self._position = targets, document, position
        self._by, self._mask = by, mask
        self.vocabulary, self.ignore_index = vocabulary, ignore_index
        #: The tokens' own text, read before anything is measured.
        self.texts = None if text is None else token_texts(text)

    def refuse_for_lists(self, lists: TopLogProbs) -> None:
        """Raise for what lists of likely tokens say themselves."""
        if isinstance(self.texts, Vocabulary) and lists.lists.texts is not None:
            raise CallError(
                f"text={self.texts.said!r} beside lists that know tokens by their texts; expected "
                "lists by ids, or no text: these texts are shown"
            )
        told = {"targets": self._targets, "vocabulary": self.vocabulary}
        self._refuse({**told, **self._places})

    def targets_beside(self, base: AnyOpened, other: AnyOpened) -> NDArray[np.int64] | None:
        """The tokens that came, of lists beside whole rows; the lists say where each stands."""
        self._refuse(self._places)
        lists, whole = (base, other) if isinstance(base, TopLogProbs) else (other, base)
        return self.targets(lists.tokens, self.vocabulary or whole.vocabulary or 1)

    @property
    def _places(self) -> dict[str, Any]:
        return {"document": self._document, "position": self._position}

    @staticmethod
    def _refuse(told: dict[str, Any]) -> None:
        given = [name for name, value in told.items() if value is not None]
        if given:
            raise CallError(
                f"{given[0]}=… beside lists of likely tokens, which say it themselves: "
                f"TopLogProbs(…, {given[0]}=…)"
            )

    def targets(
        self, tokens: int, vocabulary: int, stated: str | None = None
    ) -> NDArray[np.int64] | None:
        """The token that came, of all tokens; ``stated`` is a file that says it itself."""
        if self._targets is None:
            return None
        given, said = self._targets, "targets"
        if isinstance(given, (str, os.PathLike)):
            said = os.fspath(given)
            given = token_file(said)
        found = int(np.prod(np.shape(given)))  # a tensor's size is a method
        if found != tokens:
            raise InputError(
                f"found {found:,} targets for {tokens:,} rows of scores",
                expected="the token that came, one a row",
                remedy="logits at position i predict token i + 1: tokens[1:] beside logits[:-1]"
                if stated is None
                else f"leave them out: {stated} says which tokens came",
                place=Place(said),
            )
        try:
            return token_ids(given, (tokens,), vocabulary, self.ignore_index)
        except InputError as error:
            raise error.located(file=said) from None

    @property
    def places_tokens(self) -> bool:
        """Whether the caller says where tokens stand, in place of the artefacts."""
        return self._document is not None or self._position is not None

    def beside(
        self,
        names: Sequence[str],
        which: NDArray[np.int64],
        positions: NDArray[np.int64],
        targets: NDArray[np.int64] | None,
    ) -> PlacedTokens:
        """What is known of all tokens, whose artefacts have these documents and positions."""
        tokens = len(which)
        own, given = self._documents(tokens), self._positions(tokens)
        if given is not None:
            positions = given
        elif own is not None:
            positions = counted_within(own[1])
        mask = None if self._mask is None else mask_of(self._mask, tokens)
        names, which = (names, which) if own is None else own
        by = slice_columns(self._by, tokens, names, which)
        bins = {name: cut for name, cut in slicing_of(by, {}).items()
                if cut is not None and cut.edges is not None}  # fmt: skip
        return PlacedTokens(names, which, positions, targets, mask, by, bins)

    def _documents(self, tokens: int) -> Names | None:
        """Names of the documents, and of each token which is its own, where the caller says."""
        if self._document is None:
            return None
        given = self._document
        values = given.tolist() if hasattr(given, "tolist") else list(given)
        if len(values) != tokens:
            raise InputError(
                f"found {len(values):,} entries for {tokens:,} rows of scores",
                expected="the name or the number of a document, one a row",
                place=Place("document"),
            )
        names: dict[str, int] = {}
        which = [names.setdefault(str(value), len(names)) for value in values]
        return tuple(names), np.array(which, dtype=np.int64)

    def _positions(self, tokens: int) -> NDArray[np.int64] | None:
        """The place of each token in its document, where the caller says."""
        if self._position is None:
            return None
        array = host_array(self._position, "position")
        if array.kind not in "iu" or array.values.size != tokens or array.values.min() < 0:
            raise CallError(
                f"position has shape {array.shape} of {array.dtype}; expected {tokens:,} whole "
                "numbers of at least 0"
            )
        return array.values.reshape(-1).astype(np.int64)

    def wording(
        self,
        tokens: PlacedTokens,
        lengths: Sequence[int],
        *,
        placed: bool,
        vocabulary: int | None,
    ) -> Wording | IdWording | None:
        """The texts of the tokens, where the caller has them.

        ``lengths`` are those of the artefacts' documents, up to the last token that is predicted;
        ``placed``: whether an artefact says the places itself; ``vocabulary``: how long rows are.
        """
        if self.texts is None:
            return None
        if isinstance(self.texts, Vocabulary):
            self.texts.refuse_larger_than(vocabulary)
            return IdWording(self.texts, tokens.names)
        if self.places_tokens:
            longest = np.zeros(len(tokens.names), dtype=np.int64)
            np.maximum.at(longest, tokens.which, tokens.positions + 1)
            lengths, placed = longest.tolist(), self._position is not None
        return Wording(self.texts, tokens.names, lengths, placed=placed)
