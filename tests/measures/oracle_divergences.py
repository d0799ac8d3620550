"""Measures between two distributions, from their textbook formulas; P is the truth.

A class that neither side holds possible adds nothing. Where the supports differ, each formula says
by its limits what that costs.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable

from oracle_rows import (
    CONTEXT,
    ZERO,
    Kinds,
    Number,
    Pair,
    Row,
    bits,
    entry,
    exact,
    of_two,
    settled,
    stated,
    width_bits,
)


def _nats(pair: Pair) -> Number:
    """Σ P log(P / Q)."""
    if pair.denied:
        return CONTEXT.inf
    if pair.equal:
        return ZERO
    return CONTEXT.fsum(
        n * pair.p.share(x) * (pair.q.surprisal(y) - pair.p.surprisal(x))
        for x, y, n in pair.possible()
    )


def _reversed(pair: Pair) -> Number:
    """Σ Q log(Q / P)."""
    if pair.unexpected:
        return CONTEXT.inf
    if pair.equal:
        return ZERO
    return CONTEXT.fsum(
        n * pair.q.share(y) * (pair.p.surprisal(x) - pair.q.surprisal(y))
        for x, y, n in pair.common()
    )


@of_two
def cross_entropy(pair: Pair) -> Number:
    """−Σ P log Q."""
    if pair.denied:
        return CONTEXT.inf
    return bits(
        CONTEXT.fsum(n * pair.p.share(x) * pair.q.surprisal(y) for x, y, n in pair.possible())
    )


@of_two
def kl_divergence(pair: Pair) -> Number:
    return bits(_nats(pair))


@of_two
def jeffreys_divergence(pair: Pair) -> Number:
    """Σ P log(P / Q) + Σ Q log(Q / P)."""
    return ZERO if pair.equal else bits(_nats(pair) + _reversed(pair))


@of_two
def population_stability_index(pair: Pair) -> Number:
    """Σ (P − Q) log(P / Q), in nats."""
    if pair.denied or pair.unexpected:
        return CONTEXT.inf
    if pair.equal:
        return ZERO
    return CONTEXT.fsum(
        n * (pair.p.share(x) - pair.q.share(y)) * (pair.q.surprisal(y) - pair.p.surprisal(x))
        for x, y, n in pair.common()
    )


def _power_sum(pair: Pair, order: float) -> Number:
    """Σ P^order Q^(1 − order), where 0 to the power of 0 is 0; infinite as its limits are."""
    if (order >= 1 and pair.denied) or (order < 0 and pair.unexpected):
        return CONTEXT.inf
    a = exact(order)
    return CONTEXT.fsum(
        n * CONTEXT.exp(-a * pair.p.surprisal(x) - (1 - a) * pair.q.surprisal(y))
        for x, y, n in pair.common()
    )


@of_two
def renyi_divergence(pair: Pair, *, order: float) -> Number:
    """log(Σ P^order Q^(1 − order)) / (order − 1), and its limits."""
    if pair.equal:
        return ZERO
    if order == 1:
        return bits(_nats(pair))
    if order == math.inf:
        if pair.denied:
            return CONTEXT.inf
        return bits(max(pair.q.surprisal(y) - pair.p.surprisal(x) for x, y, _ in pair.possible()))
    if order == 0:
        return bits(-CONTEXT.log(_met(pair))) if pair.common() else CONTEXT.inf
    sum_of_powers = _power_sum(pair, order)
    if sum_of_powers == 0:
        return CONTEXT.inf
    return bits(CONTEXT.log(sum_of_powers) / (exact(order) - 1))


def _met(pair: Pair) -> Number:
    """How much of Q lies where P is possible."""
    if not pair.unexpected:
        return CONTEXT.mpf(1)
    return CONTEXT.fsum(n * pair.q.share(y) for _, y, n in pair.common())


def tsallis_divergence(kinds: Kinds, p_row: Row, q_row: Row, *, order: float) -> Number:
    """(Σ P^order Q^(1 − order) − 1) / (order − 1), and its limits."""
    if order == math.inf:
        return CONTEXT.inf if total_variation(kinds, p_row, q_row) else ZERO
    return _tsallis(kinds, p_row, q_row, order=order)


@of_two
def _tsallis(pair: Pair, *, order: float) -> Number:
    if pair.equal:
        return ZERO
    if order == 1:
        return _nats(pair)
    return (_power_sum(pair, order) - 1) / (exact(order) - 1)


@of_two
def alpha_divergence(pair: Pair, *, alpha: float) -> Number:
    """(Σ P^alpha Q^(1 − alpha) − 1) / (alpha (alpha − 1)), and its limits."""
    if pair.equal:
        return ZERO
    if alpha == 1:
        return _nats(pair)
    if alpha == 0:
        return _reversed(pair)
    return (_power_sum(pair, alpha) - 1) / (exact(alpha) * (exact(alpha) - 1))


@of_two
def chi_squared_divergence(pair: Pair) -> Number:
    """Σ (P − Q)² / Q."""
    if pair.denied:
        return CONTEXT.inf
    return ZERO if pair.equal else CONTEXT.fsum(n * (p - q) ** 2 / q for p, q, n in pair.terms())


@of_two
def hellinger_distance(pair: Pair) -> Number:
    """√(½ Σ (√P − √Q)²)."""
    if pair.equal:
        return ZERO
    squares = (n * (CONTEXT.sqrt(p) - CONTEXT.sqrt(q)) ** 2 for p, q, n in pair.terms())
    return CONTEXT.sqrt(CONTEXT.fsum(squares) / 2)


def _overlap(pair: Pair) -> Number:
    """Σ √(P Q)."""
    return CONTEXT.fsum(n * CONTEXT.sqrt(p * q) for p, q, n in pair.terms())


@of_two
def bhattacharyya_coefficient(pair: Pair) -> Number:
    return _overlap(pair) if pair.common() else ZERO


@of_two
def bhattacharyya_distance(pair: Pair) -> Number:
    if not pair.common():
        return CONTEXT.inf
    return ZERO if pair.equal else -bits(CONTEXT.log(_overlap(pair)))


@of_two
def total_variation(pair: Pair) -> Number:
    """½ Σ |P − Q|."""
    return ZERO if pair.equal else CONTEXT.fsum(n * abs(p - q) for p, q, n in pair.terms()) / 2


@of_two
def f_divergence(
    pair: Pair,
    *,
    generator: Callable[[Number], Number],
    at_zero: float | None = None,
    slope: float | None = None,
) -> Number:
    """Σ Q f(P / Q), where Q f(0 / Q) is Q · at_zero and 0 f(P / 0) is P · slope.

    The generator is a function of an mpf of CONTEXT; its precision is CONTEXT's.
    """
    return CONTEXT.fsum(n * _f_term(p, q, generator, at_zero, slope) for p, q, n in pair.terms())


def _f_term(
    p: Number,
    q: Number,
    generator: Callable[[Number], Number],
    at_zero: float | None,
    slope: float | None,
) -> Number:
    if not q:
        if slope is None:
            raise ValueError("Q = 0 < P needs the generator's slope")
        return p * exact(slope)
    if not p and at_zero is not None:
        return q * exact(at_zero)
    return q * generator(p / q)


def js_divergence(kinds: Kinds, *rows: Row, weights: Iterable[float] | None = None) -> Number:
    """Σ w_k Σ P_k log(P_k / M), M = Σ w_k P_k; the weights state w / Σw, exactly."""
    sides = [[entry(x) for x in row] for row in rows]
    given = [1] * len(rows) if weights is None else [entry(w) for w in weights]
    heard = [k for k, weight in enumerate(given) if weight > 0]
    spoken = [kinds[k] for k in heard], [sides[k] for k in heard], [given[k] for k in heard]
    return settled(lambda: _js(*spoken), max(map(width_bits, *spoken[:2])))


def js_distance(kinds: Kinds, *rows: Row, weights: Iterable[float] | None = None) -> Number:
    """√ of the divergence in bits."""
    divergence = js_divergence(kinds, *rows, weights=weights)
    return divergence if divergence is ZERO else CONTEXT.sqrt(divergence)


def _js(kinds: list[str], rows: list[list[float]], weights: list[float]) -> Number:
    if all(
        Pair((kinds[0], kind), rows[0], row).equal for kind, row in zip(kinds, rows, strict=True)
    ):
        return ZERO
    sides = [stated(kind, row) for kind, row in zip(kinds, rows, strict=True)]
    share = [exact(w) / CONTEXT.fsum(map(exact, weights)) for w in weights]
    total = CONTEXT.mpf(0)
    for entries, n in Counter(zip(*rows, strict=True)).items():
        parts = [s.share(x) for s, x in zip(sides, entries, strict=True)]
        mixture = CONTEXT.fdot(share, parts)
        total += n * CONTEXT.fsum(
            w * p * CONTEXT.log(p / mixture) for w, p in zip(share, parts, strict=True) if p
        )
    return bits(total)


@of_two
def difference(pair: Pair) -> Number:
    """``Σ |P − Q| (1 + |log P|)``, which the bound for two unlike forms is stated by."""
    return bits(
        CONTEXT.fsum(
            n * abs(pair.p.share(x) - pair.q.share(y)) * (1 + pair.p.surprisal(x))
            for x, y, n in pair.possible()
        )
        + CONTEXT.fsum(
            n * pair.q.share(y) for (x, y), n in pair.counted.items() if not pair.p.possible(x)
        )
    )
