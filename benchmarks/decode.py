"""Decode a Parquet file and do nothing with it: ``python -m benchmarks.decode FILE [--thrifty]``.

The yardstick: pyarrow's defaults and all its threads; with ``--thrifty`` column chunks are read
through a buffer of 1 MiB, which is quicker here and takes less memory. Prints the seconds of the
loop alone, after the imports.
"""

from __future__ import annotations

import sys
import time

import pyarrow.parquet as pq


def decode(path: str, *, thrifty: bool) -> float:
    """Seconds that reading every batch takes."""
    options = {"pre_buffer": False, "buffer_size": 1 << 20} if thrifty else {}
    started = time.perf_counter()
    for _ in pq.ParquetFile(path, **options).iter_batches(use_threads=True):
        pass
    return time.perf_counter() - started


if __name__ == "__main__":
    print(decode(sys.argv[1], thrifty="--thrifty" in sys.argv))
