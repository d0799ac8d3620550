"""Mixtures of distributions, every entry right to its last digits, on arrays of any library."""

from __future__ import annotations

from unsurprised.array_types import Array
from unsurprised.arrays.libraries import Namespace, detached
from unsurprised.measures._two_floats import two_sum


def mixture(epsilon: Array, p: Array, towards: Array | None = None) -> Array:
    """``(1 − ε)·P + ε·U`` of shares; U is uniform where ``towards`` is None."""
    other = epsilon / p.shape[-1] if towards is None else epsilon * towards
    return (1.0 - epsilon) * p + other


def exact_shares(xp: Namespace, values: Array, *, log: bool) -> Array:
    """What each entry of mass (or of log scores) has of its row's total.

    Unlike the shares that measures work with, those of logits keep all digits far below the top:
    the rounding error of a difference of 700 is worth 400 last places of its exponential.
    """
    weights = _weights(xp, values) if log else values
    return weights / _total(xp, weights)


def _weights(xp: Namespace, scores: Array) -> Array:
    top = detached(xp.max(scores, axis=-1, keepdims=True))
    possible = scores > -xp.inf
    gap, lost = two_sum(xp.where(possible, scores, top), -top)
    lost = xp.where(xp.isfinite(gap), lost, 0.0)  # scores further apart than the largest float
    weight = xp.exp(gap)
    return xp.where(possible, weight + weight * lost, 0.0)


def _total(xp: Namespace, terms: Array) -> Array:
    """The sum over the classes, as if rounded once; pairwise, with all that rounding loses."""
    lost = 0.0
    while (classes := terms.shape[-1]) > 1:
        half = classes // 2
        sums, errors = two_sum(terms[..., :half], terms[..., half : 2 * half])
        lost = lost + xp.sum(errors, axis=-1, keepdims=True)
        terms = sums if classes == 2 * half else xp.concat([sums, terms[..., 2 * half :]], axis=-1)
    return terms + lost
