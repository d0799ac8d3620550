"""SciPy, which knows no half precision: users widen it first, and so does this."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.special import log_softmax, logsumexp, softmax
from scipy.stats import entropy

from benchmarks.speed.peers import Peer
from benchmarks.speed.rows import Rows


def _wide(array: Any) -> Any:
    return array if array.dtype.itemsize > 2 else array.astype(np.float32)


def _surprisal(rows: Rows) -> Any:
    p = _wide(rows.p)
    return logsumexp(p, axis=-1) - p[np.arange(len(p)), rows.y]


def _entropy(rows: Rows) -> Any:
    return entropy(softmax(_wide(rows.p), axis=-1), axis=-1)


def _kl(rows: Rows) -> Any:
    return entropy(softmax(_wide(rows.p), axis=-1), softmax(_wide(rows.q), axis=-1), axis=-1)


def _js(rows: Rows) -> Any:
    p, q = (softmax(_wide(side), axis=-1) for side in (rows.p, rows.q))
    return jensenshannon(p, q, axis=-1) ** 2


def _facts(rows: Rows) -> Any:
    p = _wide(rows.p)
    logs = log_softmax(p, axis=-1)
    top = p.argmax(-1)
    return (
        -logs[np.arange(len(p)), rows.y],
        entropy(np.exp(logs), axis=-1),
        top,
        top == rows.y,
        np.isfinite(p).all(-1),
    )


def peer(threads: int) -> Peer:
    return Peer(
        "SciPy",
        lambda rows: rows,
        {
            "surprisal": _surprisal,
            "entropy": _entropy,
            "kl": _kl,
            "js": _js,
            "facts": _facts,
            "entropy_probs": lambda rows: entropy(rows.p, axis=-1),
            "kl_probs": lambda rows: entropy(rows.p, rows.q, axis=-1),
        },
        aim=10.0,
        but={},
    )
