"""What a task does with one partition of a frame: the same as with rows of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from unsurprised.batches import Batch
from unsurprised.engines.tasks import Done, text_of
from unsurprised.errors import InputError
from unsurprised.evaluation.bins import Bins
from unsurprised.evaluation.engine import Collector
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.frames.faults import Faults
from unsurprised.evaluation.frames.ids import RowsSeen, hashes_in, id_at, in_order
from unsurprised.evaluation.plans.work import bins_of_said, said_of_bins
from unsurprised.evaluation.row_scores import sums_off
from unsurprised.sources.convert import Conversion
from unsurprised.sources.frames import FrameTable
from unsurprised.sources.partitions import typed_as
from unsurprised.sources.reading import Reading, Split
from unsurprised.sources.recipes import SourceRecipe
from unsurprised.sources.table import Part, require


@dataclass(frozen=True, slots=True)
class FrameWork:
    """What was found of a frame, and the settings that all tasks share."""

    recipe: SourceRecipe
    #: The columns in use, of the types that they have in all partitions.
    schema: pa.Schema
    bins: Mapping[str, Bins]
    top: int
    #: Whether a sample of rows is kept.
    sampled: bool
    expected: int

    @property
    def id(self) -> str:
        """The column of the ids."""
        return self.recipe.roles.id or ""

    @property
    def task(self) -> str:
        """What a task is told."""
        return text_of(self.said())

    def expecting(self, rows: int) -> FrameWork:
        """The same with so many rows expected, which changes no result."""
        return replace(self, expected=rows)

    def evaluator(self) -> Evaluator:
        """An evaluator for some of the rows."""
        rows = None if self.sampled else 0
        shown = self.recipe.classes.shown
        return Evaluator(shown, top=self.top, bins=self.bins, sample_rows=rows).expect(
            self.expected
        )

    def evaluate(self, batches: Iterable[pa.RecordBatch]) -> Done:
        """All rows of a partition."""
        return self.collected(batches, self.evaluator, Evaluator.to_bytes)

    def collected(
        self,
        batches: Iterable[pa.RecordBatch],
        make: Callable[[], Any],
        state: Callable[[Any], bytes],
    ) -> Done:
        """The state of all rows of a partition, or what is wrong with them."""
        collector, run = make(), _Run(self)
        for record in batches:
            if record.num_rows:
                run.add(record, collector)
        facts = {"seen": run.seen.said(), "zero_seen": run.zero_seen}
        if run.faults is not None:
            return Done((), facts={**facts, "faults": run.faults.said()})
        return Done((), state(collector), facts)

    def ids_with(self, batches: Iterable[pa.RecordBatch], wanted: int) -> Done:
        """An id with a hash that several rows have."""
        for record in batches:
            hashes, rows = hashes_in(record, self.id)
            met = rows[hashes == np.uint64(wanted)]
            if len(met):
                return Done((), facts={"id": id_at(record, self.id, int(met[0]))})
        return Done((), facts={"id": None})

    def said(self) -> dict[str, Any]:
        """The work as dictionaries, lists and plain values."""
        return {
            "recipe": self.recipe.said(),
            "schema": self.schema.serialize().to_pybytes().hex(),
            "bins": said_of_bins(self.bins),
            "top": self.top,
            "sampled": self.sampled,
            "expected": self.expected,
        }

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> FrameWork:
        """The work that :meth:`said` told."""
        return cls(
            SourceRecipe.of_said(said["recipe"]),
            pa.ipc.read_schema(pa.py_buffer(bytes.fromhex(said["schema"]))),
            bins_of_said(said["bins"]),
            int(said["top"]),
            bool(said["sampled"]),
            int(said["expected"]),
        )


class _Run:
    """The rows of a partition as they come; from the first fault on, what is wrong with them."""

    def __init__(self, work: FrameWork) -> None:
        self.work, recipe = work, work.recipe
        self.conversion = Conversion(
            recipe.roles, recipe.classes, recipe.options, recipe.truth_means
        )
        self.seen, self.zero_seen = RowsSeen(), not recipe.classes.binding.is_open
        self.faults: Faults | None = None

    def add(self, record: pa.RecordBatch, collector: Collector) -> None:
        """Collect rows, or look for their faults."""
        there = set(record.schema.names)
        for name in self.work.schema.names:
            if name not in there:
                require(FrameTable(record), name, "pred")
        record = typed_as(record, self.work.schema)
        hashes, _ = hashes_in(record, self.work.id)
        self.seen = self.seen.and_of(hashes, record.num_rows)
        if self.faults is None:
            try:
                for batch in self._batches(record):
                    collector.update_batch(batch)
                return
            except InputError as error:
                self.faults = Faults()
                if error.place.row is None:  # of all that came before, and of no row
                    self.faults.add(error)
        self._look(record, self.faults)

    def _batches(self, record: pa.RecordBatch) -> Iterator[Batch]:
        reading = Reading([FrameTable(record)], self.conversion, {})
        yield from reading.batches(Split(0, Part(0, record.num_rows)))
        self.zero_seen = self.zero_seen or reading.zero_seen

    def _look(self, record: pa.RecordBatch, faults: Faults) -> None:
        """Look for the wrong row of the smallest id, and count those whose sums are off."""
        rows = record.take(pa.array(in_order(record, self.work.id)))
        try:
            scratch = self.work.evaluator()
            for batch in self._batches(rows):
                scratch.update_batch(batch)
        except InputError as error:
            row = error.place.row
            faults.add(
                error.named(id_at(rows, self.work.id, row)) if isinstance(row, int) else error
            )
        else:
            return
        try:
            for batch in self._batches(rows):
                for column in {batch.columns.get("truth"), batch.columns.get("model")} - {None}:
                    faults.count(str(column), sums_off(batch, column))
        except InputError:
            faults.worse = True
