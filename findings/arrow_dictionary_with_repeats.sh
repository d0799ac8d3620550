#!/usr/bin/env bash
# pyarrow counts a class twice if a dictionary holds its name twice, which it may.
#
# Who meets it: anyone who counts labels in a column of dictionary type whose dictionary was put
# together from several, without making it unique: frequencies of classes, entropies of labels,
# groups.
# Version: pyarrow 26.0.1, beside Polars 2.1.0, DuckDB 2.0.1 and pandas 3.1.1.
# Seen: validate(full=True) accepts a dictionary cat, dog, cat. value_counts, unique and group_by
# then give cat two lines, 2 and 1; equal, is_in, join and sort_indices see one cat, of 3 rows.
# Feather keeps the repeat, Parquet makes it unique, so the same group_by changes with the format in
# between. Polars and DuckDB count 3; pandas cannot make its Categorical of it and raises, while its
# ArrowDtype counts 2 and 1. A null inside the dictionary is missed too: null_count says 0, is_null
# says true.
# Remedy: column.dictionary_decode() first.
# Source: measured. Arrow's format lets values of a dictionary repeat.
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    pyarrow==26.0.1 polars==2.1.0 duckdb==2.0.1 pandas==3.1.1 || exit 2

cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather as feather
import pyarrow.parquet as pq

labels = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, 0, 1]), pa.array(["cat", "dog", "cat"]))
labels.validate(full=True)
frame = pa.table({"label": labels})
pq.write_table(frame, "labels.parquet")
feather.write_feather(frame, "labels.feather")


def groups(arrow):
    counted = arrow.group_by("label").aggregate([([], "count_all")]).to_pylist()
    return sorted((row["label"], row["count_all"]) for row in counted)


try:
    frame.to_pandas()
    pandas = "accepts it"
except ValueError as error:
    pandas = str(error)
arrow_backed = frame.to_pandas(types_mapper=pd.ArrowDtype)["label"].value_counts()
within = pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array(["cat", None]))
seen = {
    "value_counts": sorted(
        (each["values"], each["counts"]) for each in pc.value_counts(labels).to_pylist()
    ),
    "group_by": groups(frame),
    "group_by, by Feather": groups(feather.read_table("labels.feather")),
    "group_by, by Parquet": groups(pq.read_table("labels.parquet")),
    "equal to cat": pc.equal(labels, "cat").to_pylist().count(True),
    "Polars": sorted(pl.from_arrow(frame)["label"].cast(pl.String).value_counts().rows()),
    "Polars, Categorical": pl.from_arrow(frame)["label"].n_unique(),
    "DuckDB": duckdb.sql("SELECT label, count(*) FROM frame GROUP BY 1 ORDER BY 1").fetchall(),
    "pandas": pandas,
    "pandas, ArrowDtype": sorted(arrow_backed.items()),
    "null within": (within.null_count, pc.is_null(within).to_pylist()),
}
for name, each in seen.items():
    print(f"{name:21} {each}")

apart, together = [("cat", 1), ("cat", 2), ("dog", 2)], [("cat", 3), ("dog", 2)]
as_stated = (
    all(seen[name] == apart for name in ("value_counts", "group_by", "group_by, by Feather"))
    and seen["pandas, ArrowDtype"] == apart
    and all(seen[name] == together for name in ("group_by, by Parquet", "Polars", "DuckDB"))
    and seen["equal to cat"] == 3
    and seen["Polars, Categorical"] == 2
    and "unique" in pandas
    and seen["null within"] == (0, [False, True])
)
sys.exit(None if as_stated else "changed")
PYTHON
