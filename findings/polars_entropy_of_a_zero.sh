#!/usr/bin/env bash
# Polars' entropy is NaN as soon as one probability is zero, and takes counts below zero.
#
# Who meets it: analysts who take the entropy of a column of counts or shares, group by group: any
# class that a group lacks makes its entropy NaN, which then sorts as the largest of all.
# Version: polars 2.1.0.
# Seen: Series([1, 1, 0]).entropy(base=2) is NaN, where 1 bit is due (0 · log 0 is 0); so is that of
# [1.0, 0.0], where 0 is due, and of the group that lacks a class in a group_by; sorted in descending
# order the NaN comes first. A null is left out in the same place, so 1, 1, null has 1 bit. Of
# [2, 1, −1] it is a NaN as well, without an error.
# Remedy: filter(pl.col(x) > 0) before, or replace 0 by null.
# Source: measured.
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check polars==2.1.0 || exit 2

cd "$folder"
venv/bin/python - <<'PYTHON'
import math
import sys

import polars as pl

series = {text: pl.Series(values).entropy(base=2) for text, values in {
    "1, 1, 0": [1, 1, 0], "1.0, 0.0": [1.0, 0.0], "1, 1, null": [1, 1, None], "1, 1": [1, 1],
    "2, 1, -1": [2, 1, -1],
}.items()}
for text, bits in series.items():
    print(f"[{text}]: {bits} bits")

frame = pl.DataFrame({
    "country": ["A", "A", "B", "B", "C", "C"],
    "count": [90, 10, 50, 50, 100, 0],
})
by_country = (
    frame.group_by("country")
    .agg(pl.col("count").entropy(base=2).alias("bits"))
    .sort("bits", descending=True)
)
print(by_country)

as_stated = (
    all(math.isnan(series[text]) for text in ("1, 1, 0", "1.0, 0.0", "2, 1, -1"))
    and series["1, 1, null"] == series["1, 1"] == 1
    and by_country["country"][0] == "C"
    and math.isnan(by_country["bits"][0])
)
sys.exit(None if as_stated else "changed")
PYTHON
