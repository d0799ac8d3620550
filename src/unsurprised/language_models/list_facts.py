"""What two cut-off lists of each token say of each other, as pairs of whole rows do."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.errors import InputError, Place
from unsurprised.language_models.lists import divergence_bounds, entropy_bounds
from unsurprised.language_models.pairs import PairFacts
from unsurprised.language_models.top_lists import TopLists
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.units import BITS_PER_NAT

#: Bits of a nat.


def list_facts(
    base: TopLists, other: TopLists, targets: NDArray[np.int64] | None
) -> tuple[PairFacts, tuple[Values, Values], dict[str, Values]]:
    """The facts of each pair of lists, the mass that each side doesn't list, and upper bounds.

    Divergences and entropies are the least that the lists allow, and so are surprisals of tokens
    that a list lacks: those are no less than its cap says. ``targets`` are tokens of the base's
    lists; below 0 they aren't known.
    """
    bounds = divergence_bounds(base, other)
    facts = PairFacts.empty(len(base))
    facts.kl[:] = bounds.kl.low * BITS_PER_NAT
    facts.reverse_kl[:] = bounds.reverse_kl.low * BITS_PER_NAT
    facts.js[:] = bounds.js.low * BITS_PER_NAT
    facts.tv[:] = bounds.total_variation.low
    facts.floored[:] = ~(base.whole & other.whole)
    facts.base_entropy[:] = entropy_bounds(base).low * BITS_PER_NAT
    facts.other_entropy[:] = entropy_bounds(other).low * BITS_PER_NAT
    known = np.full(len(base), -1) if targets is None else targets
    theirs = in_terms_of(base, other)
    for side, lists, tokens in (("base", base, base.tokens), ("other", other, theirs)):
        side_facts(facts, side, lists, tokens, known)
    cut = tuple(np.clip(1 - listed, 0, 1) for listed in (bounds.p_listed, bounds.q_listed))
    most = {
        "kl": bounds.kl.high * BITS_PER_NAT,
        "reverse_kl": bounds.reverse_kl.high * BITS_PER_NAT,
        "js": bounds.js.high * BITS_PER_NAT,
        "tv": bounds.total_variation.high,
    }
    return facts, (cut[0], cut[1]), most


def side_facts(
    facts: PairFacts,
    side: str,
    lists: TopLists,
    tokens: NDArray[np.int64],
    targets: NDArray[np.int64],
) -> None:
    """Fill in top tokens, and surprisals of the tokens that came, of the lists of one side."""
    top, surprisal = _tops(lists, tokens, -2 if side == "base" else -3)
    getattr(facts, f"{side}_top")[:] = top
    getattr(facts, f"{side}_top_surprisal")[:] = surprisal * BITS_PER_NAT
    came, censored = _at_targets(lists, tokens, targets)
    getattr(facts, f"{side}_surprisal")[:] = came * BITS_PER_NAT
    getattr(facts, f"{side}_censored")[:] = censored


def in_terms_of(base: TopLists, other: TopLists) -> NDArray[np.int64]:
    """The other's tokens as the base has them."""
    if base.texts is None or other.texts is None:
        return other.tokens
    return other.texts.matched(other.tokens, base.texts)


def _tops(
    lists: TopLists, tokens: NDArray[np.int64], none: int
) -> tuple[NDArray[np.int64], Values]:
    """The likeliest token of each list (of equals the least), and its surprisal."""
    rows = lists.rows
    order = np.lexsort((tokens, -lists.logprobs, rows))
    first = order[np.searchsorted(rows[order], np.arange(len(lists)))[lists.counts > 0]]
    # Where nothing is listed the top tokens are not the same ones.
    top, surprisal = np.full(len(lists), none, dtype=np.int64), np.zeros(len(lists))
    there = np.flatnonzero(lists.counts > 0)
    top[there], surprisal[there] = tokens[first], 0.0 - lists.logprobs[first]
    return top, surprisal


def _at_targets(
    lists: TopLists, tokens: NDArray[np.int64], targets: NDArray[np.int64]
) -> tuple[Values, NDArray[np.bool_]]:
    """The surprisal of the tokens that came, and whether it is the least that it can be."""
    rows = lists.rows
    here = tokens == targets[rows]
    found, censored = 0.0 - lists.caps, ~lists.whole
    found[rows[here]] = 0.0 - lists.logprobs[here]
    censored[rows[here]] = False
    return found, censored


def refuse_other_tokens(base: TopLogProbs, other: TopLogProbs) -> None:
    """Raise for the first token, document or position that the two don't have in common."""
    if (base.lists.texts is None) != (other.lists.texts is None):
        words = {True: "ids", False: "texts"}
        raise InputError(
            f"found tokens by {words[other.lists.texts is None]}, and by "
            f"{words[base.lists.texts is None]} in {base.said}",
            expected="the same of both",
            remedy="ask both servers for ids (return_tokens_as_token_ids)",
            place=Place(other.said),
        )
    size = min(base.tokens, other.tokens)
    for row in _parting(base, other, size):
        where = f"position {int(base.positions[row])} of document {_document(base, row)!r:.60}"
        raise InputError(
            f"found {_told(other, row)}, and {_told(base, row)} in {base.said}",
            note=where,
            expected="the same tokens under both models",
            remedy="score one text with both: bounds and estimates are of the same contexts",
            place=Place(other.said, row),
        )
    if base.tokens != other.tokens:
        raise InputError(
            f"found {other.tokens:,} tokens, and {base.tokens:,} in {base.said}",
            expected="as many",
            place=Place(other.said),
        )


def _parting(base: TopLogProbs, other: TopLogProbs, size: int) -> list[int]:
    """The first row in which the two part, if there is one."""
    names = np.array([*base.names, *other.names], dtype=object)
    mine = names[base.documents[:size]]
    theirs = names[len(base.names) + other.documents[:size]]
    parts = (mine != theirs) | (base.positions[:size] != other.positions[:size])
    if base.targets is not None and other.targets is not None:
        targets: Any = other.targets[:size]
        if base.lists.texts is not None and other.lists.texts is not None:
            known = targets >= 0
            matched = other.lists.texts.matched(np.where(known, targets, 0), base.lists.texts)
            targets = np.where(known, matched, -1)
        both = (targets >= 0) & (base.targets[:size] >= 0)
        parts |= both & (targets != base.targets[:size])
    return [int(np.argmax(parts))] if parts.any() else []


def _document(lists: TopLogProbs, row: int) -> str:
    return lists.names[int(lists.documents[row])]


def _told(lists: TopLogProbs, row: int) -> str:
    """A token in words."""
    text = lists.target_text(row)
    token = None if lists.targets is None else int(lists.targets[row])
    what = "a token" if token is None else repr(text) if text is not None else f"the token {token}"
    return f"{what} at position {int(lists.positions[row])} of {_document(lists, row)!r:.60}"
