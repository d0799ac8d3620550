"""The local engine: plan, evaluate each split, merge. Other engines use the same three steps."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from unsurprised.errors import InputError, SumsOffError
from unsurprised.evaluation.bins import Bins, NumberLook
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.result import Evaluation, interpreted
from unsurprised.evaluation.row_scores import sums_off
from unsurprised.evaluation.slicing import look_at
from unsurprised.sources.reading import Reading, Split
from unsurprised.sources.unchanged import LaterLook
from unsurprised.threads import at_most, get_num_threads

Progress = Callable[[int], None]


def evaluate_reading(
    reading: Reading,
    *,
    base: float = 2,
    top: int = 10,
    ledger: bool = True,
    progress: Progress | None = None,
) -> Evaluation:
    """Evaluate all rows of a source."""
    try:
        with reading.in_memory():
            evaluator = evaluated(reading, top=top, sampled=ledger, progress=progress)
            return interpreted(evaluator.result(base=base, ledger=ledger), reading.interpretation)
    except InputError as error:
        raise of_all(error, reading.files) from None


def of_all(error: InputError, files: Sequence[str]) -> InputError:
    """An error with the files that it is of: all, where it is of no row, and so of no file."""
    return error if error.place.file else error.located(file=", ".join(files) or None)


def evaluated(
    reading: Reading,
    *,
    top: int = 10,
    sampled: bool = True,
    progress: Progress | None = None,
) -> Evaluator:
    """An evaluator that has seen all rows of a source; an error where there is none."""
    bins, rows = first_look(reading), None if sampled else 0

    def made() -> Evaluator:
        return Evaluator(reading.classes, top=top, bins=bins, sample_rows=rows)

    merged = over_rows(reading, lambda: made().expect(reading.rows or 0), progress=progress)
    if merged.falls_short():  # rows were left out for nulls, or ids are far from distinct
        merged = over_rows(reading, made)
    reading.release()
    refuse_no_rows(merged, reading.files)
    return merged


def refuse_no_rows(merged: Evaluator, files: Sequence[str]) -> None:
    """Raise if no row of a source has come in."""
    if merged.rows:
        return
    skipped = f" (all {merged.skipped:,} were skipped for nulls)" if merged.skipped else ""
    raise InputError(f"found no rows{skipped}", expected="at least one").located(
        file=", ".join(files) or None
    )


class Splits(Protocol):
    """What is opened, and has splits that can be read at the same time."""

    @property
    def files(self) -> tuple[str, ...]:
        """The files, in the order of their rows."""

    def batches(self, split: Split) -> Iterator[Any]:
        """The rows of a split, batch after batch, each with its ``size`` and what it skipped."""

    def placed(self, error: InputError, split: Split) -> InputError:
        """The error of a row of a split, with the place that it is told by."""

    def in_memory(self) -> AbstractContextManager[None]:
        """Say what a batch takes, where there is not as much memory."""

    def no_memory(self) -> InputError:
        """The error for a lack of memory."""

    def looking_later(self) -> AbstractContextManager[LaterLook]:
        """Ask stores at the end of the context alone whether objects changed since then."""

    def asked_ahead(self, splits: Sequence[Split], look: LaterLook) -> AbstractContextManager[None]:
        """Within the context, ask stores for splits before they are read."""


class Collector(Protocol):
    """What takes batches and merges with others of its kind, exactly."""

    def update_batch(self, batch: Any) -> Any:
        """Add the rows of a batch."""

    def merge(self, other: Any) -> Any:
        """Add another's rows."""


AnyCollector = TypeVar("AnyCollector", bound=Collector)


def over_rows(
    reading: Reading, make: Callable[[], AnyCollector], *, progress: Progress | None = None
) -> AnyCollector:
    """Collect all rows of a source.

    Splits are read side by side and merged exactly, so the answer does not depend on threads or
    batches, and neither does the error: it is that of the first faulty row.
    """
    return over_splits(reading, reading.plan(), make, progress=progress, then=reading.finish)


def over_splits(
    reading: Splits,
    splits: list[Split],
    make: Callable[[], AnyCollector],
    *,
    progress: Progress | None = None,
    then: Callable[[], None] | None = None,
    most: int | None = None,
) -> AnyCollector:
    """Collect the rows of some splits; ``then`` is what is asked once they are read.

    ``most``: so many collectors at most are filled side by side, where each of them is large.
    """
    run = _Run(reading, splits, progress)
    threads = get_num_threads()
    workers = max(1, min(threads, len(splits), most or threads))

    def work(_: int) -> AnyCollector:
        with at_most(threads):
            return run.work(make())

    with reading.looking_later() as look:
        with reading.in_memory(), reading.asked_ahead(splits, look):
            # One works in this thread, whose cursor of a database it may be.
            collectors = [work(0)] if workers == 1 else _side_by_side(work, workers, run)
        run.raise_first_error()
    if then is not None:
        then()
    merged = collectors.pop(0)
    try:
        while collectors:
            merged.merge(collectors.pop(0))  # whose memory is then free
    except InputError as error:
        raise of_all(error, reading.files) from None
    return merged


def _side_by_side(
    work: Callable[[int], AnyCollector], workers: int, run: _Run
) -> list[AnyCollector]:
    """What workers collect, a thread each."""
    with ThreadPoolExecutor(workers) as pool:
        try:
            return list(pool.map(work, range(workers)))
        except BaseException:  # an interrupt, of whatever kind: workers go on otherwise
            run.stopped = True
            raise


def first_look(reading: Reading) -> dict[str, Bins]:
    """Where the numbers to slice by are cut: the whole columns tell, so no order matters."""
    looks = {name: NumberLook() for name in reading.number_columns()}
    if looks:
        for columns in reading.looks(list(looks)):
            for name, column in columns.items():
                look_at(column, looks[name])
    return {name: look.bins() for name, look in looks.items()}


class _Run:
    """Workers take the splits in order; once one fails, none after it is begun."""

    def __init__(self, reading: Splits, splits: list[Split], progress: Progress | None) -> None:
        self.reading, self.splits, self.progress = reading, splits, progress
        self.lock = threading.Lock()
        self.next = 0
        self.errors: dict[int, BaseException] = {}
        self.stopped = False

    def work(self, collector: AnyCollector) -> AnyCollector:
        """Collect splits until there is none left."""
        while (index := self._take()) is not None:
            try:
                for batch in self._batches(index):
                    collector.update_batch(batch)
                    if self.progress is not None:
                        self.progress(batch.size + batch.skipped)
            except MemoryError:
                self._failed(index, self.reading.no_memory())
            except BaseException as error:  # told by raise_first_error
                self._failed(index, error)
        return collector

    def _failed(self, index: int, error: BaseException) -> None:
        with self.lock:
            self.errors[index] = error

    def _take(self) -> int | None:
        with self.lock:
            if self.next >= len(self.splits) or self.errors or self.stopped:
                return None
            self.next += 1
            return self.next - 1

    def _batches(self, index: int) -> Iterator[Any]:
        """The batches of a split, for as long as no split before it has failed."""
        for batch in self.reading.batches(self.splits[index]):
            if self.stopped or any(failed < index for failed in list(self.errors)):
                return
            yield batch

    def raise_first_error(self) -> None:
        """Raise what stopped the first split that failed."""
        if not self.errors:
            return
        index = min(self.errors)
        first = self.errors[index]
        if isinstance(first, SumsOffError):
            first = self._counted(first)
        if isinstance(first, InputError):
            placed = self.reading.placed(first, self.splits[index])
            raise of_all(placed, self.reading.files) from None
        raise first

    def _counted(self, first: SumsOffError) -> InputError:
        """How many rows are off is told for all of the input, so the rest of it is read too."""
        rows, _ = count_off(self.reading, self.splits, first.place.column)
        if not rows:  # a stream that cannot be read again
            return first.noted(SumsOffError.first)
        return first.noted(SumsOffError.count(rows))


def count_off(reading: Splits, splits: Sequence[Split], column: str | None) -> tuple[int, bool]:
    """How many rows have sums that are off, and whether all rows were read: no worse fault is."""
    rows = 0
    try:
        for split in splits:
            for batch in reading.batches(split):
                rows += sums_off(batch, column)
    except InputError:  # the rows up to it are counted
        return rows, False
    return rows, True
