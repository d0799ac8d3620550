"""Files of every kind that a plan is made for, and how they are read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

ROWS = 120


def table(seed: int, rows: int = ROWS) -> pa.Table:
    """Rows with all that options name."""
    random = np.random.default_rng(seed)
    probs = random.dirichlet([1.0, 1.0, 1.0], rows)
    label = (probs.cumsum(axis=1) < random.random(rows)[:, None]).sum(axis=1).clip(max=2)
    logits = np.log(probs + 1e-9)
    return pa.table(
        {
            "row_id": [f"r{seed}-{k}" for k in range(rows)],
            "label": label,
            "probs": list(probs),
            "z": list(logits),
            "lp": logits[np.arange(rows), label],
            "bytes": random.integers(1, 9, rows),
            "w": random.random(rows) + 0.5,
            "age": random.integers(0, 90, rows),
            "x": random.normal(size=rows),
            "land": random.choice(["at", "ch", "de"], rows),
            "user": random.integers(0, 9, rows),
            "sparse": pa.array(probs[:, 0], mask=random.random(rows) < 0.5),
        }
    )


def columns(rows: pa.Table, names: tuple[str, ...] = ("cat", "dog", "owl")) -> pa.Table:
    """The predictions as a column a class, the labels by name."""
    probs = np.array(rows["probs"].to_pylist())
    made = rows.select(["row_id", "age"]).append_column(
        "label", pa.array([names[k] for k in rows["label"].to_pylist()])
    )
    for k, name in enumerate(names):
        made = made.append_column(f"p_{name}", pa.array(probs[:, k]))
    return made


def written(folder: Path, kind: str) -> Any:
    """A source of some kind."""
    folder.mkdir(exist_ok=True)
    for seed in range(4):
        rows = table(seed)
        if kind == "parquet":
            pq.write_table(rows, folder / f"{seed}.parquet", row_group_size=50)
        elif kind == "csv":
            pacsv.write_csv(columns(rows), folder / f"{seed}.csv")
        elif kind == "jsonl":
            lines = [json.dumps(row) for row in columns(rows).to_pylist()]
            (folder / f"{seed}.jsonl").write_text("\n".join(lines))
        elif kind == "arrow":
            with pa.ipc.new_file(str(folder / f"{seed}.arrow"), rows.schema) as writer:
                writer.write_table(rows, max_chunksize=50)
        elif kind == "hive":
            # Of one file "07" is no integer, so the column holds names in all.
            day = folder / f"day={'07' if seed == 3 else seed}" / f"hour={seed}"
            day.mkdir(parents=True)
            pq.write_table(rows.select(["label", "probs"]), day / "rows.parquet")
        elif kind == "samples":
            said = {"resps": [["-1"]], "filtered_resps": ["-1"], "filter": "none"}
            lines = [
                json.dumps({"doc_id": k, **said, "bits_per_byte": [-1.5 - k - seed, 4 + k]})
                for k in range(9)
            ]
            (folder / f"{seed}.jsonl").write_text("\n".join(lines))
    if kind == "npy":
        rows = table(0)
        np.save(folder / "p.npy", np.array(rows["probs"].to_pylist()))
        np.save(folder / "y.npy", rows["label"].to_numpy())
        return str(folder / "p.npy")
    return str(folder)


#: A kind of source, and options: what is read by a plan as without one.
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "parquet": ("parquet", {}),
    "slices, clusters, weights, ids": (
        "parquet",
        {"by": ["age", "land", "x"], "cluster": "user", "weight": "w", "id": "row_id"},
    ),
    "logits": ("parquet", {"pred": "z", "kind": "logits", "classes": ["a", "b", "c"]}),
    "text": ("parquet", {"logprob": "lp", "units": ["bytes"], "cluster": "user"}),
    "nulls": ("parquet", {"pred": "probs", "weight": "sparse", "nulls": "skip"}),
    "one number": ("parquet", {"label": "age", "pred": "sparse", "nulls": "skip",
                               "ignore_index": 7, "positive": "1"}),
    "csv": ("csv", {"by": "age"}),
    "jsonl": ("jsonl", {}),
    "arrow": ("arrow", {"top": 3}),
    "hive": ("hive", {"by": ["day", "hour"]}),
    "samples": ("samples", {}),
    "npy": ("npy", {}),
}  # fmt: skip


def written_models(folder: Path) -> list[str]:
    """Three models of the same rows: cut otherwise, in another order, some of them missing."""
    random = np.random.default_rng(5)
    whole = pa.concat_tables([table(seed) for seed in range(4)])
    probs = np.array(whole["probs"].to_pylist())
    place = whole.schema.get_field_index("probs")
    names = []
    for name, cuts in (("base", (0, 120, 300)), ("new", (0, 40, 400)), ("few", (0, 200))):
        rows = whole
        if name != "base":
            mixed = 0.7 * probs + 0.3 * random.dirichlet([1.0, 1.0, 1.0], len(probs))
            rows = rows.set_column(place, "probs", pa.array(list(mixed)))
        if name == "few":
            rows = rows.take(random.permutation(len(rows))[:450])
        names.append(str(folder / name))
        Path(names[-1]).mkdir()
        for k, (start, end) in enumerate(zip(cuts, [*cuts[1:], len(rows)], strict=True)):
            file = folder / name / f"{k}.parquet"
            pq.write_table(rows.slice(start, end - start), file, row_group_size=50)
    return names
