"""How pandas, Polars, DuckDB, PyArrow and NumPy users write their predictions, tool by tool.

Each writer takes a frame of ``prob_<class>`` columns and ``target``, writes it to a folder as the
tool's own guide does it, and returns the file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet

Writer = Callable[[pd.DataFrame, Path], Path]


def pandas_csv(frame: pd.DataFrame, folder: Path) -> Path:
    frame.to_csv(folder / "f.csv", index=False)
    return folder / "f.csv"


def pandas_csv_with_index(frame: pd.DataFrame, folder: Path) -> Path:
    frame.to_csv(folder / "f.csv")
    return folder / "f.csv"


def pandas_csv_gz(frame: pd.DataFrame, folder: Path) -> Path:
    frame.to_csv(folder / "f.csv.gz", index=False)
    return folder / "f.csv.gz"


def pandas_tsv(frame: pd.DataFrame, folder: Path) -> Path:
    frame.to_csv(folder / "f.tsv", index=False, sep="\t")
    return folder / "f.tsv"


def pandas_parquet(frame: pd.DataFrame, folder: Path) -> Path:
    frame.to_parquet(folder / "f.parquet")
    return folder / "f.parquet"


def pandas_parquet_with_index(frame: pd.DataFrame, folder: Path) -> Path:
    frame = frame.set_axis(pd.Index(np.arange(len(frame))[::-1] * 3, name="key"))
    return pandas_parquet(frame, folder)


def pandas_categorical(frame: pd.DataFrame, folder: Path) -> Path:
    return pandas_parquet(frame.assign(target=frame["target"].astype("category")), folder)


def pandas_nullable(frame: pd.DataFrame, folder: Path) -> Path:
    return pandas_parquet(frame.convert_dtypes(), folder)


def pandas_arrow_types(frame: pd.DataFrame, folder: Path) -> Path:
    return pandas_parquet(frame.convert_dtypes(dtype_backend="pyarrow"), folder)


def pandas_json_lines(frame: pd.DataFrame, folder: Path) -> Path:
    frame.to_json(folder / "f.jsonl", orient="records", lines=True, double_precision=15)
    return folder / "f.jsonl"


def pandas_feather(frame: pd.DataFrame, folder: Path) -> Path:
    frame.to_feather(folder / "f.feather")
    return folder / "f.feather"


def polars_csv(frame: pd.DataFrame, folder: Path) -> Path:
    pl.from_pandas(frame).write_csv(folder / "f.csv")
    return folder / "f.csv"


def polars_ndjson(frame: pd.DataFrame, folder: Path) -> Path:
    pl.from_pandas(frame).write_ndjson(folder / "f.ndjson")
    return folder / "f.ndjson"


def polars_parquet(frame: pd.DataFrame, folder: Path) -> Path:
    pl.from_pandas(frame).write_parquet(folder / "f.parquet")
    return folder / "f.parquet"


def polars_ipc(frame: pd.DataFrame, folder: Path) -> Path:
    pl.from_pandas(frame).write_ipc(folder / "f.arrow")
    return folder / "f.arrow"


def polars_categorical(frame: pd.DataFrame, folder: Path) -> Path:
    """Codes of 32 bits without a sign."""
    texts = pl.from_pandas(frame).with_columns(pl.col("target").cast(pl.String))
    texts.with_columns(pl.col("target").cast(pl.Categorical)).write_ipc(folder / "f.arrow")
    return folder / "f.arrow"


def polars_enum(frame: pd.DataFrame, folder: Path) -> Path:
    """Codes of 8 bits without a sign, in the order that the user says."""
    texts = pl.from_pandas(frame).with_columns(pl.col("target").cast(pl.String))
    kind = pl.Enum(texts["target"].unique().sort(descending=True))
    texts.with_columns(pl.col("target").cast(kind)).write_parquet(folder / "f.parquet")
    return folder / "f.parquet"


def duckdb_copy(frame: pd.DataFrame, file: Path, select: str = "*") -> Path:
    with duckdb.connect() as connection:
        connection.register("predictions", frame)
        form = {".csv": "csv", ".json": "json", ".parquet": "parquet"}[file.suffix]
        connection.execute(f"COPY (SELECT {select} FROM predictions) TO '{file}' (FORMAT {form})")
    return file


def duckdb_csv(frame: pd.DataFrame, folder: Path) -> Path:
    return duckdb_copy(frame, folder / "f.csv")


def duckdb_json(frame: pd.DataFrame, folder: Path) -> Path:
    return duckdb_copy(frame, folder / "f.json")


def duckdb_parquet(frame: pd.DataFrame, folder: Path) -> Path:
    return duckdb_copy(frame, folder / "f.parquet")


def arrow_table(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


def pyarrow_csv(frame: pd.DataFrame, folder: Path) -> Path:
    pa.csv.write_csv(arrow_table(frame), folder / "f.csv")
    return folder / "f.csv"


def pyarrow_row_groups(frame: pd.DataFrame, folder: Path) -> Path:
    pa.parquet.write_table(arrow_table(frame), folder / "f.parquet", row_group_size=50)
    return folder / "f.parquet"


def pyarrow_stream(frame: pd.DataFrame, folder: Path) -> Path:
    table = arrow_table(frame)
    with pa.ipc.new_stream(folder / "f.arrows", table.schema) as stream:
        for batch in table.to_batches(max_chunksize=64):
            stream.write_batch(batch)
    return folder / "f.arrows"


def with_target(frame: pd.DataFrame, change: Callable[[pa.Array], pa.Array]) -> pa.Table:
    table = arrow_table(frame)
    column = change(table["target"].combine_chunks())
    return table.set_column(table.schema.get_field_index("target"), "target", column)


def as_file(table: pa.Table, folder: Path) -> Path:
    pa.feather.write_feather(table, folder / "f.feather", compression="uncompressed")
    return folder / "f.feather"


def pyarrow_dictionary(frame: pd.DataFrame, folder: Path) -> Path:
    return as_file(with_target(frame, lambda column: column.dictionary_encode()), folder)


def pyarrow_run_ends(frame: pd.DataFrame, folder: Path) -> Path:
    return as_file(with_target(frame, pa.compute.run_end_encode), folder)


def pyarrow_string_view(frame: pd.DataFrame, folder: Path) -> Path:
    def viewed(column: pa.Array) -> pa.Array:
        return pa.array([str(value) for value in column.to_pylist()], pa.string_view())

    return as_file(with_target(frame, viewed), folder)


#: One column a class, and the truth as it is.
WIDE: dict[str, Writer] = {
    name: function
    for name, function in list(globals().items())
    if name.startswith(("pandas_", "polars_", "pyarrow_"))
    or name in ("duckdb_csv", "duckdb_json", "duckdb_parquet")
}
