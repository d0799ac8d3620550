"""Two models of which one is known by its likely tokens, the other by whole rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.errors import InputError, Place
from unsurprised.language_models.agreement import Pairing, TokenPair
from unsurprised.language_models.list_most import MostMeter
from unsurprised.language_models.list_row_facts import NoRoomError, list_row_facts
from unsurprised.language_models.meter import FidelityMeter, narrowed
from unsurprised.language_models.pairs import PairFacts, RowFaultError
from unsurprised.language_models.tokens import PairedTokens, TokenScores
from unsurprised.language_models.top_lists import TopLists
from unsurprised.language_models.top_logprobs import TopLogProbs

Progress = Callable[[int], None]


def mixed_meter(
    pairing: Pairing,
    ignore_index: int = -100,
    *,
    top: int = 10,
    rows: int | None = None,
    progress: Progress | None = None,
) -> tuple[FidelityMeter, MostMeter]:
    """A meter that has read lists of one side and whole rows of the other, and upper bounds."""
    meter, most = FidelityMeter(top=top), MostMeter()
    for part in _parts(pairing, rows):
        kept = _kept(part.tokens.targets, ignore_index)
        if kept is not None:
            meter.leave_out(len(part.tokens) - len(kept))
        counted = part if kept is None else part.taken(kept)
        meter.add_facts(counted.facts, counted.tokens, pairing.vocabulary)
        most.update(counted.most, counted.tokens.names, counted.tokens.documents)
        if progress is not None:
            progress(len(part.tokens))
    return meter, most


def _parts(pairing: Pairing, rows: int | None) -> Iterator[_Part]:
    sides = pairing.base, pairing.other
    for pair in pairing.pairs(rows):
        (base, base_cut), (other, other_cut) = (
            _narrowed(scores, pairing.vocabulary, side.said, pair.first)
            for scores, side in zip((pair.base, pair.other), sides, strict=True)
        )
        try:
            found = list_row_facts(base, other, pair.targets)
        except NoRoomError as fault:
            raise _no_room(fault, pairing, pair) from None
        except RowFaultError as fault:
            row, where = pair.first + fault.number, pairing.place(pair, fault.number)
            raise fault.located(file=sides[fault.side].said, row=row).noted(where) from None
        if isinstance(base, TopLists):
            base_cut = found.unlisted
        else:
            other_cut = found.unlisted
        tokens = PairedTokens(
            base,
            other,
            pair.targets,
            pairing.names,
            pair.documents,
            pair.positions,
            (base_cut, other_cut),
        )
        yield _Part(found.facts, tokens, found.most)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some tokens with what is known of them."""

    facts: PairFacts
    tokens: PairedTokens
    most: dict[str, Values]

    def taken(self, kept: NDArray[np.int64]) -> _Part:
        """Those that are not left out; their scores are no longer asked for."""
        facts = PairFacts(
            **{one.name: getattr(self.facts, one.name)[kept] for one in fields(PairFacts)}
        )
        tokens, targets = self.tokens, self.tokens.targets
        cut = tuple(None if mass is None else mass[kept] for mass in tokens.cut)
        return _Part(
            facts,
            PairedTokens(
                tokens.base,
                tokens.other,
                None if targets is None else targets[kept],
                tokens.names,
                tokens.documents[kept],
                tokens.positions[kept],
                (cut[0], cut[1]),
            ),
            {name: values[kept] for name, values in self.most.items()},
        )


def _kept(targets: NDArray[np.int64] | None, ignore_index: int) -> NDArray[np.int64] | None:
    """The tokens whose target is not the one of those that are left out; None: all."""
    if targets is None or ignore_index == -1 or not (targets == ignore_index).any():
        return None
    return np.flatnonzero(targets != ignore_index)


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


def _no_room(fault: NoRoomError, pairing: Pairing, pair: TokenPair) -> InputError:
    lists = pairing.base if isinstance(pairing.base, TopLogProbs) else pairing.other
    return InputError(
        f"found a list that lacks {fault.missing:.4g} of probability",
        note=pairing.place(pair, fault.row),
        expected=f"at most {fault.room:.4g}, which is what the other tokens hold below its least "
        "entry",
        remedy="these are not the likely tokens of a distribution over that vocabulary: look at "
        "how the lists were made, or say k=…",
        place=Place(lists.said, row=pair.first + fault.row),
    )
