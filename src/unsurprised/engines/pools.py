"""What runs tasks: any executor of ``concurrent.futures``, a Dask client, Ray, or Spark.

The engine only schedules. Workers open the files of the plan, so order, ids, errors and bytes are
those of one machine; the driver merges what comes, as it comes.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from unsurprised.errors import CallError
from unsurprised.threads import get_num_threads


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
        from unsurprised.engines.dask import executor_of, workers_of

        return Pool(executor_of(engine), workers_of(engine))
    if library == "pyspark":
        from unsurprised.engines.spark import executor_of_spark, workers_of_spark

        return Pool(executor_of_spark(engine), workers_of_spark(engine), owned=True)
    if isinstance(engine, str) and engine == "ray":
        from unsurprised.engines.ray import executor_of_ray, workers_of_ray

        return Pool(executor_of_ray(), workers_of_ray())
    said = f"{engine!r:.40}" if isinstance(engine, str) else f"a {type(engine).__name__}"
    raise CallError(
        f"engine is {said}; expected an Executor of concurrent.futures, such as a "
        'ProcessPoolExecutor, a Client of dask.distributed, a SparkSession, or "ray"'
    )
