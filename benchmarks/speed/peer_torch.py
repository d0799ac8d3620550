"""PyTorch on the CPU, with no gradient asked for."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.speed.peers import Peer
from benchmarks.speed.rows import Rows

Given = tuple[Any, Any, Any]


def _tensor(array: Any) -> Any:
    if array.dtype.name == "bfloat16":  # torch knows no NumPy array of that type, but its bits
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def _take(rows: Rows) -> Given:
    return _tensor(rows.p), _tensor(rows.q), torch.from_numpy(rows.y)


def _surprisal(given: Given) -> Any:
    p, _, y = given
    return functional.cross_entropy(p, y, reduction="none")


def _entropy(given: Given) -> Any:
    logs = functional.log_softmax(given[0], dim=-1)
    return -(logs.exp() * logs).sum(-1)


def _kl(given: Given) -> Any:
    p, q = (functional.log_softmax(side, dim=-1) for side in given[:2])
    return functional.kl_div(q, p, log_target=True, reduction="none").sum(-1)


def _js(given: Given) -> Any:
    p, q = (functional.log_softmax(side, dim=-1) for side in given[:2])
    mixture = torch.logaddexp(p, q) - math.log(2)
    parts = [
        functional.kl_div(mixture, side, log_target=True, reduction="none").sum(-1)
        for side in (p, q)
    ]
    return 0.5 * (parts[0] + parts[1])


def _facts(given: Given) -> Any:
    p, _, y = given
    logs = functional.log_softmax(p, dim=-1)
    surprisal = functional.nll_loss(logs, y, reduction="none")
    entropy = -(logs.exp() * logs).sum(-1)
    top = p.argmax(-1)
    return surprisal, entropy, top, top == y, torch.isfinite(p).all(-1)


def _entropy_of_probabilities(given: Given) -> Any:
    return torch.special.entr(given[0]).sum(-1)


def _kl_of_probabilities(given: Given) -> Any:
    p, q, _ = given
    return functional.kl_div(q.log(), p, reduction="none").sum(-1)


def _evaluate(given: Given) -> Any:
    """Log loss, entropy, accuracy and the calibration error in 15 bins; no intervals, no rows."""
    p, _, y = given
    loss = functional.nll_loss(p.log(), y)
    entropy = torch.special.entr(p).sum(-1).mean()
    confidence, top = p.max(-1)
    correct = (top == y).float()
    bins = (confidence * 15).long().clamp_(0, 14)
    gaps = torch.zeros(15).index_add_(0, bins, confidence - correct)
    return loss, entropy, correct.mean(), gaps.abs().sum() / len(y)


def _sum(given: Given) -> Any:
    return given[0].sum()


def peer(threads: int) -> Peer:
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    return Peer(
        "torch",
        _take,
        {
            "surprisal": _surprisal,
            "entropy": _entropy,
            "kl": _kl,
            "js": _js,
            "facts": _facts,
            "entropy_probs": _entropy_of_probabilities,
            "kl_probs": _kl_of_probabilities,
            "evaluate": _evaluate,
            "sum": _sum,
        },
        aim=4.0,
        but={
            "sum": "its sum is rounded at each step",
            "evaluate": "only the loss, entropy, accuracy and calibration of what is reported",
        },
    )
