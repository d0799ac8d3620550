"""Writes ``pickles/`` by the release of today; run once a release.

python tests/copies/keep_pickles.py
"""

from __future__ import annotations

import pickle
import tempfile
import warnings
from pathlib import Path

from copies_examples import examples
from test_kept_pickles import PICKLES

import unsurprised as us

#: What outlives a release: not opened sources, nor batches of them, nor what others' classes hold.
NAMES = (
    "Evaluator",
    "Evaluator of nothing",
    "Evaluator of images",
    "Evaluation",
    "Evaluation of votes",
    "Evaluation of impossibilities",
    "Ledger",
    "Calibration",
    "Comparison",
    "Check",
    "Explanation",
    "Estimate",
    "SampleEstimate",
    "RankedColumn",
    "Sums",
    "Moments",
    "Histogram",
    "Confusion",
    "ClassCounts",
    "CategoryCounts",
    "Distinct",
    "Extremes",
    "TopK",
    "Entry",
    "Sample",
    "Product",
    "Probs",
    "LogProbs",
    "Logits",
    "Counts",
    "Labels",
    "TemperatureScaling",
    "VectorScaling",
    "MatrixScaling",
    "StructuredScaling",
    "PlattScaling",
    "BetaCalibration",
    "IsotonicCalibration",
    "PriorShift",
    "UniformMixing",
    "Chain",
    "NumpyCalibration",
    "Encoded",
    "Archive",
    "Adaptive",
    "Frequencies",
    "CallError",
    "StateError",
    "InputError",
    "SumsOffError",
)

if __name__ == "__main__":
    warnings.simplefilter("error")
    PICKLES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        makers = examples(Path(folder))
        for name in NAMES:
            data = pickle.dumps(makers[name](), 4)
            (PICKLES / f"{name.replace(' ', '_')}-{us.__version__}.pkl").write_bytes(data)
