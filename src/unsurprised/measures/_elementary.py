"""Functions that keep their digits, and products that keep their derivatives, in array operations.

They run on every array API namespace ``xp``. Derivatives are taken by the library that the arrays
come from, so whatever is not selected must still be finite: the derivative of what a ``where``
leaves out is multiplied by zero, and 0 · inf is NaN.
"""

from __future__ import annotations

from unsurprised.array_types import Array
from unsurprised.arrays.libraries import Namespace, detached


def attach(value: Array, carrier: Array) -> Array:
    """``value`` to the last bit, with every derivative of ``carrier``.

    Lets a value be found by whatever way keeps most digits, while its derivatives are those of the
    plain formula. ``carrier`` must be finite.
    """
    return detached(value) + (carrier - detached(carrier))


def steep(xp: Namespace, zero: Array) -> Array:
    """Zero where ``zero`` is, with an infinite derivative; 0, not NaN, where none is asked for."""
    # Divided by a one that no compiler knows: it could multiply two constants into an infinity.
    huge = float(xp.finfo(zero.dtype).max) / (1.0 + detached(zero))
    return zero * huge * huge


def magnitude(xp: Namespace, x: Array) -> Array:
    """``|x|``, whose derivative at 0 is 0 (some libraries say 1)."""
    return xp.where(x < 0, -x, xp.where(x > 0, x, 0.0))


def weighted(xp: Namespace, share: Array, logarithm: Array, *, attached: bool) -> Array:
    """``share · logarithm`` with 0 · ±inf = 0, whose derivative by the share is ±inf."""
    endless = xp.isinf(logarithm)
    finite = xp.where(endless, 0.0, logarithm)
    product = xp.where(
        endless,
        xp.where(share > 0, detached(logarithm), 0.0),
        xp.where(endless, 0.0, share) * finite,
    )
    if not attached:
        return product
    never = xp.where(endless & (share == 0), share, 0.0)
    slope = steep(xp, never)
    return product + xp.where(logarithm < 0, -slope, slope)


def safe_log(xp: Namespace, x: Array) -> Array:
    """``log x``, −inf at 0 with an infinite derivative there, but 0 where none is asked for."""
    positive = x > 0
    logarithm = xp.log(xp.where(positive, x, 1.0))
    return xp.where(positive, logarithm, steep(xp, xp.where(positive, 0.0, x)) - xp.inf)


def without_derivative(values: Array, like: Array) -> Array:
    """``values``, that do not depend on ``like``, with the derivative 0 by it."""
    return attach(values, 0.0 * like)


def root(xp: Namespace, square: Array) -> Array:
    """The square root, whose derivative at 0 is 0: the kink of a distance between equals."""
    positive = square > 0
    return xp.where(positive, xp.sqrt(xp.where(positive, square, 1.0)), 0.0)


def log1p(xp: Namespace, x: Array) -> Array:
    """``log1p x``, on JAX too."""
    if not xp.__name__.startswith("jax"):
        return xp.log1p(x)
    # XLA's is off by a hundred last places of a double around −0.4, where 1 + x loses nothing.
    low = x < -0.3
    far = xp.log(xp.where(low, 1.0 + x, 1.0))
    return xp.where(low, far, xp.log1p(xp.where(low, 0.0, x)))


def log1p_minus(xp: Namespace, x: Array) -> Array:
    """``log1p(x) − x``, never above zero, to a few units of the last place.

    With s = x / (2 + x), log1p(x) = 2 artanh(s) and x − 2s = s·x, so nothing cancels:
    −s·x + 2s³ (1/3 + s²/5 + s⁴/7 + …).
    """
    small = (x > -0.3) & (x < 0.4)
    near = xp.where(small, x, 0.0)
    s = near / (2.0 + near)
    square = s * s
    series = 1.0 / 25
    for odd in range(23, 1, -2):
        series = series * square + 1.0 / odd
    far = xp.where(small, 1.0, x)
    return xp.where(small, 2.0 * s * square * series - s * near, log1p(xp, far) - far)


#: 1/n! down from n = 15: beyond that, nothing below 1/2 is left of a double.
_FACTORIALS = (
    1 / 1307674368000,
    1 / 87178291200,
    1 / 6227020800,
    1 / 479001600,
    1 / 39916800,
    1 / 3628800,
    1 / 362880,
    1 / 40320,
    1 / 5040,
    1 / 720,
    1 / 120,
    1 / 24,
    1 / 6,
    1 / 2,
)


def expm1_share_minus_1(xp: Namespace, z: Array) -> Array:
    """``expm1(z) / z − 1``, which is z/2 near zero."""
    small = (z > -0.5) & (z < 0.5)
    near = xp.where(small, z, 0.0)
    series = _FACTORIALS[0] * near
    for coefficient in _FACTORIALS[1:-1]:
        series = (series + coefficient) * near
    series = (series + _FACTORIALS[-1]) * near
    far = xp.where(small, 1.0, z)
    return xp.where(small, series, xp.expm1(far) / far - 1.0)


def expm1_share(xp: Namespace, z: Array) -> Array:
    """``expm1(z) / z``, which is 1 at zero and −1/z far below."""
    small = (z > -0.5) & (z < 0.5)
    far = xp.where(small, 1.0, z)
    near = expm1_share_minus_1(xp, xp.where(small, z, 0.0)) + 1.0
    return xp.where(small, near, xp.expm1(far) / far)


def log_sum_exp(xp: Namespace, exponents: Array) -> Array:
    """``log Σ exp`` along the last axis; infinities as they should be, derivatives finite."""
    top = detached(xp.max(exponents, axis=-1, keepdims=True))
    top = xp.where(xp.isinf(top), 0.0, top)
    possible = exponents > -xp.inf
    terms = xp.where(possible, xp.exp(xp.where(possible, exponents, 0.0) - top), 0.0)
    total = xp.sum(terms, axis=-1, keepdims=True)
    positive = total > 0
    logarithm = xp.log(xp.where(positive, total, 1.0)) + top
    return xp.where(positive, logarithm, -xp.inf)[..., 0]
