"""Decode a Parquet file and do nothing with it: ``python -m benchmarks.decode FILE``.

The yardstick: pyarrow's defaults and all its threads. Prints the seconds of the loop alone, after
the imports.
"""

from __future__ import annotations

import sys
import time

import pyarrow.parquet as pq


def decode(path: str) -> float:
    """Seconds that reading every batch takes."""
    started = time.perf_counter()
    for _ in pq.ParquetFile(path).iter_batches(use_threads=True):
        pass
    return time.perf_counter() - started


if __name__ == "__main__":
    print(decode(sys.argv[1]))
