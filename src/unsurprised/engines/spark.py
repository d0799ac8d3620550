"""Spark: its jobs as futures of an executor, a task each.

What a task returns is all that counts: accumulators add up twice where a stage is run again.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pyarrow as pa

from unsurprised.errors import CallError

#: Tasks at once where a session does not say how many it runs.
_WORKERS = 16


class SparkExecutor(ThreadPoolExecutor):
    """Runs tasks as jobs of a session, each waited for by a thread of this process.

    A task is run again where its worker was lost, as Spark does; faults of the data come back as
    values, for Spark would try these again, too.
    """

    def __init__(self, session: Any) -> None:
        super().__init__(workers_of_spark(session), "unsurprised-spark")
        self._session, self._tag = session, f"unsurprised-{uuid4().hex}"
        self._run = _by_arrow if is_connected(session) else _by_rdd

    def submit(self, work: Callable[..., Any], /, *given: Any, **_: Any) -> Future[Any]:
        """A job of one task."""
        return super().submit(self._tagged, work, *given)

    def _tagged(self, work: Callable[[str], Any], task: str) -> Any:
        self._session.addTag(self._tag)
        try:
            return self._run(self._session, work, task)
        finally:
            self._session.removeTag(self._tag)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the threads; jobs that nobody waits for any more are given up."""
        with suppress(Exception):  # a session that has ended
            self._session.interruptTag(self._tag)
        super().shutdown(wait, cancel_futures=cancel_futures)


def _by_rdd(session: Any, work: Callable[[str], Any], task: str) -> Any:
    return session.sparkContext.parallelize([task], 1).map(work).collect()[0]


def _by_arrow(session: Any, work: Callable[[str], Any], task: str) -> Any:
    """The same for Spark Connect, which has no RDDs."""

    def done(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for each in batch.column(0).to_pylist():
                yield pa.RecordBatch.from_pydict({"done": [pickle.dumps(work(each))]})

    frame = session.createDataFrame([(task,)], "task string")
    return pickle.loads(frame.mapInArrow(done, "done binary").collect()[0][0])


def is_connected(session: Any) -> bool:
    """Whether a session is one of Spark Connect."""
    return ".connect." in type(session).__module__


def executor_of_spark(session: Any) -> SparkExecutor:
    """The executor of a session, which ends with the evaluation."""
    if not hasattr(session, "createDataFrame"):
        raise CallError(
            f"engine is a {type(session).__name__} of Spark; expected a SparkSession: "
            "SparkSession.builder.getOrCreate()"
        )
    stopped = session.is_stopped if is_connected(session) else session.sparkContext._jsc is None
    if stopped:
        raise CallError("the Spark session of engine was stopped; expected one that runs")
    return SparkExecutor(session)


def workers_of_spark(session: Any) -> int:
    """How many tasks a session runs at once."""
    if not is_connected(session):
        return max(1, int(session.sparkContext.defaultParallelism))
    told = session.conf.get("spark.default.parallelism", None)
    return int(told) if told else _WORKERS
