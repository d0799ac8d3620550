"""Counts of pairs against a plain loop, shuffled tables against their distribution, wrong calls."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from wrong_arrays import NOT_THREE, REFUSED

from unsurprised import _kernels

KINDS = ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")


def cells(x: Any, y: Any, sizes: tuple[int, int], threads: int = 1) -> Any:
    counts = np.zeros(sizes, dtype=np.int64)
    least = [int(values.min()) % 2**64 for values in (x, y)]
    _kernels.count_cells(x, least[0], sizes[0], y, least[1], sizes[1], counts, threads)
    return counts


@pytest.mark.parametrize(("first", "second"), [*itertools.product(KINDS, KINDS)])
def test_pairs_of_all_integers(first: str, second: str) -> None:
    random = np.random.default_rng(1)
    columns = []
    for kind in (first, second):
        ends = np.iinfo(kind)
        columns.append(random.integers(ends.min, ends.min + 5, 1001, dtype=kind))
        columns[-1][0] = ends.min
    truth = Counter(
        (int(a) - int(columns[0].min()), int(b) - int(columns[1].min()))
        for a, b in zip(*columns, strict=True)
    )
    found = cells(*columns, (5, 5))
    assert {(i, k): found[i, k] for i, k in zip(*np.nonzero(found), strict=True)} == truth


def test_threads_and_large_tables_show_in_no_count() -> None:
    random = np.random.default_rng(2)
    x, y = random.integers(0, 1000, (2, 700_001)).astype(np.int16)
    truth = np.bincount(x.astype(int) * 1000 + y, minlength=10**6).reshape(1000, 1000)
    small = np.bincount((x % 7) * 9 + y % 9, minlength=63).reshape(7, 9)
    for threads in (1, 2, 5):
        assert (cells(x, y, (1000, 1000), threads) == truth).all()
        assert (cells(x % 7, y % 9, (7, 9), threads) == small).all()


@pytest.mark.parametrize("wrong", NOT_THREE.values(), ids=NOT_THREE)
def test_wrong_columns_are_refused(wrong: Any) -> None:
    right, counts = np.ones(3, dtype=np.int64), np.zeros((2, 2), dtype=np.int64)
    for one, other in ((wrong, right), (right, wrong)):
        with pytest.raises(REFUSED):
            _kernels.count_cells(one, 0, 2, other, 0, 2, counts, 1)
        with pytest.raises(REFUSED):
            _kernels.shuffled_tables(one, other, 0, 1.0, right.copy(), 1)
    with pytest.raises(REFUSED):
        _kernels.count_cells(right, 0, 2, right, 0, 2, wrong, 1)
    assert not counts.any()


def test_numbers_outside_of_the_table_are_refused() -> None:
    x, counts = np.array([0, 1, 5]), np.zeros((3, 3), dtype=np.int64)
    for least in (0, 1):
        with pytest.raises(ValueError, match="outside"):
            _kernels.count_cells(x, least, 3, x * 0, 0, 3, counts, 1)
    assert not counts.any()
    with pytest.raises(ValueError, match="another type, length"):
        _kernels.count_cells(x, 0, 6, x, 0, 6, counts, 1)
    for sizes in ((0, 3), (2**40, 1), (2**31, 2**31)):
        with pytest.raises(ValueError, match=r"expected|cells"):
            _kernels.count_cells(x, 0, sizes[0], x, 0, sizes[1], counts, 1)


def sums(first: Any, second: Any, count: int, units: float = 2.0**40, threads: int = 1) -> Any:
    out = np.zeros(count, dtype=np.int64)
    margins = (np.array(part, dtype=np.int64) for part in (first, second))
    _kernels.shuffled_tables(*margins, 5, units, out, threads)
    return out


def by_enumeration(first: list[int], second: list[int]) -> dict[float, Fraction]:
    """Of all orders of the rows, how many give which Σ c ln c."""
    x = [i for i, count in enumerate(first) for _ in range(count)]
    y = [i for i, count in enumerate(second) for _ in range(count)]
    found: Counter[float] = Counter()
    for order in itertools.permutations(y):
        counts = sorted(Counter(zip(x, order, strict=True)).values())
        found[round(math.fsum(c * math.log(c) for c in counts), 9)] += 1
    return {value: Fraction(times, math.factorial(len(y))) for value, times in found.items()}


@pytest.mark.parametrize(
    ("first", "second"), [([4, 4], [3, 5]), ([2, 3, 3], [4, 2, 2]), ([1, 1, 5], [6, 1])]
)
def test_tables_are_drawn_as_orders_of_the_rows_are(first: list[int], second: list[int]) -> None:
    truth, count = by_enumeration(first, second), 20_000
    found = Counter(round(value / 2.0**40, 9) for value in sums(first, second, count).tolist())
    assert set(found) <= set(truth)
    for value, share in truth.items():
        sd = math.sqrt(float(share * (1 - share)) / count)
        assert abs(found[value] / count - share) < 5 * sd + 1e-12


def test_means_of_large_tables_and_threads() -> None:
    """2 n I is about χ² of as many degrees of freedom as a table has."""
    first, second, count = [40_000, 9_000, 51_000], [30_000, 30_000, 39_999, 1], 2000
    drawn = sums(first, second, count, 2.0**30)
    for threads in (2, 3):
        assert (sums(first, second, count, 2.0**30, threads) == drawn).all()
    rows = sum(first)

    def of_margin(margin: list[int]) -> float:
        return math.fsum(c * math.log(c) for c in margin)

    twice = 2 * (drawn / 2.0**30 - of_margin(first) - of_margin(second) + rows * math.log(rows))
    # Four degrees of freedom, and 2 Σ ln(n / n_i) n_i / n of the lone row: 2 × its entropy.
    lone = 2 * math.fsum(-c / rows * math.log(c / rows) for c in first)
    assert abs(twice.mean() - 4 - lone) < 5 * math.sqrt(twice.var() / count)


def test_margins_that_no_table_has() -> None:
    for first, second in (([], []), ([0, 3], [3]), ([-1, 4], [3]), ([3], [4]), ([2**53], [2**53])):
        with pytest.raises(ValueError, match=r"margins|units"):
            sums(first, second, 3)
    for units in (0.0, -1.0, math.nan, math.inf, 2.0**60):
        with pytest.raises(ValueError, match="units"):
            sums([3], [3], 3, units)
