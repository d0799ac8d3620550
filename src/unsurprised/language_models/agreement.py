"""Two artefacts side by side: the same tokens, documents, positions and ids, or an error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.errors import InputError, Place
from unsurprised.language_models.artefacts.kld import KldFile
from unsurprised.language_models.artefacts.slabs import Lies
from unsurprised.language_models.artefacts.whole import WholeRows
from unsurprised.language_models.beside_lists import placed_as, refuse_other_places, refuse_texts
from unsurprised.language_models.kld_pairs import as_far_as_cut, refuse_other_contexts
from unsurprised.language_models.tokens import TokenRows
from unsurprised.language_models.top_logprobs import TopLogProbs

#: Artefacts of whole rows, of which one may be lists in their place.
Opened = WholeRows | KldFile
Side = Opened | TopLogProbs

#: What lists hold where nobody says which token came.
_NOT_KNOWN = -1
#: Bytes of both sides that are at hand at a time; and rows, where these take no memory.
_AT_HAND, _ROWS = 24 << 20, 1024


@dataclass(frozen=True, slots=True)
class TokenPair:
    """Some tokens under both models."""

    #: ``TokenScores``, or ``TopLists`` where an artefact holds lists.
    base: Any
    other: Any
    #: The first one's number among all tokens.
    first: int

    def __len__(self) -> int:
        return len(self.base)


class Pairing:
    """Two artefacts that agree, read together.

    Parameters
    ----------
    base, other : artefact
        The two models': whole rows of both, or of one of them and lists of the other.
    targets : array of int64, optional
        The token that came, of all tokens in their order; −100 where there is none.
    vocabulary : int, optional
        How many tokens to keep of each row, where one side has more.
    """

    def __init__(
        self,
        base: Side,
        other: Side,
        targets: NDArray[np.int64] | None = None,
        vocabulary: int | None = None,
    ) -> None:
        #: What of the two is not there, by their names.
        self.notes = {side.said: _cut_note(side) for side in (base, other)
                      if isinstance(side, KldFile) and side.is_cut}  # fmt: skip
        self.base, self.other = _placed_alike(*as_far_as_cut(base, other))
        self.vocabulary = _common_vocabulary(self.base, self.other, vocabulary)
        #: The one whose documents and positions are those of both.
        self.lead = _lead(self.base, self.other)
        self.names = tuple(self.lead.names)
        #: Of each token its document's number, and its position there.
        self.documents, self.positions = self.lead.places()
        if targets is not None and len(targets) != self.base.tokens:
            raise InputError(
                f"found {len(targets):,} targets for {self.base.tokens:,} tokens",
                expected="one a row of scores",
                remedy="logits at position i predict token i + 1: pass tokens[1:] for logits[:-1]",
                place=Place("targets"),
            )
        #: The tokens that came, on which all agree; below 0: not known.
        self.targets = self._agreed(targets)

    @property
    def tokens(self) -> int:
        """How many tokens both have."""
        return self.base.tokens

    @property
    def rows_at_a_time(self) -> int:
        """Rows of a batch; no result depends on it."""
        both = (self.base, self.other)
        sizes = [0 if isinstance(side, TopLogProbs) else side.row_bytes for side in both]
        held = max(1, _AT_HAND // sum(sizes))
        lies = {side.lies if isinstance(side, WholeRows) else Lies.IN_BATCHES for side in both}
        return held if len(lies) > 1 or Lies.IN_BATCHES in lies else max(held, _ROWS)

    def pairs(
        self, rows: int | None = None, first: int = 0, last: int | None = None
    ) -> Iterator[TokenPair]:
        """Tokens in order, from one up to another."""
        rows, last = rows or self.rows_at_a_time, self.tokens if last is None else last
        left, right = (_Reader(side.batches(rows, first, last)) for side in (self.base, self.other))
        while first < last:
            count = min(left.at_hand(), right.at_hand())
            yield TokenPair(left.take(count), right.take(count), first)
            first += count

    @property
    def found_anywhere(self) -> bool:
        """Whether tokens are found without a read of all that is before them."""
        sides = [side for side in (self.base, self.other) if not isinstance(side, TopLogProbs)]
        return all(side.found_anywhere for side in sides)

    def _agreed(self, given: NDArray[np.int64] | None) -> NDArray[np.int64] | None:
        """The tokens that came, on which both artefacts and the caller must agree."""
        told = [(side.said, side.targets) for side in (self.base, self.other)]
        known = [
            (said, targets[: self.tokens])
            for said, targets in (*told, ("targets", given))
            if targets is not None
        ]
        for said, targets in known[1:]:
            parts = (targets != known[0][1]) & (targets >= 0) & (known[0][1] >= 0)
            if parts.any():
                at = int(np.argmax(parts))
                raise InputError(
                    f"found the token {int(targets[at])} {self._place(at)}, and "
                    f"{int(known[0][1][at])} in {known[0][0]}",
                    expected="the same tokens under both models",
                    remedy="run both models on the same text with the same tokenizer",
                    place=Place(said, row=at),
                )
        if not known:
            return None
        found = known[-1][1]
        for _, targets in known[-2::-1]:
            found = np.where(found == _NOT_KNOWN, targets, found)
        return found

    def _place(self, token: int) -> str:
        """Where a token is, in words."""
        name = self.names[int(self.documents[token])]
        return f"at position {int(self.positions[token])} of document {name!r}"


class _Reader:
    """The scores of an artefact, taken in other portions than they come."""

    def __init__(self, batches: Iterator[TokenRows]) -> None:
        self._batches = batches
        self._held: TokenRows | None = None
        self._at = 0

    def at_hand(self) -> int:
        """How many tokens can be taken at once."""
        return len(self._whole()) - self._at

    def _whole(self) -> TokenRows:
        if self._held is None or self._at == len(self._held):
            self._held, self._at = next(self._batches), 0
        return self._held

    def take(self, count: int) -> Any:
        """The scores of the next tokens."""
        held, rows = self._whole(), slice(self._at, self._at + count)
        self._at += count
        return held.scores.part(rows)


def _cut_note(file: KldFile) -> str:
    stated = file.layout.rows * file.layout.chunks
    return f"{file.tokens:,} of {stated:,} rows are there, and these alone are taken of both"


def _lead(base: Side, other: Side) -> Side:
    if isinstance(base, TopLogProbs) or isinstance(other, TopLogProbs):
        return base if isinstance(base, TopLogProbs) else other
    if base.placed != other.placed:
        return base if base.placed else other
    return other if other.named and not base.named else base


def _placed_alike(base: Side, other: Side) -> tuple[Side, Side]:
    """Both with the documents and positions of the one that says what it has."""
    if isinstance(base, TopLogProbs):
        assert not isinstance(other, TopLogProbs), "two lists are paired by list_measure"
        return base, _beside_lists(other, base)
    if isinstance(other, TopLogProbs):
        return _beside_lists(base, other), other
    return _whole_alike(base, other)


def _whole_alike(base: Opened, other: Opened) -> tuple[Opened, Opened]:
    if base.placed and not other.placed:
        return base, _adopted(other, base)
    if other.placed and not base.placed:
        return _adopted(base, other), other
    if isinstance(base, KldFile) and isinstance(other, KldFile):
        refuse_other_contexts(base, other)
    _refuse_other_documents(base, other)
    if base.placed:
        refuse_other_places(base, other)
    if not base.placed and base.named != other.named:
        names, sizes = _documents(base if base.named else other)
        if base.named:
            return base, _as_documents(other, names, sizes)
        return _as_documents(base, names, sizes), other
    return base, other


def _beside_lists(whole: Opened, lists: TopLogProbs) -> Opened:
    """Whole rows as the documents of lists; an error where they are none of the same tokens."""
    refuse_texts(lists, whole.said)
    if isinstance(whole, WholeRows) and not whole.placed:
        return placed_as(whole, lists)
    refuse_other_places(whole, lists)
    return whole


def _documents(artefact: Opened) -> tuple[list[str], list[int]]:
    if isinstance(artefact, KldFile):
        rows = artefact.layout.rows
        sizes = [min(rows, artefact.tokens - at) for at in range(0, artefact.tokens, rows)]
        return list(artefact.names), sizes
    return list(artefact.names), [document.rows for document in artefact.documents]


def _as_documents(artefact: Opened, names: Sequence[str], sizes: Sequence[int]) -> Opened:
    """The same rows under the other side's names."""
    if isinstance(artefact, KldFile) or _documents(artefact)[1] == list(sizes):
        return artefact
    return artefact.as_documents(names, sizes)


def _adopted(given: Opened, placed: Opened) -> Opened:
    """Rows without places of their own beside a file that has them."""
    if isinstance(given, KldFile) or not isinstance(placed, KldFile):
        return given
    layout = placed.layout
    if given.tokens == placed.tokens:
        names, sizes = _documents(placed)
        return (
            given
            if [d.rows for d in given.documents] == sizes
            else given.as_documents(names, sizes)
        )
    whole = given.in_contexts(layout.context, layout.first, placed.names)
    if whole is not None and whole.tokens == placed.tokens:
        return whole
    raise InputError(
        f"found {given.tokens:,} rows of scores, and {placed.tokens:,} in {placed.said}",
        expected=f"as many, or {len(placed.names):,} whole contexts of {layout.context:,}, of "
        "which the file holds the second halves",
        remedy="run both models on the same text in the same contexts",
        place=Place(given.said),
    )


def _refuse_other_documents(base: Opened, other: Opened) -> None:
    """Raise for the first document that only one has, or that is longer in one."""
    names, sizes = _documents(base)
    others, other_sizes = _documents(other)
    if base.named != other.named and base.tokens == other.tokens:
        return  # the one's names hold for both
    if base.named and other.named and names != others:
        lone = next((name for name in names if name not in others), None)
        found = (
            f"the document {lone!r} of {base.said} is not there"
            if lone is not None
            else f"the document {next(n for n in others if n not in names)!r} is not in {base.said}"
            if set(others) - set(names)
            else "the documents come in another order"
        )
        raise InputError(
            found, expected="the same documents under both models", place=Place(other.said)
        )
    for k, (size, other_size) in enumerate(zip(sizes, other_sizes, strict=False)):
        if size != other_size:
            raise InputError(
                f"found {other_size:,} rows of the document {names[k]!r}, and {size:,} in "
                f"{base.said}: they part at position {min(size, other_size)}",
                expected="the same tokens under both models",
                place=Place(other.said),
            )
    if len(sizes) != len(other_sizes):
        raise InputError(
            f"found {len(other_sizes):,} documents, and {len(sizes):,} in {base.said}",
            expected="the same documents under both models",
            place=Place(other.said),
        )


def _common_vocabulary(base: Side, other: Side, asked: int | None) -> int:
    """How many tokens of each row are compared."""
    stated = {side.said: side.vocabulary for side in (base, other)}
    sizes = {said: size for said, size in stated.items() if size is not None}
    if asked is None:
        if len(set(sizes.values())) == 1:
            return next(iter(sizes.values()))
        raise InputError(
            f"found a vocabulary of {other.vocabulary:,}, and {base.vocabulary:,} in {base.said}",
            expected="one vocabulary",
            remedy="if the longer rows are padded, say how many tokens there are: vocabulary=N "
            "(--vocabulary N); what is cut off is reported",
            place=Place(other.said),
        )
    for said, size in sizes.items():
        if not 1 <= asked <= size:
            raise InputError(
                f"vocabulary={asked}, and found rows of {size:,}",
                expected=f"1 to {min(sizes.values()):,}",
                place=Place(said),
            )
    for side in (base, other):
        if isinstance(side, KldFile) and asked < side.vocabulary:
            raise InputError(
                f"vocabulary={asked}, and a file that states the probabilities of "
                f"{side.vocabulary:,} tokens",
                expected=f"vocabulary={side.vocabulary}: what is cut off would have to be known",
                place=Place(side.said),
            )
    return asked
