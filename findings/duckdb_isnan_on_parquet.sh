#!/usr/bin/env bash
# DuckDB finds no NaN in a Parquet file that holds one.
#
# Who meets it: anyone who checks predictions with SQL before scoring them. The check says that the
# column is clean, and the NaN is still there.
# Version: DuckDB 2.0.1 on a file written by pyarrow 26.0.1.
# Seen: the least and the largest value that Parquet keeps for a group of rows leave NaN out, as its
# standard asks. DuckDB, where NaN is greater than every number, takes them for bounds of all rows:
# WHERE isnan(p) returns nothing, p > 0.5 loses the row, and max(p) is a number, while max(p + 0) of
# the same file is NaN. In memory all is right, and from a file of its own writing, which then keeps
# no bounds. pyarrow skips by the same bounds: a filter NOT (p <= 0.5) keeps the row in memory and
# loses it from the file, though its is_nan is right. Polars is right on all three.
# Remedy: count(*) FILTER (WHERE isnan(p)), which is not skipped; PRAGMA disable_optimizer; Polars.
# Source: measured; duckdb/duckdb issue 25521 (open), on comparisons, and pull request 16962.
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    duckdb==2.0.1 pyarrow==26.0.1 polars==2.1.0 || exit 2

cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

memory = pa.table({"p": [0.1, float("nan"), 0.4], "row": [0, 1, 2]})
pq.write_table(memory, "arrow.parquet")
duckdb.sql("COPY (SELECT * FROM memory) TO 'duckdb.parquet'")

QUESTIONS = [
    "SELECT row FROM {} WHERE isnan(p)",
    "SELECT row FROM {} WHERE p > 0.5",
    "SELECT max(p) FROM {}",
    "SELECT max(p + 0) FROM {}",
    "SELECT count(*) FILTER (WHERE isnan(p)) FROM {}",
]
seen = {}
print(f"{'DuckDB':50} {'memory':>8} {'of DuckDB':>9} {'of Arrow':>9}")
for question in QUESTIONS:
    places = "memory", "'duckdb.parquet'", "'arrow.parquet'"
    answers = [str(duckdb.sql(question.format(place)).fetchall()) for place in places]
    seen[question] = answers
    print(f"{question:50} {answers[0]:>8} {answers[1]:>9} {answers[2]:>9}")

beyond = ~(pc.field("p") <= 0.5)
arrow = [
    memory.filter(beyond)["row"].to_pylist(),
    pq.read_table("arrow.parquet", filters=beyond)["row"].to_pylist(),
    pq.read_table("arrow.parquet", filters=pc.is_nan(pc.field("p")))["row"].to_pylist(),
]
print("pyarrow, NOT (p <= 0.5): memory, file; is_nan: file", *arrow)
scan = pl.scan_parquet("arrow.parquet")
filters = pl.col("p").is_nan(), pl.col("p") > 0.5, ~(pl.col("p") <= 0.5)
polars = [scan.filter(each).collect()["row"].to_list() for each in filters]
print("Polars, file: is_nan, p > 0.5, NOT (p <= 0.5)     ", *polars)

row, nan = "[(1,)]", "[(nan,)]"
expected = [[row, row, "[]"], [row, row, "[]"], [nan, nan, "[(0.4,)]"], [nan] * 3, [row] * 3]
as_stated = list(seen.values()) == expected and arrow == [[1], [], [1]] and polars == [[1]] * 3
sys.exit(None if as_stated else "changed")
PYTHON
