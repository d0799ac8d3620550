"""What an evaluation in parts costs beside one on threads: CPU, memory, bytes to the driver.

    pip install '.[dask]'
    python -m benchmarks.engines [--rows 20000000] [--workers 2] [--folder DIR]

Each engine in a fresh process, its start and that of its workers included; CPU is that of all
processes together. All must find the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
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
from benchmarks.machine import description

#: What the project holds itself to: CPU beside that of threads, megabytes of a worker and to the
#: driver, of which each task may add a tenth.
MOST_CPU, MOST_PEAK_MB, MOST_SENT_MB = 1.3, 400, 25


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


ENGINES: dict[str, Callable[[int], Any]] = {
    "threads": threads,
    "processes": processes,
    "dask": dask,
}


def measure(name: str, path: str, workers: int) -> dict[str, Any]:
    """One evaluation, and what it took."""
    sent: list[int] = []
    read = us.Evaluator.from_bytes.__func__  # type: ignore[attr-defined]

    def counted(kind: type[us.Evaluator], data: bytes) -> us.Evaluator:
        sent.append(len(data))
        return read(kind, data)

    us.Evaluator.from_bytes = classmethod(counted)  # type: ignore[assignment,method-assign]
    began = time.perf_counter()
    with ENGINES[name](workers) as engine:
        found = us.evaluate(path, engine=engine).to_json()
    seconds = time.perf_counter() - began
    own = resource.getrusage(resource.RUSAGE_SELF)
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": seconds,
        "cpu": sum(one.ru_utime + one.ru_stime for one in (own, others)),
        "driver [MB]": own.ru_maxrss / 1024,
        "worker [MB]": others.ru_maxrss / 1024,
        "sent [MB]": sum(sent) / 1e6,
        "tasks": len(sent),
        "digest": hashlib.sha256(found.encode()).hexdigest()[:8],
    }


def main() -> None:
    """Measure every engine that is installed, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "unsurprised-benchmarks"
    )
    parser.add_argument("--measure", choices=ENGINES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    path = str(predictions(options.rows, options.folder))
    if options.measure:
        print(json.dumps(measure(options.measure, path, options.workers)))
        return
    print(f"{options.rows:,} rows, {options.workers} workers, {description()}")
    found: dict[str, dict[str, Any]] = {}
    for name in ENGINES:
        if name == "dask" and find_spec("distributed") is None:
            continue
        command = [sys.executable, "-m", "benchmarks.engines", *sys.argv[1:], "--measure", name]
        for _ in range(2):  # the first reads the file into the page cache
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        row = found[name] = json.loads(told.splitlines()[-1])
        row["cpu / threads"] = row["cpu"] / found["threads"]["cpu"]
        print(name, *(f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
                      for key, value in row.items()), sep="  ")  # fmt: skip
    assert len({row["digest"] for row in found.values()}) == 1
    for name, row in found.items():
        sent = MOST_SENT_MB + 0.1 * row["tasks"]
        print(f"{name}: {row['cpu / threads']:.2f} × the CPU of threads (aim {MOST_CPU}), "
              f"{row['worker [MB]']:.0f} MB a worker (aim {MOST_PEAK_MB}), "
              f"{row['sent [MB]']:.1f} MB to the driver (aim {sent:.0f})")  # fmt: skip


if __name__ == "__main__":
    main()
