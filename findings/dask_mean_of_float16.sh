#!/usr/bin/env bash
# Dask's mean of 100,000 numbers of float16 is 0, and of 200,000 it is NaN; NumPy's is right.
#
# Who meets it: anyone with log-probabilities or losses dumped in half precision, of more than
# 65,504 rows, who takes their mean out of core.
# Version: Dask 2026.8.0, NumPy 2.4.6, pandas 3.1.1, xarray 2026.9.0, Polars 2.1.0.
# Seen: 100,000 numbers between 0 and 1 sum to what float16 holds, but Dask divides by how many they
# are in float16, and that is infinite: a mean loss of exactly 0, without a warning. Of 200,000 the
# sum is infinite too, and the mean NaN. nanmean, means along an axis and xarray over Dask follow.
# NumPy sums float16 in float32 for a mean, but not for std, which is infinite of 200,000. pandas'
# mean is right and its std 0. Polars is right on both.
# Remedy: x.mean(dtype="float64"), x.std(dtype="float64"), or astype("float32") first.
# Source: measured. Of pandas' std: pandas pull request 40738 (closed, not merged); of NumPy's:
# numpy issue 21941 (open).
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    "dask[array]==2026.8.0" numpy==2.4.6 pandas==3.1.1 polars==2.1.0 xarray==2026.9.0 || exit 2

cd "$folder"
venv/bin/python - <<'PYTHON'
import sys
import warnings

import dask.array as da
import numpy as np
import pandas as pd
import polars as pl
import xarray as xr

warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's, of an overflow
losses = np.random.default_rng(0).random(200_000).astype("float16")
seen = {}
for rows in (50_000, 100_000, 200_000):
    some = losses[:rows]
    chunks = da.from_array(some, chunks=10_000)
    seen[rows] = {
        "Dask mean": chunks.mean(),
        "Dask nanmean": da.nanmean(chunks),
        "Dask mean, axis=0": da.stack([chunks, chunks], axis=1).mean(axis=0)[1],
        "Dask mean, float64": chunks.mean(dtype="float64"),
        "xarray mean over Dask": xr.DataArray(chunks).mean().data,
        "NumPy mean": some.mean(),
        "NumPy std": some.std(),
        "pandas mean": pd.Series(some).mean(),
        "pandas std": pd.Series(some).std(),
        "Polars mean": pl.Series(some).mean(),
        "Polars std": pl.Series(some).std(),
    }
    seen[rows] = {name: round(float(value), 2) for name, value in seen[rows].items()}
for name in seen[50_000]:
    print(f"{name:22}", *(f"{rows:,} rows: {told[name]:<5}" for rows, told in seen.items()))

wrong = {
    "Dask mean": [0.5, 0, np.nan],
    "Dask nanmean": [0.5, 0, np.nan],
    "Dask mean, axis=0": [0.5, 0, np.nan],
    "xarray mean over Dask": [0.5, 0, np.nan],
    "NumPy std": [0.29, 0.29, np.inf],
    "pandas std": [0.29, 0, 0],
}
right = {"mean": [0.5] * 3, "std": [0.29] * 3}
as_stated = all(
    np.array_equal(
        [told[name] for told in seen.values()],
        wrong.get(name, right["std" if "std" in name else "mean"]),
        equal_nan=True,
    )
    for name in seen[50_000]
)
sys.exit(None if as_stated else "changed")
PYTHON
