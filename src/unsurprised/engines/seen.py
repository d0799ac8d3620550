"""What a state knows of the plan it is of: which plan that is, and which splits came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

from unsurprised.copies import Record
from unsurprised.engines.splits import (
    Intervals,
    PlannedSplit,
    named,
    numbers_in,
    united,
)
from unsurprised.errors import StateError
from unsurprised.states.serial import whole


@dataclass(frozen=True)
class PlanLayout(Record):
    """Which plan it is, and the splits that it has."""

    #: A digest of all that the plan says.
    id: str
    #: Each file and the rows of its splits.
    layout: tuple[tuple[str, tuple[int | None, ...]], ...]

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
        """The layout as dictionaries, lists and plain values."""
        return {"id": self.id, "layout": [[file, list(sizes)] for file, sizes in self.layout]}

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> Self:
        """What :meth:`said` told."""
        return cls(str(said["id"]), layout_of(said["layout"]))


def layout_of(said: Any) -> tuple[tuple[str, tuple[int | None, ...]], ...]:
    """Files and the rows of their splits, from plain values."""
    return tuple(
        (str(file), tuple(None if rows is None else whole(rows, "rows") for rows in sizes))
        for file, sizes in said
    )


class HasLayout:
    """A plan, which has the name, the splits and the files of its facts."""

    if TYPE_CHECKING:

        @property
        def facts(self) -> PlanLayout:
            """Which plan it is."""

    @property
    def id(self) -> str:
        """A digest of all that the plan says, by which states of one plan know each other."""
        return self.facts.id

    @property
    def splits(self) -> tuple[PlannedSplit, ...]:
        """What is read apart from each other, in the order of the rows."""
        return self.facts.splits

    @property
    def files(self) -> tuple[str, ...]:
        """The files, in the order of their rows."""
        return self.facts.files


@dataclass(frozen=True)
class SplitsSeen(Record):
    """The splits of a plan that a state has seen."""

    facts: PlanLayout
    seen: Intervals = ()

    #: What makes states those of one plan.
    _remedy: ClassVar[str] = "evaluate the parts of one plan file"

    @property
    def missing(self) -> list[int]:
        """The splits that the state has not seen."""
        seen = set(numbers_in(self.seen))
        return [number for number in range(self.facts.count) if number not in seen]

    def joined(self, other: Self) -> Self:
        """What both have seen; an error for another plan, and for a split that is in both."""
        if self.facts.id != other.facts.id:
            raise StateError(
                f"two states of different plans: {self._called()} and {other._called()}; expected "
                f"states of one plan: {self._remedy}"
            )
        seen, both = united(self.seen, other.seen)
        if both:
            raise StateError(
                f"{named(self.facts.splits, both)} came in twice; expected each split of the plan "
                "once: leave one of the states out"
            )
        return replace(self, seen=seen)

    def refuse_missing(self, *, whole: bool = False) -> None:
        """Raise if a split has not come in; ``whole`` is for callers that never take some alone."""
        if missing := self.missing:
            some = ", or say partial=True (--partial) for a result of those that are there"
            raise StateError(
                f"{len(missing):,} of {self.facts.count:,} splits of the plan are missing: "
                f"{named(self.facts.splits, missing)}; expected all: evaluate what is missing"
                + ("" if whole else some)
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
        """What was seen, as dictionaries, lists and plain values."""
        return {"facts": self.facts.said(), "seen": [list(interval) for interval in self.seen]}


class KnowsSplits:
    """A state that knows its plan, and which splits of it came in."""

    _share: SplitsSeen

    @property
    def plan_id(self) -> str:
        """The digest of its plan; of fidelity, which has none, of its files and options."""
        return self._share.facts.id

    @property
    def splits(self) -> tuple[int, ...]:
        """The numbers of the splits that came in."""
        return tuple(numbers_in(self._share.seen))

    @property
    def missing(self) -> tuple[int, ...]:
        """The numbers of the splits that have not come in."""
        return tuple(self._share.missing)


def seen_in(said: Any, count: int) -> Intervals:
    """Which of so many splits were seen, from plain values."""
    seen, last = [], 0
    for first, end in said:
        whole(first, "the first split", last)
        whole(end, "the last split", first + 1, count)
        seen.append((first, end))
        last = end + 1
    return tuple(seen)
