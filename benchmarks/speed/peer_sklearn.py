"""scikit-learn, which has the log loss of probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import log_loss

from benchmarks.speed.peers import Peer
from benchmarks.speed.rows import Rows


def _evaluate(rows: Rows) -> Any:
    return log_loss(rows.y, rows.p, labels=np.arange(rows.p.shape[1]))


def peer(threads: int) -> Peer:
    return Peer(
        "scikit-learn",
        lambda rows: rows,
        {"evaluate": _evaluate},
        aim=5.0,
        but={"evaluate": "only the loss of what is reported"},
    )
