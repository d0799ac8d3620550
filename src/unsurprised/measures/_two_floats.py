"""Numbers as the sum of two floats: products and differences without rounding errors.

Dekker (1971) and Knuth's error-free transformations in plain array operations; where a compiler
fuses a multiplication with an addition, the result is as good or better.
"""

from __future__ import annotations

import math

from unsurprised.array_types import Array
from unsurprised.arrays.libraries import Namespace


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """``a + b`` and its rounding error."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _halves(xp: Namespace, a: Array) -> tuple[Array, Array]:
    digits = round(-math.log2(float(xp.finfo(a.dtype).eps))) + 1
    spread = a * (2.0 ** ((digits + 1) // 2) + 1.0)
    high = spread - (spread - a)
    return high, a - high


def two_product(xp: Namespace, a: Array, b: Array) -> tuple[Array, Array]:
    """``a · b`` and its rounding error, for factors below 1e150."""
    product = a * b
    (a1, a0), (b1, b0) = _halves(xp, a), _halves(xp, b)
    return product, ((a1 * b1 - product) + a1 * b0 + a0 * b1) + a0 * b0


def difference_of_products(xp: Namespace, a: Array, b: Array, c: Array, d: Array) -> Array:
    """``a·b − c·d``, exactly zero where the products are equal, else to a few last places."""
    (left, left_error), (right, right_error) = two_product(xp, a, b), two_product(xp, c, d)
    difference, error = two_sum(left, -right)
    return difference + (error + (left_error - right_error))


def scale_to_one(xp: Namespace, largest: Array) -> Array:
    """A power of two that brings ``largest`` to a moderate size, at least 1.

    So products do not overflow, and no tiny entry beside it is lost. One of seven constants, as no
    library's ``exp2`` is sure to be exact.
    """
    quarter = round(math.log2(float(xp.finfo(largest.dtype).max)) / 4)
    scale = xp.ones_like(largest)
    for step in (1, 2, 3):
        power = 2.0 ** (quarter * step)
        scale = xp.where(largest >= power, 1.0 / power, scale)
        scale = xp.where(largest * (power / 2.0**quarter) < 1.0, power, scale)
    return scale


def lifted(xp: Namespace, a: Array, b: Array) -> tuple[Array, Array]:
    """Both times the same power of two, so that tiny pairs keep their digits in products."""
    power = 2.0 ** round(math.log2(float(xp.finfo(a.dtype).max)) / 2)
    tiny = (a < 1.0 / power) & (b < 1.0 / power)
    scale = xp.where(tiny, power, xp.ones_like(a * b))
    return a * scale, b * scale


def two_float_sum(xp: Namespace, high: Array, low: Array) -> tuple[Array, Array]:
    """The sum along the last axis of numbers that are each ``high + low``, as such a number."""
    while high.shape[-1] > 1:
        half, odd = divmod(high.shape[-1], 2)
        total, error = two_sum(high[..., :half], high[..., half : 2 * half])
        rest = low[..., :half] + low[..., half : 2 * half] + error
        if odd:
            total = xp.concat([total, high[..., -1:]], axis=-1)
            rest = xp.concat([rest, low[..., -1:]], axis=-1)
        high, low = two_sum(total, rest)
    return high[..., 0], low[..., 0]
