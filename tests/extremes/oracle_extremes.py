"""What each row of a case costs, mpmath over the rows as they are written."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import mpmath as mp
import numpy as np
from extreme_rows import Case

import unsurprised as us


@dataclass(frozen=True)
class Means:
    """Bits a row, weighted; ``None`` where a mean has no such thing."""

    cross_entropy: Any
    expected_surprisal: Any
    truth_entropy: Any
    weight: Any


@cache
def _log2(x: mp.mpf) -> mp.mpf:
    return mp.log(x, 2) if x else -mp.inf


@cache
def _exp(x: mp.mpf) -> mp.mpf:
    """Exponential; 0 far below what any float is."""
    return mp.exp(x) if x > -5000 else mp.mpf(0)


def exact(values: Any) -> list[mp.mpf]:
    """Floats as they are."""
    return [mp.mpf(value) for value in np.asarray(values).astype(np.float64).ravel().tolist()]


def shares_of(form: Any) -> list[list[mp.mpf]]:
    """Rows of a form as probabilities that sum to one."""
    values = form.array.as_float64() if isinstance(form, us.forms.Form) else np.asarray(form)
    rows = [exact(row) for row in values]
    if isinstance(form, us.Logits | us.LogProbs):
        rows = [[_exp(x - max(row)) for x in row] for row in rows]
    return [[x / mp.fsum(row) for x in row] for row in rows]


def logs_of(form: Any) -> list[list[mp.mpf]]:
    """Their logarithms to base 2; those of scores without the detour of an exponential."""
    if not isinstance(form, us.Logits | us.LogProbs):
        return [[_log2(x) for x in row] for row in shares_of(form)]
    found = []
    for row in form.array.as_float64():
        scores = exact(row)
        top = max(scores)
        others = _log2(mp.fsum(_exp(x - top) for x in scores))
        found.append([(x - top) / mp.ln2 - others for x in scores])
    return found


def _dot(weights: list[mp.mpf], values: list[mp.mpf]) -> mp.mpf:
    """Σ w v, where 0 · ∞ is 0."""
    return mp.fsum(w * v for w, v in zip(weights, values, strict=True) if w)


def _two_columns(model: Any) -> Any:
    """One number a row as two columns, in which nothing is lost."""
    values = np.asarray(model.array.values)
    return us.Logits(np.stack([np.zeros(len(values)), values], axis=1))


def means_of(case: Case) -> Means:
    """The means of a case."""
    model, truth = case.model, case.truth
    if case.options.get("multilabel"):
        yes = np.asarray(model).ravel()
        shares = [[1 - mp.mpf(p), mp.mpf(p)] for p in yes.tolist()]
        logs = [[_log2(x) for x in row] for row in shares]
        truth = np.asarray(truth).ravel()
    else:
        if isinstance(model, us.Logits) and len(model.shape) == 1:
            model = _two_columns(model)
        shares, logs = shares_of(model), logs_of(model)
    width = len(shares[0])
    if isinstance(truth, us.Labels):
        off = mp.mpf(truth.smoothing)
        indices = truth.array.values.tolist()
        happened = [[off / width + (1 - off) * (k == i) for k in range(width)] for i in indices]
    elif isinstance(truth, us.forms.DistributionForm) or np.ndim(truth) == 2:
        happened = shares_of(truth)
    else:
        happened = [[mp.mpf(k == i) for k in range(width)] for i in np.asarray(truth).tolist()]
    count = len(shares)
    weights = exact(case.options.get("weights", np.ones(count)))
    total = mp.fsum(weights)

    def mean(values: list[mp.mpf]) -> mp.mpf:
        return _dot(weights, values) / total

    return Means(
        cross_entropy=mean([-_dot(p, q) for p, q in zip(happened, logs, strict=True)]),
        expected_surprisal=mean([-_dot(p, q) for p, q in zip(shares, logs, strict=True)]),
        truth_entropy=mean([-_dot(p, [_log2(x) for x in p]) for p in happened]),
        weight=total,
    )
