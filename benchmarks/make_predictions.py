"""Make a Parquet file of predictions: ``python -m benchmarks.make_predictions ROWS FILE``.

Ten classes; the labels are drawn from a softmax and the predictions are a sharper one, so the
model is over-confident. Seeded: the same versions give the same bytes. Written in row groups of
pyarrow's default size, one at a time.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CLASSES = 10
ROW_GROUP = 1 << 20  # pyarrow's default
SCHEMA = pa.schema([("label", pa.int32()), ("probs", pa.list_(pa.float32()))])


def make(rows: int, path: Path) -> None:
    """Write ``rows`` predictions to ``path``; an interrupted run leaves no file of that name."""
    generator = np.random.default_rng(0)
    unfinished = path.with_suffix(".part")
    with pq.ParquetWriter(unfinished, SCHEMA) as writer:
        for start in range(0, rows, ROW_GROUP):
            writer.write_table(_table(generator, min(ROW_GROUP, rows - start)))
    unfinished.replace(path)


def _table(generator: np.random.Generator, rows: int) -> pa.Table:
    logits = 2 * generator.standard_normal((rows, CLASSES), dtype=np.float32)
    labels = (logits + generator.gumbel(size=logits.shape)).argmax(axis=1).astype(np.int32)
    probs = np.exp(1.2 * logits)
    probs /= probs.sum(axis=1, keepdims=True)
    offsets = np.arange(0, probs.size + 1, CLASSES, dtype=np.int32)
    lists = pa.ListArray.from_arrays(offsets, probs.astype(np.float32).ravel())
    return pa.table([pa.array(labels), lists], schema=SCHEMA)


if __name__ == "__main__":
    make(int(sys.argv[1]), Path(sys.argv[2]))
