"""Rows that are matched by the tasks of an engine, through a folder that all machines reach.

Tasks that score leave their rows there, by the leading bits of their ids' hashes; tasks that match
read those of some bits, of all models, and return what is known of them, or summed. Sums are exact
and see no blocks, so the driver, to whom these alone come, says what it would say of all rows.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.comparison.blocks import Survey
from unsurprised.comparison.bounded import bytes_of
from unsurprised.comparison.compared import ComparedRows, ComparisonAsked, refuse_unlike
from unsurprised.comparison.matching import MatchedRows, Matching
from unsurprised.comparison.planned import PlannedModels, models_in, scored_rows
from unsurprised.comparison.result import Comparison
from unsurprised.comparison.spool import BITS, Spool
from unsurprised.comparison.state import ScoredModels
from unsurprised.comparison.sums import RowSums
from unsurprised.engines.pools import Pool
from unsurprised.engines.running import SplitJob, results
from unsurprised.engines.splits import PlannedSplit
from unsurprised.engines.tasks import Done, done_of, text_of
from unsurprised.errors import StateError
from unsurprised.float_errors import own_float_errors
from unsurprised.sources.shared_folders import Exchange
from unsurprised.states.serial import pack, unpack
from unsurprised.units import unit_of

#: Rows of all models that a task matches at once, about 200 bytes each.
_ROWS_AT_ONCE = 1 << 20
#: And about how many there are in the least part of a task.
_ROWS_A_SPLIT = 1 << 18
#: How the bytes of a round are called, and those of what a task has found.
_ROUND, _MATCHED = "MatchingRound", "MatchedRows"


def score_to_exchange(task: str) -> Done:
    """Score the splits of a task in one thread, and leave their rows in the folder it names."""

    def scored(work: tuple[Exchange, Any]) -> Done:
        folder, models = work
        return scored_rows(models, partial(_left, folder))

    return done_of(task, lambda said: (Exchange(said["folder"]), models_in(said["score"])), scored)


def _left(folder: Exchange, spool: Spool, numbers: Sequence[int]) -> tuple[dict[str, Any], bytes]:
    """Leave the rows of some splits: named by the first, so that another try writes them anew."""
    name, rows = f"rows-{numbers[0]:08}", spool.in_records()
    folder.write(name, rows.pieces())
    return {**rows.said(), "file": name, "held": rows.held, "size": rows.size}, b""


class ExchangedFiles:
    """The files of a model's rows in a folder, read as if one lay behind the other.

    Where the buckets begin in each is read at once, side by side.

    Parameters
    ----------
    folder : Exchange
        Where they lie.
    files : sequence of mappings
        What was said of each.
    """

    def __init__(self, folder: Exchange, files: Sequence[Mapping[str, Any]]) -> None:
        self._folder, self._files, self.end = folder, files, 0
        self._starts: list[int] = []
        self._ends = [np.empty(each["size"] - each["held"], dtype=np.uint8) for each in files]
        pairs = zip(files, self._ends, strict=True)
        folder.fill([(each["file"], each["held"], end) for each, end in pairs])

    def next_size(self) -> int:
        """Let the next file lie behind the others; how many bytes it has."""
        self._starts.append(self.end)
        size: int = self._files[len(self._starts) - 1]["size"]
        return size

    def close(self) -> None:
        """Nothing is open."""

    def put(self, data: Any) -> None:
        """Nothing is written here."""
        raise NotImplementedError

    def pieces(self) -> Iterator[bytes]:
        """Nobody asks for all of them."""
        raise NotImplementedError

    def fill(self, offset: int, values: NDArray[Any]) -> None:
        """Read what lies at an offset into an array."""
        self.fill_all([(offset, values)])

    def fill_all(self, wanted: Iterable[tuple[int, NDArray[Any]]]) -> None:
        """Read what lies at some offsets, each into its array."""
        left = []
        for offset, values in wanted:
            place = bisect_right(self._starts, offset) - 1
            file, at = self._files[place], offset - self._starts[place]
            if at < file["held"]:
                left.append((file["file"], at, values))
                continue
            begin = at - file["held"]
            values.view(np.uint8)[:] = self._ends[place][begin : begin + values.nbytes]
        self._folder.fill(left)


@dataclass(frozen=True, slots=True)
class MatchingRound:
    """What all tasks of a round are told: which rows there are, and what is known of them by now.

    Nothing is known in the first; where rows have weights these are looked at in the second.
    """

    asked: ComparisonAsked
    classes: tuple[str, ...] | None
    #: Of each model, what was said of its files.
    files: Sequence[Sequence[Mapping[str, Any]]]
    survey: Survey | None = None
    #: Hashes up to this one are kept.
    most: int | None = None
    looked: Sequence[bytes] | None = None

    @property
    def name(self) -> str:
        """How its file is called."""
        return "sums" if self.looked is not None else "weights" if self.survey else "survey"

    def to_bytes(self) -> bytes:
        """The round as bytes."""
        asked = self.asked
        settings = {
            "asked": [list(asked.names), asked.join, asked.top, asked.split],
            "classes": self.classes,
            "surveyed": self.survey is not None,
            "most": self.most,
            "looked": self.looked is not None,
        }
        survey = b"" if self.survey is None else self.survey.to_bytes()
        files = json.dumps(self.files).encode()  # in which cells have an order
        return pack(_ROUND, settings, [files, survey, *(self.looked or ())])

    @classmethod
    def from_bytes(cls, data: bytes) -> MatchingRound:
        """The round that :meth:`to_bytes` wrote."""
        told, (files, survey, *looked) = unpack(data, _ROUND)
        names, join, top, split = told["asked"]
        return cls(
            ComparisonAsked(names, join, 2, top, split),
            None if told["classes"] is None else tuple(told["classes"]),
            json.loads(files),
            Survey.from_bytes(survey) if told["surveyed"] else None,
            told["most"],
            looked if told["looked"] else None,
        )

    def found(self, folder: Exchange, buckets: tuple[int, int]) -> list[bytes]:
        """What a task finds of the rows of some buckets."""
        asked = self.asked
        base, *others = [_spool(folder, files) for files in self.files]
        matching = Matching(asked.names, asked.join, self.classes)
        blocks = matching.blocks(base.blocks_with(others, _ROWS_AT_ONCE, buckets))
        if self.survey is None:
            survey = Survey(blocks)
            return [matching.to_bytes(), survey.to_bytes()]
        models, most = len(asked.names), self.most
        sums = RowSums(self.survey, models, asked.top, self.classes, sliced=asked.split, most=most)
        if self.looked is None:
            for block in blocks:
                sums.look(block)
            return sums.looked()
        sums.look_at(self.looked)
        for block in blocks:
            sums.add(block)
        return sums.summed()


def _spool(folder: Exchange, files: Sequence[Mapping[str, Any]]) -> Spool:
    """A model's rows where they lie."""
    held = ExchangedFiles(folder, files)
    spool = Spool(0, file=held)
    for said in files:
        spool.lying(said, held.next_size())
    return spool


def match_in_exchange(task: str) -> Done:
    """Match the rows of some buckets in one thread, for the round whose file the task names."""

    def found(said: Mapping[str, Any]) -> Done:
        folder, (low, high) = Exchange(said["folder"]), said["buckets"]
        told = MatchingRound.from_bytes(folder.read(said["round"]))
        return Done(tuple(said["splits"]), pack(_MATCHED, {}, told.found(folder, (low, high))))

    return done_of(task, dict, found)


class ExchangedComparison(ScoredModels):
    """Models whose rows workers have matched: an evaluator of each, and the sums of all rows."""

    def __init__(self, asked: ComparisonAsked, classes: tuple[str, ...] | None) -> None:
        super().__init__(asked, classes)
        self._files: list[list[Mapping[str, Any]]] = [[] for _ in asked.names]
        self._found: tuple[ComparedRows, RowSums] | None = None

    def job(self, models: PlannedModels, folder: Exchange) -> SplitJob:
        """The tasks that score rows, and leave them in a folder."""

        def told(group: Sequence[int]) -> str:
            return text_of({"folder": str(folder), "score": models.told(group)})

        return replace(models.job, told=told)

    def take(self, place: int, said: Mapping[str, Any], pieces: Iterable[bytes]) -> None:
        """Know of rows of a model, which lie in a file of the folder."""
        for _ in pieces:
            raise StateError("a task of the engine returned rows, which lie in the exchange")
        if said["runs"]:
            self._files[place].append(said)

    def match(self, pool: Pool, folder: Exchange) -> None:
        """Let a pool match the rows in the folder.

        Raises
        ------
        InputError
            As :meth:`Matching.refuse_wrong`.
        """
        held = [
            (sum(run["rows"] for said in files for run in said["runs"]), files[0]["named"])
            if files
            else (0, False)
            for files in self._files
        ]
        note = self.noted(held)
        refuse_unlike(held, self.asked.names)
        matching, survey = Matching(self.asked.names, self.asked.join), Survey()
        first = MatchingRound(self.asked, self.classes, self._files)
        tasks = MatchingTasks(pool, folder, sum(rows for rows, _ in held))
        for own, known in tasks.answers(first):
            matching.merge(own)
            survey.merge(Survey.from_bytes(known))
        matching.refuse_wrong()
        rows = MatchedRows(tuple, matching.matched, matching.left_out)
        found = ComparedRows(self.asked, self.evaluators, self.classes, rows, survey, lacking=note)
        sums = found.empty_sums(stored=True)
        most = None if sums.hashes is None else sums.hashes.most
        second = replace(first, survey=survey, most=most)
        if survey.weighted:
            for looked in tasks.answers(second):
                sums.look_at(looked)
        for summed in tasks.answers(replace(second, looked=sums.looked())):
            sums.merge(summed)
        self._found = found, sums

    @own_float_errors
    def result(self, *, base: float = 2, memory: int | str | None = None) -> Comparison:
        """Compare the rows.

        Parameters
        ----------
        base : float, default 2
            2 for bits, ``math.e`` for nats, 10 for hartleys.
        memory : int or str, optional
            Of no use: no rows are held here.
        """
        unit_of(base)
        if memory is not None:
            bytes_of(memory)
        assert self._found is not None
        found, sums = self._found
        found.asked = replace(self.asked, base=base)
        return found.of_stored(sums)


@dataclass(frozen=True, slots=True)
class MatchingTasks:
    """What matches the rows in a folder, so many of all models, round by round."""

    pool: Pool
    folder: Exchange
    rows: int

    def answers(self, told: MatchingRound) -> Iterator[list[bytes]]:
        """What the tasks of a round have found, each as it ends."""
        self.folder.write(told.name, [told.to_bytes()])
        with closing(results(self._job(told.name), self.pool, match_in_exchange)) as ended:
            for done in ended:
                yield unpack(done.state, _MATCHED)[1]

    def _job(self, name: str) -> SplitJob:
        """The tasks of a round; a split is some buckets."""
        count = min(1 << BITS, max(1, -(-self.rows // _ROWS_A_SPLIT)))
        cuts = [(place << BITS) // count for place in range(count + 1)]
        splits = [
            PlannedSplit(place, f"rows that are matched, part {place + 1} of {count}", 0, None)
            for place in range(count)
        ]

        def text(group: Sequence[int]) -> str:
            buckets = [cuts[group[0]], cuts[group[-1] + 1]]
            said = {"folder": str(self.folder), "round": name, "buckets": buckets}
            return text_of({**said, "splits": list(group)})

        return SplitJob(splits, [1] * count, text)
