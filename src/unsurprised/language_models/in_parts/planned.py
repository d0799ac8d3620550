"""What parts of pairs have found: a state that knows its splits, and merges to a result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Self

from unsurprised.alone import alone, beside
from unsurprised.engines.seen import KnowsSplits
from unsurprised.errors import CallError, StateError
from unsurprised.language_models.in_parts.share import PairsShare
from unsurprised.language_models.in_parts.splits import Stretch, stretches_of
from unsurprised.language_models.in_parts.worst_texts import WorstTexts
from unsurprised.language_models.model_pair import refuse_none, result_of, with_noise
from unsurprised.language_models.pair_meters import PairMeters
from unsurprised.language_models.result import Fidelity
from unsurprised.states.serial import ByBytes, pack, sensible, unpack, whole, written
from unsurprised.units import checked_base

#: How its bytes are called.
NAME = "PlannedFidelity"


class PlannedFidelity(KnowsSplits, ByBytes):
    """What some splits of a base and other models have told; made by :func:`merge`.

    It merges with other states of the same files and options, exactly and in any order. Its bytes
    are written by ``unsurprised fidelity --state``, and read by :func:`unsurprised.merge`.
    """

    _share: PairsShare

    def __init__(
        self,
        share: PairsShare,
        meters: Mapping[int, PairMeters],
        texts: Mapping[int, WorstTexts],
    ) -> None:
        self._share, self._meters, self._texts = share, dict(meters), dict(texts)

    @property
    def share(self) -> PairsShare:
        """Its files and options, and the splits of them that came in."""
        return self._share

    @alone
    def merge(self, other: PlannedFidelity) -> Self:
        """Add another state's splits; associative and commutative to the bit."""
        share = self._share.joined(other._share)
        with beside(self, other):
            for pair, meters in other._meters.items():
                if pair in self._meters:
                    self._meters[pair].merge(meters)
                    self._texts[pair] = self._texts[pair].joined(
                        other._texts[pair], self._meters[pair].meter
                    )
                else:
                    self._meters[pair] = PairMeters.from_bytes(meters.to_bytes())
                    self._texts[pair] = other._texts[pair]
            self._share = share
        return self

    def refuse_wrong(self) -> None:
        """Raise for what only all rows together tell."""
        rows = self._rows()
        for pair, meters in self._meters.items():
            refuse_none(meters, sum(map(len, rows[pair])))

    def result(self, *, base: float = 2) -> Fidelity:
        """What the splits that came in tell of the one model; a note says if some are missing."""
        found = self.results(base=base)
        if len(found) > 1:
            raise CallError(f"the state is of {len(found)} models; expected one: results() has all")
        return found[0]

    def results(self, *, base: float = 2) -> tuple[Fidelity, ...]:
        """The same of each model, in their order."""
        checked_base(base)
        self.refuse_wrong()
        facts = self._share.facts
        return tuple(self._result(pair, base) for pair in range(len(facts.sides) - facts.noisy))

    def _result(self, pair: int, base: float) -> Fidelity:
        facts, rows = self._share.facts, self._rows()
        if pair not in self._meters:
            raise StateError(
                f"no split of {facts.files[pair]} has come in; expected one or more of each model"
            )
        meters, said = self._meters[pair], facts.sides[pair]
        found = self._texts[pair].worded(result_of(meters, said, base))
        noise = len(facts.sides) - 1
        missing = dict(found.missing)
        if facts.noisy and _ends(rows[pair]) == _ends(rows[noise]):
            found = with_noise(found, meters, self._meters[noise], facts.sides[noise], base)
        elif facts.noisy:
            name = facts.sides[noise].names[1]
            missing["noise"] = f"of {name} other rows came in, and so it is not beside these"
        if note := self._share.note():
            missing["parts"] = note.removesuffix(".")
        return replace(found, missing=missing)

    def _rows(self) -> dict[int, list[Stretch]]:
        """The rows of each pair that came in."""
        facts = self._share.facts
        rows: dict[int, list[Stretch]] = {pair: [] for pair in range(len(facts.sides))}
        for one in stretches_of(facts, self.splits):
            rows[one.pair].append(one)
        return rows

    @alone
    def to_bytes(self) -> bytes:
        """The state as bytes; equal for equal splits in any order and any portions."""
        pairs = sorted(self._meters)
        said = {
            "share": self._share.said(),
            "pairs": pairs,
            "texts": [self._texts[pair].said() for pair in pairs],
        }
        meters = [self._meters[pair].to_bytes() for pair in pairs]
        return pack(NAME, {}, [written(said).encode(), *meters])

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> Self:
        """The state that :meth:`to_bytes` wrote."""
        _, (first, *rest) = unpack(data, NAME)
        said = json.loads(first)
        share = PairsShare.of_said(said["share"])
        most = len(share.facts.sides) - 1
        pairs = [whole(pair, "the number of a pair", most=most) for pair in said["pairs"]]
        if not len(pairs) == len(set(pairs)) == len(rest) == len(said["texts"]):
            raise StateError("the bytes of the state hold other meters than pairs")
        meters = dict(zip(pairs, map(PairMeters.from_bytes, rest), strict=True))
        texts = dict(zip(pairs, map(WorstTexts.of_said, said["texts"]), strict=True))
        made = cls(share, meters, texts)
        if {pair for pair, rows in made._rows().items() if rows} != set(pairs):
            raise StateError("the bytes of the state hold meters of other splits than they say")
        for pair, held in meters.items():
            if share.facts.sides[pair].bounded != (held.most is not None):
                raise StateError("the bytes of the state hold meters of other models")
        return made


def _ends(rows: list[Stretch]) -> list[tuple[int, int]]:
    return [(one.first, one.last) for one in rows]
