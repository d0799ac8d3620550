"""The divergence of counts against fractions and all permutations of small samples."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from benchmarks.coverage_drift import columns, coverage, level, shifts

import unsurprised as us
from unsurprised import _kernels
from unsurprised.estimate.two_samples import divergence_of


def divergence(base: list[int], new: list[int]) -> mpmath.mpf:
    """Jensen–Shannon divergence of two samples' shares, by its definition."""
    with mpmath.workdps(40):
        total = mpmath.mpf(0)
        for a, b in zip(base, new, strict=True):
            p, q = Fraction(a, sum(base)), Fraction(b, sum(new))
            for share in (p, q):
                if share:
                    ratio = 2 * share / (p + q)
                    log = mpmath.log(mpmath.mpf(ratio.numerator) / ratio.denominator, 2)
                    total += mpmath.mpf(share.numerator) / share.denominator * log / 2
        return total


def stability(base: list[int], new: list[int]) -> mpmath.mpf:
    with mpmath.workdps(40):
        filled = [
            [(mpmath.mpf(count) + mpmath.mpf(0.5)) / (sum(side) + mpmath.mpf(len(side)) / 2)
             for count in side] for side in (base, new)
        ]  # fmt: skip
        return mpmath.fsum((p - q) * mpmath.log(p / q) for p, q in zip(*filled, strict=True))


CASES = [
    ([1, 2, 3], [3, 2, 1]),
    ([500, 500, 0], [495, 495, 10]),
    ([1], [1]),
    ([5, 0], [0, 9]),
    ([10**9, 10**9 + 7], [10**9 + 7, 10**9]),
    ([3, 1, 4, 1, 5, 9, 2, 6], [2, 7, 1, 8, 2, 8, 1, 8]),
    ([1, 0, 0, 0], [0, 1, 1, 1]),
]


@pytest.mark.parametrize(("base", "new"), CASES)
def test_terms_against_fractions(base: list[int], new: list[int]) -> None:
    found = divergence_of(np.array(base), np.array(new), 99)
    exact = divergence(base, new)
    assert found.plugin == pytest.approx(float(exact), rel=1e-12, abs=1e-18)
    assert found.terms.sum() == pytest.approx(float(exact), rel=1e-12, abs=1e-18)
    assert found.psi == pytest.approx(float(stability(base, new)), rel=1e-9, abs=1e-15)
    measured = us.js_divergence(np.array(base) / sum(base), np.array(new) / sum(new))
    assert found.plugin == pytest.approx(float(measured), rel=1e-10, abs=1e-18)


@pytest.mark.parametrize(("base", "new"), [([3, 1, 2], [1, 3, 0]), ([4, 0], [1, 3]),
                                           ([2, 2, 1, 1], [0, 1, 2, 3])])  # fmt: skip
def test_permutations_against_all_of_them(base: list[int], new: list[int]) -> None:
    both = [a + b for a, b in zip(base, new, strict=True)]
    rows = [k for k, count in enumerate(both) for _ in range(count)]
    values = []
    for chosen in itertools.combinations(range(len(rows)), sum(base)):
        first = np.bincount([rows[at] for at in chosen], minlength=len(both)).tolist()
        rest = [b - a for a, b in zip(first, both, strict=True)]
        values.append(float(divergence(first, rest)))
    exact = np.array(values)
    found = divergence_of(np.array(base), np.array(new), 999)
    share = float((exact >= found.plugin - 1e-12).mean())
    spread = (share * (1 - share) / 999) ** 0.5
    assert abs(found.p_value - share) < 4 * spread + 2e-3
    error = float(exact.std()) / 999**0.5
    assert abs(found.plugin - found.drift.value - float(exact.mean())) < 4 * error


@pytest.mark.parametrize("drawn", [3, 23, 24, 25, 500, 20_000])
def test_permuted_counts_are_hypergeometric(drawn: int) -> None:
    """Of two categories the divergence tells the count, whose moments are known."""
    marked, others = 700, 30_000 - 700
    both = np.array([drawn, 30_000 - drawn])
    first = np.array([min(drawn, marked), marked - min(drawn, marked)])
    sums = np.empty((4000, 2))
    _kernels.permuted_divergences(first, both, 1, 0, sums, 1)
    table = np.empty((min(drawn, marked) + 1, 2))
    for count in range(len(table)):
        terms = np.empty((2, 2))
        _kernels.divergence_terms(np.array([count, marked - count]), both, terms)
        table[count] = terms.sum(axis=0)
    # The stability index has a sign on either side of what is expected, so both tell the count.
    counts = np.array([np.abs(table - row).sum(axis=1).argmin() for row in sums])
    mean = drawn * marked / 30_000
    variance = mean * (others / 30_000) * (30_000 - drawn) / (30_000 - 1)
    assert abs(counts.mean() - mean) < 4 * (variance / 4000) ** 0.5
    assert counts.var() == pytest.approx(variance, rel=0.12)


def test_names_and_order_show_in_no_bit() -> None:
    random = np.random.default_rng(1)
    base, new = random.integers(0, 40, 30) + 1, random.integers(0, 40, 30)
    found = divergence_of(base, new, 199)
    for _ in range(5):
        order = random.permutation(30)
        again = divergence_of(base[order], new[order], 199)
        assert (again.drift, again.p_value, again.psi) == (found.drift, found.p_value, found.psi)


def test_threads_and_parts_show_in_no_bit() -> None:
    first, both = np.array([50, 3, 900]), np.array([77, 9, 5000])
    whole = np.empty((500, 2))
    _kernels.permuted_divergences(first, both, 7, 0, whole, 1)
    again = np.empty((500, 2))
    _kernels.permuted_divergences(first, both, 7, 0, again, 3)
    assert whole.tobytes() == again.tobytes()
    part = np.empty((100, 2))
    _kernels.permuted_divergences(first, both, 7, 400, part, 2)
    assert part.tobytes() == whole[400:].tobytes()


_SUMS = """
import hashlib, numpy as np
from unsurprised import _kernels
digest = hashlib.sha256()
for first, both in (([50, 3, 900], [77, 9, 5000]), ([10**8, 7, 40], [3 * 10**8, 11, 90])):
    sums = np.empty((300, 2))
    _kernels.permuted_divergences(np.array(first), np.array(both), 7, 0, sums, 1)
    digest.update(sums.tobytes())
print(digest.hexdigest())
"""


def test_instruction_sets_show_in_no_bit() -> None:
    said = {
        subprocess.run(
            [sys.executable, "-c", _SUMS],
            env={**os.environ, "UNSURPRISED_ISA": name},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for name in ("baseline", "")
    }
    assert len(said) == 1


@pytest.mark.parametrize(
    ("first", "both"), [([2], [1]), ([-1, 2], [3, 3]), ([0, 0], [3, 3]), ([3, 3], [3, 3]),
                        ([1, 1], [1 << 60, 1])]
)  # fmt: skip
def test_counts_that_no_samples_have_are_refused(first: list[int], both: list[int]) -> None:
    with pytest.raises(ValueError, match=r"counts|sample|rows"):
        _kernels.divergence_terms(np.array(first), np.array(both), np.empty((len(both), 2)))


def test_a_column_among_many_can_be_found() -> None:
    random = np.random.default_rng(8)
    base = {f"c{k}": random.normal(size=300) for k in range(120)}
    new = {f"c{k}": random.normal(1.0 * (k == 5), 1, 300) for k in range(120)}
    found = us.drift(base, new)
    assert [column.name for column in found.drifted] == ["c5"]
    assert found["c5"].permutations == 4799


def test_intervals_hold_the_truth() -> None:
    scenario = {each.title: each for each in shifts()}
    for title in ("10 even, e^0.3", "2 to 20 % nulls", "30 like 1/k, e^1.5"):
        assert coverage(scenario[title], 400, 300, 150) >= 0.9


def test_no_drift_is_rarely_called_drift() -> None:
    some = [column for column in columns() if (column.base, column.new) == (1000, 200)]
    hits = [level(column, 40) for column in some]
    assert len(hits) == 13
    assert np.mean(hits) < 0.085  # 520 tests: 5 % and 3.7 standard errors
