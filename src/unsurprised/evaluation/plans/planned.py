"""An evaluator that knows its plan, and refuses what would count rows twice or not at all."""

from __future__ import annotations

import json
from typing import Any, Self

from unsurprised.engines.seen import KnowsSplits
from unsurprised.errors import CallError, InputError, StateError
from unsurprised.evaluation.engine import of_all, refuse_no_rows
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.plans.share import Share
from unsurprised.evaluation.result import Evaluation
from unsurprised.states.serial import pack, sensible, unpack, written

#: How its bytes are called, which those of other evaluators are not.
NAME = "PlannedEvaluator"


class PlannedEvaluator(KnowsSplits, Evaluator):
    """The state of some splits of a plan; made by :meth:`Plan.evaluate` and :func:`merge`.

    It merges with other states of its plan, exactly and in any order, and takes no other rows. Its
    bytes are read by :func:`unsurprised.merge`.
    """

    of_plan = True
    _share: Share

    @classmethod
    def of(cls, evaluator: Evaluator, share: Share) -> Self:
        """An evaluator that has seen the splits of a share, and that is no one else's."""
        made = cls.__new__(cls)
        vars(made).update(vars(evaluator))
        made._share, made._reading = share, share.facts.interpretation
        return made

    def recall_expected(self) -> Self:
        """Pass over rows as the plan says, which the bytes of an evaluator do not tell."""
        recall_expected(self, self._share.facts.expected)
        return self

    @property
    def share(self) -> Share:
        """Its plan, and the splits of it that came in."""
        return self._share

    def update(self, *_: Any, **__: Any) -> Self:
        """Refused: an evaluator of a plan takes the rows of its plan alone."""
        raise CallError(
            "this evaluator holds splits of a plan, and takes no other rows; expected an Evaluator "
            "of its own for these"
        )

    update_batch = update

    def refuse_wrong(self) -> None:
        """Raise for what only all rows together tell."""
        self._share.refuse_wrong()
        refuse_no_rows(self, self._share.facts.files)
        self.refuse_lacking_sample()

    def refuse_lacking_sample(self) -> None:
        """Raise if fewer rows than were expected came, and the sample lacks some for it."""
        facts = self._share.facts
        if self.falls_short() and not self._share.missing:
            raise StateError(
                f"the sample lacks rows: {facts.expected:,} were expected, and so many were left "
                "out, or share their ids, that too few were kept; plan again with expect=0 "
                "(--expect 0), for states that each keep a whole sample"
            )

    def result(self, *, base: float = 2, ledger: bool = True) -> Evaluation:
        """What can be said of the splits that came in; a note says if some are missing."""
        self.refuse_wrong()
        try:
            found = super().result(base=base, ledger=ledger)
        except InputError as error:
            raise of_all(error, self._share.facts.files) from None
        if note := self._share.note():
            object.__setattr__(found, "notes", (note, *found.notes))
        return found

    def _merge(self, other: Evaluator) -> Self:
        self._refuse_mixed(other)
        assert isinstance(other, PlannedEvaluator)
        share = self._share.joined(other._share)
        super()._merge(other)
        self._share = share
        return self

    def _written(self) -> bytes:
        # Not compressed: what comes of that depends on the library.
        said = self._share.said()
        met = said.pop("met")
        parts = [written(said).encode(), super()._written(), met]
        return pack(NAME, {}, parts if met else parts[:2])

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> Self:
        """The evaluator that ``to_bytes`` wrote."""
        _, parts = unpack(data, NAME)
        if len(parts) not in (2, 3):
            raise StateError(f"the state of a plan has {len(parts)} parts; expected 2 or 3")
        share = Share.of_said({**json.loads(parts[0]), "met": b"".join(parts[2:])})
        return cls.of(Evaluator.from_bytes(parts[1]), share).recall_expected()


def recall_expected(evaluator: Evaluator, rows: int) -> None:
    """Pass over rows as before, where so many were said to come; an evaluator's bytes do not."""
    evaluator.expect(rows)
    if evaluator._held is not None and evaluator._held.sample is not None:
        evaluator._held.sample.expect(rows)
