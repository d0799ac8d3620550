"""How much memory ``compare --memory`` takes for many rows, and how long.

    python -m benchmarks.compare_memory [--millions 5] [--memory 1GB] [--classes 10] [--folder DIR]

Writes two files of so many million rows, the second in another order, to a temporary folder (45
bytes a row of 10 classes), and compares them by id in a process of its own, whose peak is told by
the system.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.machine import description, in_words

ROWS_AT_ONCE = 250_000


def write(path: Path, rows: int, classes: int, *, new: bool) -> None:
    """Rows whose ids and labels follow from their number; those of the new model backwards."""
    writer = None
    starts = list(range(0, rows, ROWS_AT_ONCE))
    for start in reversed(starts) if new else starts:
        numbers = np.arange(start, min(start + ROWS_AT_ONCE, rows))
        random = np.random.default_rng(start)
        scores = random.normal(size=(len(numbers), classes)).astype(np.float32)
        labels = random.integers(0, classes, len(numbers))
        scores[np.arange(len(numbers)), labels] += 1
        if new:
            noise = np.random.default_rng(start + 1).normal(size=scores.shape)
            scores += 0.3 * noise.astype(np.float32)
        lists = pa.FixedSizeListArray.from_arrays(pa.array(scores.reshape(-1)), classes)
        columns = {"id": pa.array(numbers), "label": pa.array(labels.astype(np.int16))}
        table = pa.table({**columns, "logits": lists})
        if new:
            table = table.take(np.arange(len(numbers))[::-1])
        writer = writer or pq.ParquetWriter(path, table.schema, compression="none")
        writer.write_table(table)
    if writer is not None:
        writer.close()


def compare(folder: str, memory: str | None) -> dict[str, Any]:
    """Compare, and say what it took; in a process that does nothing else."""
    from unsurprised.commands.compare import opened
    from unsurprised.comparison.readings import compare_readings

    begun = time.perf_counter()
    options = {"label": "label", "id": "id", "kind": "logits"}
    files = [f"{folder}/base.parquet", f"{folder}/new.parquet"]
    result = compare_readings(*opened(files, None, options), memory=memory)
    digest = sha256(result.to_json().encode()).hexdigest()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "rows": result.rows,
        "seconds": time.perf_counter() - begun,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_megabytes": usage.ru_maxrss * 1024 / 1e6,
        "digest": digest[:16],
    }


def measured(folder: str, memory: str | None) -> dict[str, Any]:
    """The same of a process of its own."""
    told = json.dumps([folder, memory])
    command = [sys.executable, "-m", "benchmarks.compare_memory", "--within", told]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print a line for the bound, and one without a bound if that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--millions", type=float, default=5, help="million rows of each model")
    parser.add_argument("--memory", default="1GB")
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--folder", help="where the files go for a while")
    parser.add_argument("--beside", action="store_true", help="also without a bound")
    parser.add_argument("--within", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.within:
        print(json.dumps(compare(*json.loads(told.within))))
        return
    print(in_words(description()), flush=True)
    with tempfile.TemporaryDirectory(dir=told.folder) as folder:
        for new, name in enumerate(("base", "new")):
            path = Path(folder, f"{name}.parquet")
            write(path, int(told.millions * 1e6), told.classes, new=bool(new))
        for memory in (told.memory, *([None] if told.beside else [])):
            found = measured(folder, memory)
            print(
                f"memory {memory or 'as it comes'}: 2 x {found['rows']:,} rows, "
                f"peak {found['peak_megabytes']:,.0f} MB, {found['seconds']:.1f} s, CPU "
                f"{found['cpu_seconds']:.1f} s; JSON {found['digest']}",
                flush=True,
            )


if __name__ == "__main__":
    main()
