"""The stated bounds: how far a measure may be from mpmath, by condition.

- Rows of mass: 1e-14, relative.
- Logits and log-probabilities: 1e-14 · max(1, gap / 64), relative, where gap (in nats, at most 746)
  is how far below the top logit an entry lies that still has weight: the double nearest to the gap
  is off by half a unit of its last place, and so is the logarithm of the weight.
- What is measured in single precision, relative: entropy of probabilities that are no more than
  that, 5e-7; KL between two of these, 1e-6; entropy and surprisal of such logits, 64 classes or
  more, 5e-7 · max(1, gap / 8), and what has a kernel between two of these,
  1e-6 · max(1, gap / 8), where gap is that from the top logit to the next.
- KL between mass and logits: besides that, 8 · eps · Σ|p − q|(1 + |log p|) and (8 · eps)².
- What underflows, a weight below 2^-1022, say: besides that, a step of 5e-324 for every class,
  times the largest logarithm there is.
- Zeros and infinities: exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import oracle

import unsurprised as us
from unsurprised.measures.registry import MEASURES

RELATIVE = 1e-14
NARROW = 5e-7
NARROW_PAIR = 1e-6
NARROW_FROM = 64
EPS = 2.0**-52
#: e^-746 is 0 as a double.
NO_WEIGHT = 746.0
UNDERFLOW = 1100 * 5e-324

FORMS: dict[str, Callable[[Any], us.Probs | us.Logits | us.LogProbs | us.Counts]] = {
    "probs": lambda row: us.Probs(row, normalize=True),
    "logits": us.Logits,
    "logprobs": lambda row: us.LogProbs(row, normalize=True),
    "counts": us.Counts,
}
KINDS = tuple(FORMS)


def widened(row: Any) -> list[float]:
    return [float(x) for x in np.asarray(row).astype(np.float64)]


def relative_bound(kind: str, row: list[float]) -> float:
    if not oracle.is_log(kind):
        return RELATIVE
    top = max(row)
    gap = max(top - x for x in row if top - x <= NO_WEIGHT)
    return RELATIVE * max(1.0, gap / 64)


def _is_narrow(row: Any) -> bool:
    return str(np.asarray(row).dtype) in ("float16", "bfloat16", "float32")


def _nearest_gap(entries: list[float]) -> float:
    top, following = sorted(entries)[:-3:-1]
    return top - following


def bound_of_one(measure: str, kind: str, row: Any) -> float:
    """The bound of a measure of one row as it was given: its floating type counts."""
    entries = widened(row)
    careful = relative_bound(kind, entries)
    if not _is_narrow(row):
        return careful
    if not oracle.is_log(kind):
        return NARROW if kind == "probs" and measure == "entropy" else careful
    if len(entries) < NARROW_FROM:
        return careful
    gap = _nearest_gap(entries)
    # A row that single precision cannot tell is left to double precision.
    return NARROW * max(1.0, gap / 8) if gap < 75 else careful


def bound_of_two(measure: str, kinds: tuple[str, str], p: Any, q: Any) -> float:
    """The bound of a measure of two rows as they were given."""
    rows = widened(p), widened(q)
    careful = max(map(relative_bound, kinds, rows))
    logs = [oracle.is_log(kind) for kind in kinds]
    if not (_is_narrow(p) and _is_narrow(q)) or logs[0] != logs[1]:
        return careful
    if not logs[0]:
        both = kinds == ("probs", "probs")
        return NARROW_PAIR if both and measure == "kl_divergence" else careful
    if MEASURES[measure].kernel is None and measure != "js_distance":
        return careful
    if len(rows[0]) < NARROW_FROM:
        return careful
    return max(careful, NARROW_PAIR * max(1.0, *(_nearest_gap(row) / 8 for row in rows)))


def _within(
    found: Any, true: Any, bound: float, underflow: float, said: str, slack: float = 0.0
) -> None:
    assert isinstance(found, float), type(found)
    absolute = underflow + slack if true != 0 else slack
    error = oracle.relative_error(found, true, absolute)
    assert error <= bound, (
        f"{said}: found {found!r}, not {float(true)!r}; {error:.2g} > {bound:.2g}"
    )
    assert math.copysign(1, found) == 1, f"{said} is -0.0"


def check_row(kind: str, row: Any, labels: list[int] | None = None) -> None:
    """Entropy, and the surprisal at ``labels`` (else at the first, the top and the last class)."""
    entries, form = widened(row), FORMS[kind](row)
    underflow = UNDERFLOW * len(entries)
    said = f"{kind} {entries[:6]}"
    bound = bound_of_one("entropy", kind, row)
    _within(us.entropy(form), oracle.entropy(kind, entries), bound, underflow, f"H of {said}")
    bound = bound_of_one("surprisal", kind, row)
    for at in labels or {0, entries.index(max(entries)), len(entries) - 1}:
        true = oracle.surprisal(kind, entries, at)
        _within(us.surprisal(form, at=at), true, bound, underflow, f"surprisal of {said} at {at}")


def check_pair(kinds: tuple[str, str], p: Any, q: Any) -> None:
    """Cross-entropy, KL and Jensen–Shannon."""
    rows = widened(p), widened(q)
    forms = FORMS[kinds[0]](p), FORMS[kinds[1]](q)
    underflow = UNDERFLOW * len(rows[0])
    said = f"of {kinds} {rows[0][:6]} {rows[1][:6]}"
    true = oracle.cross_entropy(kinds, *rows)
    bound = bound_of_two("cross_entropy", kinds, p, q)
    _within(us.cross_entropy(*forms), true, bound, underflow, f"CE {said}")
    bound = bound_of_two("kl_divergence", kinds, p, q)
    true = oracle.kl_divergence(kinds, *rows)
    slack = 0.0
    if oracle.is_log(kinds[0]) != oracle.is_log(kinds[1]):
        difference = float(oracle.difference(kinds, *rows))
        slack = 8 * EPS * difference + (8 * EPS) ** 2 / math.log(2)
    _within(us.kl_divergence(*forms), true, bound, underflow, f"KL {said}", slack)
    bound = bound_of_two("js_divergence", kinds, p, q)
    true = oracle.js_divergence(kinds, *rows)
    _within(us.js_divergence(*forms), true, bound, underflow, f"JS {said}", slack)


#: Measures of two rows that have a kernel, beside those that :func:`check_pair` looks at.
OVERLAPS = (
    "total_variation",
    "hellinger_distance",
    "bhattacharyya_coefficient",
    "bhattacharyya_distance",
    "jeffreys_divergence",
)


def check_overlaps(kinds: tuple[str, str], p: Any, q: Any) -> None:
    """Total variation, Hellinger's, Bhattacharyya's and Jeffreys'."""
    rows = widened(p), widened(q)
    forms = FORMS[kinds[0]](p), FORMS[kinds[1]](q)
    for measure in OVERLAPS:
        bound = bound_of_two(measure, kinds, p, q)
        underflow = UNDERFLOW * len(rows[0])
        if measure == "hellinger_distance":
            underflow = math.sqrt(underflow)
        true = oracle.ORACLES[measure](kinds, *rows)
        found = getattr(us, measure)(*forms)
        _within(found, true, bound, underflow, f"{measure} of {kinds} {rows[0][:6]} {rows[1][:6]}")
