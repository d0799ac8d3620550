"""What a state of some splits knows: which files and options it is of, and which splits came in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from unsurprised.engines.seen import PlanLayout, SplitsSeen, layout_of, seen_in
from unsurprised.errors import StateError
from unsurprised.language_models.in_parts import splits
from unsurprised.language_models.model_pair import ModelPair
from unsurprised.language_models.sides_said import SidesSaid
from unsurprised.sources.marks import Mark
from unsurprised.states.serial import written


@dataclass(frozen=True)
class PairsFacts(PlanLayout):
    """What all states of the same files and options have in common."""

    #: What a result says of each pair; the last may be that of the base's second run.
    sides: tuple[SidesSaid, ...]
    noisy: bool

    @classmethod
    def of(
        cls,
        pairs: Sequence[ModelPair],
        marks: Iterable[Mark],
        options: Mapping[str, Any],
        *,
        noisy: bool,
    ) -> PairsFacts:
        """The facts of pairs that were opened from files, with what was said of them."""
        sides = tuple(pair.said for pair in pairs)
        made = cls("", splits.layout_of(pairs), sides, noisy)
        return replace(made, id=_digest(made, marks, options))

    @property
    def rows(self) -> tuple[int, ...]:
        """How many rows each pair has."""
        return tuple(sum(size or 0 for size in sizes) for _, sizes in self.layout)

    def said(self) -> dict[str, Any]:
        """The facts as dictionaries, lists and plain values."""
        sides = [side.said() for side in self.sides]
        return {**super().said(), "sides": sides, "noisy": self.noisy}

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> Self:
        """The facts that :meth:`said` told."""
        layout, sides = layout_of(said["layout"]), tuple(map(SidesSaid.of_said, said["sides"]))
        if len(layout) != len(sides) or not len(sides) > bool(said["noisy"]):
            raise StateError("the bytes of the state hold other pairs than they have splits of")
        return cls(str(said["id"]), layout, sides, bool(said["noisy"]))


def _digest(facts: PairsFacts, marks: Iterable[Mark], options: Mapping[str, Any]) -> str:
    """One of all that a part's result depends on; of times the seconds, which all disks keep."""
    from unsurprised import __version__

    files = [[mark.file, mark.size, mark.time_ns // 10**9, mark.ends] for mark in marks]
    said = {**facts.said(), "unsurprised": __version__, "files": files, "options": dict(options)}
    return hashlib.sha256(written(said).encode()).hexdigest()


@dataclass(frozen=True)
class PairsShare(SplitsSeen):
    """The splits of pairs that a state has seen."""

    facts: PairsFacts

    _remedy: ClassVar[str] = "run fidelity with the same files, paths and options for each part"

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> Self:
        """The share that ``said`` told."""
        facts = PairsFacts.of_said(said["facts"])
        return cls(facts, seen_in(said["seen"], facts.count))
