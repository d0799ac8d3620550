"""The numbers and ranks behind intervals, against SciPy and against their own promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

import unsurprised as us
from unsurprised import Estimate
from unsurprised.evaluation import intervals
from unsurprised.states.sums import GROUPS

LEVELS = st.sampled_from([0.05, 0.25, 0.5, 0.75, 0.95, 0.99])


def test_the_quantiles_of_students_t_and_of_the_normal():
    table = intervals._STUDENT_T
    assert len(table) == GROUPS
    for degrees in range(1, GROUPS):
        assert table[degrees] == pytest.approx(special.stdtrit(degrees, 0.975), rel=1e-12)
    assert pytest.approx(special.ndtri(0.975), rel=1e-14) == intervals._NORMAL


@given(st.integers(1, 30_000), LEVELS)
def test_ranks_hold_a_quantile_with_at_least_95_percent(rows, level):
    first, last = intervals.rank_bounds(rows, level)
    assert 0 <= first <= last <= rows + 1
    below = stats.binom(rows, level)
    # Between the order statistics of these ranks lies the quantile if first <= below < last.
    held = below.cdf(last - 1) - below.cdf(first - 1)
    assert held >= 0.95 - 2e-4  # the normal for the binomial
    assert below.cdf(last - 2) - below.cdf(first) < 0.951  # no rank could be closer


@given(st.integers(1, 5000), LEVELS)
def test_exact_ranks_are_those_of_the_binomial(rows, level):
    if rows * level * (1 - level) > intervals._NORMAL_FROM:
        return
    first, last = intervals.rank_bounds(rows, level)
    below = stats.binom(rows, level)
    assert below.cdf(first - 1) <= 0.025 + 1e-9
    assert below.sf(last - 1) <= 0.025 + 1e-9


@given(st.integers(2, 3000), st.data())
def test_a_share_has_wilsons_interval_for_the_rows_it_is_worth(rows, data):
    hits = data.draw(st.integers(0, rows))
    share, groups = hits / rows, min(rows, GROUPS)
    t = special.stdtrit(groups - 1, 0.975)
    spread = math.sqrt(share * (1 - share) / rows)
    plain = Estimate(share, share - t * spread, share + t * spread, "", rows)
    found = intervals.share_interval(plain, groups)
    assert 0 <= found.low <= share <= found.high <= 1
    assert found.high - found.low > 0
    for end in {found.low, found.high} - {0.0, 1.0}:
        assert abs(share - end) == pytest.approx(t * math.sqrt(end * (1 - end) / rows), rel=1e-6)


def test_where_every_row_counts_the_share_is_still_not_certain():
    found = us.evaluate(np.ones(1000, dtype=int), np.full(1000, 0.9)).accuracy
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(1 / (1 + 2.0395134463964077**2 / 1000), rel=1e-12)


def test_intervals_hold_only_what_is_possible():
    found = us.evaluate([0, 1, 0, 1, 0, 1], [[0.5, 0.5], [0.1, 0.9], [0.9, 0.1]] * 2)
    assert found.cross_entropy.low == 0.0
    assert found.perplexity.low == 1.0
    assert found.expected_surprisal.high <= 1.0
    assert found.label_entropy.high == 1.0
    assert found.information_gained.high <= 1.0
    assert found.information_gained_share.high <= 1.0
    assert 0.0 <= found.accuracy.low < found.accuracy.high <= 1.0


def test_the_skewed_jackknife_holds_the_mean_of_skewed_numbers():
    """Of 30 lognormal numbers the plain one holds it too seldom, and misses it above."""
    generator, truth = np.random.default_rng(6), math.exp(0.5 * 1.2**2)
    held, above = {"plain": 0, "skewed": 0}, {"plain": 0, "skewed": 0}
    for _ in range(1000):
        values = np.exp(1.2 * generator.standard_normal((30, 4))).mean(axis=1)
        without = (values.sum() - values) / 29
        for name, method in (
            ("plain", intervals.jackknife),
            ("skewed", intervals.skewed_jackknife),
        ):
            found = method(values.mean(), without, "", 120)
            held[name] += found.low <= truth <= found.high
            above[name] += truth > found.high
    assert held["skewed"] >= max(920, held["plain"] + 15)
    assert above["skewed"] < above["plain"] / 1.5


def test_without_skewness_it_is_the_jackknife():
    for without in ([1.0, 1.0, 1.0], [0.5, 1.5], [0.9, 1.0, 1.1], [math.inf, 1.0]):
        plain = intervals.jackknife(1.0, np.array(without), "", 5)
        found = intervals.skewed_jackknife(1.0, np.array(without), "", 5)
        assert str(found) == str(plain)
    assert intervals.skewed_jackknife(math.inf, np.ones(3), "", 5).low == math.inf
