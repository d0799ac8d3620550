"""Held-out bits and the time of a fit, ours beside scikit-learn's, netcal's and probmetrics'.

    pip install '.[benchmarks]'
    python -m benchmarks.calibrators [--runs 3] [--only bits|time]

Predictions are split in five; each calibrator is fitted on four parts and judged on the fifth, all
on the same splits. A large fit is timed in memory, one library after the other, again and again.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import unsurprised as us
from benchmarks.calibrators import data, methods
from benchmarks.calibrators.table import markdown
from benchmarks.machine import description

RESULTS = Path(__file__).parents[1] / "results"


def held_out(predictions: data.Predictions, method: methods.Method) -> dict[str, Any]:
    """Bits a row on rows that were not fitted, and the median time of a fit."""
    bits, seconds = np.empty(len(predictions.labels)), []
    for seen, unseen in predictions.splits():
        begin = time.perf_counter()
        predict = method.fit(predictions.probs[seen], predictions.labels[seen])
        seconds.append(time.perf_counter() - begin)
        probs = predict(predictions.probs[unseen]).astype(np.float64)
        bits[unseen] = us.surprisal(us.Probs(probs, normalize=True), at=predictions.labels[unseen])
    return {"bits": float(bits.mean()), "seconds": statistics.median(seconds)}


def all_bits() -> list[dict[str, Any]]:
    """Each set of predictions, with what every calibrator makes of it."""
    found = []
    for predictions in data.every_one():
        bare = us.surprisal(us.Probs(predictions.probs), at=predictions.labels)
        one = {
            "name": predictions.name,
            "rows": len(predictions.labels),
            "classes": predictions.probs.shape[1],
            "bare": float(np.mean(bare)),
            "calibrators": [],
        }
        for method in methods.every_one():
            if method.two_classes_only and predictions.probs.shape[1] > 2:
                continue
            said = {"library": method.library, "name": method.name, "family": method.family}
            try:
                said |= held_out(predictions, method)
            except Exception as error:  # what a peer cannot do is a result too
                said |= {"bits": None, "seconds": None, "error": str(error).split("\n")[0][:100]}
            one["calibrators"].append(said)
            print(predictions.name, said, file=sys.stderr, flush=True)
        found.append(one)
    return found


#: What is timed on large logits, and against what.
TIMED = {
    "temperature": ["scikit-learn: temperature", "probmetrics: temp-scaling"],
    "vector": ["probmetrics: svs"],
    "structured": ["probmetrics: sms"],
    "isotonic": ["scikit-learn: isotonic", "probmetrics: isotonic"],
}


def all_times(runs: int) -> dict[str, Any]:
    """The median time of each fit of 50,000 rows of 100 classes; ours and the peers by turns."""
    logits, labels = data.large()
    probs = np.exp(logits.astype(np.float64))
    probs /= probs.sum(axis=1, keepdims=True)
    by_name = {f"{one.library}: {one.name}": one for one in methods.every_one()}
    found: dict[str, Any] = {}
    for family, peers in TIMED.items():
        ours = next(one for one in by_name.values() if one.family == family)
        known = [f"unsurprised: {ours.name}", *(peer for peer in peers if peer in by_name)]
        for name in known:  # what is imported and compiled once is no part of a fit
            by_name[name].fit(probs[:1000], labels[:1000])
        seconds: dict[str, list[float]] = {name: [] for name in known}
        for _ in range(runs):
            for name in known:
                seconds[name].append(_timed(lambda name=name: by_name[name].fit(probs, labels)))
                print(family, name, seconds[name], file=sys.stderr, flush=True)
        found[family] = {name: statistics.median(each) for name, each in seconds.items()}
    return found


def _timed(call: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=("bits", "time"))
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    for peer in methods.missing():
        print(f"{peer} is missing: pip install '.[benchmarks]'", file=sys.stderr)
    path = RESULTS / "calibrators.json"
    report = json.loads(path.read_text()) if path.exists() else {}
    report["machine"] = description(("scipy", "scikit-learn", "netcal", "probmetrics", "torch"))
    report["missing"] = methods.missing()
    if given.only != "time":
        report["bits"] = all_bits()
    if given.only != "bits":
        report["times"] = all_times(given.runs)
    path.write_text(json.dumps(report, indent=1) + "\n")
    (RESULTS / "calibrators.md").write_text(markdown(report))


if __name__ == "__main__":
    main()
