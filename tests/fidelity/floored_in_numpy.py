"""The least that two rows differ of which one keeps no value below its floor, row by row in NumPy:
what the kernel is held against.

An entry at the floor is a probability from 0 to the cap that the floor is. What it adds to a
divergence, of terms that are never negative (``p log(p/q) + q − p``), is at least that of the two
nearest values that both sides allow. Where one side is known as a whole, all that is below the
other's floor may be taken for one event too, whose mass there is what the listed entries leave, as
far as their steps let it be known. Both are lower bounds, and the larger one is taken. Of two rows
that are the same both are 0, whatever is below the floor.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.language_models.tokens import TokenScores

_NATS = math.log(2)
#: Steps between the least and the greatest value of a row.
_STEPS = 65535


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of log-probabilities in nats, and what is known of the entries at its floor."""

    logs: Values
    shares: Values
    #: The entries at the floor; ``None``: there are none.
    tail: NDArray[np.bool_] | None
    #: What none of these exceeds, and the least and the most that they add up to.
    cap: float = 0.0
    least: float = 0.0
    most: float = 0.0

    @classmethod
    def whole(cls, scores: Values) -> _Row:
        """From scores that differ from log-probabilities by a constant."""
        gaps = scores - scores.max()
        logs = gaps - float(portable.log(portable.exp(gaps).sum()))
        return cls(logs, portable.exp(logs), None)

    @classmethod
    def stated(cls, logs: Values, *, floored: bool) -> _Row:
        """From log-probabilities in steps, which are taken as they are."""
        shares = portable.exp(logs)
        if not floored:
            return cls(logs, shares, None)
        floor = logs.min()
        tail = logs == floor
        half = (float(logs.max()) - float(floor)) / _STEPS / 2
        cap = float(portable.exp(floor + half))
        listed = float(shares[~tail].sum())
        most = min(cap * int(tail.sum()), max(1 - listed * (1 - half), 0.0))
        return cls(logs, shares, tail, cap, min(max(1 - listed * (1 + half), 0.0), most), most)

    def nearest(self, others: Values) -> Values:
        """The shares; where they are not known, those nearest to the other side's."""
        return (
            self.shares
            if self.tail is None
            else np.where(self.tail, np.minimum(self.cap, others), self.shares)
        )

    def as_event(self, mass: float) -> float:
        """The mass of the entries at the floor that is nearest to what the other side has there."""
        return min(max(mass, self.least), self.most)

    def entropy(self) -> float:
        """In nats; the least that it can be."""
        held = self.shares > 0 if self.tail is None else (self.shares > 0) & ~self.tail
        found = -float((self.shares[held] * self.logs[held]).sum())
        return found - self.least * float(portable.log(self.cap)) if self.least > 0 else found


def floored_facts(
    base: TokenScores, other: TokenScores, targets: NDArray[np.int64]
) -> Iterator[dict[str, Any]]:
    """What is known of each row of such a pair, by the names of ``PairFacts``."""
    for number, target in enumerate(targets.tolist()):
        p, q = _row(base, number), _row(other, number)
        yield {
            **_divergences(p, q),
            **_side("base", p, target),
            **_side("other", q, target),
            "floored": p.tail is not None or q.tail is not None,
        }


def _row(scores: TokenScores, number: int) -> _Row:
    values = scores.values[number : number + 1].as_float64()[0]
    if scores.floored is None:
        return _Row.whole(values)
    return _Row.stated(values, floored=bool(scores.floored[number]))


def _side(name: str, row: _Row, target: int) -> dict[str, Any]:
    top = int(row.logs.argmax())
    return {
        f"{name}_entropy": row.entropy() / _NATS,
        f"{name}_top": top,
        f"{name}_top_surprisal": max(-float(row.logs[top]), 0.0) / _NATS,
        f"{name}_surprisal": max(-float(row.logs[target]), 0.0) / _NATS,
        f"{name}_censored": row.tail is not None and bool(row.tail[target]),
    }


def _divergences(p: _Row, q: _Row) -> dict[str, float]:
    """The least that two rows differ by, in bits where there is a unit."""
    near_p, near_q = p.nearest(q.shares), q.nearest(p.shares)
    if p.tail is not None and q.tail is not None:
        both = p.tail & q.tail
        near_p, near_q = np.where(both, 0.0, near_p), np.where(both, 0.0, near_q)
    known = _Terms(near_p, near_q)
    tail = p.tail if q.tail is None else q.tail if p.tail is None else None
    if tail is None:
        return known.of(slice(None))
    mass = float((q if q.tail is None else p).shares[tail].sum())
    event = (p.as_event(mass), mass) if q.tail is None else (mass, q.as_event(mass))
    as_one = _Terms(*(np.array([part]) for part in event)).of(slice(None))
    listed, singly = known.of(~tail), known.of(tail)
    return {name: listed[name] + max(singly[name], as_one[name]) for name in listed}


class _Terms:
    """The terms of divergences between shares, none of them negative."""

    def __init__(self, p: Values, q: Values) -> None:
        middle = p / 2 + q / 2
        self._terms = {
            "kl": _kl_terms(p, q),
            "reverse_kl": _kl_terms(q, p),
            "js": (_kl_terms(p, middle) + _kl_terms(q, middle)) / 2,
            "tv": np.abs(p - q) / 2,
        }

    def of(self, entries: Any) -> dict[str, float]:
        """Their sums over some entries."""
        return {
            name: float(terms[entries].sum()) / (1.0 if name == "tv" else _NATS)
            for name, terms in self._terms.items()
        }


def _kl_terms(p: Values, q: Values) -> Values:
    """``p log(p/q) + q − p``, from ``p − q`` where both are close to each other."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        far = p * (portable.log(p) - portable.log(q)) + (q - p)
        excess = (p - q) / q
        near = q * _excess_terms(excess)
        found = np.where(np.abs(excess) < 0.5, near, far)
    found = np.where(p == 0, q, found)
    return np.maximum(np.where((p > 0) & (q == 0), math.inf, found), 0.0)


def _excess_terms(x: Values) -> Values:
    """``(1 + x) log1p(x) − x``, by its series where x is small."""
    small = np.abs(x) < 1e-3
    series = x * x * (1 / 2 - x * (1 / 6 - x * (1 / 12 - x * (1 / 20 - x / 30))))
    return np.where(small, series, (1 + x) * portable.log1p(x) - x)
