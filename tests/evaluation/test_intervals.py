"""The numbers and ranks behind intervals, against SciPy and against their own promise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

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
