"""Windows of series by counting indices, and what they tell by definition; no code of ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import mpmath

MP = mpmath.MPContext()
MP.dps = 40
Number = Any
Trial = Sequence[Any]


def windows(
    source: Sequence[Trial],
    target: Sequence[Trial],
    history: int,
    source_history: int,
    delay: int = 1,
    step: int = 1,
    source_step: int = 1,
) -> tuple[list[Any], list[Any], list[Any]]:
    """The source's past, the target's present and its past, trial by trial; None is a gap."""
    pasts, presents, knowns = [], [], []
    for x, y in zip(source, target, strict=True):
        for t in range(len(y)):
            own = [t - 1 - j * step for j in range(history)]
            other = [t - delay - j * source_step for j in range(source_history)]
            if min([*own, *other]) < 0:
                continue
            window = [x[i] for i in other], y[t], [y[i] for i in own]
            if any(value is None for value in (*window[0], window[1], *window[2])):
                continue
            pasts.append(tuple(window[0]))
            presents.append(window[1])
            knowns.append(tuple(window[2]))
    return pasts, presents, knowns


def plugin(x: Sequence[Any], y: Sequence[Any], z: Sequence[Any]) -> Number:
    """Σ p(x, y, z) ln [p(y | x, z) / p(y | z)] of exact shares."""
    n = len(x)
    xyz, xz = Counter(zip(x, y, z, strict=True)), Counter(zip(x, z, strict=True))
    yz, only_z = Counter(zip(y, z, strict=True)), Counter(z)
    total = MP.mpf(0)
    for (a, b, c), count in xyz.items():
        ratio = Fraction(count, xz[a, c]) / Fraction(yz[b, c], only_z[c])
        total += MP.mpf(count) / n * MP.log(MP.mpf(ratio.numerator) / ratio.denominator)
    return total


def corrected(
    entropy: Callable[[Sequence[int]], Number], x: Sequence[Any], y: Sequence[Any], z: Sequence[Any]
) -> Number:
    """H(X, Z) + H(Y, Z) − H(X, Y, Z) − H(Z), each by an estimator of entropy from counts."""

    def of(*columns: Sequence[Any]) -> Number:
        return entropy(list(Counter(zip(*columns, strict=True)).values()))

    return of(x, z) + of(y, z) - of(x, y, z) - of(z)
