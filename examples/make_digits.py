"""Make ``digits.parquet`` and ``digits_better.parquet``: real predictions of two real models.

Both models learn from the first 797 of the 1,797 handwritten digits that come with scikit-learn
and predict the other 1,000. ``digits.parquet`` is by naive Bayes, which takes every pixel for a
witness of its own: neighbours that say the same thing are counted again and again, and the model
grows far too sure. ``digits_better.parquet`` is by logistic regression, which weighs the pixels
together. Nothing is random: the same versions of the libraries give the same bytes.

    python examples/make_digits.py [folder]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import BernoulliNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

TRAINING_IMAGES = 797

MODELS: dict[str, Any] = {
    "digits.parquet": BernoulliNB(binarize=8),
    "digits_better.parquet": make_pipeline(
        MinMaxScaler(), LogisticRegression(C=5.0, tol=1e-8, max_iter=10_000)
    ),
}

SCHEMA = pa.schema(
    [
        ("row_id", pa.int32()),  # the image: load_digits().images[row_id]
        ("label", pa.int32()),  # the digit that it shows
        ("probs", pa.list_(pa.float32())),  # what the model gave to 0, 1, …, 9
        ("ink", pa.string()),  # how much ink the image has: light, medium or heavy
    ]
)


def ink(pixels: NDArray[np.float64]) -> list[str]:
    """A third of the images each: those with the least ink are light, with the most heavy."""
    total = pixels.sum(axis=1)
    thirds = np.digitize(total, np.quantile(total, [1 / 3, 2 / 3]))
    return [("light", "medium", "heavy")[third] for third in thirds]


def predictions(model: Any) -> pa.Table:
    """What ``model`` says of the held-out images, one row an image."""
    digits = load_digits()
    seen, held_out = slice(None, TRAINING_IMAGES), slice(TRAINING_IMAGES, None)
    model.fit(digits.data[seen], digits.target[seen])
    probs = model.predict_proba(digits.data[held_out])
    columns = {
        "row_id": np.arange(len(digits.data))[held_out],
        "label": digits.target[held_out],
        "probs": list(probs.astype(np.float32)),
        "ink": ink(digits.data)[held_out],
    }
    return pa.table(columns, schema=SCHEMA)


def main(folder: Path) -> None:
    """Write both files into ``folder``."""
    for name, model in MODELS.items():
        pq.write_table(predictions(model), folder / name, compression="zstd")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
