"""A plan on an engine: any executor of ``concurrent.futures``, a Dask client, Ray, or Spark.

The engine only schedules. Workers open the files of the plan, so order, ids, errors and bytes are
those of one machine; the driver merges what comes, as it comes.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import Any

from unsurprised.errors import CallError, InputError, StateError, SumsOffError, UnsurprisedError
from unsurprised.evaluation.engine import Progress, of_all
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.plans.making import plan
from unsurprised.evaluation.plans.planned import PlannedEvaluator
from unsurprised.evaluation.plans.planning import Plan
from unsurprised.evaluation.plans.splits import named
from unsurprised.evaluation.plans.tasks import Done, count_off, run, task_of
from unsurprised.evaluation.result import Evaluation
from unsurprised.threads import get_num_threads

#: Tasks a worker: so many that the last of them are not waited for long.
_TASKS_A_WORKER = 4

Groups = list[tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Pool:
    """What runs tasks: an executor, and how many of them it runs at once."""

    executor: Executor
    workers: int
    #: Whether the executor is ours, and ends with the work.
    owned: bool = False

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        if self.owned:
            self.executor.shutdown(wait=False, cancel_futures=True)


def pool_of(engine: Any) -> Pool:
    """The pool of an engine that the caller has made, and closes."""
    if isinstance(engine, Executor):
        return Pool(engine, getattr(engine, "_max_workers", None) or get_num_threads())
    library = type(engine).__module__.partition(".")[0]
    if library == "distributed":
        from unsurprised.evaluation.plans.dask import executor_of, workers_of

        return Pool(executor_of(engine), workers_of(engine))
    if library == "pyspark":
        from unsurprised.evaluation.plans.spark import executor_of_spark, workers_of_spark

        return Pool(executor_of_spark(engine), workers_of_spark(engine), owned=True)
    if isinstance(engine, str) and engine == "ray":
        from unsurprised.evaluation.plans.ray import executor_of_ray, workers_of_ray

        return Pool(executor_of_ray(), workers_of_ray())
    said = f"{engine!r:.40}" if isinstance(engine, str) else f"a {type(engine).__name__}"
    raise CallError(
        f"engine is {said}; expected an Executor of concurrent.futures, such as a "
        'ProcessPoolExecutor, a Client of dask.distributed, a SparkSession, or "ray"'
    )


def evaluated_on(plan: Plan, engine: Any, *, progress: Progress | None = None) -> PlannedEvaluator:
    """Evaluate all splits of a plan on an engine.

    Raises
    ------
    InputError
        For the first wrong row of all, as on one machine; what lies behind it is given up.
    StateError
        The engine lost a task, ran another one, or a worker ended in the middle of it.
    """
    with pool_of(engine) as pool:
        found = _evaluated_in(plan, pool, progress)
    if found.falls_short():  # rows were left out for nulls, or ids are far from distinct
        return evaluated_on(plan.expecting(0), engine, progress=progress)
    return found


def states_on(plan: Plan, engine: Any, work: Callable[[str], Done]) -> Iterator[bytes]:
    """The states that some work finds in all splits of a plan, as they come."""
    with pool_of(engine) as pool, closing(_results(plan, pool, _groups(plan, pool), work)) as found:
        for done in found:
            yield done.state


def _groups(plan: Plan, pool: Pool) -> Groups:
    """The splits of each task."""
    parts = min(len(plan.splits), _TASKS_A_WORKER * pool.workers)
    groups = (plan.part(part, parts) for part in range(1, parts + 1))
    return [tuple(split.number for split in group) for group in groups if group]


def _evaluated_in(plan: Plan, pool: Pool, progress: Progress | None) -> PlannedEvaluator:
    """What a pool finds of all splits."""
    groups = _groups(plan, pool)
    merged, zero_seen = Evaluator(), False
    try:
        with closing(_results(plan, pool, groups, run)) as results:
            for done in results:
                zero_seen = zero_seen or done.zero_seen
                merged.merge(Evaluator.from_bytes(done.state))
                if progress is not None:
                    progress(sum(plan.splits[number].rows or 0 for number in done.splits))
    except SumsOffError as error:
        raise _counted(plan, pool, groups, error) from None
    found = PlannedEvaluator.of(merged, plan.share(range(len(plan.splits)), zero_seen=zero_seen))
    return found.recall_expected()


def _counted(plan: Plan, pool: Pool, groups: Groups, error: SumsOffError) -> UnsurprisedError:
    """The error with how many rows are off in all files, up to a worse fault."""
    count = partial(count_off, column=error.place.column)
    try:
        found = {done.splits[0]: done for done in _results(plan, pool, groups, count)}
    except UnsurprisedError:  # lost in the middle: the error of the data is what counts
        return error.noted(SumsOffError.first)
    rows = 0
    for _, done in sorted(found.items()):
        rows += done.off
        if not done.all_read:
            break
    return error.noted(SumsOffError.count(rows))


def _results(
    plan: Plan, pool: Pool, groups: Groups, work: Callable[[str], Done]
) -> Generator[Done]:
    """What the tasks have found, each as it ends; raises the error of the first split with one.

    Once a task has failed, those behind it are given up, and those before it are waited for.
    """
    ended: SimpleQueue[tuple[int, Future[Any]]] = SimpleQueue()
    futures: dict[int, Future[Any]] = {}
    failures: dict[int, BaseException] = {}
    with _cancelling(futures):
        for place, group in enumerate(groups):
            try:
                with _lost(plan, group):
                    futures[place] = pool.executor.submit(work, task_of(plan.work, group))
            except UnsurprisedError as refused:  # those before it may have failed as well
                failures[place] = refused
                break
            futures[place].add_done_callback(partial(_put, ended, place))
        while futures:
            place, future = ended.get()
            if futures.pop(place, None) is None:  # it was given up
                continue
            done, error = _outcome(plan, groups[place], future)
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
    plan: Plan, group: tuple[int, ...], future: Future[Any]
) -> tuple[Done | None, BaseException | None]:
    """What a task has found, or why there is nothing of it."""
    try:
        with _lost(plan, group):
            done = future.result()
    except UnsurprisedError as error:
        return None, error
    if isinstance(done, Done) and done.error is not None:
        return None, done.error
    if not isinstance(done, Done) or done.splits != group:
        told = named(plan.splits, group)
        return None, StateError(f"the engine returned nothing of {told}; run it again")
    return done, None


@contextmanager
def _lost(plan: Plan, group: tuple[int, ...]) -> Iterator[None]:
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
            f"the engine lost {named(plan.splits, group)}: {told[:200].rstrip('. ')}; a worker "
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


def evaluate_on(
    engine: Any, source: Any, options: dict[str, Any], *, base: float, top: int, ledger: bool
) -> Evaluation:
    """Evaluate files on an engine: plan, evaluate, merge."""
    made = plan(source, top=top, ledger=ledger, **options)
    try:
        return evaluated_on(made, engine).result(base=base, ledger=ledger)
    except InputError as error:
        raise of_all(error, made.files) from None
