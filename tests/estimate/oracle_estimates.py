"""Estimators of entropy from their definitions, row by row, in 40 digits; none of our code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath

MP = mpmath.MPContext()
MP.dps = 40
Number = Any


def plugin(counts: Sequence[int]) -> Number:
    n = sum(counts)
    return -MP.fsum(MP.mpf(c) / n * MP.log(MP.mpf(c) / n) for c in counts if c)


def miller_madow(counts: Sequence[int]) -> Number:
    return plugin(counts) + MP.mpf(sum(c > 0 for c in counts) - 1) / (2 * sum(counts))


def grassberger1988(counts: Sequence[int]) -> Number:
    n = sum(counts)
    terms = (c * (MP.digamma(c) + MP.mpf((-1) ** c) / (c * (c + 1))) for c in counts if c)
    return MP.log(n) - MP.fsum(terms) / n


def grassberger2003(counts: Sequence[int]) -> Number:
    """G by its recurrence: G(1) = −γ − ln 2, G(2k + 1) = G(2k) = G(2k − 1) + 2 / (2k − 1)."""
    n = sum(counts)

    def g(count: int) -> Number:
        value = -MP.euler - MP.log(2)
        for k in range(1, count // 2 + 1):
            value += MP.mpf(2) / (2 * k - 1)
        return value

    return MP.log(n) - MP.fsum(c * g(c) for c in counts if c) / n


def jackknife(counts: Sequence[int]) -> Number:
    n = sum(counts)
    left_out = []
    for place, c in enumerate(counts):
        without = [*counts[:place], c - 1, *counts[place + 1 :]]
        left_out += [plugin(without)] * c if n > 1 else []
    return n * plugin(counts) - MP.mpf(n - 1) / n * MP.fsum(left_out)


def chao_shen(counts: Sequence[int]) -> Number:
    n, once = sum(counts), sum(c == 1 for c in counts)
    coverage = 1 - MP.mpf(n - 1 if once == n else once) / n
    covered = [coverage * c / n for c in counts if c]
    return -MP.fsum(p * MP.log(p) / (1 - (1 - p) ** n) for p in covered)


def chao_wang_jost(counts: Sequence[int]) -> Number:
    n, once, twice = sum(counts), sum(c == 1 for c in counts), sum(c == 2 for c in counts)
    found = MP.fsum(
        MP.mpf(c) / n * MP.fsum(MP.mpf(1) / k for k in range(c, n)) for c in counts if c
    )
    if not once:
        return found
    if twice:
        a = MP.mpf(2 * twice) / ((n - 1) * once + 2 * twice)
    else:
        a = MP.mpf(2) / ((n - 1) * (once - 1) + 2)
    if a == 1:
        return found
    bracket = -MP.log(a) - MP.fsum((1 - a) ** r / r for r in range(1, n))
    return found + MP.mpf(once) / n * (1 - a) ** (1 - n) * bracket


def shrinkage(counts: Sequence[int]) -> Number:
    n, k = sum(counts), len(counts)
    shares = [MP.mpf(c) / n for c in counts]
    spread = (n - 1) * MP.fsum((MP.mpf(1) / k - p) ** 2 for p in shares)
    weight = 1 if spread == 0 else min(1, (1 - MP.fsum(p**2 for p in shares)) / spread)
    return _entropy([weight / MP.mpf(k) + (1 - weight) * p for p in shares])


def _entropy(shares: Sequence[Number]) -> Number:
    return -MP.fsum(p * MP.log(p) for p in shares if p)


def dirichlet_plugin(counts: Sequence[int], added: Number) -> Number:
    total = sum(counts) + len(counts) * added
    return _entropy([(c + added) / total for c in counts])


def dirichlet_mean(counts: Sequence[int], added: Number) -> Number:
    total = sum(counts) + len(counts) * added
    return MP.digamma(total + 1) - MP.fsum(
        (c + added) / total * MP.digamma(c + added + 1) for c in counts
    )


def dirichlet_second_moment(counts: Sequence[int], added: Number) -> Number:
    """E[H²] of the posterior, as Wolpert and Wolf have it."""
    a = [c + added for c in counts]
    total = MP.fsum(a)
    top, curve = MP.digamma(total + 2), MP.psi(1, total + 2)
    once = [MP.digamma(x + 1) - top for x in a]
    found = MP.mpf(0)
    for i, x in enumerate(a):
        for j, y in enumerate(a):
            if i != j:
                found += x * y * (once[i] * once[j] - curve)
            else:
                own = MP.digamma(x + 2) - top
                found += x * (x + 1) * (own**2 + MP.psi(1, x + 2) - curve)
    return found / (total * (total + 1))


def nsb(counts: Sequence[int]) -> tuple[Number, Number]:
    """Mean and standard deviation, by quadrature over ln β in 20 digits."""
    n, k = sum(counts), len(counts)
    MP.dps = 20

    def weight(u: Number) -> Number:
        b = MP.exp(u)
        flat = b * (k * MP.psi(1, k * b + 1) - MP.psi(1, b + 1))
        log = MP.loggamma(k * b) - MP.loggamma(n + k * b)
        log += MP.fsum(MP.loggamma(c + b) - MP.loggamma(b) for c in counts if c)
        return flat * MP.exp(log + n * MP.log(k))

    def integral(of: Callable[[Number], Number]) -> Number:
        return MP.quad(lambda u: weight(u) * of(MP.exp(u)), [-40, -12, -6, -3, 0, 3, 6, 12, 24])

    whole = integral(lambda b: 1)
    mean = integral(lambda b: dirichlet_mean(counts, b)) / whole
    square = integral(lambda b: dirichlet_second_moment(counts, b)) / whole
    MP.dps = 40
    return mean, MP.sqrt(square - mean**2)


def added_by(prior: str, counts: Sequence[int]) -> Number:
    n, k = sum(counts), len(counts)
    return {
        "jeffreys": MP.mpf(1) / 2,
        "laplace": MP.mpf(1),
        "perks": MP.mpf(1) / k,
        "minimax": MP.sqrt(n) / k,
    }[prior]


CLASSICAL = {
    estimator.__name__: estimator
    for estimator in (
        plugin,
        miller_madow,
        grassberger1988,
        grassberger2003,
        jackknife,
        chao_shen,
        chao_wang_jost,
        shrinkage,
    )
}
