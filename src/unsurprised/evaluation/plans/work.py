"""What a task is told: which rows of which files to evaluate, and how; files are opened there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Self, cast

from unsurprised.copies import Record
from unsurprised.errors import CallError, SumsOffError
from unsurprised.evaluation.bins import Bins
from unsurprised.evaluation.engine import AnyCollector, Progress, count_off, over_splits
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.plans.share import RowFacts
from unsurprised.sources.marks import Mark
from unsurprised.sources.reading import Reading, Split
from unsurprised.sources.recipes import SourceRecipe
from unsurprised.sources.table import Part, Table
from unsurprised.sources.unchanged import refuse_changed


@dataclass(frozen=True, slots=True)
class PlannedFile(Record):
    """A file's name, and what tells it, and those read beside it, from others."""

    file: str
    marks: tuple[Mark, ...]


class OfFiles(Record):
    """Base of what tasks are told: splits of some files by their numbers."""

    __slots__ = ()

    files: Mapping[int, PlannedFile]
    splits: Mapping[int, Split]

    def only(self, numbers: Collection[int]) -> Self:
        """The work of some splits, which speaks of their files alone."""
        splits = {number: self.splits[number] for number in numbers}
        places = sorted({split.file_index for split in splits.values()})
        files = {place: self.files[place] for place in places}
        made: Self = replace(cast(Any, self), splits=splits, files=files)
        return made

    def unchanged_files(self) -> dict[int, str]:
        """The files by their places, none of which has changed."""
        refuse_changed(mark for file in self.files.values() for mark in file.marks)
        return {place: each.file for place, each in self.files.items()}

    def within(self) -> list[Split]:
        """The splits in their order, of the files that are opened."""
        places = {place: index for index, place in enumerate(self.files)}
        ordered = (split for _, split in sorted(self.splits.items()))
        return [Split(places[split.file_index], split.part) for split in ordered]

    def sizes(self, *, by_rows: bool) -> list[int]:
        """How much work each split is: its rows, or the bytes of its file."""
        return [
            split.part.rows or 0
            if by_rows
            else sum(mark.size for mark in self.files[split.file_index].marks)
            for split in self.splits.values()
        ]

    def _said_of_files(self) -> dict[str, Any]:
        """Files and splits as dictionaries, lists and plain values."""
        return {
            "files": [
                {"place": place, "file": each.file, "marks": [mark.said() for mark in each.marks]}
                for place, each in self.files.items()
            ],
            "splits": [
                [number, each.file_index, each.part.first_row, each.part.rows, list(each.part.keys)]
                for number, each in self.splits.items()
            ],
        }


def files_of(tables: Sequence[Table], splits: Iterable[Split]) -> dict[int, PlannedFile]:
    """The files of some splits, with what tells them from others."""
    places = sorted({split.file_index for split in splits})
    files = {
        place: PlannedFile(table.file or "", tuple(map(Mark.of, table.stamps)))
        for place, table in ((place, tables[place]) for place in places)
    }
    # A file that was written since it was opened would have other ends.
    refuse_changed(stamp for place in places for stamp in tables[place].stamps)
    return files


def layout_in(
    files: Sequence[str], splits: Iterable[Split]
) -> tuple[tuple[str, tuple[int | None, ...]], ...]:
    """Each file, and the rows of its splits."""
    sizes: list[list[int | None]] = [[] for _ in files]
    for split in splits:
        sizes[split.file_index].append(split.part.rows)
    return tuple((file, tuple(rows)) for file, rows in zip(files, sizes, strict=True))


@contextmanager
def counted_in_some(*, whole: bool) -> Iterator[None]:
    """Let the number of rows whose sums are off say that it is of some splits, if it is."""
    try:
        yield
    except SumsOffError as error:
        if whole:
            raise
        raise error.noted(f"{error.note}, in the splits that were asked for") from None


def files_of_said(said: Mapping[str, Any]) -> dict[int, PlannedFile]:
    """The files that work has told."""
    return {
        each["place"]: PlannedFile(each["file"], tuple(map(Mark.of_said, each["marks"])))
        for each in said["files"]
    }


def splits_of_said(said: Mapping[str, Any]) -> dict[int, Split]:
    """The splits that work has told."""
    return {
        number: Split(place, Part(first, rows, tuple(keys)))
        for number, place, first, rows, keys in said["splits"]
    }


@dataclass(frozen=True, slots=True)
class Work(OfFiles):
    """Splits of some files by their numbers, and the settings that all tasks of a plan share."""

    recipe: SourceRecipe
    bins: Mapping[str, Bins]
    top: int
    #: Whether a sample of rows is kept.
    sampled: bool
    expected: int
    files: Mapping[int, PlannedFile]
    splits: Mapping[int, Split]

    def opened(self) -> Reading:
        """The files, none of which has changed."""
        return self.recipe.opened(self.unchanged_files(), {})

    def evaluate(self, progress: Progress | None = None) -> tuple[Evaluator, RowFacts]:
        """All rows of the splits, and what only those of all splits together tell."""
        if not self.recipe.options.labelled:
            raise CallError(
                "the plan is of rows without labels, for apply alone; plan again without "
                "--no-label (labelled=False)"
            )
        classes = self.recipe.classes.shown

        def made() -> Evaluator:
            rows = None if self.sampled else 0
            made = Evaluator(classes, top=self.top, bins=self.bins, sample_rows=rows)
            return made.expect(self.expected)

        return self.collected(made, progress)

    def collected(
        self, make: Callable[[], AnyCollector], progress: Progress | None = None
    ) -> tuple[AnyCollector, RowFacts]:
        """All rows of the splits in a collector, and what those of all splits together tell."""
        if not self.splits:
            return make(), RowFacts.nothing(self.recipe.truth)
        reading = self.opened()
        merged = over_splits(reading, self.within(), make, progress=progress)
        reading.release()
        return merged, RowFacts(reading.zero_seen, reading.met)

    def sums_off(self, column: str | None) -> tuple[int, bool]:
        """How many rows have sums that are off, and whether all of them were read."""
        return count_off(self.opened(), self.within(), column)

    def said(self) -> dict[str, Any]:
        """The work as dictionaries, lists and plain values."""
        return {
            "recipe": self.recipe.said(),
            "bins": said_of_bins(self.bins),
            "top": self.top,
            "sampled": self.sampled,
            "expected": self.expected,
            **self._said_of_files(),
        }

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> Work:
        """The work that :meth:`said` told."""
        return cls(
            SourceRecipe.of_said(said["recipe"]),
            bins_of_said(said["bins"]),
            int(said["top"]),
            bool(said["sampled"]),
            int(said["expected"]),
            files_of_said(said),
            splits_of_said(said),
        )


def said_of_bins(bins: Mapping[str, Bins]) -> dict[str, Any]:
    """Where numbers are cut, as plain values."""
    return {name: {"edges": _texts(cut.edges), "looked": cut.looked} for name, cut in bins.items()}


def bins_of_said(said: Mapping[str, Any]) -> dict[str, Bins]:
    """Where numbers are cut, from plain values."""
    return {name: Bins(_numbers(cut["edges"]), cut["looked"]) for name, cut in said.items()}


def _texts(edges: tuple[float, ...] | None) -> list[str] | None:
    """Numbers as JSON holds all of them, infinities too."""
    return None if edges is None else [repr(edge) for edge in edges]


def _numbers(edges: list[str] | None) -> tuple[float, ...] | None:
    return None if edges is None else tuple(map(float, edges))
