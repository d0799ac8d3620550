"""What an evaluator knows of its plan, beside which of its splits came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from unsurprised.engines.seen import PlanLayout, SplitsSeen, layout_of, seen_in
from unsurprised.errors import InputError, Place, StateError
from unsurprised.interpretation import Interpretation
from unsurprised.states.serial import whole


@dataclass(frozen=True)
class PlanFacts(PlanLayout):
    """What all states of one plan have in common, and what their result says of it."""

    #: How many rows were said to come, by which some are passed over for the sample.
    expected: int
    interpretation: Interpretation
    #: What was taken, told or not, for printing.
    choices: Mapping[str, str] = field(default_factory=dict)
    #: The error if no label of all rows is 0.
    unsaid_start: InputError | None = None

    def said(self) -> dict[str, Any]:
        """The facts as dictionaries, lists and plain values."""
        error = self.unsaid_start
        return {
            **super().said(),
            "expected": self.expected,
            "interpretation": self.interpretation._kept(),
            "choices": dict(self.choices),
            "unsaid_start": None
            if error is None
            else {**error._fields(), "place": [error.place.file, error.place.column]},
        }

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> Self:
        """The facts that :meth:`said` told."""
        error, reading = said["unsaid_start"], dict(said["interpretation"])
        if error is not None:
            file, column = error["place"]
            error = InputError(**{**error, "place": Place(file, column=column)})
        reading["left_aside"] = tuple(reading["left_aside"])
        choices = {str(name): str(value) for name, value in said["choices"].items()}
        return cls(
            str(said["id"]),
            layout_of(said["layout"]),
            whole(said["expected"], "expected"),
            Interpretation(**reading),
            choices,
            error,
        )


@dataclass(frozen=True)
class Share(SplitsSeen):
    """The splits of a plan that an evaluator has seen."""

    facts: PlanFacts
    #: Whether a label that came in is 0, or none need be.
    zero_seen: bool = False

    def joined(self, other: Self) -> Self:
        """The share of both; an error for another plan, and for a split that is in both."""
        return replace(super().joined(other), zero_seen=self.zero_seen or other.zero_seen)

    def said(self) -> dict[str, Any]:
        """The share as dictionaries, lists and plain values."""
        return {**super().said(), "zero_seen": self.zero_seen}

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> Self:
        """The share that :meth:`said` told."""
        facts = PlanFacts.of_said(said["facts"])
        if not isinstance(said["zero_seen"], bool):
            raise StateError("the bytes of the state do not say whether a label is 0")
        return cls(facts, seen_in(said["seen"], facts.count), said["zero_seen"])
