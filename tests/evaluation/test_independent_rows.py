"""Where rows are independent, what is found follows from the rows, whatever they are called."""

from __future__ import annotations

import json
import math

import mpmath
import numpy as np
import pytest
from scipy import special

import unsurprised as us
from unsurprised.calibration import calibrate
from unsurprised.statistics.jackknife import Spread, student_t
from unsurprised.statistics.means import mean_and_spread

ROWS = 240


def drawn(seed: int, classes: int = 3, rows: int = ROWS):
    """Labels and over-confident predictions, some rows of which are the same."""
    random = np.random.default_rng(seed)
    honest = random.dirichlet(np.ones(classes), size=rows)
    labels = np.minimum((random.random((rows, 1)) > honest.cumsum(1)).sum(1), classes - 1)
    probs = honest**2 / (honest**2).sum(1, keepdims=True)
    probs[10:40], labels[10:40] = probs[0], labels[0]
    return labels, probs, random


def namings(random: np.random.Generator, rows: int = ROWS):
    """Orders of the rows and what they are called: numbers, texts, their places."""
    yield np.arange(rows), None
    yield np.arange(rows), random.permutation(rows) - 7
    yield random.permutation(rows), None
    yield random.permutation(rows), np.array([f"row {i}" for i in random.permutation(rows)])
    yield random.permutation(rows), random.integers(0, 3, rows)  # given again and again


def of_rows(found: us.Evaluation) -> str:
    """What is found of the rows, without those that are named and how they came in."""
    fields = found.as_dict()
    del fields["reading"], fields["worst_rows"]
    return json.dumps(fields)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("weighted", [False, True])
def test_an_evaluation_does_not_hang_on_ids_or_order(classes, weighted):
    labels, probs, random = drawn(classes, classes)
    weights = random.integers(0, 5, ROWS) / 3 if weighted else None
    names = np.array(list("ab"))[random.integers(0, 2, ROWS)]
    found = set()
    for order, ids in namings(random):
        given = None if weights is None else weights[order]
        by = {"name": names[order]}
        one = us.evaluate(labels[order], probs[order], weights=given, ids=ids, by=by)
        assert one.ledger is not None
        found.add(of_rows(one))
    assert len(found) == 1


def test_a_distribution_as_truth_does_not_hang_on_ids_or_order():
    _, probs, random = drawn(5)
    truth, found = random.dirichlet(np.ones(3), size=ROWS), set()
    for order, ids in namings(random):
        one = us.evaluate(us.Probs(truth[order]), probs[order], ids=ids)
        assert one.information_gained.low < one.information_gained.high
        found.add(of_rows(one))
    assert len(found) == 1


def test_calibrators_do_not_hang_on_ids_or_order():
    labels, probs, random = drawn(6)
    found = set()
    for order, ids in namings(random):
        one = calibrate(labels[order], probs[order], ids=ids, methods=["temperature", "vector"])
        found.add((one.removable, one.trials, one.calibrator.to_json()[:400]))
    assert len({(removable, trials) for removable, trials, _ in found}) == 1


def test_comparisons_do_not_hang_on_ids_or_order():
    labels, probs, random = drawn(7)
    other, found = (probs + random.dirichlet(np.ones(3), size=ROWS)) / 2, set()
    for order, ids in list(namings(random))[:4]:
        one = us.compare(labels[order], probs[order], other[order], ids=ids).differences[0]
        found.add((one.difference, one.p_value, one.miscalibration, one.discrimination,
                   one.worse_rows, one.accuracy))  # fmt: skip
    assert len(found) == 1


def test_weights_in_another_unit_find_the_same():
    labels, probs, random = drawn(8)
    weights = random.exponential(size=ROWS)
    one, other = (us.evaluate(labels, probs, weights=weights * unit) for unit in (1, 2.0**-900))
    assert one.cross_entropy == other.cross_entropy
    assert one.information_gained == other.information_gained
    assert one.ledger.recalibrations == other.ledger.recalibrations


@pytest.mark.parametrize("rows", [2, 3, 5, 100])
def test_the_interval_of_a_mean_is_the_textbooks_bent_by_its_skewness(rows):
    values = np.random.default_rng(rows).exponential(size=rows)
    found, spread = mean_and_spread(values, None, None, "")
    with mpmath.workdps(60):
        x = [mpmath.mpf(value) for value in values]
        mean = sum(x) / rows
        squares = sum((each - mean) ** 2 for each in x)
        error = mpmath.sqrt(squares / (rows - 1) / rows)
        skewness = sum((each - mean) ** 3 for each in x) / squares ** mpmath.mpf(1.5)
    assert found.value == pytest.approx(float(mean), rel=1e-15)
    assert spread.error == pytest.approx(float(error), rel=1e-14)
    assert spread.skewness == pytest.approx(float(skewness), rel=1e-10, abs=1e-12)
    assert spread.degrees == rows - 1
    t = special.stdtrit(rows - 1, 0.975)
    bent = Spread(float(error), float(skewness), rows - 1.0, 0.0).interval(float(mean))
    assert (found.low, found.high) == pytest.approx(bent, rel=1e-9)
    flat = Spread(float(error), 0.0, rows - 1.0, 0.0).interval(float(mean))
    assert flat[1] - flat[0] == pytest.approx(2 * t * float(error), rel=1e-8)


def test_one_row_has_no_interval_and_equal_rows_have_none_to_speak_of():
    found, spread = mean_and_spread(np.array([3.0]), None, None)
    assert spread is None
    assert math.isnan(found.low)
    found, spread = mean_and_spread(np.full(7, 0.1), None, np.full(7, 0.3))
    assert found.high - found.low <= 1e-16
    assert spread.error <= 1e-17
    for weights in ([1.0, 0.0, 0.0], [0.0, 0.0, 2.0]):
        assert mean_and_spread(np.arange(3.0), None, np.array(weights))[1] is None


@pytest.mark.parametrize("size", [1e300, 1e150, 1e-150, 1e-300])
def test_the_spread_of_numbers_of_whatever_size(size):
    values = np.random.default_rng(1).exponential(size=50)
    _, one = mean_and_spread(values, None, None)
    _, other = mean_and_spread(values * size, None, None)
    assert other.error == pytest.approx(one.error * size, rel=1e-13)
    assert other.skewness == pytest.approx(one.skewness, rel=1e-10)


def test_a_tiny_spread_about_a_large_mean_keeps_its_digits():
    values = 1e6 + np.arange(9.0) * 2.0**-30
    _, spread = mean_and_spread(values, None, None)
    expected = np.arange(9.0).std(ddof=1) * 2.0**-30 / 3
    assert spread.error == pytest.approx(expected, rel=1e-12)


def test_weights_that_stand_for_nothing_change_no_interval():
    """Rows of weight 0 are as if they were not there."""
    values, weights = np.random.default_rng(2).exponential(size=(2, 40))
    _, one = mean_and_spread(values, None, weights)
    more = np.concatenate([weights, np.zeros(9)])
    _, other = mean_and_spread(np.concatenate([values, np.arange(9.0)]), None, more)
    assert one == other


def test_the_error_of_a_weighted_mean_is_right_on_average():
    """Rows that are alike but for their weights: the variance is Σ w² / (Σ w)²."""
    random = np.random.default_rng(3)
    weights = random.exponential(size=8) ** 2
    errors = [
        mean_and_spread(random.standard_normal(8), None, weights)[1].error ** 2 for _ in range(4000)
    ]
    expected = (weights**2).sum() / weights.sum() ** 2
    assert np.mean(errors) == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize("degrees", [31.0, 31.5, 32, 40, 100, 1e4, 1e9])
def test_students_t_beyond_the_table(degrees):
    assert student_t(degrees) == pytest.approx(special.stdtrit(degrees, 0.975), rel=2e-8)


def test_intervals_of_few_skewed_rows_hold_the_truth():
    inside = 0
    for seed in range(400):
        values = np.random.default_rng(seed).exponential(size=60)
        found, _ = mean_and_spread(values, None, None)
        inside += found.low <= 1 <= found.high
    assert 0.92 <= inside / 400 <= 0.98


def test_a_large_sample_scatters_little_with_ids():
    """Which rows of many are sampled hangs on ids; how much they differ is about the same."""
    _, probs, random = drawn(9, rows=4000)
    truth = random.dirichlet(np.ones(3), size=4000)
    widths = []
    for seed in range(12):
        ids = np.random.default_rng(seed).permutation(4000)
        evaluator = us.Evaluator(sample_rows=2000).update(us.Probs(truth), probs, ids=ids)
        gained = evaluator.result(ledger=False).information_gained
        widths.append(gained.high - gained.low)
    assert np.std(widths) <= 0.03 * np.mean(widths)
