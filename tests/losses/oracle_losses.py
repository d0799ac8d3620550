"""The losses once more, in mpmath, number by number; derivatives are differences at 60 digits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mpmath import mp, mpf

mp.dps = 60
_STEP = mpf(10) ** -20


def log_softmax(z: Sequence[Any]) -> tuple[list[Any], Any]:
    top = max(z)
    total = top + mp.log(sum(mp.exp(x - top) for x in z))
    return [x - total for x in z], total


def scores(row: Sequence[Any], temperature: float, softcap: float | None) -> list[Any]:
    cap = None if softcap is None else mpf(softcap)
    capped = [x if cap is None or x == -mp.inf else cap * mp.tanh(x / cap) for x in row]
    return [x / mpf(temperature) for x in capped]


def row_parts(row: Sequence[Any], target: Any, **o: Any) -> tuple[Any, Any, Any]:
    """The row's cost, log-sum-exp and entropy."""
    z = scores(row, o.get("temperature", 1.0), o.get("softcap"))
    log, total = log_softmax(z)
    classes = len(row)
    y = (
        [mpf(float(t)) for t in target]
        if isinstance(target, list)
        else [mpf(int(k == target)) for k in range(classes)]
    )
    smoothing, gamma = mpf(o.get("label_smoothing", 0)), mpf(o.get("focal_gamma", 0))
    weight = [mpf(1)] * classes if o.get("weight") is None else [mpf(float(w)) for w in o["weight"]]
    cost = mpf(0)
    for k in range(classes):
        share = (1 - smoothing) * y[k] + smoothing / classes
        by_class = o.get("smoothing_weights", "class") == "class"
        share *= weight[k] if by_class else sum(w * t for w, t in zip(weight, y, strict=True))
        if share:
            cost += share * (1 - mp.exp(log[k])) ** gamma * -log[k]
    entropy = -sum(mp.exp(x) * x for x in log if x != -mp.inf)
    return cost, total, entropy


def divisor(targets: Sequence[Any], weights: Sequence[Any], **o: Any) -> Any:
    """What a mean is divided by."""
    how, total = o.get("normalizer"), mpf(0)
    classes = o.get("weight")
    for target, s in zip(targets, weights, strict=True):
        if target is None or not s:
            continue
        if how == "rows":
            total += 1
        elif classes is None or (isinstance(target, list) and how != "weight"):
            total += mpf(float(s))
        elif isinstance(target, list):
            total += mpf(float(s)) * sum(
                mpf(float(w)) * mpf(float(t)) for w, t in zip(classes, target, strict=True)
            )
        else:
            total += mpf(float(s)) * mpf(float(classes[target]))
    return mpf(how) if isinstance(how, (int, float)) else total


def cross_entropy(logits: Any, targets: Sequence[Any], sample_weight: Any = None, **o: Any) -> Any:
    """The loss; targets are a label, a list of shares or None for a row that is ignored."""
    weights = [1.0] * len(targets) if sample_weight is None else list(sample_weight)
    costs = extras = mpf(0)
    for row, target, s in zip(logits, targets, weights, strict=True):
        if target is not None and s:
            cost, log_sum, entropy = row_parts(row, target, **o)
            extra = mpf(o.get("z_loss", 0)) * log_sum**2 - mpf(o.get("entropy_bonus", 0)) * entropy
            costs, extras = costs + mpf(float(s)) * cost, extras + mpf(float(s)) * extra
    if o.get("reduction", "mean") == "mean":
        costs /= divisor(targets, weights, **o)
        # What knows no weight of a class is divided by none.
        extras /= divisor(targets, weights, **o | {"weight": None})
    return (costs + extras) / mp.log(mpf(o.get("base", mp.e)))


def exact(matrix: Any) -> list[list[Any]]:
    """The exact values of an array of floats."""
    return [[mpf(float(x)) for x in row] for row in matrix]


def gradient(loss: Callable[[list[list[Any]]], Any], logits: Any) -> list[list[float]]:
    """The derivatives of ``loss`` by each logit."""
    rows = exact(logits)
    found = [[0.0] * len(row) for row in rows]
    for i, row in enumerate(rows):
        for k in range(len(row)):
            kept = rows[i][k]
            if kept == -mp.inf:
                continue
            rows[i][k] = kept + _STEP
            above = loss(rows)
            rows[i][k] = kept - _STEP
            below = loss(rows)
            rows[i][k] = kept
            found[i][k] = float((above - below) / (2 * _STEP))
    return found


def kl(p: Sequence[Any], q: Sequence[Any]) -> Any:
    """Σ p log(p / q)."""
    return sum((a * mp.log(a / b) if b else mp.inf) for a, b in zip(p, q, strict=True) if a)


def softmax(z: Sequence[Any]) -> list[Any]:
    return [mp.exp(x) for x in log_softmax(z)[0]]


def divergence(student: Any, teacher: Any, kind: str, beta: float, temperature: float) -> Any:
    """The divergence of two rows of logits."""
    q = softmax(scores(student, temperature, None))
    p = softmax(scores(teacher, temperature, None))
    if kind == "forward":
        return kl(p, q)
    if kind == "reverse":
        return kl(q, p)
    b = mpf(beta)
    mixture = [b * x + (1 - b) * y for x, y in zip(p, q, strict=True)]
    return b * kl(p, mixture) + (1 - b) * kl(q, mixture)
