"""Measures of one distribution and of one event, from their textbook formulas."""

from __future__ import annotations

import functools
import math

from oracle_rows import (
    CONTEXT,
    ZERO,
    Number,
    Row,
    Stated,
    bits,
    entry,
    exact,
    of_one,
    settled,
    stated,
)


def shares(kind: str, row: Row) -> list[Number]:
    """The distribution that a row states."""
    CONTEXT.prec = 2048
    entries = [entry(x) for x in row]
    row_stated = stated(kind, entries)
    return [row_stated.share(x) for x in entries]


def surprisal(kind: str, row: Row, label: int) -> Number:
    """Of a row at its outcome."""
    entries = [entry(x) for x in row]
    return settled(lambda: bits(stated(kind, entries).surprisal(entries[label])))


def event_surprisal(x: float) -> Number:
    return CONTEXT.inf if x == 0 else settled(lambda: -bits(CONTEXT.log(exact(entry(x)))))


def binary_entropy(x: float) -> Number:
    def formula() -> Number:
        both = exact(entry(x)), 1 - exact(entry(x))
        return bits(-CONTEXT.fsum(p * CONTEXT.log(p) for p in both if p))

    return ZERO if x in (0, 1) else settled(formula)


def smoothing_cost(epsilon: float) -> Number:
    if epsilon == 1:
        return CONTEXT.inf
    return settled(lambda: -bits(CONTEXT.log(1 - exact(entry(epsilon)))))


def nats(p: Stated) -> Number:
    """−Σ P log P."""
    return CONTEXT.fsum(n * p.share(x) * p.surprisal(x) for x, n in p.support())


def _possible(p: Stated) -> int:
    return sum(n for _, n in p.support())


def _power_sum(p: Stated, order: float) -> Number:
    """Σ P^order over what is possible."""
    return CONTEXT.fsum(n * CONTEXT.exp(-exact(order) * p.surprisal(x)) for x, n in p.support())


@of_one
def entropy(p: Stated) -> Number:
    return ZERO if _possible(p) == 1 else bits(nats(p))


@of_one
def perplexity(p: Stated) -> Number:
    return CONTEXT.exp(nats(p))


@of_one
def min_entropy(p: Stated) -> Number:
    return bits(p.surprisal(p.top))


@of_one
def hartley_entropy(p: Stated) -> Number:
    return ZERO if _possible(p) == 1 else bits(CONTEXT.log(_possible(p)))


@of_one
def gini_impurity(p: Stated) -> Number:
    return ZERO if _possible(p) == 1 else 1 - _power_sum(p, 2)


@of_one
def efficiency(p: Stated) -> Number:
    """H / log K, where one class alone is taken to use all that there is."""
    classes = sum(p.counted.values())
    return nats(p) / CONTEXT.log(classes) if classes > 1 else CONTEXT.mpf(1)


@of_one
def renyi_entropy(p: Stated, *, order: float) -> Number:
    """log(Σ P^order) / (1 − order), and its limits."""
    if _possible(p) == 1:
        return ZERO
    if order == 1:
        return bits(nats(p))
    if order == math.inf:
        return bits(p.surprisal(p.top))
    return bits(CONTEXT.log(_power_sum(p, order)) / (1 - exact(order)))


@of_one
def tsallis_entropy(p: Stated, *, order: float) -> Number:
    """(1 − Σ P^order) / (order − 1), and its limits."""
    if _possible(p) == 1 or order == math.inf:
        return ZERO
    if order == 1:
        return nats(p)
    return (1 - _power_sum(p, order)) / (exact(order) - 1)


@functools.cache
def log2_of(classes: int) -> Number:
    CONTEXT.prec = 256
    return bits(CONTEXT.log(classes))
