r"""What two cut-off lists tell of the distributions that they were cut off.

A divergence of distributions of which only the likely entries are known lies between bounds; the
sharp lower ones are those of the least divergent completion (``_completion.py``). **No upper bound
of KL follows from two lists**: P's tail may lie where Q has nothing. All numbers are in nats, one a
row, in double precision, summed from terms

.. math:: p \log (p/q) + q - p

that cannot be negative.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.language_models._completion import Listed, Tails, least_divergent, row_sums
from unsurprised.language_models.top_lists import TopLists

#: To what the mass of a list is known: log-probabilities are float32 at best, and are rounded on
#: their way through a softmax and through JSON.
SLACK = 2.0**-20

_LOG2 = float(portable.log(2.0))


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most that a number of each row can be."""

    low: Values
    high: Values


@dataclass(frozen=True, slots=True)
class ListBounds:
    """Bounds of what two distributions differ by, in nats, and the mass that was listed.

    ``kl.high`` is infinite but where Q is listed whole, a floor of Q is given, or P is listed whole
    and all of it by Q too.
    """

    kl: Bounds
    reverse_kl: Bounds
    js: Bounds
    total_variation: Bounds
    #: The mass of each side that its own list holds, and that both lists hold.
    p_listed: Values
    q_listed: Values
    p_shared: Values
    q_shared: Values


def divergence_bounds(
    p: TopLists, q: TopLists, *, floor: float | None = None, slack: float = SLACK
) -> ListBounds:
    """Bounds of KL both ways, of Jensen–Shannon's divergence and of total variation.

    Parameters
    ----------
    p, q : TopLists
        Lists of the same tokens in the same order.
    floor : float, optional
        A log-probability that no token of either side is below, if that is known; KL has an upper
        bound then.
    slack : float, default 2**-20
        To what the sum of a list's probabilities is right: unless it is whole, so much mass at
        least may be missing of each.

    Examples
    --------
    >>> def lists(*rows):
    ...     tokens = np.array([token for row in rows for token in row])
    ...     shares = np.array([share for row in rows for share in row.values()])
    ...     starts = np.cumsum([0, *map(len, rows)])
    ...     return TopLists(starts, tokens, np.log(shares), np.log([min(r.values()) for r in rows]))
    >>> p, q = lists({0: 0.5, 1: 0.2, 2: 0.1}), lists({0: 0.6, 3: 0.15, 4: 0.05})
    >>> found = divergence_bounds(p, q)
    >>> float((found.kl.low[0] / np.log(2)).round(4)), float(found.kl.high[0])
    (0.2515, inf)
    """
    pair = ListPair.of(p, q, slack)
    completion = least_divergent(pair.tails)
    size, both, b, c = len(p), pair.both, pair.tails.p_alone, pair.tails.q_alone
    rows = np.concatenate([both, b.rows, c.rows, np.arange(size)])
    log_p = np.concatenate(
        [pair.log_p, portable.log(b.shares), _log(completion.p_on_c), _log(completion.u)]
    )
    log_q = np.concatenate(
        [pair.log_q, _log(completion.q_on_b), portable.log(c.shares), _log(completion.v)]
    )

    def low(term: Callable[[Values, Values], Values]) -> Values:
        return row_sums(rows, term(log_p, log_q), size)

    def shared(values: Values) -> Values:
        return row_sums(both, values, size)

    b_mass, c_mass = b.sums(b.shares, size), c.sums(c.shares, size)
    unlisted = pair.tails.p_mass + pair.tails.q_mass
    p_both, q_both = portable.exp(pair.log_p), portable.exp(pair.log_q)
    kl, reverse = low(kl_terms), low(lambda x, y: kl_terms(y, x))
    js_low, variation = low(js_terms), low(variation_terms)
    js_high = shared(js_terms(pair.log_p, pair.log_q)) + (b_mass + c_mass + unlisted) * _LOG2 / 2
    overlap = shared(np.minimum(p_both, q_both))
    return ListBounds(
        Bounds(kl, np.maximum(pair.kl_high(floor), kl)),
        Bounds(reverse, np.maximum(pair.exchanged().kl_high(floor), reverse)),
        Bounds(js_low, np.maximum(np.minimum(js_high, _LOG2), js_low)),
        Bounds(variation, np.maximum(1 - overlap, variation)),
        shared(p_both) + b_mass,
        shared(q_both) + c_mass,
        shared(p_both),
        shared(q_both),
    )


def entropy_bounds(lists: TopLists, *, slack: float = SLACK) -> Bounds:
    """Bounds of the entropy of each row, in nats.

    It is least where the tail is ⌊t/c⌋ entries of the cap c and a remainder, and most where it is
    spread over all of the vocabulary that is left; without a vocabulary nothing bounds it above.

    Examples
    --------
    >>> row = TopLists(np.array([0, 1]), np.array([7]), np.log([0.5]), np.log([0.25]), vocabulary=5)
    >>> found = entropy_bounds(row)
    >>> (found.low / np.log(2)).round(4).tolist(), (found.high / np.log(2)).round(4).tolist()
    ([1.5], [2.0])
    """
    logs, tail, cap = normalised(lists, slack)
    listed = row_sums(lists.rows, _self_information(logs), len(lists))
    entries = np.where(tail > 0, np.floor(tail / np.where(cap > 0, cap, 1.0)), 0.0)
    rest = np.maximum(tail - entries * cap, 0.0)
    low = listed + entries * _self_information(_log(cap)) + _self_information(_log(rest))
    left = np.full(len(lists), np.inf)
    if lists.vocabulary is not None:
        left = np.maximum(lists.vocabulary - lists.counts, 1.0)
    with np.errstate(invalid="ignore", over="ignore"):
        spread = tail * (np.where(np.isinf(left), np.inf, _log(left)) - _log(tail))
    high = listed + np.where(tail > 0, spread, 0.0)
    return Bounds(low, np.maximum(low, high))


@dataclass(frozen=True, slots=True)
class ListPair:
    """Two lists of each row beside each other: what both list, what one alone does, the rest."""

    both: NDArray[np.int64]
    log_p: Values
    log_q: Values
    tails: Tails
    #: How many tokens neither lists, infinite where nobody says how many there are.
    left: Values
    #: Whether Q, and whether P, lists something as impossible that the other one doesn't list.
    q_excludes: NDArray[np.bool_]
    p_excludes: NDArray[np.bool_]

    @classmethod
    def of(cls, p: TopLists, q: TopLists, slack: float) -> ListPair:
        """Entries of ``p`` and ``q`` matched by row and token."""
        logs_p, tail_p, cap_p = normalised(p, slack)
        logs_q, tail_q, cap_q = normalised(q, slack)
        tokens_q = q.tokens
        if p.texts is not None and q.texts is not None:
            tokens_q = q.texts.matched(q.tokens, p.texts)
        at_p, at_q = matched(p.rows, p.tokens, q.rows, tokens_q)
        alone_p, alone_q = np.ones(len(p.tokens), bool), np.ones(len(q.tokens), bool)
        alone_p[at_p] = alone_q[at_q] = False
        shared = np.bincount(p.rows[at_p], minlength=len(p))
        tails = Tails(
            tail_p,
            tail_q,
            cap_p,
            cap_q,
            _alone(p.rows, logs_p, alone_p),
            _alone(q.rows, logs_q, alone_q),
        )
        sizes = [n for n in (p.vocabulary, q.vocabulary) if n is not None]
        listed = p.counts + q.counts - shared
        left = np.maximum(min(sizes) - listed, 0.0) if sizes else np.full(len(p), np.inf)
        return cls(
            p.rows[at_p],
            logs_p[at_p],
            logs_q[at_q],
            tails,
            left,
            _excludes(q.rows, logs_q, alone_q, len(q)),
            _excludes(p.rows, logs_p, alone_p, len(p)),
        )

    def exchanged(self) -> ListPair:
        """The same with P and Q exchanged."""
        t = self.tails
        tails = Tails(t.q_mass, t.p_mass, t.q_cap, t.p_cap, t.q_alone, t.p_alone)
        return replace(
            self,
            log_p=self.log_q,
            log_q=self.log_p,
            tails=tails,
            q_excludes=self.p_excludes,
            p_excludes=self.q_excludes,
        )

    def kl_high(self, floor: float | None) -> Values:
        """The most that KL(P‖Q) can be: infinite, if P may lie where Q has nothing.

        P's tail costs most in portions of its cap where Q is least: at the floor, if one is given,
        on as many tokens as neither lists; then on the least likely of those that Q alone lists.
        """
        size, tails = len(self.left), self.tails
        listed = row_sums(self.both, kl_terms(self.log_p, self.log_q), size)
        # What isn't among `both` is added as p log(p/q); so what q − p adds there is taken away.
        gap = portable.exp(self.log_q) - portable.exp(self.log_p)
        least = -np.inf if floor is None else floor
        b = tails.p_alone
        with np.errstate(invalid="ignore"):
            alone = b.sums(b.shares * (portable.log(b.shares) - least), size)
        tail = self._dearest_tail(least)
        exact = (alone == 0) & (tails.p_mass == 0)
        unlisted = alone + tail - row_sums(self.both, gap, size)
        rest = np.where(exact, tails.q_mass + tails.q_alone.sums(tails.q_alone.shares, size), 0.0)
        found: Values = np.maximum(listed + np.where(exact, rest, unlisted), 0.0)
        return found

    def _dearest_tail(self, least: float) -> Values:
        """Σ p log(p/q) over P's tail where it costs most, with Q at ``least`` on the rest."""
        tails, c = self.tails, self.tails.q_alone
        cap = tails.p_cap
        room = np.minimum(tails.p_mass, np.where(cap > 0, self.left * np.where(cap > 0, cap, 1), 0))
        with np.errstate(invalid="ignore"):
            found = np.where(room > 0, portioned(room, cap) - room * least, 0.0)
        mass = tails.p_mass - room
        order = np.lexsort((c.shares, c.rows))
        rows, shares = c.rows[order], c.shares[order]
        starts = np.searchsorted(rows, np.arange(len(mass)))
        before = (np.arange(len(rows)) - starts[rows]) * cap[rows]
        portion = np.clip(mass[rows] - before, 0.0, cap[rows])
        cost = portion * (_log(np.where(portion > 0, portion, 1.0)) - portable.log(shares))
        found = found + row_sums(rows, cost, len(mass))
        # Where Q lists all with its mass, what is left over of P lies on what Q holds impossible.
        placed = row_sums(rows, portion, len(mass))
        impossible = (mass - placed > SLACK) | (self.q_excludes & (tails.p_mass > 0))
        return np.where(impossible, np.inf, found)


def normalised(lists: TopLists, slack: float = SLACK) -> tuple[Values, Values, Values]:
    """Log-probabilities of the entries, and of each row the mass and the cap of its tail.

    A list that is whole states a distribution, row / Σrow. Of another one at least ``slack`` is
    missing.
    """
    size, whole = len(lists), lists.whole
    total = row_sums(lists.rows, portable.exp(lists.logprobs), size)
    scale = portable.log(np.where(whole & (total > 0), total, 1.0))
    tail = np.where(whole, 0.0, np.maximum(1 - total, slack))
    cap = np.where(whole, 0.0, np.minimum(portable.exp(lists.caps), tail))
    return lists.logprobs - scale[lists.rows], tail, cap


def matched(
    rows_p: NDArray[np.int64],
    tokens_p: NDArray[np.int64],
    rows_q: NDArray[np.int64],
    tokens_q: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of entries that have a row and a token in common, in the order of the rows."""
    tokens, codes = np.unique(np.concatenate([tokens_p, tokens_q]), return_inverse=True)
    keys = np.concatenate([rows_p, rows_q]) * max(len(tokens), 1) + codes
    _, at_p, at_q = np.intersect1d(
        keys[: len(rows_p)], keys[len(rows_p) :], assume_unique=True, return_indices=True
    )
    return at_p, at_q


def portioned(mass: Values, cap: Values) -> Values:
    """Σ p log p of masses that are cut into portions of ``cap`` and a remainder."""
    safe = np.where(cap > 0, cap, 1.0)
    portions = np.floor(mass / safe)
    rest = np.maximum(mass - portions * cap, 0.0)
    found: Values = -(portions * _self_information(_log(cap)) + _self_information(_log(rest)))
    return found


def kl_terms(log_p: Values, log_q: Values) -> Values:
    """``p log(p/q) + q − p`` of each entry, which is never below 0.

    Examples
    --------
    >>> kl_terms(np.array([-1.0, -1.0]), np.array([-1 + 2.0**-30, -np.inf])) * 2.0**60
    array([0.18393972,        inf])
    """
    p, q = portable.exp(log_p), portable.exp(log_q)
    with np.errstate(invalid="ignore"):
        gap = np.where(p > 0, log_p - log_q, 0.0)
        near = np.abs(gap) < 1
        far = np.where(p > 0, np.where(near, 0.0, p * gap) + (q - p), q)
        close = p * curve(np.where(near, -gap, 0.0))
    found: Values = np.where(near & (p > 0), close, far)
    return found


def js_terms(log_p: Values, log_q: Values) -> Values:
    """Half of ``p log(p/m) + q log(q/m)`` of each entry, with m = (p + q)/2."""
    return (_to_middle(log_p, log_q) + _to_middle(log_q, log_p)) / 2


def _to_middle(log_p: Values, log_q: Values) -> Values:
    """``p log(p/m) + m − p``, with m = (p + q)/2."""
    p, q = portable.exp(log_p), portable.exp(log_q)
    with np.errstate(invalid="ignore"):
        gap = np.where(p > 0, log_q - log_p, 0.0)
    near = np.abs(gap) < 1
    to = portable.log1p(portable.expm1(np.where(near, gap, 0.0)) / 2)
    close = p * curve(to)
    middle = np.where((p > 0) & ~near, (p + q) / 2, 1.0)
    far = p * (portable.log(np.where(p > 0, p, 1.0)) - portable.log(middle))
    far = np.where(p > 0, far, 0.0) + (q - p) / 2
    found: Values = np.where(near & (p > 0), close, far)
    return found


def variation_terms(log_p: Values, log_q: Values) -> Values:
    """``|p − q| / 2`` of each entry."""
    p, q = portable.exp(log_p), portable.exp(log_q)
    with np.errstate(invalid="ignore"):
        gap = np.where((p > 0) & (q > 0), log_q - log_p, 2.0)
    near = np.abs(gap) < 1
    difference = np.where(near, p * portable.expm1(np.where(near, gap, 0.0)), q - p)
    found: Values = np.abs(difference) / 2
    return found


#: Beyond 1/19!, nothing of a double is left of the series below 1.
_TERMS = 19


def curve(x: Values) -> Values:
    """``eˣ − 1 − x``, never below 0, to a few units of the last place.

    Examples
    --------
    >>> curve(np.array([2.0**-30, 0.0, -1.0])) * 2.0**61
    array([1.00...e+00, 0.00...e+00, 8.48...e+17])
    """
    near = np.abs(x) < 1
    small = np.where(near, x, 0.0)
    series = np.ones_like(small)
    for n in range(_TERMS, 2, -1):
        series = 1 + small / n * series
    with np.errstate(over="ignore", invalid="ignore"):
        far = portable.expm1(np.where(near, 0.0, x)) - x
    found: Values = np.where(near, small * small / 2 * series, far)
    return found


def _self_information(logs: Values) -> Values:
    """−p log p, 0 where p is."""
    shares = portable.exp(logs)
    with np.errstate(invalid="ignore"):
        found: Values = np.where(shares > 0, -shares * logs, 0.0)
    return found


def _log(shares: Values) -> Values:
    found: Values = portable.log(shares)
    return found


def _excludes(
    rows: NDArray[np.int64], logs: Values, which: NDArray[np.bool_], size: int
) -> NDArray[np.bool_]:
    """In which rows one of the entries that one side alone lists is impossible."""
    found: NDArray[np.bool_] = np.bincount(rows[which & (logs == -np.inf)], minlength=size) > 0
    return found


def _alone(rows: NDArray[np.int64], logs: Values, which: NDArray[np.bool_]) -> Listed:
    shares = portable.exp(logs)
    held = which & (shares > 0)
    return Listed(rows[held], shares[held])
