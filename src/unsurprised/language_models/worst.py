"""The tokens at which two models differ most: what a meter keeps of each, and what it tells.

An entry of the state holds as its leaders pairs of a token and its surprisal: the base's top, the
other's top (tokens plus 1; 0 where nothing is listed), and where the target is known it twice, as
each of the two has it. Its rank is the entry's label under the base, and its top under the other; 0
stands for one that cannot be known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from unsurprised.language_models.pairs import PairFacts
from unsurprised.language_models.result import WorstToken
from unsurprised.language_models.tokens import PairedTokens, TokenScores
from unsurprised.language_models.top_lists import TopLists
from unsurprised.states import Entry


def entries_of(
    facts: PairFacts, rows: PairedTokens, chosen: Iterable[int], kept: Sequence[Entry], size: int
) -> list[Entry]:
    """Those of some tokens that are among the ``size`` worst beside those that are kept.

    Of no others are the ranks counted, which takes a read of the row.
    """
    fresh = [(_entry(facts, rows, int(row)), int(row)) for row in chosen]
    together = sorted([*fresh, *((entry, -1) for entry in kept)], key=lambda pair: pair[0].order())
    return [_with_ranks(entry, rows, row) for entry, row in together[:size] if row >= 0]


def _entry(facts: PairFacts, rows: PairedTokens, row: int) -> Entry:
    """A token without its ranks."""
    leaders = [
        (max(int(facts.base_top[row]) + 1, 0), float(facts.base_top_surprisal[row])),
        (max(int(facts.other_top[row]) + 1, 0), float(facts.other_top_surprisal[row])),
    ]
    target = -1 if rows.targets is None else int(rows.targets[row])
    if target >= 0:
        leaders += [
            (target, float(facts.base_surprisal[row])),
            (target, float(facts.other_surprisal[row])),
        ]
    name, position = rows.names[int(rows.documents[row])], int(rows.positions[row])
    return Entry(float(facts.kl[row]), position, file=name, leaders=tuple(leaders))


def _with_ranks(entry: Entry, rows: PairedTokens, row: int) -> Entry:
    if rows.targets is None or rows.targets[row] < 0:
        return entry
    ranks = [rank_of(side, row, int(rows.targets[row])) for side in (rows.base, rows.other)]
    return replace(entry, label=ranks[0], top=ranks[1])


def rank_of(scores: TokenScores | TopLists, row: int, target: int) -> int:
    """How many tokens are likelier than this one, and itself; 0 where it cannot be known.

    Equally likely tokens have one rank. What lies at a floor, or was added to a list of the
    likely tokens because it came, has none that is known.
    """
    if isinstance(scores, TopLists):
        return _listed_rank(scores, row, target)
    values = scores.row(row)
    own = values[target]
    if scores.floored is not None and scores.floored[row] and own == values.min():
        return 0
    return 1 + int(np.count_nonzero(values > own))


def _listed_rank(lists: TopLists, row: int, target: int) -> int:
    entries = slice(int(lists.starts[row]), int(lists.starts[row + 1]))
    here = np.flatnonzero(lists.tokens[entries] == target)
    if not len(here):
        return 0
    logprobs, at = lists.logprobs[entries], int(here[0])
    if lists.ranked is not None and not lists.ranked[entries][at]:
        return 0
    return 1 + int(np.count_nonzero(logprobs > logprobs[at]))


def worst_token(entry: Entry, per_bit: float) -> WorstToken:
    """What an entry tells, in a unit of which there are so many to a bit."""
    (base_top, base_bits), (other_top, other_bits), *at_target = entry.leaders
    target: int | None = None
    surprisals: list[float | None] = [None, None]
    if at_target:
        target, surprisals = at_target[0][0], [bits * per_bit for _, bits in at_target]
    return WorstToken(
        document=entry.file or "",
        position=int(entry.id),
        kl_divergence=entry.value * per_bit,
        base_top=base_top - 1 if base_top else None,
        other_top=other_top - 1 if other_top else None,
        base_top_surprisal=base_bits * per_bit,
        other_top_surprisal=other_bits * per_bit,
        target=target,
        base_surprisal=surprisals[0],
        other_surprisal=surprisals[1],
        base_rank=entry.label or None,
        other_rank=entry.top or None,
    )
