"""Some tokens of two models, read and measured: the one way from artefacts that agree to meters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unsurprised.errors import InputError
from unsurprised.language_models.agreement import Pairing, TokenPair
from unsurprised.language_models.given import tokens_that_count
from unsurprised.language_models.list_measure import list_meters
from unsurprised.language_models.mixed_measure import add_mixed
from unsurprised.language_models.narrowing import narrowed_alike
from unsurprised.language_models.pair_meters import PairMeters, Progress
from unsurprised.language_models.pairs import RowFaultError
from unsurprised.language_models.placed_tokens import PlacedTokens
from unsurprised.language_models.tokens import PairedTokens
from unsurprised.language_models.top_logprobs import TopLogProbs

#: Two artefacts that agree: with whole rows of one of them at least, or lists of both.
Sides = Pairing | tuple[TopLogProbs, TopLogProbs]


def meters_of(
    sides: Sides,
    tokens: PlacedTokens,
    ignore_index: int = -100,
    *,
    top: int = 10,
    rows: int | None = None,
    progress: Progress | None = None,
) -> PairMeters:
    """What is measured of some tokens; ``rows`` at a time change nothing but the memory.

    Raises
    ------
    InputError
        For the first row that is wrong, however many are read at a time.
    """
    if isinstance(sides, tuple):
        return list_meters(sides, tokens, top=top, rows=rows, progress=progress)
    mixed = any(isinstance(side, TopLogProbs) for side in (sides.base, sides.other))
    meters = PairMeters.empty(top, tokens.bins, bounded=mixed)
    done = tokens.first
    try:
        for pair in sides.pairs(rows, tokens.first, tokens.last):
            _add(meters, sides, pair, tokens, ignore_index)
            done += len(pair)
            if progress is not None:
                progress(len(pair))
    except InputError as error:
        # Of a batch one side is looked at after the other, and so is one thing that may be wrong.
        if rows != 1 and error.place.row is not None:
            until = min(done + (rows or sides.rows_at_a_time), tokens.last)
            meters_of(sides, tokens.part(done, until), ignore_index, top=0, rows=1)
        raise
    return meters


def _add(
    meters: PairMeters, pairing: Pairing, pair: TokenPair, tokens: PlacedTokens, ignore_index: int
) -> None:
    """Add those of some tokens that count."""
    held = tokens.part(pair.first, pair.first + len(pair))
    whole = _paired(pair, pairing, held)
    kept, left_out, masked = tokens_that_count(held.targets, held.mask, ignore_index)
    meters.meter.leave_out(left_out, masked)
    counted = whole if kept is None else whole.taken(kept)
    numbers = pair.first + (np.arange(len(whole)) if kept is None else kept)
    (_add_rows if meters.most is None else add_mixed)(meters, pairing, counted, numbers)


def _paired(pair: TokenPair, pairing: Pairing, held: PlacedTokens) -> PairedTokens:
    """Tokens with all that is said of them, cut to one vocabulary."""
    (base, base_cut), (other, other_cut) = (
        narrowed_alike(scores, pairing.vocabulary, side.said, pair.first)
        for scores, side in ((pair.base, pairing.base), (pair.other, pairing.other))
    )
    cut = base_cut, other_cut
    return PairedTokens(
        base, other, held.targets, held.names, held.which, held.positions, cut, held.by
    )


def _add_rows(
    meters: PairMeters, pairing: Pairing, rows: PairedTokens, numbers: NDArray[np.int64]
) -> None:
    """Add whole rows; one that is no distribution is told with its number among all."""
    try:
        meters.meter.add(rows)
    except RowFaultError as fault:
        number = fault.number
        name = rows.names[int(rows.documents[number])]
        where = f"position {int(rows.positions[number])} of document {name!r}"
        said = (pairing.base.said, pairing.other.said)[fault.side]
        raise fault.located(file=said, row=int(numbers[number])).noted(where) from None
