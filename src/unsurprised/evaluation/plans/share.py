"""What a state knows of its plan: which plan that is, and which of its splits came in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from unsurprised.copies import Record
from unsurprised.errors import InputError, Place, StateError
from unsurprised.evaluation.plans.splits import (
    Intervals,
    PlannedSplit,
    named,
    numbers_in,
    united,
)
from unsurprised.interpretation import Interpretation
from unsurprised.states.serial import whole


@dataclass(frozen=True)
class PlanFacts(Record):
    """What all states of one plan have in common, and what their result says of it."""

    #: A digest of all that the plan says.
    id: str
    #: Each file and the rows of its splits.
    layout: tuple[tuple[str, tuple[int | None, ...]], ...]
    #: How many rows were said to come, by which some are passed over for the sample.
    expected: int
    interpretation: Interpretation
    #: What was taken, told or not, for printing.
    choices: Mapping[str, str] = field(default_factory=dict)
    #: The error if no label of all rows is 0.
    unsaid_start: InputError | None = None

    @cached_property
    def splits(self) -> tuple[PlannedSplit, ...]:
        """All splits of the plan."""
        found: list[PlannedSplit] = []
        for file, sizes in self.layout:
            first = 0
            for rows in sizes:
                found.append(PlannedSplit(len(found), file, first, rows))
                first += rows or 0
        return tuple(found)

    @property
    def count(self) -> int:
        """How many splits there are."""
        return sum(len(sizes) for _, sizes in self.layout)

    @property
    def files(self) -> tuple[str, ...]:
        """The files, in the order of their rows."""
        return tuple(file for file, _ in self.layout)

    def said(self) -> dict[str, Any]:
        """The facts as dictionaries, lists and plain values."""
        error = self.unsaid_start
        return {
            "id": self.id,
            "layout": [[file, list(sizes)] for file, sizes in self.layout],
            "expected": self.expected,
            "interpretation": self.interpretation._kept(),
            "choices": dict(self.choices),
            "unsaid_start": None
            if error is None
            else {**error._fields(), "place": [error.place.file, error.place.column]},
        }

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> PlanFacts:
        """The facts that :meth:`said` told."""
        error, reading = said["unsaid_start"], dict(said["interpretation"])
        if error is not None:
            file, column = error["place"]
            error = InputError(**{**error, "place": Place(file, column=column)})
        reading["left_aside"] = tuple(reading["left_aside"])
        layout = tuple(
            (str(file), tuple(None if rows is None else whole(rows, "rows") for rows in sizes))
            for file, sizes in said["layout"]
        )
        choices = {str(name): str(value) for name, value in said["choices"].items()}
        return cls(
            str(said["id"]),
            layout,
            whole(said["expected"], "expected"),
            Interpretation(**reading),
            choices,
            error,
        )


@dataclass(frozen=True)
class Share(Record):
    """The splits of a plan that a state has seen."""

    facts: PlanFacts
    seen: Intervals = ()
    #: Whether a label that came in is 0, or none need be.
    zero_seen: bool = False

    @property
    def missing(self) -> list[int]:
        """The splits that the state has not seen."""
        seen = set(numbers_in(self.seen))
        return [number for number in range(self.facts.count) if number not in seen]

    def joined(self, other: Share) -> Share:
        """The share of both; an error for another plan, and for a split that is in both."""
        if self.facts.id != other.facts.id:
            raise StateError(
                f"two states of different plans: {self._called()} and {other._called()}; expected "
                "states of one plan: evaluate the parts of one plan file"
            )
        seen, both = united(self.seen, other.seen)
        if both:
            raise StateError(
                f"{named(self.facts.splits, both)} came in twice; expected each split of the plan "
                "once: leave one of the states out"
            )
        return replace(self, seen=seen, zero_seen=self.zero_seen or other.zero_seen)

    def refuse_missing(self) -> None:
        """Raise if a split has not come in."""
        if missing := self.missing:
            raise StateError(
                f"{len(missing):,} of {self.facts.count:,} splits of the plan are missing: "
                f"{named(self.facts.splits, missing)}; expected all: evaluate what is missing, or "
                "say partial=True (--partial) for a result of those that are there"
            )

    def note(self) -> str | None:
        """What the result says where splits are missing."""
        if not (missing := self.missing):
            return None
        total = self.facts.count
        return (
            f"Of {total - len(missing):,} of the plan's {total:,} splits alone: "
            f"{named(self.facts.splits, missing)} {'is' if len(missing) == 1 else 'are'} missing."
        )

    def _called(self) -> str:
        files = self.facts.files
        more = f" and {len(files) - 1:,} more" if len(files) > 1 else ""
        return f"plan {self.facts.id[:8]} of {files[0] if files else 'no file'}{more}"

    def said(self) -> dict[str, Any]:
        """The share as dictionaries, lists and plain values."""
        seen = [list(interval) for interval in self.seen]
        return {"facts": self.facts.said(), "seen": seen, "zero_seen": self.zero_seen}

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> Share:
        """The share that :meth:`said` told."""
        facts = PlanFacts.of_said(said["facts"])
        seen, last, count = [], 0, facts.count
        for first, end in said["seen"]:
            whole(first, "the first split", last)
            whole(end, "the last split", first + 1, count)
            seen.append((first, end))
            last = end + 1
        if not isinstance(said["zero_seen"], bool):
            raise StateError("the bytes of the state do not say whether a label is 0")
        return cls(facts, tuple(seen), said["zero_seen"])


def written(said: Mapping[str, Any]) -> str:
    """Plain values as JSON: equal values give equal text, whatever names of files hold."""
    return json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False)
