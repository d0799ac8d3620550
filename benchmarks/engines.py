"""What an evaluation in parts costs beside one on threads: CPU, memory, bytes to the driver.

    pip install '.[dask,ray,spark]' psutil
    python -m benchmarks.engines [--rows 20000000] [--workers 2] [--folder DIR] [--engines dask,ray]
        [--write]

Each engine in a fresh process, where it evaluates the file three times; CPU is that of all
processes together. *Start* is that of the engine and of workers that import the library, *first*
the first evaluation, in which some engines still compile themselves, *then* the mean of the two
after it. All must find the same bytes. ``--write`` keeps the table for the documentation.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import unsurprised as us
from benchmarks.evaluate_file import predictions
from benchmarks.machine import description, in_words

#: What the project holds itself to: CPU beside that of threads, megabytes of a worker and to the
#: driver, of which each task may add a tenth.
MOST_CPU = {"processes": 1.3, "dask": 1.3, "ray": 1.6, "spark": 1.6}
MOST_PEAK_MB, MOST_SENT_MB = 400, 25
KEPT = Path(__file__).parent / "results" / "engines.md"
#: Evaluations after the first one.
_AGAIN = 2


@contextmanager
def threads(workers: int) -> Iterator[Any]:
    """No engine: threads of this process."""
    us.set_num_threads(workers)
    yield None


@contextmanager
def processes(workers: int) -> Iterator[Any]:
    """A pool of processes."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield pool


@contextmanager
def dask(workers: int) -> Iterator[Any]:
    """A cluster on this machine."""
    import distributed

    with (
        distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@contextmanager
def ray(workers: int) -> Iterator[Any]:
    """A Ray of this machine."""
    import ray

    ray.init(num_cpus=workers, include_dashboard=False, logging_level="error", log_to_driver=False)
    yield "ray"


@contextmanager
def spark(workers: int) -> Iterator[Any]:
    """Spark in one process of Java, with a process of Python for each task at once."""
    from pyspark.sql import SparkSession

    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    builder = SparkSession.builder.master(f"local[{workers},4]")
    session = builder.config("spark.ui.enabled", "false").getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session


ENGINES: dict[str, tuple[Callable[[int], Any], str]] = {
    "threads": (threads, "unsurprised"),
    "processes": (processes, "unsurprised"),
    "dask": (dask, "distributed"),
    "ray": (ray, "ray"),
    "spark": (spark, "pyspark"),
}


def nothing(_: Any) -> int:
    """Import what a task imports."""
    for name in ("evaluation.plans.tasks", "sources.parquet"):
        importlib.import_module(f"unsurprised.{name}")
    time.sleep(0.2)  # so that each worker gets some
    return os.getpid()


def started(engine: Any, workers: int) -> None:
    """Let each worker of an engine import the library."""
    from unsurprised.engines.pools import pool_of

    if engine is not None:
        with pool_of(engine) as pool:
            for future in [pool.executor.submit(nothing, "") for _ in range(4 * workers)]:
                future.result()


def used() -> tuple[float, float]:
    """CPU seconds of this process and of all that it started, and the most memory of a worker."""
    import psutil

    mine = psutil.Process()
    cpu, most = 0.0, 0.0
    for process in [mine, *mine.children(recursive=True)]:
        try:
            times = process.cpu_times()
            status = Path(f"/proc/{process.pid}/status").read_text("utf-8")
            python = "python" in process.name() or "ray::" in process.name()
        except (psutil.Error, OSError):
            continue
        cpu += times.user + times.system + times.children_user + times.children_system
        if process != mine and python and "VmHWM:" in status:
            most = max(most, int(status.partition("VmHWM:")[2].split()[0]) / 1024)
    return cpu, most


def measure(name: str, path: str, workers: int) -> dict[str, Any]:
    """Some evaluations, and what they took."""
    sent: list[int] = []
    read = us.Evaluator.from_bytes.__func__  # type: ignore[attr-defined]

    def counted(kind: type[us.Evaluator], data: bytes) -> us.Evaluator:
        sent.append(len(data))
        return read(kind, data)

    us.Evaluator.from_bytes = classmethod(counted)  # type: ignore[assignment,method-assign]
    with ENGINES[name][0](workers) as engine:
        started(engine, workers)
        cpu, seconds, told = [used()[0]], [], set()
        for _ in range(1 + _AGAIN):
            sent.clear()
            began = time.perf_counter()
            told.add(us.evaluate(path, engine=engine).to_json())
            seconds.append(time.perf_counter() - began)
            spent, worker = used()
            cpu.append(spent)
    assert len(told) == 1, "evaluations differ"
    return {
        "start": cpu[0],
        "first": cpu[1] - cpu[0],
        "then": (cpu[-1] - cpu[1]) / _AGAIN,
        "seconds": sum(seconds[1:]) / _AGAIN,
        "driver [MB]": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "worker [MB]": worker,
        "sent [MB]": sum(sent) / 1e6,
        "tasks": len(sent),
        "digest": hashlib.sha256(told.pop().encode()).hexdigest()[:8],
    }


def table(found: dict[str, dict[str, Any]], rows: int, workers: int) -> str:
    """What was measured, as Markdown."""
    threads = found["threads"]
    lines = [
        f"{rows:,} rows of 10 classes (float32, Parquet), {workers} workers "
        "(`python -m benchmarks.engines`). CPU is of all processes together; *first* is the first "
        "evaluation of workers that have started and imported the library, *then* those after it.",
        "",
        f"Measured on: {in_words(description())}",
        "",
        "| engine | start [CPU s] | first [CPU s] | then [CPU s] | ÷ threads, first | then | aim "
        "| then [s] | a worker [MB] | to the driver [MB] |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row in found.items():
        first, then = (row[what] / threads[what] for what in ("first", "then"))
        lines.append(
            f"| {name} | {row['start']:.2f} | {row['first']:.2f} | {row['then']:.2f} | {first:.2f} "
            f"| {then:.2f} | {MOST_CPU.get(name, '')} | {row['seconds']:.2f} "
            f"| {row['worker [MB]']:.0f} | {row['sent [MB]']:.1f} |"
        )
    return "\n".join([*lines, "", f"The aims of a worker: {MOST_PEAK_MB} MB; of what is sent: "
                      f"{MOST_SENT_MB} MB and 0.1 MB a task."])  # fmt: skip


def main() -> None:
    """Measure every engine that is installed, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "unsurprised-benchmarks"
    )
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--write", action="store_true", help=f"keep the table in {KEPT.name}")
    parser.add_argument("--measure", choices=ENGINES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    path = str(predictions(options.rows, options.folder))
    if options.measure:
        print(json.dumps(measure(options.measure, path, options.workers)))
        return
    found: dict[str, dict[str, Any]] = {}
    for name in options.engines.split(","):
        missing = find_spec(ENGINES[name][1]) is None
        if missing or (name == "spark" and shutil.which("java") is None):
            print(f"{name} is not installed")
            continue
        command = [sys.executable, "-m", "benchmarks.engines", *sys.argv[1:], "--measure", name]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        found[name] = json.loads(told.splitlines()[-1])
        print(f"{name} …", file=sys.stderr)
    assert len({row["digest"] for row in found.values()}) == 1
    text = table(found, options.rows, options.workers)
    print(text)
    if options.write:
        KEPT.write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    main()
