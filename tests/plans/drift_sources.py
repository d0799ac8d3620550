"""Two data sets as files of every kind, with predictions and times, that a drift is asked of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

ROWS = 90


def table(seed: int, rows: int = ROWS, *, is_new: bool = False) -> pa.Table:
    """Rows of one file."""
    random = np.random.default_rng([seed, is_new])
    probs = random.dirichlet([1.0, 1.0, 1.0 + is_new], rows)
    label = (probs.cumsum(axis=1) < random.random(rows)[:, None]).sum(axis=1).clip(max=2)
    seconds = 1_767_225_600 + random.integers(0, 90 * 86400, rows)  # from 2026-01-01 on
    x = random.normal(0.4 * is_new, 1, rows)
    x[0] = np.nan
    return pa.table(
        {
            "x": x,
            "n": pa.array(random.integers(0, 9, rows), mask=random.random(rows) < 0.1),
            "land": random.choice(["at", "ch", "de", "new"][: 3 + is_new], rows),
            "flag": random.random(rows) < 0.3,
            "large": random.integers(2**60, 2**60 + 50, rows),
            "at": pa.array(seconds, pa.timestamp("s")),
            "label": label,
            "probs": list(probs),
        }
    )


def written(folder: Path, kind: str, *, is_new: bool = False, files: int = 3) -> str:
    """A folder of files of some kind, which have several splits where the format has them."""
    folder.mkdir(exist_ok=True)
    for seed in range(files):
        write(table(seed, is_new=is_new), folder, str(seed), kind)
    return str(folder)


def write(rows: pa.Table, folder: Path, name: str, kind: str) -> None:
    """One file."""
    if kind == "parquet":
        pq.write_table(rows, folder / f"{name}.parquet", row_group_size=30)
    elif kind == "csv":
        pacsv.write_csv(with_columns(rows), folder / f"{name}.csv")
    elif kind == "jsonl":
        lines = [json.dumps(row, default=str) for row in rows.drop_columns(["at"]).to_pylist()]
        (folder / f"{name}.jsonl").write_text("\n".join(lines))
    elif kind == "arrow":
        with pa.ipc.new_file(str(folder / f"{name}.arrow"), rows.schema) as writer:
            writer.write_table(rows, max_chunksize=30)
    elif kind == "hive":
        place = folder / f"day={'07' if name == '2' else name}"
        place.mkdir(parents=True)
        pq.write_table(rows, place / "rows.parquet", row_group_size=30)


def with_columns(rows: pa.Table) -> pa.Table:
    """The predictions as a column a class."""
    probs = np.array(rows["probs"].to_pylist())
    for k in range(3):
        rows = rows.append_column(f"p_{k}", pa.array(probs[:, k]))
    return rows.drop_columns(["probs"])


#: What is asked, by the kind of the files.
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "parquet": ("parquet", {}),
    "predictions": ("parquet", {"label": "label", "pred": "probs"}),
    "predictions alone": ("parquet", {"pred": "probs", "nulls": "skip"}),
    "windows": ("parquet", {"by": "month"}),
    "windows and predictions": ("parquet", {"by": "week", "time": "at", "pred": "probs"}),
    "csv": ("csv", {"label": "label", "pred": "p_", "by": "month"}),
    "jsonl": ("jsonl", {"label": "label", "pred": "probs"}),
    "arrow": ("arrow", {"label": "label"}),
    "hive": ("hive", {}),
}
