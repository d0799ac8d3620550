"""The completion of two cut-off lists that brings them closest to each other.

A is what both list, B what P alone lists, C what Q alone lists; the rest neither does. What isn't
listed has a mass t and no entry above a cap c. Of all ways to fill in what isn't listed, one is the
least divergent by every f-divergence, for these are jointly convex and the derivatives of
``q f(p/q)`` depend on p/q alone: the rest becomes one event (u, v), and with its ratio r = u/v

    q = min(c_Q, p/r) on B,  p = min(c_P, r q) on C,  u = t_P − Σ_C p,  v = t_Q − Σ_B q.

It exists in a vocabulary that has room for the rest, and so is sharp there; elsewhere it is a bound
all the same. u falls and r v rises with r, which therefore is unique; and both are linear in r
between the ratios at which an entry meets its cap, so r is found there without iteration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values

Rows = NDArray[np.int64]


def row_sums(rows: Rows, values: Values, size: int) -> Values:
    """The sum of the values of each of ``size`` rows."""
    return np.bincount(rows, values, size).astype(np.float64, copy=False)


@dataclass(frozen=True, slots=True)
class Listed:
    """What one side alone lists: the row of each entry, and its probability, above 0."""

    rows: Rows
    shares: Values

    def sums(self, values: Values, size: int) -> Values:
        """The sum of each row's values."""
        return row_sums(self.rows, values, size)


@dataclass(frozen=True, slots=True)
class Tails:
    """Masses and caps of what P and Q don't list, with what the other one lists of it."""

    p_mass: Values
    q_mass: Values
    p_cap: Values
    q_cap: Values
    #: B and C.
    p_alone: Listed
    q_alone: Listed

    def q_of(self, ratio: Values) -> Values:
        """Q's probabilities on B."""
        rows = self.p_alone.rows
        with np.errstate(divide="ignore", over="ignore"):
            return np.minimum(self.q_cap[rows], self.p_alone.shares / ratio[rows])

    def p_of(self, ratio: Values) -> Values:
        """P's probabilities on C."""
        rows = self.q_alone.rows
        with np.errstate(over="ignore"):
            return np.minimum(self.p_cap[rows], self.q_alone.shares * ratio[rows])

    def u(self, ratio: Values) -> Values:
        """P's mass on the rest; below 0 where C takes more than there is."""
        return self.p_mass - self.q_alone.sums(self.p_of(ratio), len(self.p_mass))

    def v(self, ratio: Values) -> Values:
        """Q's mass on the rest; below 0 where B takes more than there is."""
        return self.q_mass - self.p_alone.sums(self.q_of(ratio), len(self.q_mass))


@dataclass(frozen=True, slots=True)
class Completion:
    """The least divergent completion: Q on B, P on C, and the rest as one event."""

    q_on_b: Values
    p_on_c: Values
    u: Values
    v: Values


def least_divergent(tails: Tails) -> Completion:
    """The completion of each row."""
    meetings = _Meetings.of(tails)
    # Below `least` B would take more than Q's tail, above `most` C more than P's.
    least = meetings.root(lambda r: tails.v(r) < 0, lambda m: (m.b_free, m.q_left))
    most = meetings.root(lambda r: tails.u(r) >= 0, lambda m: (m.p_left, m.c_free))
    most = np.where(np.isnan(most), np.inf, most)
    least = np.where(np.isnan(least), 0.0, least)

    def too_small(ratio: Values) -> NDArray[np.bool_]:
        with np.errstate(invalid="ignore"):
            ahead = tails.u(ratio) > ratio * tails.v(ratio)
        return (ratio < least) | (ahead & (ratio <= most))

    ratio = meetings.root(too_small, lambda m: (m.p_left + m.b_free, m.q_left + m.c_free))
    ratio = np.clip(np.where(np.isnan(ratio), 1.0, ratio), least, np.maximum(least, most))
    # Where B and C leave no rest to either, each has a ratio of its own.
    apart = least > most
    q_on_b = tails.q_of(np.where(apart, least, ratio))
    on_c = np.where(apart, most, ratio)
    p_on_c = tails.p_of(on_c)
    size = len(ratio)
    u = np.maximum(tails.p_mass - tails.q_alone.sums(p_on_c, size), 0.0)
    v = np.maximum(tails.q_mass - tails.p_alone.sums(q_on_b, size), 0.0)
    u, v = np.where(apart, 0.0, u), np.where(apart, 0.0, v)
    # What rounding leaves of a difference that is 0 must not stand beside a 0.
    finite = (ratio > 0) & (ratio < np.inf)
    r = np.where(finite, ratio, 1.0)
    u, v = np.where(finite, np.maximum(u, v * r), u), np.where(finite, np.maximum(v, u / r), v)
    return Completion(q_on_b, p_on_c, u, v)


@dataclass(frozen=True, slots=True)
class _Linear:
    """Coefficients of u and v between two neighbouring ratios, a row each."""

    #: Σ p on B below its cap; Q's mass without B's entries at the cap.
    b_free: Values
    q_left: Values
    #: P's mass without C's entries at the cap; Σ q on C below its cap.
    p_left: Values
    c_free: Values


@dataclass(frozen=True, slots=True)
class _Meetings:
    """The ratios at which an entry of B or C meets its cap, in order within each row."""

    tails: Tails
    ratios: Values
    starts: Rows
    #: Those of the entries of B and of C, as they come.
    of_b: Values
    of_c: Values

    @classmethod
    def of(cls, tails: Tails) -> _Meetings:
        b, c = tails.p_alone, tails.q_alone
        with np.errstate(divide="ignore", over="ignore"):
            of_b = b.shares / tails.q_cap[b.rows]
            of_c = tails.p_cap[c.rows] / c.shares
        rows = np.concatenate([b.rows, c.rows])
        ratios = np.concatenate([of_b, of_c])
        counts = np.bincount(rows, minlength=len(tails.p_mass))
        starts = np.concatenate([[0], np.cumsum(counts)])
        return cls(tails, ratios[np.lexsort((ratios, rows))], starts, of_b, of_c)

    def root(
        self,
        too_small: Callable[[Values], NDArray[np.bool_]],
        quotient: Callable[[_Linear], tuple[Values, Values]],
    ) -> Values:
        """Where ``too_small`` ends, which is the quotient between two neighbours; NaN for 0/0."""
        low, high = self.starts[:-1] - 1, self.starts[1:].copy()
        first = self.starts[:-1]
        while True:
            open_ = high - low > 1
            if not open_.any():
                break
            middle = np.where(open_, (low + high) // 2, 0)
            at = self.ratios[middle] if len(self.ratios) else np.zeros(len(middle))
            small = too_small(np.where(open_, at, 1.0))
            low = np.where(open_ & small, middle, low)
            high = np.where(open_ & ~small, middle, high)
        held = np.maximum(low, 0)
        below = np.where(low >= first, self.ratios[held] if len(self.ratios) else 0.0, 0.0)
        above, under = quotient(self._between(below))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            found: Values = np.where(above == 0, np.where(under == 0, np.nan, 0.0), above / under)
        return found

    def _between(self, below: Values) -> _Linear:
        """Coefficients just above the ratios ``below``."""
        tails, size = self.tails, len(below)
        b, c = tails.p_alone, tails.q_alone
        free_b, capped_c = self.of_b <= below[b.rows], self.of_c <= below[c.rows]
        return _Linear(
            b_free=b.sums(np.where(free_b, b.shares, 0.0), size),
            q_left=tails.q_mass - b.sums(np.where(free_b, 0.0, tails.q_cap[b.rows]), size),
            p_left=tails.p_mass - c.sums(np.where(capped_c, tails.p_cap[c.rows], 0.0), size),
            c_free=c.sums(np.where(capped_c, 0.0, c.shares), size),
        )
