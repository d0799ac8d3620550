r"""A cut-off list beside a whole row: the least and the most that the two can differ by.

Of the list's side P the entries of A are known, of the others their mass t and that none exceeds
the cap c. Of the row's side Q all entries are known, but for those at its floor, if it has one.

*Least*, for every f-divergence at once: :math:`p_i = \min(c, r q_i)` outside of A, with the r at
which these add up to t (Lagrange; derivatives of q f(p/q) depend on p/q alone). Entries at a floor
are one event of unknown mass within its ends, as in ``floored.py``: that only lowers the bound.

*Most*: the divergence is convex in p, so it is largest at a vertex of the completions: ⌊t/c⌋
entries at c, one at what is left, 0 elsewhere. Since
:math:`\partial^2 q f(p/q) / \partial p \partial q = -p f''(p/q) / q^2 \le 0`, the larger p the less
likely by Q it stands: **the portions lie on the tokens that Q holds least likely**. Both ends are
attained. KL(P‖Q) is infinite where one of these has q = 0, and KL(Q‖P) where the vertex leaves a
token that Q holds possible without mass.

Both sides' numbers are rounded, so t is known within ``slack`` alone; the least takes the t that
suits Q best, the most the worse of both ends. All is in nats.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.language_models.lists import js_terms, kl_terms, variation_terms

#: The divergences of P and Q, by the names that facts have.
NAMES = ("kl", "reverse_kl", "js", "tv")
_LOG2 = float(portable.log(2.0))


@dataclass(frozen=True, slots=True)
class KnownRow:
    """Probabilities of all tokens, and what is known of those at a floor."""

    shares: Values
    logs: Values
    #: The entries at the floor; ``None``: there are none.
    tail: NDArray[np.bool_] | None = None
    #: What none of them exceeds, and the least and the most that they add up to.
    cap: float = 0.0
    least: float = 0.0
    most: float = 0.0


@dataclass(frozen=True, slots=True)
class CutList:
    """Entries of a list, the ends between which the mass of the others lies, and their cap."""

    tokens: NDArray[np.int64]
    logs: Values
    least: float
    most: float
    cap: float

    def within(self, others: int) -> CutList:
        """No more mass than so many tokens hold below the cap."""
        room = self.cap * others
        return replace(self, least=min(self.least, room), most=min(self.most, room))


@dataclass(frozen=True, slots=True)
class Ends:
    """The least and the most of each divergence, by its name."""

    low: dict[str, float]
    high: dict[str, float]


Entries = tuple[Values, Values]


def ends(listed: CutList, row: KnownRow) -> Ends:
    """The least and the most that the list's P and the row's Q can differ by.

    Examples
    --------
    >>> shares = np.array([0.5, 0.25, 0.125, 0.125])
    >>> row = KnownRow(shares, np.log(shares))
    >>> found = ends(CutList(np.array([0]), np.log([0.6]), 0.4, 0.4, 0.3), row)
    >>> [round(end["kl"] / float(np.log(2)), 4) for end in (found.low, found.high)]
    [0.029, 0.5045]
    """
    at_floor = np.zeros(len(row.shares), bool) if row.tail is None else row.tail
    shown = ~at_floor[listed.tokens]
    log_p, tokens = listed.logs, listed.tokens
    exact = log_p[shown], row.logs[tokens[shown]]
    hidden = log_p[~shown]
    unlisted = np.where(at_floor, 0.0, row.shares)
    unlisted[tokens] = 0.0
    others = int(len(row.shares) - at_floor.sum() - shown.sum())
    floored = _Floored.of(row, int(at_floor.sum()) - len(hidden), len(hidden))
    listed = listed.within(others + floored.count)
    nearest = _nearest(listed, unlisted, others, floored)
    low = _sums(exact, (hidden, np.minimum(hidden, floored.log_cap)), *nearest)
    if row.tail is not None:
        high = _apart(exact, hidden, listed, float(unlisted.sum()), floored)
    else:
        apart = [
            _sums(exact, *_farthest(mass, listed.cap, unlisted, others))
            for mass in (listed.least, listed.most)
        ]
        high = {name: max(one[name] for one in apart) for name in NAMES}
        high["reverse_kl"] = _reverse_high(exact, listed, unlisted, others, tokens)
    return Ends(low, {name: max(high[name], low[name]) for name in NAMES})


@dataclass(frozen=True, slots=True)
class _Floored:
    """Entries at the row's floor that the list lacks: how many, and between what their mass is."""

    count: int
    least: float
    most: float
    log_cap: float

    @classmethod
    def of(cls, row: KnownRow, count: int, listed: int) -> _Floored:
        if row.tail is None:
            return cls(0, 0.0, 0.0, 0.0)
        least = max(row.least - listed * row.cap, 0.0) if count else 0.0
        most = row.most if count else 0.0
        return cls(count, least, most, float(portable.log(row.cap)))


def _nearest(
    listed: CutList, shares: Values, others: int, floored: _Floored
) -> tuple[Entries, Entries, Entries]:
    """Where P is at its cap, the rest as one event, and what is left for tokens without q."""
    cap = listed.cap
    everything = float(shares.sum())
    capped = shares > cap
    at_one = float(np.minimum(shares, cap).sum()) if capped.any() else everything
    if at_one + floored.least > listed.most:
        mass, event = listed.most, floored.least
    elif at_one + floored.most < listed.least:
        mass, event = listed.least, floored.most
    else:  # P may be Q, but where that exceeds the cap
        mass = None
        event = min(max(listed.least - at_one, floored.least), floored.most)
    ratio, spare = 1.0, 0.0
    if mass is not None:
        ratio, capped, spare = _filled(mass, cap, shares, everything, event)
    free = everything - float(shares[capped].sum()) if capped.any() else everything
    whole = max(free, 0.0) + event
    held = shares[capped]
    return (
        (np.full(len(held), _log(cap)), portable.log(held)),
        (np.array([_log(ratio * whole)]), np.array([_log(whole)])),
        (np.array([_log(spare)]), np.array([-np.inf])),
    )


def _filled(
    mass: float, cap: float, shares: Values, everything: float, event: float
) -> tuple[float, NDArray[np.bool_], float]:
    """The ratio r with Σ min(cap, r q) + r·event = mass, the capped, and what finds no place."""
    capped = np.zeros(len(shares), bool)
    count, rest = 0, everything + event
    while True:
        ratio = (mass - count * cap) / rest if rest > 0 else 0.0
        more = shares > cap / ratio if ratio > 0 else capped
        found = int(more.sum())
        if found <= count:
            return max(ratio, 0.0), capped, max(mass - count * cap, 0.0) if rest <= 0 else 0.0
        capped, count = more, found
        rest = float(shares[~more].sum()) + event


def _farthest(mass: float, cap: float, unlisted: Values, others: int) -> tuple[Entries, Entries]:
    """P in portions of its cap on the tokens that Q holds least likely, and Q without P."""
    portions = min(int(mass / cap), others) if cap > 0 else 0
    rest = max(mass - portions * cap, 0.0) if portions < others else 0.0
    taken = min(portions + (rest > 0), others)
    least = _smallest(unlisted, len(unlisted) - others, taken)
    log_p = np.full(taken, _log(cap))
    if rest > 0 and taken > portions:
        log_p[portions:] = _log(rest)
    left = max(float(unlisted.sum()) - float(least.sum()), 0.0)
    return (log_p, portable.log(least)), (np.array([-np.inf]), np.array([_log(left)]))


def _smallest(unlisted: Values, listed: int, count: int) -> Values:
    """The least entries in order, without the listed ones, which are 0 here."""
    if count == 0:
        return unlisted[:0]
    size = listed + count
    found = np.sort(np.partition(unlisted, size - 1)[:size])
    return found[listed:]


def _reverse_high(
    exact: Entries, listed: CutList, unlisted: Values, others: int, tokens: NDArray[np.int64]
) -> float:
    """The most of KL(Q‖P): finite where P has mass on all tokens whatever happens."""
    if not (unlisted > 0).any():
        return _sums(exact)["reverse_kl"] + listed.most
    rest = listed.least - (others - 1) * listed.cap
    if rest <= 0:
        return float("inf")
    kept = np.ones(len(unlisted), bool)
    kept[tokens] = False
    held = np.sort(unlisted[kept])
    log_p = np.full(len(held), _log(listed.cap))
    log_p[-1] = _log(min(rest, listed.cap))
    return _sums(exact, (log_p, portable.log(held)))["reverse_kl"]


def _apart(
    exact: Entries, hidden: Values, listed: CutList, unlisted: float, floored: _Floored
) -> dict[str, float]:
    """The most beside a row with a floor, below which nothing may be: all that can be is apart."""
    p_hidden = float(portable.exp(hidden).sum())
    mass = p_hidden + len(hidden) * float(portable.exp(floored.log_cap))
    mass += listed.most + unlisted + floored.most
    overlap = np.minimum(portable.exp(exact[0]), portable.exp(exact[1])).sum()
    return {
        "kl": float("inf"),
        "reverse_kl": float("inf"),
        "js": min(_sums(exact)["js"] + mass * _LOG2 / 2, _LOG2),
        "tv": max(1 - float(overlap), 0.0),
    }


_TERMS: dict[str, Callable[[Values, Values], Values]] = {
    "kl": kl_terms,
    "reverse_kl": lambda log_p, log_q: kl_terms(log_q, log_p),
    "js": js_terms,
    "tv": variation_terms,
}


def _sums(*parts: Entries) -> dict[str, float]:
    """The divergences of some entries, in terms that are never negative."""
    log_p, log_q = (np.concatenate(side) for side in zip(*parts, strict=True))
    return {name: float(terms(log_p, log_q).sum()) for name, terms in _TERMS.items()}


def _log(share: float) -> float:
    return float(portable.log(share)) if share > 0 else -np.inf
