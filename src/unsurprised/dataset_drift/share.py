"""What the state of a data set knows of its plan, and which of its splits came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from unsurprised.engines.seen import PlanLayout, SplitsSeen, layout_of, seen_in
from unsurprised.errors import InputError
from unsurprised.evaluation.plans.share import RowFacts, error_of_said, said_of_error


@dataclass(frozen=True)
class DriftFacts(PlanLayout):
    """What all states of one plan have in common."""

    #: The error if no label of all rows is 0.
    unsaid_start: InputError | None = None

    def said(self) -> dict[str, Any]:
        """The facts as dictionaries, lists and plain values."""
        return {**super().said(), "unsaid_start": said_of_error(self.unsaid_start)}

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> Self:
        """The facts that :meth:`said` told."""
        error = error_of_said(said["unsaid_start"])
        return cls(str(said["id"]), layout_of(said["layout"]), error)


@dataclass(frozen=True)
class DriftShare(SplitsSeen):
    """The splits of a plan that a state has seen."""

    facts: DriftFacts
    #: Whether a label that came in is 0, or none need be.
    zero_seen: bool = False

    def joined(self, other: Self) -> Self:
        """The share of both; an error for another plan, and for a split that is in both."""
        return replace(super().joined(other), zero_seen=self.zero_seen or other.zero_seen)

    def refuse_wrong(self, *, partial: bool) -> None:
        """Raise for what only all rows together tell, and for splits that did not come in."""
        if not partial:
            self.refuse_missing()
        if self.facts.unsaid_start is not None and not self.zero_seen:
            raise self.facts.unsaid_start

    def said(self) -> dict[str, Any]:
        """The share as dictionaries, lists and plain values."""
        return {**super().said(), "zero_seen": self.zero_seen}

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> Self:
        """The share that :meth:`said` told."""
        facts, rows = DriftFacts.of_said(said["facts"]), RowFacts.of_said(said, None)
        return cls(facts, seen_in(said["seen"], facts.count), rows.zero_seen)
