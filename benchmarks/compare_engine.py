"""What a comparison by a pool of processes costs, with and without an exchange between workers.

    pip install psutil
    python -m benchmarks.compare_engine [--millions 2] [--workers 2] [--folder DIR]

Two files of so many million rows, the second in another order, are compared by id: on threads of
one process, by a pool whose answers the driver matches, and by one that matches them itself. Each
in a fresh process; CPU is that of all processes together. All must find the same bytes.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import Future, ProcessPoolExecutor
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import unsurprised as us
from benchmarks.compare_memory import write
from benchmarks.engines import used
from benchmarks.machine import description, in_words

WAYS = ("threads", "pool", "pool with an exchange")


class Counting(ProcessPoolExecutor):
    """A pool that counts the bytes of its answers."""

    sent = 0

    def submit(self, work: Any, /, *given: Any, **options: Any) -> Future[Any]:
        """Count when it is done."""
        future = super().submit(work, *given, **options)
        future.add_done_callback(self._count)
        return future

    def _count(self, future: Future[Any]) -> None:
        state = getattr(future.result(), "state", None)
        self.sent += 0 if state is None else len(state)


def measure(way: str, folder: Path, workers: int) -> dict[str, Any]:
    """One comparison, and what it took."""
    models = [str(folder / f"{name}.parquet") for name in ("base", "new")]
    options: dict[str, Any] = {"label": "label", "id": "id", "kind": "logits"}
    us.set_num_threads(workers)
    with Counting(workers, mp_context=get_context("spawn")) as pool:
        if way != "threads":
            options["engine"] = pool
        if way == WAYS[-1]:
            options["exchange"] = folder / "exchange"
        began = time.perf_counter()
        found = us.compare(*models, **options).to_json()
        seconds = time.perf_counter() - began
        cpu, worker = used()
    return {
        "seconds": seconds,
        "cpu": cpu,
        "driver": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
        "worker": worker * (1 << 20) / 1e6,
        "sent": pool.sent / 1e6,
        "digest": sha256(found.encode()).hexdigest()[:8],
    }


def main() -> None:
    """Print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--millions", type=float, default=2, help="million rows of each model")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", help="where the files go for a while")
    parser.add_argument("--within", nargs=2, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.within:
        way, folder = told.within
        print(json.dumps(measure(way, Path(folder), told.workers)))
        return
    rows = int(told.millions * 1e6)
    print(f"2 x {rows:,} rows of 10 classes, {told.workers} workers")
    print(in_words(description()), flush=True)
    with tempfile.TemporaryDirectory(dir=told.folder) as folder:
        for new, name in enumerate(("base", "new")):
            write(Path(folder, f"{name}.parquet"), rows, 10, new=bool(new))
        digests = set()
        for way in WAYS:
            command = [sys.executable, "-m", "benchmarks.compare_engine", *sys.argv[1:]]
            done = subprocess.run(
                [*command, "--within", way, folder], check=True, stdout=subprocess.PIPE, text=True
            )
            found = json.loads(done.stdout)
            digests.add(found["digest"])
            print(
                f"{way}: {found['sent']:.1f} MB to the driver, {found['seconds']:.1f} s, CPU "
                f"{found['cpu']:.1f} s, peak of the driver {found['driver']:.0f} MB, of a worker "
                f"{found['worker']:.0f} MB",
                flush=True,
            )
    assert len(digests) == 1, "comparisons differ"


if __name__ == "__main__":
    main()
