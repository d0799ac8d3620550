"""How rows of numbers, and numbers by the names of their classes, are written in one column.

Each writer takes the same frame as those of ``tools_writers``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
from tools_writers import Writer, arrow_table, as_file, duckdb_copy


def probabilities(frame: pd.DataFrame) -> Any:
    """The matrix of the frame, and the names of its columns' classes."""
    columns = [name for name in frame.columns if name != "target"]
    return frame[columns].to_numpy(), [name.removeprefix("prob_") for name in columns]


def in_rows(frame: pd.DataFrame, make: Callable[[Any], pa.Array]) -> pa.Table:
    target = arrow_table(frame)["target"]
    return pa.table({"target": target, "probs": make(probabilities(frame)[0])})


def offsets_of(values: Any) -> Any:
    return np.arange(len(values) + 1, dtype=np.int32) * values.shape[1]


def numpy_npz(frame: pd.DataFrame, folder: Path) -> Path:
    target = frame["target"].to_numpy()
    names = target.astype(str) if target.dtype.kind not in "biuf" else target
    np.savez(folder / "f.npz", y_true=names, y_pred=probabilities(frame)[0])
    return folder / "f.npz"


def pandas_lists(frame: pd.DataFrame, folder: Path) -> Path:
    rows = [row.tolist() for row in probabilities(frame)[0]]
    table = pd.DataFrame({"target": frame["target"], "probs": rows})
    table.to_csv(folder / "f.csv", index=False)
    return folder / "f.csv"


def polars_list(frame: pd.DataFrame, folder: Path) -> Path:
    table = pl.from_pandas(frame)
    lists = pl.concat_list(pl.exclude("target")).alias("probs")
    table.select("target", lists).write_parquet(folder / "f.parquet")
    return folder / "f.parquet"


def polars_array(frame: pd.DataFrame, folder: Path) -> Path:
    table = pl.from_pandas(frame)
    arrays = pl.concat_arr(pl.exclude("target")).alias("probs")
    table.select("target", arrays).write_ipc(folder / "f.arrow")
    return folder / "f.arrow"


def duckdb_list(frame: pd.DataFrame, folder: Path) -> Path:
    columns = ", ".join(f'"{name}"' for name in frame.columns if name != "target")
    return duckdb_copy(frame, folder / "f.parquet", f"target, [{columns}] AS probs")


def duckdb_list_json(frame: pd.DataFrame, folder: Path) -> Path:
    columns = ", ".join(f'"{name}"' for name in frame.columns if name != "target")
    return duckdb_copy(frame, folder / "f.json", f"target, [{columns}] AS probs")


def pyarrow_list(frame: pd.DataFrame, folder: Path) -> Path:
    def lists(values: Any) -> pa.Array:
        return pa.ListArray.from_arrays(offsets_of(values), values.reshape(-1))

    return as_file(in_rows(frame, lists), folder)


def pyarrow_fixed(frame: pd.DataFrame, folder: Path) -> Path:
    def lists(values: Any) -> pa.Array:
        return pa.FixedSizeListArray.from_arrays(values.reshape(-1), values.shape[1])

    return as_file(in_rows(frame, lists), folder)


def pyarrow_list_view(frame: pd.DataFrame, folder: Path) -> Path:
    """Rows may lie in any order: these lie backwards."""

    def lists(values: Any) -> pa.Array:
        starts = pa.array(offsets_of(values)[:-1][::-1])
        sizes = pa.array(np.full(len(values), values.shape[1], dtype=np.int32))
        return pa.ListViewArray.from_arrays(starts, sizes, values[::-1].reshape(-1))

    return as_file(in_rows(frame, lists), folder)


def pyarrow_tensor(frame: pd.DataFrame, folder: Path) -> Path:
    def tensors(values: Any) -> pa.Array:
        return pa.FixedShapeTensorArray.from_numpy_ndarray(np.ascontiguousarray(values))

    return as_file(in_rows(frame, tensors), folder)


#: A row of numbers in a column, whose order the caller says.
LISTS: dict[str, Writer] = {
    function.__name__: function
    for function in (
        numpy_npz, pandas_lists, polars_list, polars_array, duckdb_list, duckdb_list_json,
        pyarrow_list, pyarrow_fixed, pyarrow_list_view, pyarrow_tensor,
    )
}  # fmt: skip


def _pairs(frame: pd.DataFrame) -> list[tuple[str, str]]:
    columns = [name for name in frame.columns if name != "target"]
    return list(zip(columns, probabilities(frame)[1], strict=True))


def duckdb_map(frame: pd.DataFrame, folder: Path) -> Path:
    entries = ", ".join(f"'{name}': \"{column}\"" for column, name in _pairs(frame))
    return duckdb_copy(frame, folder / "f.parquet", f"target, MAP {{{entries}}} AS probs")


def duckdb_struct(frame: pd.DataFrame, folder: Path) -> Path:
    entries = ", ".join(f"'{name}': \"{column}\"" for column, name in _pairs(frame))
    return duckdb_copy(frame, folder / "f.parquet", f"target, {{{entries}}} AS probs")


def duckdb_struct_json(frame: pd.DataFrame, folder: Path) -> Path:
    entries = ", ".join(f"'{name}': \"{column}\"" for column, name in _pairs(frame))
    return duckdb_copy(frame, folder / "f.json", f"target, {{{entries}}} AS probs")


def polars_struct(frame: pd.DataFrame, folder: Path) -> Path:
    fields = [pl.col(column).alias(name) for column, name in _pairs(frame)]
    table = pl.from_pandas(frame).select("target", pl.struct(fields).alias("probs"))
    table.write_ndjson(folder / "f.ndjson")
    return folder / "f.ndjson"


def pyarrow_map(frame: pd.DataFrame, folder: Path) -> Path:
    values, names = probabilities(frame)

    def maps(rows: Any) -> pa.Array:
        keys = pa.array(names * len(rows))
        return pa.MapArray.from_arrays(offsets_of(rows), keys, values.reshape(-1))

    return as_file(in_rows(frame, maps), folder)


def pyarrow_pairs(frame: pd.DataFrame, folder: Path) -> Path:
    """Lists of class and score, the best first, as pipelines give them."""
    _, names = probabilities(frame)

    def pairs(rows: Any) -> pa.Array:
        kind = pa.list_(pa.struct([("label", pa.string()), ("score", pa.float64())]))
        best = [sorted(zip(row, names, strict=True), reverse=True) for row in rows.tolist()]
        return pa.array([[{"label": n, "score": p} for p, n in row] for row in best], kind)

    return as_file(in_rows(frame, pairs), folder)


#: A number by the name of its class.
NAMED: dict[str, Writer] = {
    function.__name__: function
    for function in (
        duckdb_map, duckdb_struct, duckdb_struct_json, polars_struct, pyarrow_map, pyarrow_pairs,
    )
}  # fmt: skip
