"""NumPy's elementary functions and products of matrices, with the same bits on every machine.

IEEE 754 defines +, −, ×, ÷ and √ to the last bit, and NumPy's sums have one order for one layout.
Its ``exp`` and ``log`` come from the C library, or from vector code where a processor has it, and
``@``, ``dot``, ``einsum`` and ``linalg`` from a BLAS that picks a kernel for the processor: their
last digits are the machine's. What a report rests on uses these instead. The module has all other
names of NumPy, so that it can be the array library of a formula.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.array_types import Values


def __getattr__(name: str) -> Any:
    return getattr(np, name)


def _applied(name: str, values: Any) -> Any:
    given = np.asarray(values, dtype=np.float64)
    found = np.empty(given.shape)
    _kernels.apply(name, np.ascontiguousarray(given), found)
    return found if given.ndim else np.float64(found)


def exp(values: Any) -> Any:
    """Exponential.

    Examples
    --------
    >>> exp([0.0, -np.inf])
    array([1., 0.])
    """
    return _applied("exp", values)


def exp2(values: Any) -> Any:
    """Power of two; of whole numbers it is exact.

    Examples
    --------
    >>> float(exp2(3.0))
    8.0
    """
    return _applied("exp2", values)


def expm1(values: Any) -> Any:
    """Exponential less one, which keeps its digits close to 0."""
    return _applied("expm1", values)


def log(values: Any) -> Any:
    """Natural logarithm; −∞ at 0, NaN below."""
    return _applied("log", values)


def log2(values: Any) -> Any:
    """Logarithm to base 2; of powers of two it is exact."""
    return _applied("log2", values)


def log1p(values: Any) -> Any:
    """Natural logarithm of 1 + x, which keeps its digits close to 0."""
    return _applied("log1p", values)


def log1mexp(values: Any) -> Any:
    """Natural logarithm of 1 − eˣ for x ≤ 0: of the probability that is left."""
    return _applied("log1mexp", values)


def erf(values: Any) -> Any:
    """Error function of numbers from 0 on, relative to 1e-14."""
    return _applied("erf", values)


def logaddexp(a: Any, b: Any) -> Any:
    """Logarithm of eᵃ + eᵇ."""
    high, low = np.maximum(a, b), np.minimum(a, b)
    with np.errstate(invalid="ignore"):
        gap = np.where(high == low, 0.0, low - high)
    return high + log1p(exp(gap))


def cbrt(value: float) -> float:
    """Cube root of a number: by a logarithm, then a step of Halley's method.

    Examples
    --------
    >>> cbrt(-1.0), cbrt(0.0)
    (-1.0, 0.0)
    """
    size = abs(value)
    if size == 0 or not math.isfinite(size):
        return value
    root = float(exp(log(size) / 3))
    cube = root * root * root
    root *= (cube + 2 * size) / (2 * cube + size)
    return root if value > 0 else -root


def power(base: float, exponent: int) -> float:
    """Whole power of a number, by squares.

    Examples
    --------
    >>> power(3.0, 5)
    243.0
    """
    found = 1.0
    while exponent:
        if exponent & 1:
            found *= base
        base *= base
        exponent >>= 1
    return found


def effective_count(weights: Values) -> float:
    """How many equal weights tell as much: (Σ w)² / Σ w² (Kish, *Survey Sampling*, 1965)."""
    total = float(weights.sum())
    return total * total / float(np.square(weights).sum())


def matmul(a: NDArray[Any], b: NDArray[Any]) -> Any:
    """Product ``a @ b`` of vectors or matrices; each entry is a sum in the order of the terms.

    Examples
    --------
    >>> matmul(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, 10.0]))
    array([21., 43.])
    """
    precision = np.result_type(a, b)
    left = (a if a.ndim == 2 else a[None, :]).astype(precision, copy=False)
    right = np.ascontiguousarray(b if b.ndim == 2 else b[:, None], dtype=precision)
    found = np.empty((left.shape[0], right.shape[1]), dtype=precision)
    _kernels.multiply(left, right, found)
    shape = a.shape[:-1] + b.shape[1:]
    return found.reshape(shape) if shape else float(found[0, 0])


def norm(vector: Values) -> float:
    """Euclidean length."""
    return float(np.sqrt(np.square(vector).sum()))


def factorised(matrix: Values) -> Values | None:
    """U with a positive diagonal in the upper triangle, where the matrix is Uᵀ U (Cholesky).

    ``None`` for a matrix that is not positive definite.
    """
    factor = np.array(matrix, dtype=np.float64, order="C")
    return factor if _kernels.factorise(factor, len(factor)) else None


def solved(factor: Values, right: Values) -> Values:
    """The x with Uᵀ U x = right.

    Examples
    --------
    >>> factor = factorised(np.array([[4.0, 2.0], [2.0, 5.0]]))
    >>> solved(factor, np.array([8.0, 12.0]))
    array([1., 2.])
    """
    found = np.array(right, dtype=np.float64)
    _kernels.solve(factor, found)
    return found


def squared_length(matrix: Values, vectors: Values, flat: float) -> Values:
    """vᵀ M⁺ v of rows v in the range of a matrix M that may be singular; M has a diagonal of ones.

    Pivots below ``flat`` times the largest count as none. By the pivoted factor (Higham, *Accuracy
    and Stability of Numerical Algorithms*, 2002, section 10.3).

    Examples
    --------
    >>> squared_length(np.ones((2, 2)), np.array([[3.0, 3.0]]), 1e-9)
    array([9.])
    """
    rest, left = np.array(matrix, dtype=np.float64), np.array(vectors, dtype=np.float64)
    total, floor = np.zeros(len(left)), flat * float(np.diag(rest).max())
    for _ in range(len(rest)):
        pivots = np.diag(rest)
        chosen = int(np.argmax(pivots))
        if not pivots[chosen] > floor:
            break
        row = rest[chosen] / np.sqrt(pivots[chosen])
        share = left[:, chosen] / row[chosen]
        total += share * share
        rest -= np.multiply.outer(row, row)
        rest[chosen] = rest[:, chosen] = 0.0
        left -= np.multiply.outer(share, row)
    return total
