"""A frame that lies in an engine, looked at; its rows are evaluated there, and merged here."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from unsurprised.arrow.kinds import stands_for
from unsurprised.engines.frames.partitioned import EngineFrame, PartitionWork
from unsurprised.engines.lost import refuse_no_library, told_of
from unsurprised.engines.tasks import Done, text_of
from unsurprised.errors import CallError, InputError, Place, StateError, UnsurprisedError
from unsurprised.evaluation.engine import refuse_no_rows
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.frames import tasks
from unsurprised.evaluation.frames.faults import Faults
from unsurprised.evaluation.frames.ids import RowsSeen, refuse_no_id, twice
from unsurprised.evaluation.frames.look import FrameLook
from unsurprised.evaluation.frames.work import FrameWork
from unsurprised.evaluation.plans.planned import recall_expected
from unsurprised.evaluation.result import Evaluation, interpreted
from unsurprised.sources.opening import open_predictions
from unsurprised.sources.options import Options
from unsurprised.sources.reading import Reading
from unsurprised.sources.recipes import SourceRecipe, said_of_options
from unsurprised.sources.witnesses import guesses_in, truths_in
from unsurprised.units import checked_top


@dataclass(frozen=True)
class OpenedFrame:
    """A frame, and what its columns mean."""

    frame: EngineFrame
    work: FrameWork
    #: Of the few rows that were looked at.
    reading: Reading
    #: All rows, as they were when they were looked at.
    seen: RowsSeen

    def evaluated(self) -> Evaluator:
        """An evaluator that has seen all rows.

        Raises
        ------
        InputError
            For the wrong row of the smallest id; for an id that several rows of the sample have.
        StateError
            The engine lost rows, or gave others than before.
        """
        merged, zero_seen, together = Evaluator(), False, Faults()
        for done in self.states(partial(tasks.evaluate, task=self.work.task)):
            zero_seen = zero_seen or done.facts["zero_seen"]
            try:
                merged.merge(Evaluator.from_bytes(done.state))
            except (
                InputError
            ) as error:  # of no row: wrong rows that are still to come are told first
                together.add(error)
        if together.first is not None:
            raise together.first
        if not zero_seen and (unsaid := self.reading.unsaid_start()) is not None:
            raise unsaid
        self._refuse_twice(merged)
        recall_expected(merged, self.work.expected)
        if merged.falls_short():  # rows were left out for nulls
            return OpenedFrame(
                self.frame, self.work.expecting(0), self.reading, self.seen
            ).evaluated()
        refuse_no_rows(merged, ())
        return merged

    def states(self, task: PartitionWork) -> Iterator[Done]:
        """What some work finds in the partitions, as it comes; at the end, what is wrong."""
        seen, faults = RowsSeen(), Faults()
        for done in _mapped(self.frame, task, self.work):
            if isinstance(done.error, InputError):
                faults.add(done.error)
            elif "faults" in done.facts:
                faults.merge(Faults(**done.facts["faults"]))
            elif not faults.first:
                yield done
            seen = seen.joined(RowsSeen.of_said(done.facts.get("seen", _NOTHING)))
        if (error := faults.error()) is not None:
            raise error
        seen.refuse_other(self.seen, self.frame.called, self.frame.kept)

    def _refuse_twice(self, merged: Evaluator) -> None:
        """Raise if rows of the sample have one id."""
        if not self.work.sampled or merged.truth_kind in (None, "logprob"):  # there is no sample
            return
        hashes = merged.sample()["hash"]
        again = hashes[1:][hashes[1:] == hashes[:-1]]
        if not len(again):
            return
        task = partial(tasks.find_id, task=self.work.task, wanted=int(again.min()))
        found = [done.facts["id"] for done in _mapped(self.frame, task, self.work)]
        raise twice(next(name for name in found if name is not None), self.work.id)


_NOTHING = {"rows": 0, "digest": 0}


def open_frame(
    frame: EngineFrame, options: Mapping[str, Any], *, top: int, sampled: bool
) -> OpenedFrame:
    """Look at all partitions of a frame, and decide what its columns mean."""
    top = checked_top(top)
    told = Options(**options)
    refuse_no_id(told.id, frame.called, frame.with_id)
    if told.truth is not None:
        raise CallError(
            f"truth does not go with a {frame.called}, whose rows are read apart from each other; "
            "expected the truth beside the predictions: join them by id first"
        )
    look = FrameLook(told)
    errors: list[InputError] = []
    task = partial(tasks.look, task=text_of(said_of_options(told)))
    for done in _mapped(frame, task):
        if isinstance(done.error, InputError):
            errors.append(done.error)
        else:
            look.merge(FrameLook.of_done(done.facts, told))
    if errors:
        raise min(errors, key=str)
    rows = look.rows()
    _refuse_texts_of_lists(rows, told, frame)
    reading = open_predictions(rows, told)
    known = reading.conversion
    recipe = SourceRecipe(known.options, known.roles, known.classes, known.truth_means)
    schema = pa.schema(
        [rows.schema.field(name) for name in known.columns], metadata=rows.schema.metadata
    )
    bins = look.bins(reading.number_columns())
    work = FrameWork(recipe, schema, bins, top, sampled, look.seen.rows)
    return OpenedFrame(frame, work, reading, look.seen)


def evaluate_frame(
    frame: EngineFrame, options: Mapping[str, Any], *, base: float, top: int, ledger: bool
) -> Evaluation:
    """Evaluate a frame where its rows lie."""
    opened = open_frame(frame, options, top=top, sampled=ledger)
    found = opened.evaluated().result(base=base, ledger=ledger)
    return interpreted(found, opened.reading.interpretation)


def _mapped(
    frame: EngineFrame, task: PartitionWork, work: FrameWork | None = None
) -> Generator[Done]:
    """What a task finds in each partition; other faults than those of rows are raised."""
    columns = None if work is None else work.schema.names
    with _readable(frame), closing(frame.mapped(task, columns)) as found:
        for data in found:
            done = tasks.done_in(data)
            if done.error is not None and not isinstance(done.error, InputError):
                raise done.error
            yield done


@contextmanager
def _readable(frame: EngineFrame) -> Iterator[None]:
    """Say in one line why an engine gave no rows."""
    try:
        yield
    except UnsurprisedError:
        raise
    except Exception as error:
        refuse_no_library(error)
        raise StateError(
            f"the {frame.called} could not be read: {told_of(error)}; expected one that its engine "
            "computes: try its first rows, and whether workers have enough memory"
        ) from error


def _refuse_texts_of_lists(rows: pa.Table, options: Options, frame: EngineFrame) -> None:
    """Raise for texts of lists, which have lost digits where Dask has made them."""
    for name in {*truths_in(rows.schema, options), *guesses_in(rows.schema, options)}:
        if stands_for(rows.schema.field(name).type) != "text":
            continue
        texts = [text for text in rows.column(name).to_pylist() if text is not None]
        if texts and all(text.startswith("[") and text.endswith("]") for text in texts):
            raise InputError(
                f"found texts of lists, such as {texts[0]}",
                expected="lists of numbers",
                remedy=frame.for_lists,
                place=Place(column=name),
            )
