"""Gaps, bits between classes, calibration curves, Brier's score: against their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn import isotonic, metrics

import unsurprised as us
from unsurprised import Evaluator
from unsurprised.evaluation.figures.calibration_curves import _band, _folded, equal_bins
from unsurprised.evaluation.figures.confidence import BANDS
from unsurprised.statistics.isotonic import recalibrated
from unsurprised.statistics.ties import Runs, Ties

RNG = np.random.default_rng(79)


def predictions(rows=1500, classes=4, sharpness=2.0):
    logits = RNG.normal(size=(rows, classes))
    probs = np.exp(sharpness * logits)
    probs /= probs.sum(axis=1, keepdims=True)
    labels = (logits + RNG.gumbel(size=logits.shape)).argmax(axis=1)
    return labels, probs


@pytest.mark.parametrize("weighted", [False, True])
def test_gaps_are_those_of_their_rows_alone(weighted):
    labels, probs = predictions()
    ids = np.arange(1500)
    weights = RNG.exponential(size=1500) if weighted else None
    found = us.evaluate(labels, probs, weights=weights, ids=ids)
    top, confidence = probs.argmax(1), probs.max(1)
    kinds = [(top == int(gap.predicted), gap) for gap in found.gaps_by_class]
    kinds += [
        ((confidence >= gap.low) & (confidence < gap.high), gap) for gap in found.gaps_by_confidence
    ]
    assert len(found.gaps_by_class) == 4
    assert {gap.low for gap in found.gaps_by_confidence} <= set(BANDS)
    for rows, gap in kinds:
        chosen = None if weights is None else weights[rows]
        alone = us.evaluate(labels[rows], probs[rows], weights=chosen, ids=ids[rows])
        assert (gap.rows, gap.weight) == (rows.sum(), alone.weight)
        # Intervals of one row are NaN, which equals nothing; what is shown of them does.
        assert str(gap.cross_entropy) == str(alone.cross_entropy)
        assert gap.gap.value == alone.confidence_gap.value
        assert str((gap.gap, gap.accuracy)) == str((alone.confidence_gap, alone.accuracy))
        assert gap.expected_surprisal.value == alone.expected_surprisal.value
        mean = np.average(confidence[rows], weights=chosen)
        assert gap.confidence.value == pytest.approx(mean, rel=1e-13)
    for gaps in (found.gaps_by_class, found.gaps_by_confidence):
        total = math.fsum(gap.gap.value * gap.weight for gap in gaps) / found.weight
        assert total == pytest.approx(found.confidence_gap.value, rel=1e-12)


def test_certain_rows_are_in_the_last_band():
    found = us.evaluate([0, 1], [[1.0, 0.0], [0.0, 1.0]])
    assert [(gap.low, gap.high, gap.rows) for gap in found.gaps_by_confidence] == [(0.999, 1.0, 2)]


def test_a_calibrated_model_has_no_gap_in_any_class_or_band():
    """By what happened it would: of 60 intervals by what was predicted, few miss 0."""
    missed = total = 0
    for _ in range(8):
        probs = RNG.dirichlet(np.ones(3), size=3000)
        labels = (probs.cumsum(1) < RNG.random((3000, 1))).sum(1)
        found = us.evaluate(labels, probs)
        for gap in (*found.gaps_by_class, *found.gaps_by_confidence):
            if gap.rows >= 100:
                total += 1
                missed += not gap.gap.low <= 0 <= gap.gap.high
    assert total > 45 and missed <= 8


@pytest.mark.parametrize("weighted", [False, True])
def test_bits_between_classes_add_up_to_the_cross_entropy(weighted):
    labels, probs = predictions()
    weights = RNG.exponential(size=1500) if weighted else np.ones(1500)
    found = us.evaluate(labels, probs, weights=weights if weighted else None)
    surprisals, top = us.surprisal(probs, at=labels), probs.argmax(1)
    for label, row in enumerate(found.confusion_bits):
        for leaned, bits in enumerate(row):
            rows = (labels == label) & (top == leaned)
            exact = math.fsum(weights[rows] * surprisals[rows]) / found.weight
            assert bits == pytest.approx(exact, rel=1e-15)
    assert math.fsum(map(math.fsum, found.confusion_bits)) == pytest.approx(
        found.cross_entropy.value, rel=5e-16
    )
    nats = us.evaluate(labels, probs, base=math.e)
    assert nats.confusion_bits[0][1] == pytest.approx(
        us.evaluate(labels, probs).confusion_bits[0][1] * math.log(2), rel=1e-14
    )


def test_an_infinite_row_is_told_where_it_is():
    found = us.evaluate([0, 1, 1], [[0.5, 0.5], [1.0, 0.0], [0.25, 0.75]])
    assert found.confusion_bits[1][0] == math.inf
    assert math.isfinite(found.confusion_bits[1][1])
    last = found.gaps_by_confidence[-1]
    assert (last.infinite_rows, last.gap.value) == (1, math.inf)


def test_infinite_rows_come_first_and_the_worst_finite_ones_after(tmp_path):
    probs = np.array([[0.5, 0.5], [1.0, 0.0], [0.25, 0.75], [1.0, 0.0], [0.9, 0.1], [1.0, 0.0]])
    labels = np.array([0, 1, 0, 1, 1, 1])
    expected = [(1, math.inf), (3, math.inf), (4, -math.log2(0.1)), (2, 2.0)]
    for cut in range(7):
        for swapped in (False, True):
            parts = [
                Evaluator(top=2).update(labels[part], probs[part], ids=np.arange(6)[part])
                if len(labels[part])
                else Evaluator(top=2)
                for part in (slice(cut), slice(cut, None))
            ]
            first, second = parts[::-1] if swapped else parts
            found = first.merge(second).result()
            rows = [(row.id, row.surprisal) for row in found.worst_rows]
            assert rows == [(name, pytest.approx(bits)) for name, bits in expected]
    assert found.worst_rows[2].leaders[0].name == "0"


def test_worst_rows_tell_their_most_likely_classes():
    logits = np.log([[0.1, 0.2, 0.4, 0.3]])
    found = us.evaluate([0], us.Logits(logits), classes=list("abcd")).worst_rows[0]
    assert [leader.name for leader in found.leaders] == ["c", "d", "b"]
    assert [leader.probability for leader in found.leaders] == pytest.approx([0.4, 0.3, 0.2])


def test_the_curve_of_the_top_class_by_its_definition():
    labels, probs = predictions()
    found = us.evaluate(labels, probs).calibration
    assert [curve.predicted for curve in found] == [None, "0", "1", "2", "3"]
    confidence, right = probs.max(1), probs.argmax(1) == labels
    order = np.argsort(confidence)
    error = 0.0
    for cell, rows in zip(found[0].bins, np.array_split(order, 15), strict=True):
        assert cell.rows == cell.weight == 100
        ends = [confidence[rows].min(), confidence[rows].max()]
        assert [cell.low, cell.high] == pytest.approx(ends, rel=1e-15)
        assert cell.predicted == pytest.approx(confidence[rows].mean(), rel=1e-14)
        assert cell.observed.value == right[rows].mean()
        error += abs(confidence[rows].mean() - right[rows].mean()) / 15
    assert found[0].error == pytest.approx(error, rel=1e-13)
    third = found[3].bins[14]
    rows = np.argsort(probs[:, 2])[-100:]
    assert third.observed.value == (labels[rows] == 2).mean()


def test_weights_are_repetitions():
    labels, probs = predictions(600)
    weights = RNG.integers(0, 4, 600)
    copied = np.repeat(np.arange(600), weights)
    repeated = us.evaluate(labels[copied], probs[copied])
    weighted = us.evaluate(labels, probs, weights=weights)
    assert weighted.brier.score.value == pytest.approx(repeated.brier.score.value, rel=1e-14)
    for name in ("uncertainty", "discrimination", "miscalibration"):
        assert getattr(weighted.brier, name) == pytest.approx(
            getattr(repeated.brier, name), rel=1e-12
        )
    for one, other in zip(weighted.calibration, repeated.calibration, strict=True):
        assert one.error == pytest.approx(other.error, rel=1e-12)
        assert [cell.weight for cell in one.bins] == [cell.weight for cell in other.bins]


def test_rows_of_equal_probability_are_in_one_bin():
    values = np.repeat([0.2, 0.7, 0.9], [10, 500, 90])
    found = us.evaluate((RNG.random(600) < values).astype(int), values).calibration[2]
    assert [(cell.low, cell.high, cell.rows) for cell in found.bins] == [
        (0.2, 0.2, 10), (0.7, 0.7, 500), (0.9, 0.9, 90)
    ]  # fmt: skip
    assert equal_bins(Runs.of(np.ones(5)), np.ones(5), 3).tolist() == [0]


def test_the_band_is_that_of_the_binomial_where_predictions_are_equal():
    for rows, share in [(20, 0.5), (100, 0.003), (3000, 0.97), (5000, 0.4)]:
        low, high = _band(share, math.sqrt(share * (1 - share) / rows))
        expected = stats.binom.ppf([0.025, 0.975], rows, share) / rows
        tolerance = 1.01 / rows if rows * share * (1 - share) > 250 else 1e-9
        assert low == pytest.approx(min(expected[0], share), abs=tolerance)
        assert high == pytest.approx(max(expected[1], share), abs=tolerance)
    assert _band(1.0, 0.0) == (1.0, 1.0)


def test_calibrated_models_lie_in_their_bands():
    outside = total = 0
    for _ in range(10):
        probs = RNG.beta(0.5, 1.5, size=3000)
        labels = (RNG.random(3000) < probs).astype(int)
        for cell in us.evaluate(labels, probs).calibration[2].bins:
            total += 1
            outside += not cell.band_low <= cell.observed.value <= cell.band_high
    assert total == 150 and outside <= 16  # of 7.5 expected; more than 16 have 0.2 %


def test_what_noise_adds_to_the_error():
    means, spreads = np.array([0.0, 0.1, 0.3, 0.2]), np.array([0.2, 0.1, 0.01, 0.0])
    expected = [
        stats.foldnorm.mean(mean / spread, scale=spread) if spread else mean
        for mean, spread in zip(means, spreads, strict=True)
    ]
    assert _folded(means, spreads) == pytest.approx(expected, rel=1e-12)
    errors, debiased, calibrated = [], [], []
    for _ in range(30):
        probs = RNG.beta(1, 1, size=1500)
        curve = us.evaluate((RNG.random(1500) < probs).astype(int), probs).calibration[2]
        errors.append(curve.error)
        debiased.append(curve.error_debiased)
        calibrated.append(curve.error_if_calibrated)
    assert np.mean(errors) == pytest.approx(np.mean(calibrated), rel=0.1)
    assert np.mean(debiased) < 0.7 * np.mean(errors)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("classes", [2, 3, 5])
def test_brier_is_that_of_scikit_learn(classes, weighted):
    labels, probs = predictions(800, classes)
    weights = RNG.exponential(size=800) if weighted else None
    found = us.evaluate(labels, probs, weights=weights).brier
    score = metrics.brier_score_loss(
        labels, probs if classes > 2 else probs[:, 1], sample_weight=weights
    )
    assert found.score.value == pytest.approx(score, rel=1e-13)
    parts = found.uncertainty - found.discrimination + found.miscalibration
    assert parts == pytest.approx(found.score.value, rel=1e-14)
    assert min(found.uncertainty, found.discrimination, found.miscalibration) >= 0
    best = 0.0
    for index in range(classes) if classes > 2 else [1]:
        happened = (labels == index).astype(float)
        fit = isotonic.IsotonicRegression().fit(probs[:, index], happened, sample_weight=weights)
        best += np.average((fit.predict(probs[:, index]) - happened) ** 2, weights=weights)
    assert found.miscalibration == pytest.approx(score - best, abs=1e-12)


def test_the_isotonic_fit_is_that_of_scikit_learn():
    predicted = RNG.integers(0, 40, 500) / 40
    observed, weights = RNG.random(500), RNG.exponential(size=500)
    fit = isotonic.IsotonicRegression().fit(predicted, observed, sample_weight=weights)
    found = recalibrated(Ties.of(predicted), observed, weights)
    assert found == pytest.approx(fit.predict(predicted), abs=1e-12)


def test_a_distribution_as_truth():
    _, probs = predictions(400)
    truth = RNG.dirichlet(np.ones(4), size=400)
    found = us.evaluate(truth, probs)
    assert found.confusion_bits is None and "distribution" in found.missing["confusion_bits"]
    brier = ((probs - truth) ** 2 + truth * (1 - truth)).sum(1).mean()
    assert found.brier.score.value == pytest.approx(brier, rel=1e-13)
    total = sum(gap.gap.value * gap.weight for gap in found.gaps_by_class) / 400
    assert total == pytest.approx(found.confidence_gap.value, rel=1e-12)


def test_logits_and_probabilities_say_the_same():
    labels, probs = predictions()
    one = us.evaluate(labels, probs)
    other = us.evaluate(labels, us.Logits(np.log(probs) + 3.0))
    assert one.brier.score.value == pytest.approx(other.brier.score.value, rel=1e-12)
    assert one.calibration[0].error == pytest.approx(other.calibration[0].error, rel=1e-12)


def test_more_rows_than_the_sample_holds():
    labels, probs = predictions()
    ids = np.arange(1500)
    evaluator = Evaluator(sample_rows=300).update(labels, probs, ids=ids)
    found = evaluator.result()
    assert (found.rows, found.sampled_rows) == (1500, 300)
    kept = evaluator.sample()
    alone = us.evaluate(kept["truth"], us.Probs(kept["model"]))
    assert found.brier.score.value == pytest.approx(alone.brier.score.value, rel=1e-13)
    assert found.calibration[0].error == pytest.approx(alone.calibration[0].error, rel=1e-12)
    assert "Of a sample of 300 rows." in found.to_text(full=True)


def test_without_the_ledger():
    labels, probs = predictions()
    found = us.evaluate(labels, probs, ledger=False)
    whole = us.evaluate(labels, probs)
    assert found.cross_entropy == whole.cross_entropy
    assert found.brier is None and found.calibration == () and found.sampled_rows == 0
    assert found.missing["brier"] == "ledger=False was asked for"


def test_of_a_thousand_and_one_classes_there_is_no_table():
    probs = RNG.dirichlet(np.ones(1001), size=30)
    found = us.evaluate(RNG.integers(0, 1001, 30), probs)
    assert found.confusion_bits is None and found.gaps_by_class == ()
    assert found.missing["gaps_by_class"] == "kept up to 1,000 classes"
    assert len(found.calibration) == 1 and found.brier.score.value > 0


def test_rows_of_no_weight_tell_nothing():
    labels, probs = predictions(400)
    weights = (RNG.random(400) < 0.5).astype(float)
    found = us.evaluate(labels, probs, weights=weights)
    kept = weights > 0
    alone = us.evaluate(labels[kept], probs[kept])
    assert found.brier.score.value == pytest.approx(alone.brier.score.value, rel=1e-14)
    assert sum(cell.rows for cell in found.calibration[0].bins) == kept.sum()
