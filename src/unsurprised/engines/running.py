"""Tasks on a pool: what each has found, as it ends; the error of the first split with one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from queue import SimpleQueue
from typing import Any

from unsurprised.engines.lost import refuse_no_library, told_of
from unsurprised.engines.pools import Pool
from unsurprised.engines.splits import PlannedSplit, named, part_of
from unsurprised.engines.tasks import Done
from unsurprised.errors import StateError, UnsurprisedError

#: Tasks a worker: so many that the last of them are not waited for long.
_TASKS_A_WORKER = 4
#: Tasks of large answers a worker that are begun: one runs while another's answer is taken.
_AHEAD_A_WORKER = 2

Group = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SplitJob:
    """Splits that tasks work on apart from each other."""

    splits: Sequence[PlannedSplit]
    #: How much work each is.
    sizes: Sequence[int]
    #: What a task is told of some splits.
    told: Callable[[Sequence[int]], str]
    #: The most work of a task whose answer grows with it, but for splits that are larger; then few
    #: answers are waited for at once, too.
    most: int | None = None

    def rows(self, numbers: Iterable[int]) -> int:
        """How many rows some splits have, as far as that is known."""
        return sum(self.splits[number].rows or 0 for number in numbers)

    def groups(self, workers: int) -> list[Group]:
        """The splits of each task, where so many run at once."""
        parts = min(len(self.splits), _TASKS_A_WORKER * workers)
        if self.most is not None and sum(self.sizes) > self.most * parts:
            return list(_up_to(self.most, self.sizes))
        return [tuple(part_of(self.sizes, part, parts)) for part in range(1, parts + 1)]

    def ahead(self, workers: int) -> int:
        """How many tasks are begun, or have ended, before the first of them is taken."""
        return len(self.splits) if self.most is None else _AHEAD_A_WORKER * workers


def _up_to(most: int, sizes: Sequence[int]) -> Iterator[Group]:
    """Splits side by side that are so much work, where single ones are.

    Examples
    --------
    >>> list(_up_to(10, [4, 6, 1, 20, 3]))
    [(0, 1), (2,), (3,), (4,)]
    """
    first, held = 0, 0
    for number, size in enumerate(sizes):
        if number > first and held + size > most:
            yield tuple(range(first, number))
            first, held = number, 0
        held += size
    yield tuple(range(first, len(sizes)))


def results(job: SplitJob, pool: Pool, work: Callable[[str], Done]) -> Generator[Done]:
    """What the tasks have found, each as it ends; raises the error of the first split with one.

    Once a task has failed, those behind it are given up, and those before it are waited for.
    """
    groups = job.groups(pool.workers)
    ended: SimpleQueue[tuple[int, Future[Any]]] = SimpleQueue()
    futures: dict[int, Future[Any]] = {}
    failures: dict[int, BaseException] = {}
    waiting = iter(enumerate(groups))

    def begin(most: int) -> None:
        """Begin some of the tasks that wait."""
        for place, group in islice(waiting, 0 if failures else most):
            try:
                with _lost(job, group):
                    futures[place] = pool.executor.submit(work, job.told(group))
            except UnsurprisedError as refused:  # those before it may have failed as well
                failures[place] = refused
                return
            futures[place].add_done_callback(partial(_put, ended, place))

    with _cancelling(futures):
        begin(job.ahead(pool.workers))
        while futures:
            place, future = ended.get()
            if futures.pop(place, None) is None:  # it was given up
                continue
            done, error = _outcome(job, groups[place], future)
            if error is not None:
                failures[place] = error
                for behind in [other for other in futures if other > place]:
                    futures.pop(behind).cancel()
            begin(1)
            if done is not None and not failures:
                yield done
        if failures:
            raise failures[min(failures)]


def _put(ended: SimpleQueue[tuple[int, Future[Any]]], place: int, future: Future[Any]) -> None:
    ended.put((place, future))


def _outcome(
    job: SplitJob, group: Group, future: Future[Any]
) -> tuple[Done | None, BaseException | None]:
    """What a task has found, or why there is nothing of it."""
    try:
        with _lost(job, group):
            done = future.result()
    except UnsurprisedError as error:
        return None, error
    if isinstance(done, Done) and done.error is not None:
        return None, done.error
    if not isinstance(done, Done) or done.splits != group:
        told = named(job.splits, group)
        return None, StateError(f"the engine returned nothing of {told}; run it again")
    return done, None


@contextmanager
def _lost(job: SplitJob, group: Group) -> Iterator[None]:
    """Say which splits were lost with a worker; faults of the data come back as values."""
    try:
        yield
    except UnsurprisedError:
        raise
    except (Exception, CancelledError) as error:
        refuse_no_library(error)
        raise StateError(
            f"the engine lost {named(job.splits, group)}: {told_of(error)}; a worker "
            "that ends in the middle was killed, or had too little memory: run it again, with "
            "fewer workers on a machine"
        ) from error


@contextmanager
def _cancelling(futures: dict[int, Future[Any]]) -> Iterator[None]:
    """Give up what is left where an exception, an interrupt too, ends the work."""
    try:
        yield
    finally:
        for future in futures.values():
            future.cancel()
