"""The numbers and ranks behind intervals, against SciPy and against their own promise."""

from __future__ import annotations

import math
from functools import cache

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

import unsurprised as us
from unsurprised import Estimate
from unsurprised.states.sums import GROUPS
from unsurprised.statistics import jackknife as intervals
from unsurprised.statistics import order_statistics as ranks
from unsurprised.statistics.jackknife import Spread, estimated, plug_in

LEVELS = st.sampled_from([0.05, 0.25, 0.5, 0.75, 0.95, 0.99])


def jackknife(value, without_group, unit, rows, sizes=None):
    """An estimate from its value on all rows and its values with each group left out."""
    return estimated(value, Spread.of(value, without_group, sizes), unit, rows)


def test_of_a_few_groups():
    found = jackknife(1.0, np.array([0.8, 0.9, 1.1, 1.2]), "bits", 9)
    assert repr(found) == "Estimate(1 bits, 0.1285 to 1.872, 9 rows)"
    found = jackknife(1.0, np.array([0.97, *[1.001] * 30]), "bits", 9)  # one group is large
    assert repr(found) == "Estimate(1 bits, 0.9387 to 1.147, 9 rows)"


@cache
def students_quantile(degrees):
    """The 97.5th percentile of Student's t; that of SciPy 1.12 has ten digits."""

    def beyond(t):
        share = degrees / (degrees + t * t)
        return mpmath.betainc(degrees / 2, 0.5, 0, share, regularized=True) / 2 - mpmath.mpf(
            "0.025"
        )

    with mpmath.workdps(30):
        return float(mpmath.findroot(beyond, special.stdtrit(degrees, 0.975)))


def test_the_quantiles_of_students_t_and_of_the_normal():
    table = intervals._STUDENT_T
    assert len(table) == GROUPS
    for degrees in range(1, GROUPS):
        assert table[degrees] == pytest.approx(students_quantile(degrees), rel=1e-14)
    assert pytest.approx(special.ndtri(0.975), rel=1e-14) == intervals.NORMAL


@given(st.integers(1, 30_000), LEVELS)
def test_ranks_hold_a_quantile_with_at_least_95_percent(rows, level):
    first, last = ranks.rank_bounds(rows, level)
    assert 0 <= first <= last <= rows + 1
    below = stats.binom(rows, level)
    # Between the order statistics of these ranks lies the quantile if first <= below < last.
    held = below.cdf(last - 1) - below.cdf(first - 1)
    assert held >= 0.95 - 2e-4  # the normal for the binomial
    assert below.cdf(last - 2) - below.cdf(first) < 0.951  # no rank could be closer


@given(st.integers(1, 5000), LEVELS)
def test_exact_ranks_are_those_of_the_binomial(rows, level):
    if rows * level * (1 - level) > ranks.NORMAL_FROM:
        return
    first, last = ranks.rank_bounds(rows, level)
    below = stats.binom(rows, level)
    assert below.cdf(first - 1) <= 0.025 + 1e-9
    assert below.sf(last - 1) <= 0.025 + 1e-9


@given(st.integers(2, 3000), st.data())
def test_a_share_has_wilsons_interval_for_the_rows_it_is_worth(rows, data):
    hits = data.draw(st.integers(0, rows))
    share, groups = hits / rows, min(rows, GROUPS)
    t = special.stdtrit(groups - 1, 0.975)
    error = math.sqrt(share * (1 - share) / rows)
    plain = Estimate(share, math.nan, math.nan, "", rows)
    found = intervals.share_interval(plain, Spread(error, 0.0, groups - 1.0, 0.0))
    assert 0 <= found.low <= share <= found.high <= 1
    assert found.high - found.low > 0
    for end in {found.low, found.high} - {0.0, 1.0}:
        assert abs(share - end) == pytest.approx(t * math.sqrt(end * (1 - end) / rows), rel=1e-6)


def test_where_every_row_counts_the_share_is_still_not_certain():
    found = us.evaluate(np.ones(1000, dtype=int), np.full(1000, 0.9)).accuracy
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(1 / (1 + special.stdtrit(999, 0.975) ** 2 / 1000), rel=1e-9)


def test_intervals_hold_only_what_is_possible():
    few = us.evaluate([0, 1], [[0.9, 0.1], [0.4, 0.6]])
    assert few.cross_entropy.low == 0.0
    assert few.perplexity.low == 1.0
    assert few.label_entropy.high == few.expected_surprisal.high == 1.0
    found = us.evaluate([0, 1, 0, 1, 0, 1], [[0.5, 0.5], [0.1, 0.9], [0.9, 0.1]] * 2)
    assert found.expected_surprisal.high <= 1.0
    assert found.label_entropy.high == 1.0
    assert found.information_gained.high <= 1.0
    assert found.information_gained_share.high <= 1.0
    assert 0.0 <= found.accuracy.low < found.accuracy.high <= 1.0


def plain_interval(value, without):
    """The jackknife as textbooks have it."""
    groups = len(without)
    error = math.sqrt((groups - 1) / groups * ((without - without.mean()) ** 2).sum())
    half = special.stdtrit(groups - 1, 0.975) * error
    return value - half, value + half


def test_intervals_hold_the_mean_of_skewed_numbers():
    """Of 30 lognormal numbers the plain jackknife holds it too seldom, and misses it above."""
    generator, truth = np.random.default_rng(6), math.exp(0.5 * 1.2**2)
    held, above = {"plain": 0, "ours": 0}, {"plain": 0, "ours": 0}
    for _ in range(1000):
        values = np.exp(1.2 * generator.standard_normal((30, 4))).mean(axis=1)
        without = (values.sum() - values) / 29
        ours = jackknife(values.mean(), without, "", 120)
        intervals_of = {"plain": plain_interval(values.mean(), without)}
        intervals_of["ours"] = ours.low, ours.high
        for name, (low, high) in intervals_of.items():
            held[name] += low <= truth <= high
            above[name] += truth > high
    assert held["ours"] >= max(935, held["plain"] + 15)
    assert above["ours"] < above["plain"] / 1.5


def test_intervals_hold_means_of_groups_of_very_uneven_sizes():
    """Student's t for as many groups as there seem to be, (Σ n)² / Σ n², is too short."""
    generator, held, narrow = np.random.default_rng(8), 0, 0
    for _ in range(1000):
        sizes = np.exp(generator.uniform(3, 6.5, 20))
        values = sizes * generator.standard_normal(20)
        without = (values.sum() - values) / (sizes.sum() - sizes)
        found = jackknife(values.sum() / sizes.sum(), without, "", 99, sizes)
        held += found.low <= 0 <= found.high
        error = math.sqrt(19 / 20 * ((without - without.mean()) ** 2).sum())
        t = special.stdtrit(sizes.sum() ** 2 / (sizes**2).sum() - 1, 0.975)
        narrow += abs(found.value) <= t * 0.9 * error
    assert held >= 940 > narrow


@pytest.mark.parametrize("values", [[1, 2, 3], [4, 1], [-1, 0, 0, 1], [2, 3, 5, 8, 7, 5, 4.5, 4.5]])
def test_without_skewness_it_is_students_interval_of_a_mean(values):
    values = np.array(values, dtype=float)
    values = np.concatenate([values, 2 * values.mean() - values])  # as far above as below
    count = len(values)
    found = jackknife(values.mean(), (values.sum() - values) / (count - 1), "", count)
    reach = students_quantile(count - 1) * stats.sem(values)
    expected = values.mean() - reach, values.mean() + reach
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-12)


def test_what_groups_cannot_tell():
    for value, without in (
        (1.0, [1.0]),
        (1.0, []),
        (1.0, [math.inf, 1.0]),
        (1.0, [math.nan, 1.0]),
        (math.nan, [1.0, 1.0]),
    ):
        found = jackknife(value, np.array(without), "", 5)
        assert math.isnan(found.low) and math.isnan(found.high)
        assert Spread.of(value, np.array(without)) is None
    for value in (math.inf, -math.inf):
        found = jackknife(value, np.ones(3), "", 5)
        assert (found.low, found.high) == (value, value)
    same = jackknife(1.0, np.ones(4), "", 5)
    assert (same.low, same.high) == (1.0, 1.0)


def test_the_largest_numbers_do_not_overflow():
    without = np.array([1.0, 2.0, 4.0, 3.0]) * 1e300
    found = jackknife(2.5e300, without, "", 5)
    scaled = jackknife(2.5, without / 1e300, "", 5)
    assert (found.low, found.high) == pytest.approx((scaled.low * 1e300, scaled.high * 1e300))


DEGREES = st.floats(1, 31)


@given(DEGREES)
def test_students_t_between_whole_degrees_of_freedom(degrees):
    assert intervals.student_t(degrees) == pytest.approx(special.stdtrit(degrees, 0.975), rel=0.03)
    if degrees > 3:
        expected = special.stdtrit(degrees, 0.975)
        assert intervals.student_t(degrees) == pytest.approx(expected, rel=2e-3)


def test_groups_of_unequal_size_have_fewer_degrees_of_freedom():
    """As Satterthwaite has it for a sum of squares that have weights."""
    without = np.array([1.0, 2.0, 4.0, 3.0])
    assert Spread.of(2.5, without).degrees == 3
    assert Spread.of(2.5, without, np.full(4, 7.0)).degrees == pytest.approx(3, rel=1e-15)
    found = Spread.of(2.5, without, np.array([1.0, 1.0, 1.0, 9.0]))
    assert found.degrees == 1  # 30² / 732 − 1 is less
    found = Spread.of(2.5, without, np.array([4.0, 1.0, 1.0, 4.0]))
    assert found.degrees == pytest.approx(18**2 / 130 - 1)


def ends_by_definition(values, sizes, *, nearest=True):
    """The ends of the interval of Σ values / Σ sizes by groups, from its definition, in mpmath.

    Where the studentised difference, bent by Hall's cubic, reaches Student's t; and no nearer than
    where it reaches it itself.
    """
    values, sizes = ([mpmath.mpf(float(one)) for one in column] for column in (values, sizes))
    count, ratio = len(values), mpmath.fsum(values) / mpmath.fsum(sizes)
    without = [
        (mpmath.fsum(values) - v) / (mpmath.fsum(sizes) - n)
        for v, n in zip(values, sizes, strict=True)
    ]
    middle = mpmath.fsum(without) / count
    second = mpmath.fsum((middle - one) ** 2 for one in without)
    third = mpmath.fsum((middle - one) ** 3 for one in without)
    error = mpmath.sqrt(second * (count - 1) / count)
    varying = [n ** mpmath.mpf(1.5) for n in sizes]
    told = mpmath.fsum(varying) ** 2 / mpmath.fsum(v * v for v in varying)
    t = intervals.student_t(float(max(told - 1, 1)))
    skewness = third / second ** mpmath.mpf(1.5)
    bent = skewness * (1 + 2 * abs(skewness))
    bent = max(min(bent, mpmath.mpf("0.95") / t), -mpmath.mpf("0.95") / t)

    def end(sign):
        def left(x):
            T = (ratio - x) / error
            return T + bent * T**2 / 3 + bent**2 * T**3 / 27 + bent / 6 - sign * t

        far = 40 * error
        return mpmath.findroot(left, (ratio - far, ratio + far), solver="anderson", tol=1e-25)

    reach = t * error if nearest else 0
    return float(min(end(1), ratio - reach)), float(max(end(-1), ratio + reach))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("groups", [10, 30])
def test_intervals_of_ratios_by_groups_are_as_they_are_defined(groups, seed):
    generator = np.random.default_rng([seed, groups])
    sizes = np.rint(np.exp(generator.normal(3, 0.2 * seed, groups)))
    values = sizes * np.exp(generator.normal(0, 0.3 * seed + 0.1, groups)) * (-1) ** seed
    without = (values.sum() - values) / (sizes.sum() - sizes)
    found = jackknife(values.sum() / sizes.sum(), without, "", 99, sizes)
    with mpmath.workdps(40):
        expected = ends_by_definition(values, sizes)
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("counted", [[0] * 30, [9] * 29 + [0], [0] * 29 + [9], [1, 0, 3] * 10])
def test_a_share_of_groups_reaches_as_far_as_wilsons_and_their_own(counted):
    counted, sizes = np.array(counted, dtype=float), np.full(30, 9.0)
    share = counted.sum() / sizes.sum()
    without = (counted.sum() - counted) / (sizes.sum() - sizes)
    spread = Spread.of(share, without, sizes)
    plain = Estimate(share, math.nan, math.nan, "", 270)
    found = intervals.share_interval(plain, spread)
    t = students_quantile(29)
    rows = share * (1 - share) / spread.error**2 if spread.error else 270
    middle = (share + t * t / (2 * rows)) / (1 + t * t / rows)
    half = math.sqrt(middle**2 - share * share / (1 + t * t / rows))  # Wilson's two are a root's
    own = (share, share)
    if spread.error:
        with mpmath.workdps(40):
            own = ends_by_definition(counted, sizes, nearest=False)
    assert found.low == pytest.approx(max(min(middle - half, own[0]), 0), abs=1e-12)
    assert found.high == pytest.approx(min(max(middle + half, own[1]), 1), abs=1e-12)
    assert found.low < found.high


def test_the_more_skewed_groups_are_the_wider_is_their_interval():
    """Hall's own inverse is widest for middling skewness."""
    widths = []
    for shown in np.linspace(0, 1, 50):
        low, high = Spread(1.0, shown, 29.0, 0.0, of_groups=True).interval(0.0)
        widths.append(high - low)
    assert all(np.diff(widths) >= 0)
    assert widths[-1] < 1.7 * widths[0]
    plain = [np.ptp(Spread(1.0, shown, 29.0, 0.0).interval(0.0)) for shown in (0.6, 1.0)]
    assert plain[0] > plain[1]


@given(st.lists(st.floats(-100, 100), min_size=3, max_size=32), st.floats(-1, 1), st.booleans())
def test_the_p_value_is_below_5_percent_where_0_is_outside_of_the_interval(values, shift, sized):
    values = np.array(values) + shift
    without = (values.sum() - values) / (len(values) - 1)
    sizes = np.arange(1.0, len(values) + 1) if sized else None
    spread = Spread.of(float(values.mean()), without, sizes)
    low, high = spread.interval(float(values.mean()))
    if spread.error < 1e-6 or min(abs(low), abs(high)) < 0.01 * spread.error:
        return
    p_value = spread.p_value(float(values.mean()))
    assert 0 <= p_value <= 1
    if spread.degrees > 8:
        assert (p_value < 0.05) == (not low <= 0 <= high)


def test_p_values_are_those_of_student_where_nothing_is_skewed():
    half = np.random.default_rng(3).normal(size=10)
    values = 0.4 + np.concatenate([half, -half])
    without = (values.sum() - values) / 19
    spread = Spread.of(values.mean(), without)
    expected = stats.ttest_1samp(values, 0).pvalue
    assert spread.p_value(values.mean()) == pytest.approx(expected, rel=1e-9)
    assert spread.p_value(math.inf) == 0.0 and spread.p_value(1e300) == 0.0
    still = Spread.of(0.0, np.zeros(5))
    assert (still.p_value(0.0), still.p_value(1e-9)) == (1.0, 0.0)


def test_the_entropy_of_frequencies_reaches_up_to_where_all_are_alike():
    """There it is too low by more than it varies: the plain interval nearly never holds it."""
    generator, held = np.random.default_rng(8), 0
    for _ in range(400):
        counts = generator.multinomial(60, np.full(10, 0.1), size=GROUPS)
        whole = stats.entropy(counts.sum(axis=0), base=2)
        without = stats.entropy(counts.sum(axis=0) - counts, base=2, axis=1)
        found = plug_in(whole, Spread.of(whole, without), "bits", 60 * GROUPS, classes=10)
        held += found.low <= math.log2(10) <= found.high
    assert held >= 0.97 * 400


def test_frequencies_that_happen_to_be_alike_do_not_make_their_entropy_certain():
    """The jackknife alone sees nothing change there, and holds this entropy in 89 %."""
    generator, held = np.random.default_rng(9), 0
    for _ in range(2000):
        hits = generator.binomial(31, 0.515, size=GROUPS)
        counts = np.stack([hits, 31 - hits], axis=1)
        whole = stats.entropy(counts.sum(axis=0), base=2)
        without = stats.entropy(counts.sum(axis=0) - counts, base=2, axis=1)
        found = plug_in(whole, Spread.of(whole, without), "bits", 31 * GROUPS, classes=2)
        held += found.low <= stats.entropy([0.515, 0.485], base=2) <= found.high
    assert held >= 0.94 * 2000
