"""The log loss of a Parquet file as others get it: ``python -m benchmarks.log_loss_of_file FILE``.

Polars reads, scikit-learn measures; one number, without an interval.
"""

from __future__ import annotations

import sys

import polars
from sklearn.metrics import log_loss


def log_loss_of(path: str) -> float:
    """In nats."""
    table = polars.read_parquet(path)
    labels = table["label"].to_numpy()
    probs = table["probs"].explode().to_numpy().reshape(len(labels), -1)
    return float(log_loss(labels, probs, labels=range(probs.shape[1])))


if __name__ == "__main__":
    print(log_loss_of(sys.argv[1]))
