"""Tail probabilities of Student's t, with the same bits on every machine."""

from __future__ import annotations

import math

from unsurprised import portable

_MOST_TERMS = 1000
_TINY = 1e-300


def two_sided(t: float, degrees: float) -> float:
    """P(|T| ≥ |t|) of Student's t: the incomplete beta function I_x(ν/2, ½) at x = ν / (ν + t²).

    Relative to 1e-12 while it is a normal number.

    References
    ----------
    Abramowitz and Stegun, *Handbook of Mathematical Functions*, 26.5.8 and 26.7.1.

    Examples
    --------
    >>> round(two_sided(12.706204736174694, 1), 12)
    0.05
    """
    a, squared = degrees / 2, t * t
    x, y = degrees / (degrees + squared), squared / (degrees + squared)
    if y == 0:
        return 1.0
    # ln x from y where x is close to 1.
    log_x = float(portable.log1p(-y) if y < 0.5 else portable.log(x))
    height = float(portable.exp(a * log_x)) * math.sqrt(y) * _gamma_ratio(a) / math.sqrt(math.pi)
    if x < (a + 1) / (a + 2.5):
        return height * _fraction(a, 0.5, x) / a
    return 1.0 - height * _fraction(0.5, a, y) / 0.5


def _gamma_ratio(a: float) -> float:
    """Γ(a + ½) / Γ(a): a series in 1/a, from an a that is large enough for it."""
    factor = 1.0
    while a < 100:
        factor *= a / (a + 0.5)
        a += 1
    z = 1 / a
    rest = 5 / 1024 + z * (-21 / 32768 - z * 399 / 262144)
    return factor * math.sqrt(a) * (1 + z * (-1 / 8 + z * (1 / 128 + z * rest)))


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if d else _TINY)
    found = d
    for m in range(1, _MOST_TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + term * d
            c = 1 + term / c
            d = 1 / (d if d else _TINY)
            c = c or _TINY
            change = c * d
            found *= change
        if abs(change - 1) < 1e-15:
            break
    return found
