"""Digamma, trigamma and rising factorials, with the same bits on every machine.

Series for large arguments (Abramowitz and Stegun, *Handbook of Mathematical Functions*, 6.1.40,
6.3.18 and 6.4.12), which smaller ones are brought to by the recurrences. What is large and would
cancel is left out of them: :func:`digamma_gap` is what ψ lacks to the logarithm.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values

#: From here on the series hold to 1e-16.
_FAR = 16


def digamma_gap(x: Any) -> Values:
    """Gap ln x − ψ(x) between the logarithm and the digamma function, for x > 0.

    Examples
    --------
    >>> digamma_gap(1.0).round(12).item()  # Euler's constant
    0.577215664902
    """
    x = np.asarray(x, dtype=np.float64)
    far = _gap_far_out(np.where(x < _FAR, x + _FAR, x))
    near = np.minimum(x, _FAR)
    steps: Values = sum(1 / (near + step) for step in range(_FAR)) - portable.log1p(_FAR / near)
    return np.where(x < _FAR, far + steps, far)


def _gap_far_out(x: Values) -> Values:
    z = 1 / (x * x)
    return 0.5 / x + z * (1 / 12 - z * (1 / 120 - z * (1 / 252 - z * (1 / 240 - z / 132))))


def digamma(x: Any) -> Values:
    """Digamma function ψ(x) for x > 0.

    Examples
    --------
    >>> digamma(2.0).round(12).item()
    0.422784335098
    """
    found: Values = portable.log(x) - digamma_gap(x)
    return found


def trigamma(x: Any) -> Values:
    """Trigamma function ψ′(x) for x > 0.

    Examples
    --------
    >>> trigamma(1.0).round(12).item()  # π² / 6
    1.644934066848
    """
    x = np.asarray(x, dtype=np.float64)
    y = np.where(x < _FAR, x + _FAR, x)
    z = 1 / (y * y)
    series = 1 / 6 - z * (1 / 30 - z * (1 / 42 - z * (1 / 30 - z * 5 / 66)))
    far = (1 + 0.5 / y + z * series) / y
    near = np.minimum(x, _FAR)
    steps = sum(1 / (near + step) ** 2 for step in range(_FAR))
    found: Values = np.where(x < _FAR, far + steps, far)
    return found


def log_rising(x: Values, steps: Values) -> Values:
    """Logarithm of the rising factorial Γ(x + c) / Γ(x), for x > 0 and c ≥ 0; they broadcast.

    Free of the cancellation of two log-gammas where x is far above c.

    Examples
    --------
    >>> portable.exp(log_rising(np.array(2.0), np.array(3.0))).round(9).item()  # 2 · 3 · 4
    24.0
    """
    y = np.where(x < _FAR, x + _FAR, x)
    top = y + steps
    far = (y - 0.5) * portable.log1p(steps / y) + steps * portable.log(top) - steps
    far = far + (_stirling_rest(top) - _stirling_rest(y))
    near = np.minimum(x, _FAR)
    ratio: Values = near / (near + steps)
    for step in range(1, _FAR):
        ratio = ratio * ((near + step) / (near + steps + step))
    found: Values = np.where(x < _FAR, far + portable.log(ratio), far)
    return found


def _stirling_rest(x: Values) -> Values:
    z = 1 / (x * x)
    return (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z * (1 / 1680 - z / 1188)))) / x


def digamma_table(most: int) -> Values:
    """Digamma function of 1, 2, …, ``most``.

    Examples
    --------
    >>> digamma_table(3).round(12).tolist()
    [-0.577215664902, 0.422784335098, 0.922784335098]
    """
    near = np.arange(1.0, min(most, _FAR) + 1)
    far = np.arange(_FAR + 1.0, most + 1)
    return np.append(digamma(near), portable.log(far) - _gap_far_out(far))
