"""What a task is told: which rows of which files, and what is known of them; scores are read there.

Documents, positions, tokens that came, masks and slices are few bytes a token beside its scores,
and whoever hands out the tasks has read them, and found them to agree. So a task opens the two
artefacts alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unsurprised.copies import Record
from unsurprised.engines.seen import PlanLayout
from unsurprised.engines.tasks import Done, done_of, text_of
from unsurprised.errors import InputError, Place
from unsurprised.language_models.artefacts import opened
from unsurprised.language_models.artefacts.opening import files_of
from unsurprised.language_models.in_parts.splits import stretches_of
from unsurprised.language_models.model_pair import ModelPair, paired
from unsurprised.language_models.pair_meters import PairMeters
from unsurprised.language_models.placed_tokens import PlacedTokens
from unsurprised.language_models.stretches import Sides, meters_of
from unsurprised.sources.marks import Mark
from unsurprised.sources.unchanged import Stamp, refuse_changed, unchanged
from unsurprised.states.serial import pack, unpack

_NAME = "PairMetersOfSplits"


@dataclass(frozen=True, slots=True)
class StretchWork(Record):
    """Rows of a base and of another model, and what is known of them."""

    pair: int
    base: str
    other: str
    #: How many rows there are of both.
    rows: int
    tokens: PlacedTokens
    #: How many tokens of each row are compared, where the caller says; which target is left out.
    vocabulary: int | None
    ignore_index: int
    top: int
    #: Whether a ``.kld`` file may be one that a killed run has left.
    partial: bool
    #: Rows that are read at a time.
    batch_rows: int | None = None

    def read(self) -> PairMeters:
        """What is measured of the rows."""
        sides, left_out = self._sides(), self.ignore_index
        return meters_of(sides, self.tokens, left_out, top=self.top, rows=self.batch_rows)

    def _sides(self) -> Sides:
        base, other = (opened(path, path, partial=self.partial) for path in (self.base, self.other))
        sides = paired(base, other, vocabulary=self.vocabulary)
        held = sides[0] if isinstance(sides, tuple) else sides
        if held.tokens != self.rows:
            raise InputError(
                f"found {held.tokens:,} rows, and {self.rows:,} when the work was planned",
                expected="files that stay as they are while they are read",
                place=Place(self.other),
            )
        return sides

    def said(self) -> dict[str, Any]:
        """The work as dictionaries, lists and plain values."""
        return {**self._kept(), "tokens": self.tokens.said()}

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> StretchWork:
        """The work that :meth:`said` told."""
        return cls(**{**said, "tokens": PlacedTokens.of_said(said["tokens"])})


@dataclass(frozen=True, slots=True)
class PairsWork(Record):
    """The splits of a task, and what tells the files from others in their place."""

    splits: tuple[int, ...]
    stretches: tuple[StretchWork, ...]
    #: Of each path the files behind it.
    marks: Mapping[str, tuple[Mark, ...]]

    def read(self) -> Done:
        """What is measured of all rows."""
        with _as_marked(self.marks):
            found = [(work.pair, work.read()) for work in self.stretches]
        return Done(self.splits, _packed(found))

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> PairsWork:
        """The work of a task's text."""
        return cls(
            tuple(said["splits"]),
            tuple(map(StretchWork.of_said, said["stretches"])),
            {path: tuple(map(Mark.of_said, marks)) for path, marks in said["marks"].items()},
        )


def run(task: str) -> Done:
    """Measure the rows of a task's splits in one thread."""
    return done_of(task, PairsWork.of_said, PairsWork.read)


def told_of(
    pairs: Sequence[ModelPair],
    tops: Sequence[int],
    layout: PlanLayout,
    *,
    partial: bool,
    batch_rows: int | None = None,
) -> Callable[[Sequence[int]], str]:
    """What tells a task of some splits; the files are as they are now."""
    paths = [pair.paths for pair in pairs]
    marks = {path: _marks(path) for path in dict.fromkeys(path for both in paths for path in both)}

    def told(numbers: Sequence[int]) -> str:
        stretches = stretches_of(layout, numbers)
        works = []
        for one in stretches:
            pair = pairs[one.pair]
            works.append(
                StretchWork(
                    one.pair,
                    *paths[one.pair],
                    len(pair.tokens),
                    pair.tokens.part(one.first, one.last),
                    pair.asked_vocabulary,
                    pair.ignore_index,
                    tops[one.pair],
                    partial,
                    batch_rows,
                )
            )
        used = dict.fromkeys(path for work in works for path in (work.base, work.other))
        return text_of(
            {
                "splits": list(numbers),
                "stretches": [work.said() for work in works],
                "marks": {path: [mark.said() for mark in marks[path]] for path in used},
            }
        )

    return told


def _packed(found: Sequence[tuple[int, PairMeters]]) -> bytes:
    return pack(
        _NAME,
        {"pairs": [pair for pair, _ in found]},
        [meters.to_bytes() for _, meters in found],
    )


def meters_in(state: bytes) -> Iterator[tuple[int, PairMeters]]:
    """What a task has measured, by the numbers of pairs."""
    settings, parts = unpack(state, _NAME)
    for pair, part in zip(settings["pairs"], parts, strict=True):
        yield pair, PairMeters.from_bytes(part)


def _marks(path: str) -> tuple[Mark, ...]:
    stamps = map(Stamp.of, files_of(path))
    return tuple(Mark.of(stamp) for stamp in stamps if stamp is not None)


def _as_marked(marks: Mapping[str, Sequence[Mark]]) -> Any:
    """Refuse files that are not as they were marked, or change while they are read."""
    refuse_changed(mark for held in marks.values() for mark in held)
    for path, held in marks.items():
        if [mark.file for mark in held] != files_of(path):
            raise InputError(
                "the folder holds other files than when the work was planned",
                expected="the same",
                place=Place(path),
            )
    return unchanged(
        stamp for held in marks.values() for mark in held if (stamp := Stamp.of(mark.file))
    )
