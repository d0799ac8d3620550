"""A base and another model, whose artefacts agree, with what is known of their tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from unsurprised.errors import CallError
from unsurprised.language_models.agreement import Opened, Pairing
from unsurprised.language_models.artefacts import AnyOpened
from unsurprised.language_models.artefacts.kld import KldFile
from unsurprised.language_models.artefacts.whole import WholeRows
from unsurprised.language_models.figures import fidelity_of
from unsurprised.language_models.given import tokens_that_count
from unsurprised.language_models.id_wording import IdWording
from unsurprised.language_models.list_facts import refuse_other_tokens
from unsurprised.language_models.list_measure import both_lists, with_bounds
from unsurprised.language_models.noise import noise_floor
from unsurprised.language_models.pair_meters import PairMeters, Progress
from unsurprised.language_models.placed_tokens import PlacedTokens
from unsurprised.language_models.placing import Placing
from unsurprised.language_models.result import Fidelity
from unsurprised.language_models.sides_said import SidesSaid
from unsurprised.language_models.stretches import Sides, meters_of
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.language_models.wording import Wording, of_lists


def paired(
    base: AnyOpened, other: AnyOpened, targets: Any = None, vocabulary: int | None = None
) -> Sides:
    """Two artefacts that agree, as they are read together."""
    lists = both_lists(base, other)
    if lists is None:
        return Pairing(base, other, targets, vocabulary)
    refuse_other_tokens(*lists)
    return lists


class ModelPair:
    """A base and another model, ready to be read: all that can be wrong before that was told.

    Parameters
    ----------
    base, other : artefact
        The two models'.
    given : Placing
        What the caller says of the tokens.
    names : pair of str
        What the result calls the two.
    """

    def __init__(
        self, base: AnyOpened, other: AnyOpened, given: Placing, names: tuple[str, str]
    ) -> None:
        self.ignore_index, self.asked_vocabulary = given.ignore_index, given.vocabulary
        self.sides = paired(base, other, _targets(base, other, given), given.vocabulary)
        self.tokens, self._wording = self._beside(given)
        held = self.sides
        both = held if isinstance(held, tuple) else (held.base, held.other)
        missing: Mapping[str, str] = {} if isinstance(held, tuple) else held.notes
        self.said = SidesSaid.of(names, both, missing)
        if self._wording is not None:
            self._wording.note(self.tokens)
        self.tokens.refuse_many_slices(self._kept())

    def _beside(self, given: Placing) -> tuple[PlacedTokens, Wording | IdWording | None]:
        """What is known of all tokens, and their texts."""
        sides = self.sides
        lists = _lists_of(sides)
        if isinstance(sides, tuple):
            given.refuse_for_lists(sides[0])
        if lists is not None:
            targets = lists.targets if isinstance(sides, tuple) else sides.targets
            vocabulary = lists.vocabulary if isinstance(sides, tuple) else sides.vocabulary
            tokens = given.beside(lists.names, lists.documents, lists.positions, targets)
            longest = _longest(tokens)
            return tokens, given.wording(tokens, longest, placed=True, vocabulary=vocabulary)
        assert isinstance(sides, Pairing)
        tokens = given.beside(sides.names, sides.documents, sides.positions, sides.targets)
        lengths, placed = _lengths(sides)
        return tokens, given.wording(tokens, lengths, placed=placed, vocabulary=sides.vocabulary)

    def _kept(self) -> Any:
        """The numbers of the tokens that count; None: all."""
        if isinstance(self.sides, tuple):
            return tokens_that_count(None, self.tokens.mask, 0)[0]
        return tokens_that_count(self.tokens.targets, self.tokens.mask, self.ignore_index)[0]

    @property
    def paths(self) -> tuple[str, str]:
        """The files of both, where they came from files."""
        sides = self.sides
        both = sides if isinstance(sides, tuple) else (sides.base, sides.other)
        return both[0].said, both[1].said

    @property
    def row_bytes(self) -> int:
        """Bytes of a row of both; of lists none."""
        if isinstance(self.sides, tuple):
            return 0
        both = (self.sides.base, self.sides.other)
        return sum(0 if isinstance(side, TopLogProbs) else side.row_bytes for side in both)

    @property
    def found_anywhere(self) -> bool:
        """Whether tokens are found without a read of all that is before them."""
        return not isinstance(self.sides, tuple) and self.sides.found_anywhere

    def read(
        self,
        first: int = 0,
        last: int | None = None,
        *,
        top: int = 10,
        rows: int | None = None,
        progress: Progress | None = None,
    ) -> PairMeters:
        """What is measured of the tokens from one up to another, by default of all."""
        tokens = self.tokens.part(first, len(self.tokens) if last is None else last)
        return meters_of(
            self.sides, tokens, self.ignore_index, top=top, rows=rows, progress=progress
        )

    def result(self, meters: PairMeters, unit: float) -> Fidelity:
        """What meters of all tokens tell, with the texts of the worst."""
        refuse_none(meters, len(self.tokens))
        return self.worded(result_of(meters, self.said, unit))

    def worded(self, found: Fidelity) -> Fidelity:
        """The result with the texts of its worst tokens."""
        if isinstance(self.sides, tuple):
            found = of_lists(found, *self.sides)
        return found if self._wording is None else self._wording.of(found)


def result_of(meters: PairMeters, said: SidesSaid, unit: float) -> Fidelity:
    """What meters tell of two sides, but for the texts of tokens."""
    found = fidelity_of(meters.meter, said.names, unit)
    if said.bounded:
        found = with_bounds(found, meters.bounds, said, unit)
    return replace(found, missing={**found.missing, **said.missing})


def with_noise(
    found: Fidelity, meters: PairMeters, noise: PairMeters, said: SidesSaid, unit: float
) -> Fidelity:
    """The result beside what a second run of the base, ``noise``, has of the same tokens."""
    beside = result_of(noise, said, unit)
    return replace(found, noise=noise_floor(meters.meter, noise.meter, beside, unit))


def refuse_none(meters: PairMeters, tokens: int) -> None:
    """Raise where no token is left to be measured."""
    meter = meters.meter
    if meter.left_out + meter.masked == tokens:
        raise CallError(
            f"of {tokens:,} tokens a mask leaves out {meter.masked:,}, and targets "
            f"{meter.left_out:,}; expected one or more that count (1 in a mask)"
        )


def _targets(base: AnyOpened, other: AnyOpened, given: Placing) -> Any:
    """The tokens that came, as the caller says them."""
    if isinstance(base, TopLogProbs) or isinstance(other, TopLogProbs):
        return None if both_lists(base, other) else given.targets_beside(base, other)
    stated = next((side.said for side in (base, other) if isinstance(side, KldFile)), None)
    return given.targets(_tokens_for_targets(base, other), _width(base, other, given), stated)


def _tokens_for_targets(base: Opened, other: Opened) -> int:
    """How many tokens both sides will have: those of a file that places them, if there is one."""
    return other.tokens if other.placed and not base.placed else base.tokens


def _width(base: Opened, other: Opened, given: Placing) -> int:
    return given.vocabulary or min(base.vocabulary, other.vocabulary)


def _lists_of(sides: Sides) -> TopLogProbs | None:
    """The lists whose documents and positions are those of both sides, if there are any."""
    both = sides if isinstance(sides, tuple) else (sides.base, sides.other)
    return next((side for side in both if isinstance(side, TopLogProbs)), None)


def _longest(tokens: PlacedTokens) -> list[int]:
    """How long each document is, up to the last token that is predicted."""
    longest = np.zeros(len(tokens.names), dtype=np.int64)
    np.maximum.at(longest, tokens.which, tokens.positions + 1)
    found: list[int] = longest.tolist()
    return found


def _lengths(pairing: Pairing) -> tuple[list[int], bool]:
    """The same as artefacts of whole rows have it, and whether one says the places itself."""
    for side in (pairing.base, pairing.other):
        if isinstance(side, KldFile):
            return [side.layout.context] * len(side.names), True
    lead = pairing.lead
    assert isinstance(lead, WholeRows)
    return [int(one.places(one.rows - 1, 1)[0]) + 1 for one in lead.documents], lead.placed
