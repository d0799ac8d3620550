"""KL and Jensen–Shannon of counts: every sample of small multinomials, forms, bad input."""

from __future__ import annotations

import collections
import itertools
import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pandas
import pytest

import unsurprised as us
from unsurprised.errors import CallError, InputError
from unsurprised.estimate import js_divergence, kl_divergence
from unsurprised.states import CategoryCounts

P = (Fraction(1, 2), Fraction(1, 3), Fraction(1, 6))
Q = (Fraction(1, 5), Fraction(2, 5), Fraction(2, 5))
N, M = 4, 5


def samples(rows: int, shares: tuple[Fraction, ...]) -> Iterator[tuple[tuple[int, ...], Fraction]]:
    """Every table of counts, with its probability."""
    for counts in itertools.product(range(rows + 1), repeat=len(shares)):
        if sum(counts) == rows:
            ways = math.factorial(rows)
            probability = Fraction(1)
            for count, share in zip(counts, shares, strict=True):
                ways //= math.factorial(count)
                probability *= share**count
            yield counts, ways * probability


def harmonic(n: int) -> Fraction:
    return sum((Fraction(1, k) for k in range(1, n + 1)), Fraction(0))


def by_harmonic_numbers(n: tuple[int, ...], m: tuple[int, ...]) -> Fraction:
    """Of whole numbers ψ(a) − ψ(b) is H_{a−1} − H_{b−1}."""
    rows, others = sum(n), sum(m)
    return sum(
        (
            Fraction(a, rows)
            * (harmonic(others) - harmonic(b) - harmonic(rows - 1) + harmonic(a - 1))
            for a, b in zip(n, m, strict=True)
            if a
        ),
        Fraction(0),
    )  # fmt: skip


def test_kl_is_that_of_fractions_for_every_sample_and_its_bias_the_known_tail() -> None:
    mean = Fraction(0)
    for (n, one), (m, other) in itertools.product(samples(N, P), samples(M, Q)):
        truth = by_harmonic_numbers(n, m)
        mean += one * other * truth
        found = kl_divergence(us.Counts(n), us.Counts(m), base=math.e)
        assert found.value == pytest.approx(float(truth), rel=1e-12, abs=1e-14)
    series = sum(
        p * (sum((1 - q) ** v / Fraction(v) for v in range(1, M + 1))
             - sum((1 - p) ** v / Fraction(v) for v in range(1, N)))
        for p, q in zip(P, Q, strict=True)
    )  # fmt: skip
    assert mean == series


def test_js_is_the_plugin_less_its_mean_over_all_permutations() -> None:
    first, second = (3, 1, 2), (1, 4, 1)
    pooled = [k for k in range(3) for _ in range(first[k] + second[k])]

    def plugin(chosen: tuple[int, ...]) -> float:
        one = np.bincount([pooled[row] for row in chosen], minlength=3)
        other = np.bincount(pooled, minlength=3) - one
        return float(us.js_divergence(us.Counts(one), us.Counts(other)))

    every = [plugin(rows) for rows in itertools.combinations(range(12), 6)]
    observed = float(us.js_divergence(us.Counts(first), us.Counts(second)))
    found = js_divergence(us.Counts(first), us.Counts(second), permutations=999)
    assert found.plugin == pytest.approx(observed, rel=1e-12)
    assert found.bias == pytest.approx(np.mean(every), abs=5 * np.std(every) / math.sqrt(999))
    share = np.mean([value >= observed - 1e-12 for value in every])
    assert found.p_value == pytest.approx(share, abs=5 * math.sqrt(share / 999))


FORMS: dict[str, tuple[Any, Any]] = {
    "integers": ([0, 0, 1, 2, 0], [2, 1, 1, 2]),
    "narrow beside wide": (
        np.array([0, 0, 1, 2, 0], np.int8), np.array([2, 1, 1, 2], np.uint64),
    ),
    "names": (["a", "a", "b", "é", "a"], ["é", "b", "b", "é"]),
    "text": ("aabca", "cbbc"),
    "counts": (us.Counts([3, 0, 1, 1]), us.Counts([0, 0, 2, 2])),
    "merged": (
        CategoryCounts().update(["a", "a", "b", "c", "a"]),
        CategoryCounts().update(["c", "b"]).merge(CategoryCounts().update(["b", "c"])),
    ),
    "labels": (us.Labels([0, 0, 1, 2, 0]), us.Labels([2, 1, 1, 2])),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_forms_are_alike(form: str) -> None:
    new, reference = FORMS[form]
    of_counts = us.Counts([3, 1, 1]), us.Counts([0, 2, 2])
    assert kl_divergence(new, reference) == kl_divergence(*of_counts)
    assert js_divergence(new, reference) == js_divergence(*of_counts)


def test_what_the_reference_lacks_is_said() -> None:
    found = kl_divergence(us.Counts([3, 1, 1]), us.Counts([0, 2, 2]))
    assert found.high == math.inf
    assert found.plugin == math.inf
    assert math.isfinite(found.value)
    assert found.notes == (
        "1 categories (3 rows) are not in the reference: the estimate is 'at least', and infinite "
        "where they cannot occur",
    )
    assert kl_divergence([1, 1], [2, 1], method="plugin").method == "plugin"


def test_units_and_the_same_sample_twice() -> None:
    counts = us.Counts([900, 80, 20]), us.Counts([700, 200, 100])
    for measure in (kl_divergence, js_divergence):
        bits, nats = measure(*counts), measure(*counts, base=math.e)
        assert nats.value == pytest.approx(bits.value * math.log(2), rel=1e-14)
        assert (bits.unit, nats.unit) == ("bits", "nats")
        twice = measure(counts[0], counts[0])
        assert twice.value <= 0
        assert twice.low <= 0 <= twice.high
    assert js_divergence(counts[0], counts[0]).p_value == 1


@pytest.mark.parametrize(
    ("new", "reference", "said"),
    [
        (us.Counts([1, 2]), us.Counts([1, 2, 3]), "2 counts, .* 3; expected one for each category"),
        ([1, 2], ["a"], "holds integers, .* names; expected the same categories"),
        ([True, False], [1, 0], "holds truth values, .* integers"),
        (us.Counts([0.5]), us.Counts([1]), "found 0.5 among counts"),
        (us.Counts([0, 0]), us.Counts([1, 1]), "counts that sum to 0"),
        (us.Counts([math.nan, 1]), us.Counts([1, 1]), "found NaN among counts"),
        (us.Counts([[1, 2]]), us.Counts([[1, 2]]), "expected a vector of counts"),
        (us.Counts([1, 2]), [1, 2], "holds counts, .* integers"),
        ("ab", "", "is empty"),
        (CategoryCounts(), CategoryCounts(), "expected some rows"),
    ],
)
def test_what_is_refused(new: Any, reference: Any, said: str) -> None:
    for measure in (kl_divergence, js_divergence):
        with pytest.raises((CallError, InputError), match=said) as caught:
            measure(new, reference)
        assert "\n" not in str(caught.value)


def test_options_that_are_refused() -> None:
    with pytest.raises(CallError, match="permutations=98; expected 99 to 1,000,000"):
        js_divergence("ab", "ab", permutations=98)
    with pytest.raises(CallError, match="method='grassberger'; expected 'auto' or one of plugin"):
        kl_divergence("ab", "ab", method="grassberger")
    with pytest.raises(CallError, match="numbers have 'auto' alone"):
        kl_divergence([0.5, 1.5, 2.5, 3.5], [0.1, 1.1, 2.2, 3.3], method="plugin")


#: Of unlike sizes, and of categories that one of the two lacks.
DAYS = {
    "the other way round": ("aaab" * 20, "abbb" * 20),
    "one that is missing": ("aaab" * 20, "aaac" * 20),
    "unlike sizes": ("c" * 7 + "a" * 30 + "b" * 3, "b" * 11 + "d" * 2 + "c" * 8),
}


@pytest.mark.parametrize("measure", [kl_divergence, js_divergence])
@pytest.mark.parametrize("day", DAYS)
def test_counts_with_names_meet_by_them(day: str, measure: Any) -> None:
    columns = [list(rows) for rows in DAYS[day]]
    by_size = [us.Counts(pandas.Series(column).value_counts()) for column in columns]
    as_met = [us.Counts(collections.Counter(column)) for column in columns]
    laid_out = [us.Counts([column.count(name) for name in "dcba"]) for column in columns]
    wanted = measure(*columns)
    assert measure(*by_size) == measure(*as_met) == measure(*laid_out) == wanted


def test_counts_that_name_other_categories_are_refused() -> None:
    for measure in (kl_divergence, js_divergence):
        with pytest.raises(CallError, match=r"names of the classes differ \(missing 'a', 'b', add"):
            measure(us.Counts({"a": 3, "b": 1}), us.Counts({"c": 3, "d": 1}))
        with pytest.raises(CallError, match="two classes are called 'a' among 'a', 'b', 'a'"):
            twice = pandas.Series([3, 1, 2], index=list("aba"))
            measure(us.Counts({"b": 3, "a": 1}), us.Counts(twice))
        with pytest.raises(InputError, match=r"^(second|reference), .*found 0.5 among counts"):
            measure(us.Counts({"a": 3, "b": 1}), us.Counts({"b": 0.5, "a": 1}))


def test_counts_without_names_meet_those_with_names_by_position() -> None:
    named, plain = us.Counts({"b": 3, "a": 1}), us.Counts([1, 3])
    assert kl_divergence(named, plain) == kl_divergence(us.Counts([3, 1]), plain)
    with pytest.raises(CallError, match="3 classes without names beside 2 with names"):
        kl_divergence(named, us.Counts([1, 3, 2]))


def test_counts_that_nobody_calls_so_are_no_column() -> None:
    counted = pandas.Series(list("aaab")).value_counts()
    for call in (
        lambda: kl_divergence(counted, counted),
        lambda: js_divergence(counted, counted),
        lambda: us.estimate.entropy(counted),
    ):
        with pytest.raises(CallError, match=r"Counts\((new|first|x)\), or .*to_numpy\(\)"):
            call()
    column = pandas.Series([1, 3, 2, 2], index=list("abcd"), name="count")
    assert us.estimate.entropy(column) == us.estimate.entropy([1, 3, 2, 2])
