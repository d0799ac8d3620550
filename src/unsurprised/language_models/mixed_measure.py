"""Two models of which one is known by its likely tokens, the other by whole rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unsurprised.errors import InputError
from unsurprised.language_models.agreement import Pairing
from unsurprised.language_models.list_row_facts import NoRoomError, list_row_facts
from unsurprised.language_models.pair_meters import PairMeters
from unsurprised.language_models.pairs import RowFaultError
from unsurprised.language_models.tokens import PairedTokens
from unsurprised.language_models.top_lists import TopLists
from unsurprised.language_models.top_logprobs import TopLogProbs


def add_mixed(
    meters: PairMeters, pairing: Pairing, tokens: PairedTokens, numbers: NDArray[np.int64]
) -> None:
    """Add tokens of which one side is lists, and their upper bounds."""
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
    cut = replace(tokens, cut=(base_cut, other_cut))
    meters.meter.add_facts(found.facts, cut, pairing.vocabulary)
    meters.bounds.update(found.most, tokens.names, tokens.documents)


def _where(tokens: PairedTokens, row: int) -> str:
    name = tokens.names[int(tokens.documents[row])]
    return f"position {int(tokens.positions[row])} of document {name!r:.60}"


def _no_room(fault: NoRoomError, where: str) -> InputError:
    return InputError(
        f"found a list that lacks {fault.missing:.4g} of probability",
        note=where,
        expected=f"at most {fault.room:.4g}, which is what the other tokens hold below its least "
        "entry",
        remedy="these are not the likely tokens of a distribution over that vocabulary: look at "
        "how the lists were made, or say k=…",
    )
