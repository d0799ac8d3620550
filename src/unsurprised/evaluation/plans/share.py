"""What an evaluator knows of its plan, beside which of its splits came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from unsurprised.copies import Record
from unsurprised.engines.seen import PlanLayout, SplitsSeen, layout_of, seen_in
from unsurprised.errors import InputError, Place, StateError
from unsurprised.interpretation import Interpretation
from unsurprised.sources.truth_files import TruthFiles
from unsurprised.states.marked_rows import MarkedRows
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
        return {
            **super().said(),
            "expected": self.expected,
            "interpretation": self.interpretation._kept(),
            "choices": dict(self.choices),
            "unsaid_start": said_of_error(self.unsaid_start),
        }

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> Self:
        """The facts that :meth:`said` told."""
        reading = dict(said["interpretation"])
        reading["left_aside"] = tuple(reading["left_aside"])
        choices = {str(name): str(value) for name, value in said["choices"].items()}
        return cls(
            str(said["id"]),
            layout_of(said["layout"]),
            whole(said["expected"], "expected"),
            Interpretation(**reading),
            choices,
            error_of_said(said["unsaid_start"]),
        )


def said_of_error(error: InputError | None) -> dict[str, Any] | None:
    """An error of a column as plain values."""
    if error is None:
        return None
    return {**error._fields(), "place": [error.place.file, error.place.column]}


def error_of_said(said: Mapping[str, Any] | None) -> InputError | None:
    """The error that :func:`said_of_error` told."""
    if said is None:
        return None
    file, column = said["place"]
    return InputError(**{**said, "place": Place(file, column=column)})


@dataclass(frozen=True, slots=True)
class RowFacts(Record):
    """What only all rows together tell, of some of them."""

    #: Whether a label that came in is 0, or none need be.
    zero_seen: bool = False
    #: The rows of a truth in another file that have met a prediction, where each must have one.
    met: MarkedRows | None = None

    @classmethod
    def nothing(cls, truth: TruthFiles | None) -> Self:
        """Those of no row."""
        return cls(met=None if truth is None else truth.nothing_met)

    def joined(self, other: Self) -> Self:
        """The facts of both."""
        met = other.met if self.met is None or other.met is None else self.met.joined(other.met)
        return type(self)(self.zero_seen or other.zero_seen, met)

    def said(self) -> dict[str, Any]:
        """The facts as plain values, and the bytes of a bitmap."""
        met = b"" if self.met is None else self.met.to_bytes()
        return {"zero_seen": self.zero_seen, "met": met}

    @classmethod
    def of_said(cls, said: Mapping[str, Any], truth: TruthFiles | None) -> Self:
        """What :meth:`said` told of a plan with this truth."""
        zero_seen = said["zero_seen"]
        if not isinstance(zero_seen, bool):
            raise StateError("the bytes of the state do not say whether a label is 0")
        if truth is None or truth.nothing_met is None:
            return cls(zero_seen)
        return cls(zero_seen, MarkedRows.from_bytes(truth.rows, said["met"]))


@dataclass(frozen=True)
class Share(SplitsSeen):
    """The splits of a plan that an evaluator has seen."""

    facts: PlanFacts
    #: What was found in them.
    rows: RowFacts = RowFacts()
    #: The truth in another file, if the plan has one.
    truth: TruthFiles | None = None

    def joined(self, other: Self) -> Self:
        """The share of both; an error for another plan, and for a split that is in both."""
        return replace(super().joined(other), rows=self.rows.joined(other.rows))

    def refuse_wrong(self) -> None:
        """Raise for what the labels of all rows together tell."""
        if self.facts.unsaid_start is not None and not self.rows.zero_seen:
            raise self.facts.unsaid_start
        if self.truth is not None and self.rows.met is not None and not self.missing:
            self.truth.refuse_unmatched(self.rows.met)

    def said(self) -> dict[str, Any]:
        """The share as dictionaries, lists and plain values, and the bytes of a bitmap."""
        truth = None if self.truth is None else self.truth.said()
        return {**super().said(), **self.rows.said(), "truth": truth}

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> Self:
        """The share that :meth:`said` told."""
        facts = PlanFacts.of_said(said["facts"])
        truth = None if said["truth"] is None else TruthFiles.of_said(said["truth"])
        rows = RowFacts.of_said(said, truth)
        return cls(facts, seen_in(said["seen"], facts.count), rows, truth)
