"""Drift as others find it, beside ours, on the same two data sets in one run.

    pip install evidently nannyml 'pandas<3'
    python -m benchmarks.drift_libraries --rows 1000

Prints for each library that is installed its CPU seconds, and what it says of each column: whether
it drifted, and its figure. Planted are a shift behind one huge outlier, 2 to 20 % nulls and a new
category; all else is as it was.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

import unsurprised as us

Said = dict[str, tuple[bool, str]]

PLANTED = ("shifted", "nulls", "category")


def data(rows: int, *, is_new: bool) -> pd.DataFrame:
    """The base, or the new data."""
    random = np.random.default_rng([rows, is_new])
    letters, names = list("abcdef"), [f"name {k}" for k in range(100)]
    shifted, nulls = random.normal(0.5 * is_new, 1, rows), random.normal(size=rows)
    nulls[random.random(rows) < (0.2 if is_new else 0.02)] = np.nan
    category = random.choice(letters, rows)
    if is_new:
        shifted[0] = 1e6
        category = np.where(random.random(rows) < 0.04, "zebra", category)
    return pd.DataFrame({
        "shifted": shifted,
        "nulls": nulls,
        "category": category,
        "normal": random.normal(size=rows),
        "Cauchy": random.standard_cauchy(rows),
        "hundred": random.choice(names, rows),
        "identifier": [f"u{k}" for k in random.integers(0, 1 << 60, rows)],
        "constant": np.ones(rows),
    })  # fmt: skip


def ours(base: pd.DataFrame, new: pd.DataFrame) -> Said:
    found = us.drift(base, new)
    said = {
        column.name: (column.drifted, f"{column.drift.value:.4f} bits, p = {column.p_value:.2g}")
        for column in found.columns
    }
    return said | {column.name: (False, column.reason) for column in found.apart}


def evidently(base: pd.DataFrame, new: pd.DataFrame) -> Said:
    from evidently import Dataset, Report
    from evidently.presets import DataDriftPreset

    run = Report([DataDriftPreset()]).run(Dataset.from_pandas(new), Dataset.from_pandas(base))
    said: Said = {}
    for metric in run.dict()["metrics"]:
        config = metric.get("config", {})
        if "column" in config:
            method, limit = config.get("method", ""), config.get("threshold") or 0.1
            value = float(metric["value"])
            is_p = "p_value" in method
            said[config["column"]] = (value < limit if is_p else value > limit,
                                      f"{method} {value:.4g}")  # fmt: skip
    return said


def nannyml(base: pd.DataFrame, new: pd.DataFrame) -> Said:
    from nannyml import UnivariateDriftCalculator

    drift = UnivariateDriftCalculator(
        column_names=list(base.columns),
        continuous_methods=["jensen_shannon"],
        categorical_methods=["jensen_shannon"],
        chunk_number=10,
    ).fit(base)
    rows = drift.calculate(new).filter(period="analysis").to_df()
    return {
        name: (
            bool(rows[name, "jensen_shannon", "alert"].any()),
            f"{int(rows[name, 'jensen_shannon', 'alert'].sum())} of {len(rows)} chunks",
        )
        for name in base.columns
    }


def run(name: str, measure: Callable[[pd.DataFrame, pd.DataFrame], Said], rows: int) -> None:
    base, new = data(rows, is_new=False), data(rows, is_new=True)
    try:
        measure(base.head(50), new.head(50))  # what it imports is no part of the time
    except ImportError as error:
        print(f"{name}: not installed ({error})")
        return
    before = time.process_time()
    said = measure(base, new)
    print(f"{name}: {time.process_time() - before:.2f} s of CPU")
    for column in base.columns:
        drifted, figure = said.get(column, (False, "not there"))
        verdict = "drifted" if drifted else "-"
        wrong = "" if drifted == (column in PLANTED) else "  <- not what was planted"
        print(f"  {column:12}{verdict:9}{figure}{wrong}")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1000, help="rows of each data set")
    warnings.simplefilter("ignore")
    libraries: dict[str, Any] = {"unsurprised": ours, "evidently": evidently, "nannyml": nannyml}
    for library, way in libraries.items():
        run(library, way, options.parse_args().rows)
