"""Spark: its jobs as futures of an executor, a task each, and sessions for one call.

What a task returns is all that counts: accumulators add up twice where a stage is run again.
"""

from __future__ import annotations

import os
import pickle
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any
from uuid import uuid4

import pyarrow as pa

from unsurprised.engines.connecting import in_time, not_installed, refuse_silent, unheard
from unsurprised.errors import CallError

#: Tasks at once where a session does not say how many it runs.
_WORKERS = 16
#: How long a session may take: one that begins with a machine of Java's, and ends with it, and the
#: first of a server.
_SESSION_SECONDS, _REMOTE_SECONDS = 120.0, 30.0
#: How long a master may take to have its first worker begin.
_WORKER_SECONDS = 15.0


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


@contextmanager
def connected(address: str | None = None) -> Iterator[Any]:
    """A session of Spark's, for one call.

    The address is that of a master (``spark://HOST:PORT``) or of a server of Spark Connect
    (``sc://HOST:PORT``); by default Spark's own settings say it, as ``spark-submit`` has them.
    """
    with unheard():
        try:
            from pyspark.sql import SparkSession
        except ImportError:
            raise not_installed("Spark", "spark") from None
        remote = (address or os.environ.get("SPARK_REMOTE", "")).startswith("sc://")
        if not remote:
            _refuse_no_java()
        builder = SparkSession.builder.appName("unsurprised")
        if address is not None:
            builder = builder.remote(address) if remote else builder.master(address)

        def connect() -> Any:
            if address is not None:
                refuse_silent(address.rpartition("//")[2])
            try:
                session = builder.getOrCreate()
                if remote:
                    session.version  # noqa: B018 - asks the server, which nothing has done yet
            except ImportError as error:
                raise CallError(
                    f'{str(error).rstrip(".")}; pip install "pyspark[connect]"'
                ) from None
            return session

        where = "at the address in SPARK_REMOTE" if remote else "by Spark's own settings"
        where = f"at {address}" if address else where
        remedy = "expected the address of a master or of a server that runs"
        seconds = _REMOTE_SECONDS if remote else _SESSION_SECONDS
        session = in_time(connect, f"no Spark session {where}", remedy, seconds)
        try:
            if not remote:
                _prepared(session.sparkContext)
            yield session
        finally:
            _end(session)


def _refuse_no_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = os.path.join(home, "bin", "java") if home else "java"  # noqa: PTH118 - as Spark has it
    if shutil.which(java) is None:
        raise CallError(
            f"Spark needs Java, and there is no {java}; install a JRE of version 17 or later, or "
            "set JAVA_HOME"
        )


def _prepared(context: Any) -> None:
    """A session's context, once a worker is there."""
    context.setLogLevel("OFF")
    if context.master.startswith("local"):
        # Spark takes whatever python3 is, which need not have the library.
        if "PYSPARK_PYTHON" not in os.environ:
            context.pythonExec = sys.executable
        return
    if not context.master.startswith("spark://"):
        return
    until = time.monotonic() + _WORKER_SECONDS
    while context._jsc.sc().getExecutorMemoryStatus().size() < 2:  # the driver is one
        if time.monotonic() > until:
            raise CallError(
                f"the Spark master at {context.master} has given no worker to this application "
                f"within {_WORKER_SECONDS:.0f} seconds; start some, or wait until one is free"
            )
        time.sleep(0.1)


def _end(session: Any) -> None:
    """End a session, and the machine of Java's that began with it."""
    if is_connected(session):
        session.stop()
        return
    context = session.sparkContext
    gateway = context._gateway
    session.stop()
    gateway.shutdown()
    type(context)._gateway = type(context)._jvm = None  # else the next session would ask it
    if gateway.proc is not None:
        gateway.proc.stdin.close()
        gateway.proc.wait(_SESSION_SECONDS)
