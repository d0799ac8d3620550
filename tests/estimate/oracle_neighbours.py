"""Estimators by neighbours from their papers, in 40 digits; none of our code.

Every pair of rows is looked at. A column is a list of tuples of numbers, or of categories, which
are infinitely far from each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import mpmath

MP = mpmath.MPContext()
MP.dps = 40
Number = Any


def apart(a: Any, b: Any) -> Number:
    """The distance in the maximum norm; of categories 0 or ∞. Differences as doubles have them."""
    if not isinstance(a, tuple):
        return 0 if a == b else math.inf
    return max(abs(p - q) for p, q in zip(a, b, strict=True))


def digamma(n: int) -> Number:
    return -MP.euler + MP.fsum(MP.mpf(1) / i for i in range(1, n))


def mean(values: Sequence[Number]) -> Number:
    return MP.fsum(values) / len(values)


def counts(column: Sequence[Any], row: int, radius: Number, closed: bool) -> int:
    distances = [apart(column[row], other) for k, other in enumerate(column) if k != row]
    return sum(d <= radius if closed else d < radius for d in distances)


def ksg1(x: Sequence[Any], y: Sequence[Any], k: int) -> Number:
    return conditional(x, y, ["same"] * len(x), k)


def conditional(x: Sequence[Any], y: Sequence[Any], z: Sequence[Any], k: int) -> Number:
    """Frenzel and Pompe; with categories as Ross; KSG where all rows are the same in z."""
    kept = list(range(len(x)))

    def joint(a: int, b: int) -> Number:
        return max(apart(x[a], x[b]), apart(y[a], y[b]), apart(z[a], z[b]))

    kept = [a for a in kept if any(joint(a, b) < math.inf for b in kept if b != a)]
    x, y, z = ([column[a] for a in kept] for column in (x, y, z))
    terms = []
    for a in range(len(x)):
        finite = sorted(d for d in (joint(a, b) for b in range(len(x)) if b != a) if d < math.inf)
        neighbours = min(k, len(finite))
        radius = finite[neighbours - 1]
        xz = [(p, q) for p, q in zip(x, z, strict=True)]
        yz = [(p, q) for p, q in zip(y, z, strict=True)]

        def within(column: Sequence[Any], a: int = a, radius: Number = radius) -> int:
            others = (other for k, other in enumerate(column) if k != a)
            far = [
                max(apart(p, q) for p, q in zip(column[a], other, strict=True)) for other in others
            ]
            # A radius of 0 has nothing below it; categories alone are all within.
            only = not any(isinstance(part, tuple) for part in column[a])
            return sum(d < radius or (only and d == 0) for d in far)

        terms.append(
            digamma(neighbours)
            - digamma(within(xz) + 1)
            - digamma(within(yz) + 1)
            + digamma(within([(p,) for p in z]) + 1)
        )
    return mean(terms)


def ksg2(x: Sequence[Any], y: Sequence[Any], k: int) -> Number:
    n = len(x)
    terms = []
    for a in range(n):
        others = [b for b in range(n) if b != a]
        nearest = sorted(others, key=lambda b: max(apart(x[a], x[b]), apart(y[a], y[b])))[:k]
        widths = [max(apart(column[a], column[b]) for b in nearest) for column in (x, y)]
        within = [counts(column, a, r, True) for column, r in zip((x, y), widths, strict=True)]
        terms.append(sum(digamma(count) for count in within))
    return digamma(k) - MP.mpf(1) / k + digamma(n) - mean(terms)
