"""Tasks on a pool: what each has found, as it ends; the error of the first split with one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import Any

from unsurprised.engines.pools import Pool
from unsurprised.engines.splits import PlannedSplit, named, part_of
from unsurprised.engines.tasks import Done
from unsurprised.errors import StateError, UnsurprisedError

#: Tasks a worker: so many that the last of them are not waited for long.
_TASKS_A_WORKER = 4

Group = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SplitJob:
    """Splits that tasks work on apart from each other."""

    splits: Sequence[PlannedSplit]
    #: How much work each is.
    sizes: Sequence[int]
    #: What a task is told of some splits.
    told: Callable[[Sequence[int]], str]

    def groups(self, workers: int) -> list[Group]:
        """The splits of each task, where so many run at once."""
        parts = min(len(self.splits), _TASKS_A_WORKER * workers)
        groups = (tuple(part_of(self.sizes, part, parts)) for part in range(1, parts + 1))
        return [group for group in groups if group]


def results(job: SplitJob, pool: Pool, work: Callable[[str], Done]) -> Generator[Done]:
    """What the tasks have found, each as it ends; raises the error of the first split with one.

    Once a task has failed, those behind it are given up, and those before it are waited for.
    """
    groups = job.groups(pool.workers)
    ended: SimpleQueue[tuple[int, Future[Any]]] = SimpleQueue()
    futures: dict[int, Future[Any]] = {}
    failures: dict[int, BaseException] = {}
    with _cancelling(futures):
        for place, group in enumerate(groups):
            try:
                with _lost(job, group):
                    futures[place] = pool.executor.submit(work, job.told(group))
            except UnsurprisedError as refused:  # those before it may have failed as well
                failures[place] = refused
                break
            futures[place].add_done_callback(partial(_put, ended, place))
        while futures:
            place, future = ended.get()
            if futures.pop(place, None) is None:  # it was given up
                continue
            done, error = _outcome(job, groups[place], future)
            if error is not None:
                failures[place] = error
                for behind in [other for other in futures if other > place]:
                    futures.pop(behind).cancel()
            elif done is not None and not failures:
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
        if "No module named 'unsurprised" in str(error):
            raise StateError(
                "a worker of the engine has no unsurprised; install one release on all machines"
            ) from None
        told = " ".join(f"{type(error).__name__}: {error}".split())
        raise StateError(
            f"the engine lost {named(job.splits, group)}: {told[:200].rstrip('. ')}; a worker "
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
