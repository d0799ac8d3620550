"""Elementary functions and products whose bits are the same on every machine."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from unsurprised import _kernels, portable
from unsurprised.statistics.student import two_sided

RNG = np.random.default_rng(0)
SMALL = 10.0 ** RNG.uniform(-20, 0, 200)
SIGNED = np.concatenate([RNG.uniform(-700, 700, 300), RNG.uniform(-1, 1, 300), SMALL, -SMALL])
POSITIVE = np.concatenate([10.0 ** RNG.uniform(-300, 300, 300), RNG.uniform(0.5, 2, 300)])
NEGATIVE = -np.concatenate([SMALL, RNG.uniform(0, 3, 300), 10.0 ** RNG.uniform(0, 2.8, 100)])
NEAR_ONE = np.concatenate([POSITIVE, 1 + SMALL, 1 - SMALL[SMALL < 0.9]])

#: The function, its oracle, where it is asked, and its largest error in units in the last place.
FUNCTIONS = {
    "exp": (mpmath.exp, SIGNED, 1),
    "exp2": (lambda x: mpmath.mpf(2) ** x, SIGNED, 1),
    "expm1": (mpmath.expm1, SIGNED, 2),
    "log": (mpmath.log, NEAR_ONE, 2),
    "log2": (lambda x: mpmath.log(x, 2), NEAR_ONE, 3),
    "log1p": (mpmath.log1p, np.concatenate([POSITIVE, SMALL, -SMALL[SMALL < 1]]), 2),
    "log1mexp": (lambda x: mpmath.log1p(-mpmath.exp(x)), NEGATIVE, 2),
    "erf": (mpmath.erf, np.concatenate([SMALL, RNG.uniform(0, 7, 300)]), 40),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_accurate(name: str) -> None:
    oracle, values, most = FUNCTIONS[name]
    with mpmath.workprec(1200):
        for value, found in zip(values, getattr(portable, name)(values), strict=True):
            true = oracle(mpmath.mpf(float(value)))
            if abs(true) > 1e-300:
                assert abs(mpmath.mpf(float(found)) - true) <= most * np.spacing(abs(float(true)))


@pytest.mark.parametrize("name", ["exp", "exp2", "expm1", "log", "log2", "log1p"])
def test_functions_at_their_ends(name: str) -> None:
    ends = np.array([0.0, np.inf, -np.inf, np.nan, -1.0, -2.0, 710.0, 1100.0, -800.0, -2000.0])
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(ends)
    np.testing.assert_allclose(getattr(portable, name)(ends), expected, rtol=1e-15)


def test_ends_of_what_numpy_has_not() -> None:
    np.testing.assert_array_equal(
        portable.log1mexp([0.0, -np.inf, -1e-300]), [-np.inf, 0.0, portable.log(1e-300)]
    )
    np.testing.assert_array_equal(portable.erf([0.0, np.inf, np.nan]), [0.0, 1.0, np.nan])
    np.testing.assert_array_equal(portable.logaddexp([-np.inf, 0.0], -np.inf), [-np.inf, 0.0])
    assert [portable.cbrt(value) for value in (-8.0, 27.0, 1.0)] == [-2.0, 3.0, 1.0]
    assert portable.cbrt(np.inf) == np.inf


def test_whole_powers_of_two_are_exact() -> None:
    powers = np.arange(-1074.0, 1024.0)
    np.testing.assert_array_equal(portable.exp2(powers), np.ldexp(1.0, powers.astype(int)))
    np.testing.assert_array_equal(portable.log2(np.ldexp(1.0, powers.astype(int))), powers)


@pytest.mark.parametrize("precision", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("n", "k", "m"),
    [
        (1, 1, 1),
        (3, 70, 9),
        (4, 64, 8),
        (5, 129, 17),
        (9, 3, 1),
        (1, 7, 40),
        (6, 0, 3),
        (33, 65, 16),
    ],
)
def test_products_are_sums_in_order(n: int, k: int, m: int, precision: type) -> None:
    a, b = RNG.normal(size=(n, k)).astype(precision), RNG.normal(size=(k, m)).astype(precision)
    expected = np.zeros((n, m), dtype=precision)
    for p in range(k):
        expected = expected + a[:, p, None] * b[p]
    for left in (a, np.asfortranarray(a), np.repeat(a, 2, axis=1)[:, ::2], a[::-1].copy()[::-1]):
        found = portable.matmul(left, b)
        assert found.dtype == precision
        np.testing.assert_array_equal(found, expected)


def test_products_of_vectors() -> None:
    a, b = RNG.normal(size=5), RNG.normal(size=(5, 4))
    np.testing.assert_allclose(portable.matmul(a, b), a @ b)
    np.testing.assert_allclose(portable.matmul(b.T, a), b.T @ a)
    assert portable.matmul(a, a) == pytest.approx(a @ a)
    assert portable.norm(a) == pytest.approx(np.sqrt(a @ a))
    assert portable.power(0.75, 1000) == pytest.approx(0.75**1000, rel=1e-13)
    assert portable.effective_count(np.array([1.0, 1.0, 0.0])) == 2


@pytest.mark.parametrize("size", [1, 2, 7, 40])
def test_factors_undo_a_matrix(size: int) -> None:
    root, right = RNG.normal(size=(size, size)), RNG.normal(size=size)
    matrix = root @ root.T + np.eye(size)
    factor = portable.factorised(matrix)
    np.testing.assert_allclose(np.triu(factor).T @ np.triu(factor), matrix, atol=1e-12)
    np.testing.assert_allclose(matrix @ portable.solved(factor, right), right, atol=1e-10)
    assert portable.factorised(-matrix) is None
    assert portable.factorised(np.full((size, size), np.nan)) is None


@pytest.mark.parametrize("rank", [1, 3, 6])
def test_lengths_under_a_singular_matrix(rank: int) -> None:
    root = RNG.normal(size=(6, rank))
    matrix = root @ root.T
    size = np.sqrt(np.diag(matrix))
    even, vectors = matrix / np.outer(size, size), (RNG.normal(size=(4, rank)) @ root.T) / size
    expected = np.einsum("ij,jk,ik->i", vectors, np.linalg.pinv(even, 1e-9), vectors)
    np.testing.assert_allclose(portable.squared_length(even, vectors, 1e-9), expected, rtol=1e-6)


def test_student_t() -> None:
    with mpmath.workdps(40):
        for degrees in (1.0, 2.0, 4.5, 31.0, 255.0):
            for t in (1e-6, 0.3, 1.0, 2.04, 7.0, 40.0):
                x = degrees / (degrees + mpmath.mpf(t) ** 2)
                true = mpmath.betainc(mpmath.mpf(degrees) / 2, 0.5, 0, x, regularized=True)
                assert two_sided(t, degrees) == pytest.approx(float(true), rel=1e-12)
                assert two_sided(-t, degrees) == two_sided(t, degrees)
    assert (two_sided(0.0, 3.0), two_sided(1e99, 255.0)) == (1.0, 0.0)


def test_wrong_arguments() -> None:
    one, square = np.zeros(1), np.zeros((2, 2))
    with pytest.raises(ValueError, match="no kernel computes sin"):
        _kernels.apply("sin", one, one)
    for wrong in (np.zeros(2), np.zeros(1, np.float32)):
        with pytest.raises(ValueError, match="another type, length or layout"):
            _kernels.apply("exp", one, wrong)
        with pytest.raises(ValueError, match="another type, length or layout"):
            _kernels.solve(square, wrong[:1])
    with pytest.raises(ValueError, match="matrices of other types or shapes"):
        _kernels.multiply(square, np.zeros((3, 2)), square)
    with pytest.raises(ValueError, match="matrices of other types or shapes"):
        _kernels.multiply(square.astype(int), square, square)
    with pytest.raises(ValueError, match="another type, length or layout"):
        _kernels.factorise(square, 3)


@pytest.mark.parametrize("count", [0, 1, 2, 23, 24, 25, 1000, 40_000])
def test_order(count: int) -> None:
    """That of NumPy's stable sort, of numbers that are far apart, close, the same, infinite."""
    random = np.random.default_rng(count)
    numbers = random.normal(size=count)
    doubles = [
        numbers,
        np.exp(100 * numbers),
        1 + numbers * 1e-15,
        np.round(numbers, 1) + 0.0,
        np.zeros(count),
        np.where(numbers > 1, np.inf, np.where(numbers < -1, -np.inf, numbers)),
        np.sort(numbers),
        -np.sort(-numbers),
    ]
    hashes = random.integers(0, 2**64, count, dtype=np.uint64)
    for given in (*doubles, hashes, hashes >> np.uint64(60), hashes & np.uint64(255)):
        expected = np.argsort(given, kind="stable")
        np.testing.assert_array_equal(portable.argsort(given), expected)
