"""Make a Parquet file of predictions.

    python -m benchmarks.make_predictions ROWS FILE [--sliced]

Ten classes; the labels are drawn from a softmax and the predictions are a sharper one, so the
model is over-confident. Seeded: the same versions give the same bytes. Written in row groups of
pyarrow's default size, one at a time. With ``--sliced`` two columns more, of names and of numbers.
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


SLICED = [("country", pa.string()), ("age", pa.int32())]
COUNTRIES = [f"country {index:02}" for index in range(30)]


def make(rows: int, path: Path, *, sliced: bool = False) -> None:
    """Write ``rows`` predictions to ``path``; an interrupted run leaves no file of that name."""
    generator, others = np.random.default_rng(0), np.random.default_rng(1)
    unfinished = path.with_suffix(".part")
    schema = pa.schema([*SCHEMA, *(pa.field(*each) for each in SLICED if sliced)])
    with pq.ParquetWriter(unfinished, schema) as writer:
        for start in range(0, rows, ROW_GROUP):
            table = _table(generator, min(ROW_GROUP, rows - start))
            writer.write_table(_with_slices(others, table) if sliced else table)
    unfinished.replace(path)


def _with_slices(generator: np.random.Generator, table: pa.Table) -> pa.Table:
    codes = generator.integers(len(COUNTRIES), size=len(table), dtype=np.int32)
    country = pa.DictionaryArray.from_arrays(codes, COUNTRIES).cast(pa.string())
    age = generator.normal(40, 12, len(table)).clip(0, 99).astype(np.int32)
    return table.append_column("country", country).append_column("age", pa.array(age))


def _table(generator: np.random.Generator, rows: int) -> pa.Table:
    logits = 2 * generator.standard_normal((rows, CLASSES), dtype=np.float32)
    labels = (logits + generator.gumbel(size=logits.shape)).argmax(axis=1).astype(np.int32)
    probs = np.exp(1.2 * logits)
    probs /= probs.sum(axis=1, keepdims=True)
    offsets = np.arange(0, probs.size + 1, CLASSES, dtype=np.int32)
    lists = pa.ListArray.from_arrays(offsets, probs.astype(np.float32).ravel())
    return pa.table([pa.array(labels), lists], schema=SCHEMA)


if __name__ == "__main__":
    make(int(sys.argv[1]), Path(sys.argv[2]), sliced="--sliced" in sys.argv)
