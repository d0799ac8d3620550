"""Floating-point arithmetic that gives the same bits on every machine, NumPy's version or not.

An encoder and a decoder must turn the same probabilities into the same integers, years and
processors apart. Sums, products, quotients and roundings are defined to the last bit by IEEE 754;
the order of ``np.sum`` and the last digits of ``np.exp`` are not, so neither is used here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unsurprised.forms import DistributionForm

Floats = NDArray[np.float64]

_LOG2_E = 1.4426950408889634
#: ln 2 in two parts; products of the first with exponents of floats are exact.
_LN2_UPPER, _LN2_LOWER = 0.6931471803691238, 1.9082149292705877e-10
_LOWEST = -746.0
_TERMS = 14


def exponential(x: Floats) -> Floats:
    """``exp(x)`` of numbers of at most 0, right to a few units in the last place.

    >>> exponential(np.array([0.0, -1.0, -800.0, -np.inf]))
    array([1.        , 0.36787944, 0.        , 0.        ])
    """
    bounded = np.maximum(x, _LOWEST)
    exponent = np.rint(bounded * _LOG2_E)
    rest = (bounded - exponent * _LN2_UPPER) - exponent * _LN2_LOWER
    series = np.ones_like(rest)
    for term in range(_TERMS, 0, -1):
        series = 1.0 + series * rest / term
    return np.asarray(np.ldexp(series, exponent.astype(np.int32)))


def total(terms: Floats) -> Floats:
    """The sum over the last axis, kept as an axis of length 1; the order is the code's."""
    while (count := terms.shape[-1]) > 1:
        half = count // 2
        sums = terms[..., :half] + terms[..., half : 2 * half]
        if count % 2:
            sums[..., :1] += terms[..., -1:]
        terms = sums
    return terms


def shares_of(form: DistributionForm) -> Floats:
    """What the rows of a form (classes last, already checked) state."""
    values = form.array.as_float64()
    with np.errstate(all="ignore"):
        top = values.max(axis=-1, keepdims=True)  # so that no sum overflows
        if form.kind in ("logits", "logprobs"):
            values = exponential(np.where(values == top, 0.0, values - top))
        else:
            values = values / top
        return values / total(values)


def mixed_in(shares: Floats, epsilon: float) -> Floats:
    """The shares with ε spread evenly among them."""
    return (1.0 - epsilon) * shares + epsilon / shares.shape[-1] if epsilon else shares
