"""Two models of which one is known by its likely tokens, the other by whole rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.errors import InputError, Place
from unsurprised.language_models.agreement import Pairing, TokenPair
from unsurprised.language_models.given import tokens_that_count
from unsurprised.language_models.id_wording import IdWording
from unsurprised.language_models.list_most import MostMeter
from unsurprised.language_models.list_row_facts import NoRoomError, list_row_facts
from unsurprised.language_models.meter import FidelityMeter
from unsurprised.language_models.narrowing import narrowed
from unsurprised.language_models.pairs import RowFaultError
from unsurprised.language_models.placing import PlacedTokens
from unsurprised.language_models.tokens import PairedTokens, TokenScores
from unsurprised.language_models.top_lists import TopLists
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.language_models.wording import Wording

Progress = Callable[[int], None]


def mixed_meter(
    pairing: Pairing,
    beside: PlacedTokens,
    ignore_index: int = -100,
    *,
    top: int = 10,
    rows: int | None = None,
    wording: Wording | IdWording | None = None,
    progress: Progress | None = None,
) -> tuple[FidelityMeter, MostMeter]:
    """A meter that has read lists of one side and whole rows of the other, and upper bounds."""
    meter, most = FidelityMeter(top=top, bins=beside.bins), MostMeter()
    for pair in pairing.pairs(rows):
        tokens = _tokens(pair, pairing, beside)
        if wording is not None:
            wording.note(tokens)
        counts = beside.counts(slice(pair.first, pair.first + len(tokens)))
        kept, left_out, masked = tokens_that_count(tokens.targets, counts, ignore_index)
        meter.leave_out(left_out, masked)
        numbers = np.arange(len(tokens)) if kept is None else kept
        counted = tokens if kept is None else tokens.taken(kept)
        upper = _add(meter, pairing, counted, pair.first + numbers)
        most.update(upper, counted.names, counted.documents)
        if progress is not None:
            progress(len(tokens))
    return meter, most


def _tokens(pair: TokenPair, pairing: Pairing, beside: PlacedTokens) -> PairedTokens:
    """Tokens with all that is said of them, whole rows cut to one vocabulary."""
    rows = slice(pair.first, pair.first + len(pair.documents))
    (base, base_cut), (other, other_cut) = (
        _narrowed(scores, pairing.vocabulary, side.said, pair.first)
        for scores, side in (
            (pair.base, pairing.base),
            (pair.other, pairing.other),
        )
    )
    return PairedTokens(
        base,
        other,
        pair.targets,
        beside.names,
        beside.which[rows],
        pair.positions,
        (base_cut, other_cut),
        beside.slices(rows),
    )


def _add(
    meter: FidelityMeter, pairing: Pairing, tokens: PairedTokens, numbers: NDArray[np.int64]
) -> dict[str, Values]:
    """Add tokens; what comes back are their upper bounds."""
    sides = pairing.base, pairing.other
    try:
        found = list_row_facts(tokens.base, tokens.other, tokens.targets)
    except NoRoomError as fault:
        lists = next(side for side in sides if isinstance(side, TopLogProbs))
        raise _no_room(fault, _where(tokens, fault.row)).located(
            file=lists.said, row=int(numbers[fault.row])
        ) from None
    except RowFaultError as fault:
        said, row = sides[fault.side].said, int(numbers[fault.number])
        raise fault.located(file=said, row=row).noted(_where(tokens, fault.number)) from None
    base_cut, other_cut = tokens.cut
    if isinstance(tokens.base, TopLists):
        base_cut = found.unlisted
    else:
        other_cut = found.unlisted
    meter.add_facts(found.facts, replace(tokens, cut=(base_cut, other_cut)), pairing.vocabulary)
    return found.most


def _where(tokens: PairedTokens, row: int) -> str:
    name = tokens.names[int(tokens.documents[row])]
    return f"position {int(tokens.positions[row])} of document {name!r:.60}"


def _narrowed(
    scores: TokenScores | TopLists, vocabulary: int, said: str, first: int
) -> tuple[TokenScores | TopLists, Values | None]:
    """Whole rows of one vocabulary; lists must hold no token beyond it."""
    if isinstance(scores, TokenScores):
        return narrowed(scores, vocabulary)
    beyond = scores.tokens >= vocabulary
    if beyond.any():
        at = int(np.argmax(beyond))
        raise InputError(
            f"found the token {int(scores.tokens[at])} in a list",
            expected=f"0 to {vocabulary - 1}, the tokens of the other model's rows",
            remedy="compare models of one vocabulary",
            place=Place(said, row=first + int(scores.rows[at])),
        )
    return scores, None


def _no_room(fault: NoRoomError, where: str) -> InputError:
    return InputError(
        f"found a list that lacks {fault.missing:.4g} of probability",
        note=where,
        expected=f"at most {fault.room:.4g}, which is what the other tokens hold below its least "
        "entry",
        remedy="these are not the likely tokens of a distribution over that vocabulary: look at "
        "how the lists were made, or say k=…",
    )
