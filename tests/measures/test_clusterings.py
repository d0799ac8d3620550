"""Agreement of two labellings, against exact counting: over all shuffles, or by binomials."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import unsurprised as us
from unsurprised.forms import Counts
from unsurprised.measures import _chance
from unsurprised.measures.clusterings import (
    adjusted_mutual_information,
    completeness,
    contingency,
    homogeneity,
    v_measure,
)

MP = mpmath.MPContext()
MP.dps = 60

MEANS: dict[str, Callable[[Any, Any], Any]] = {
    "arithmetic": lambda x, y: (x + y) / 2,
    "geometric": lambda x, y: MP.sqrt(x * y),
    "max": max,
    "min": min,
}

TABLES = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(0, 9) | st.just(0), min_size=shape[1], max_size=shape[1]),
        min_size=shape[0],
        max_size=shape[0],
    )
)
SOME_TABLES = TABLES.filter(lambda table: any(map(any, table))).map(np.array)


def laws(examples: int = 100) -> Any:
    return settings(max_examples=examples, deadline=None, derandomize=True)


def entropy(sizes: Sequence[int]) -> Any:
    total = sum(sizes)
    return MP.fsum(-MP.mpf(n) / total * MP.log(MP.mpf(n) / total) for n in sizes if n)


def margins(table: Any) -> tuple[list[int], list[int]]:
    return [[int(n) for n in table.sum(axis=axis) if n] for axis in (1, 0)]


def information(table: Any) -> Any:
    both = entropy([int(n) for n in table.ravel()])
    return entropy(margins(table)[0]) + entropy(margins(table)[1]) - both


def expected_over_shuffles(a: Sequence[int], b: Sequence[int]) -> Any:
    """The definition: the mean information over every order of ``b``."""
    tables = Counter(
        tuple(sorted(Counter(zip(a, order, strict=True)).items()))
        for order in itertools.permutations(b)
    )
    total = sum(tables.values())
    joint = {cells: entropy([n for _, n in cells]) for cells in tables}
    sides = entropy(list(Counter(a).values())) + entropy(list(Counter(b).values()))
    return sides - MP.fsum(times * joint[cells] for cells, times in tables.items()) / total


def expected_by_binomials(rows: Sequence[int], columns: Sequence[int]) -> Any:
    """Each cell by itself, with the chances as fractions."""
    total = sum(rows)
    terms = []
    for (a, b), times in Counter(itertools.product(rows, columns)).items():
        ways = math.comb(total, a)
        for n in range(max(1, a + b - total), min(a, b) + 1):
            chance = Fraction(math.comb(b, n) * math.comb(total - b, a - n) * n * times, ways)
            share = MP.mpf(chance.numerator) / chance.denominator / total
            terms.append(share * MP.log(MP.mpf(n * total) / (a * b)))
    return MP.fsum(terms)


def expected_by_gammas(rows: Sequence[int], columns: Sequence[int]) -> Any:
    """The usual formula in 60 digits; what is 25 standard deviations away weighs below 1e-120."""
    total = sum(rows)
    whole = MP.mpf(0)
    for a, b in itertools.product(rows, columns):
        mean = a * b / total
        reach = 25 * math.sqrt(mean * (1 - a / total) * (1 - b / total)) + 60
        least = max(0, a + b - total, math.floor(mean - reach))
        most = min(a, b, math.ceil(mean + reach))
        weight = MP.exp(
            sum(MP.loggamma(x + 1) for x in (a, b, total - a, total - b))
            - sum(MP.loggamma(x + 1) for x in (total, least, a - least, b - least))
            - MP.loggamma(total - a - b + least + 1)
        )
        for n in range(least, most + 1):
            if n:
                whole += weight * n / total * MP.log(MP.mpf(n * total) / (a * b))
            weight *= (a - n) * (b - n)
            weight /= (n + 1) * (total - a - b + n + 1)
    return whole


def check_adjusted(table: Any, expected: Any, normalization: str) -> None:
    """1e-13 of the sum of the parts, as stated."""
    shared = information(table)
    room = MEANS[normalization](*map(entropy, margins(table))) - expected
    found = adjusted_mutual_information(table, normalization=normalization)
    assert isinstance(found, float)
    assert abs(found - (shared - expected) / room) <= 1e-13 * (shared + expected) / room


def vectors(table: Any) -> tuple[list[int], list[int]]:
    pairs = [pair for pair, n in np.ndenumerate(table) for _ in range(int(n))]
    return [i for i, _ in pairs], [j for _, j in pairs]


def is_trivial(table: Any) -> bool:
    sizes = margins(table)
    return any(len(side) in (1, sum(side)) for side in sizes)


def is_renaming(table: Any) -> bool:
    return bool((np.count_nonzero(table, 0) <= 1).all() and (np.count_nonzero(table, 1) <= 1).all())


@laws(40)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=7))
def test_adjusted_by_every_shuffle(pairs: list[tuple[int, int]]) -> None:
    a, b = ([pair[side] for pair in pairs] for side in (0, 1))
    table = contingency(a, b).array.values
    expected = expected_over_shuffles(a, b)
    for normalization in MEANS:
        if is_renaming(table):
            assert adjusted_mutual_information(a, b, normalization=normalization) == 1.0
        elif is_trivial(table):
            assert adjusted_mutual_information(a, b, normalization=normalization) == 0.0
        else:
            check_adjusted(table, expected, normalization)


@laws()
@given(SOME_TABLES, st.sampled_from(sorted(MEANS)))
def test_adjusted_by_binomials(table: Any, normalization: str) -> None:
    if not is_trivial(table) and not is_renaming(table):
        check_adjusted(table, expected_by_binomials(*margins(table)), normalization)


@pytest.mark.parametrize("scale", [1, 1000, 55_555])
def test_adjusted_of_up_to_a_million_rows(scale: int) -> None:
    rng = np.random.default_rng(scale)
    shares = np.outer([0.5, 0.375, 0.125], [0.6, 0.39, 0.01])
    unrelated = np.round(18 * scale * shares).astype(int)
    related = unrelated + np.diag([7 * scale, 2 * scale, scale]) // 3
    noisy = unrelated + rng.integers(0, 3, (3, 3))
    for table in (unrelated, related, noisy):
        check_adjusted(table, expected_by_gammas(*margins(table)), "arithmetic")


@pytest.mark.parametrize("steps", [1, 3, 50])
def test_adjusted_in_blocks_of_any_size(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_chance, "_STEPS", (steps, steps))
    monkeypatch.setattr(_chance, "_PAIRS", 2 * steps)
    table = np.array([[150, 40, 3], [90, 101, 1], [0, 60, 2]])
    check_adjusted(table, expected_by_binomials(*margins(table)), "arithmetic")


def test_adjusted_of_small_beside_huge_clusters() -> None:
    table = np.array([[1, 2, 0], [0, 40, 999_000], [3, 0, 954]])
    for normalization in MEANS:
        check_adjusted(table, expected_by_gammas(*margins(table)), normalization)
        check_adjusted(table.T, expected_by_gammas(*margins(table)), normalization)


@laws()
@given(SOME_TABLES, st.sampled_from([0.0, 0.3, 1.0, 7.0, 1e300]))
def test_shares_of_the_entropies(table: Any, beta: float) -> None:
    sizes = margins(table)
    shared, (first, second) = information(table), map(entropy, sizes)
    h = shared / first if len(sizes[0]) > 1 else MP.mpf(1)
    c = shared / second if len(sizes[1]) > 1 else MP.mpf(1)
    v = (1 + MP.mpf(beta)) * h * c / (MP.mpf(beta) * h + c) if h > 1e-40 < c else MP.mpf(0)
    found = homogeneity(table), completeness(table), v_measure(table, beta=beta)
    for value, true in zip(found, (h, c, v), strict=True):
        assert isinstance(value, float)
        assert abs(value - true) <= 3e-14 * true + 1e-40
        assert 0 <= value <= 1 and math.copysign(1, value) == 1


def test_nearly_independent_labels_keep_their_digits() -> None:
    """1 − H(A|B)/H(A) would be 0 or noise here."""
    table = np.array([[10**7, 10**7], [10**7, 10**7 + 1]])
    with MP.workdps(80):
        true = information(table) / entropy(margins(table)[0])
    assert 0 < true < 1e-15
    assert homogeneity(table) == pytest.approx(float(true), rel=1e-13, abs=0)


@laws(30)  # of any table, four times six others
@given(SOME_TABLES, st.randoms(use_true_random=False))
def test_names_sides_and_layout_change_no_bit(table: Any, random: Any) -> None:
    a, b = vectors(table)
    names = [f"x{i}" for i in random.sample(range(100), 10)]
    order = random.sample(range(len(a)), len(a))
    renamed = [names[a[i]] for i in order], [-b[i] for i in order]
    padded = np.pad(table, ((0, 1), (2, 0)))
    for normalization in MEANS:
        value = adjusted_mutual_information(a, b, normalization=normalization)
        for others in (renamed, renamed[::-1], (table,), (padded,), (Counts(table.T),)):
            there = adjusted_mutual_information(*others, normalization=normalization)
            assert there == value
    for others in (renamed, (table,), (padded,), (Counts(table * 1.0),)):
        assert homogeneity(*others) == homogeneity(a, b) == completeness(b, a)
        assert v_measure(*others) == v_measure(a, b) == v_measure(b, a)


@laws()
@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.sampled_from(sorted(MEANS)))
def test_same_partitions_are_exactly_one(a: list[int], normalization: str) -> None:
    """scikit-learn#30950: 0 for identical partitions."""
    renamed = [f"label {9 - x}" for x in a]
    assert adjusted_mutual_information(a, renamed, normalization=normalization) == 1.0
    assert homogeneity(a, renamed) == completeness(a, renamed) == v_measure(a, renamed) == 1.0


@pytest.mark.parametrize("rows", [1, 2, 3, 20_000])
def test_one_cluster_and_one_for_each_row(rows: int) -> None:
    one, each, halves = [0] * rows, list(range(rows)), [0, 1] * (rows // 2) + [0] * (rows % 2)
    for normalization in MEANS:
        for labels in (one, each, halves):
            value = adjusted_mutual_information(labels, labels[:], normalization=normalization)
            assert value == 1.0
        for labels in (one, each) if rows > 2 else ():
            value = adjusted_mutual_information(labels, halves, normalization=normalization)
            assert value == 0.0
    assert homogeneity(halves, each) == completeness(each, halves) == 1.0
    assert completeness(one, each) == homogeneity(each, one) == (0.0 if rows > 1 else 1.0)


@laws()
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=40))
def test_what_a_finer_labelling_tells_is_exact(pairs: list[tuple[int, int]]) -> None:
    coarse = [a for a, _ in pairs]
    assert homogeneity(coarse, [f"{a}.{b}" for a, b in pairs]) == 1.0
    table = contingency(coarse, [a * 3 + b for a, b in pairs]).array.values
    if not is_trivial(table):
        assert adjusted_mutual_information(table, normalization="min") == 1.0


@laws()
@given(
    st.lists(st.integers(1, 1000), min_size=2, max_size=5),
    st.lists(st.integers(1, 1000), min_size=2, max_size=5),
)
def test_independent_labels_tell_exactly_nothing(rows: list[int], columns: list[int]) -> None:
    table = np.outer(rows, columns)
    for value in (homogeneity(table), completeness(table), v_measure(table)):
        assert value == 0.0 and math.copysign(1, value) == 1
    assert adjusted_mutual_information(table) < 0.0


@laws()
@given(SOME_TABLES)
def test_all_measures_share_one_information(table: Any) -> None:
    first, second = (us.entropy(Counts(table.sum(axis=axis))) for axis in (1, 0))
    shared = us.mutual_information(Counts(table))
    for value, most in ((homogeneity(table), first), (completeness(table), second)):
        if most:
            assert value * most == pytest.approx(shared, rel=1e-13, abs=0)
    if first and second:
        by_mean = us.normalized_mutual_information(Counts(table))
        assert v_measure(table) == pytest.approx(by_mean, rel=1e-13, abs=0)


def test_a_hundred_thousand_rows_of_a_thousand_labels() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 1000, (2, 100_000))
    assert abs(adjusted_mutual_information(a, b)) < 1e-3  # 0.34 before the adjustment
    assert v_measure(a, b) > 0.3
