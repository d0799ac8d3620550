"""Formula of each calibrator, for NumPy, PyTorch and the exported source.

A formula takes the array library ``xp``, rows ``x`` of natural log-probabilities (..., K) and its
fitted parameters (arrays, or lists of arrays), and gives scores whose softmax is the calibrated
row. It uses nothing but ``xp`` and the formulas of this module, for it is exported as plain text.
"""

# The exported source must run without this package, so nothing of it is imported here.
from __future__ import annotations

from typing import Any

Array = Any


def log_softmax(xp: Any, scores: Array) -> Array:
    """Scores less their log-sum-exp; the largest keeps its digits: it is −log1p of the others."""
    shifted = scores - xp.max(scores, axis=-1, keepdims=True)
    is_top = shifted == 0.0
    others = xp.sum(xp.where(is_top, 0.0, xp.exp(shifted)), axis=-1, keepdims=True)
    ties = xp.sum(xp.where(is_top, 1.0, xp.zeros_like(shifted)), axis=-1, keepdims=True)
    return shifted - xp.log1p(others + (ties - 1.0))


def temperature(xp: Any, x: Array, inverse_temperature: Array) -> Array:
    """Scores x / T."""
    return inverse_temperature * x


def vector(xp: Any, x: Array, scale: Array, shift: Array) -> Array:
    """Scores a ∘ x + b; what had no chance keeps none."""
    impossible = xp.isinf(x)
    return xp.where(impossible, x, scale * xp.where(impossible, 0.0, x) + shift)


def matrix(xp: Any, x: Array, scale: Array, shift: Array) -> Array:
    """W x + b."""
    return xp.matmul(x, scale.T) + shift


def structured(xp: Any, x: Array, scale: Array, shift: Array, inverse_temperature: Array) -> Array:
    """W log softmax(x / T) + b."""
    return matrix(xp, log_softmax(xp, inverse_temperature * x), scale, shift)


def prior_shift(xp: Any, x: Array, shift: Array) -> Array:
    """Scores x + log(new frequency / old frequency)."""
    return x + shift


def uniform_mixing(xp: Any, x: Array, epsilon: Array) -> Array:
    """log((1 − ε) exp(x) + ε / K)."""
    return xp.logaddexp(x + xp.log1p(-epsilon), xp.log(epsilon / x.shape[-1]))


def platt(xp: Any, x: Array, slope: Array, shift: Array) -> Array:
    """Log-odds z of class 1 become a z + b."""
    stretched = xp.where(slope == 0.0, 0.0, slope * (x[..., 1] - x[..., 0]))
    return of_odds(xp, stretched + shift)


def beta(xp: Any, x: Array, towards_one: Array, from_zero: Array, shift: Array) -> Array:
    """Log-odds of class 1 become a ln p − b ln(1 − p) + c; a factor of 0 silences an infinity."""
    for_one = xp.where(towards_one == 0.0, 0.0, towards_one * x[..., 1])
    for_zero = xp.where(from_zero == 0.0, 0.0, from_zero * x[..., 0])
    return of_odds(xp, for_one - for_zero + shift)


def of_odds(xp: Any, odds: Array) -> Array:
    """Scores of both classes from the log-odds of class 1; infinite ones are certainty."""
    against = xp.where(odds > 0.0, -odds, 0.0)
    return xp.stack([against, xp.where(odds > 0.0, 0.0, odds)], axis=-1)


def isotonic(xp: Any, x: Array, knots: list[Array], values: list[Array]) -> Array:
    """Each class by its own curve, then row / Σrow; of two classes, class 1 by the only one."""
    odds = x - xp.log(-xp.expm1(x))  # of each class against the rest
    if len(knots) == 1:
        raised = curve(xp, odds[..., 1] + 0.0, knots[0], values[0])  # contiguous for PyTorch
        return xp.stack([xp.log1p(-raised), xp.log(raised)], axis=-1)
    each = [curve(xp, odds[..., k] + 0.0, knots[k], values[k]) for k in range(len(knots))]
    return xp.log(xp.stack(each, axis=-1))


def curve(xp: Any, odds: Array, knots: Array, values: Array) -> Array:
    """The curve through (knots, values): flat outside, linear in the probability between knots."""
    upper = xp.clip(xp.searchsorted(knots, odds), 1, knots.shape[0] - 1)
    left, right = knots[upper - 1], knots[upper]
    # Probabilities are subtracted on the side of ½ where they keep their digits.
    above = left > 0.0
    falling, rising = probability(xp, -knots), probability(xp, knots)
    here = probability(xp, xp.where(above, -1.0, 1.0) * xp.clip(odds, left, right))
    start = xp.where(above, falling[upper - 1], rising[upper - 1])
    end = xp.where(above, falling[upper], rising[upper])
    flat = start == end
    share = xp.where(flat, 1.0, (here - start) / xp.where(flat, 1.0, end - start))
    share = xp.where(odds >= right, 1.0, xp.where(odds <= left, 0.0, share))
    return values[upper - 1] + share * (values[upper] - values[upper - 1])


def probability(xp: Any, odds: Array) -> Array:
    """1 / (1 + exp(−odds)), without overflow."""
    small = xp.exp(-xp.abs(odds))
    return xp.where(odds >= 0.0, 1.0, small) / (1.0 + small)
