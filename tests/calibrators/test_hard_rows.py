"""Numbers at the ends of what floats hold."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from calibrator_rows import every_kind, overconfident, shares_of, softmax

import unsurprised as us
from unsurprised.calibrators import (
    BetaCalibration,
    IsotonicCalibration,
    PlattScaling,
    StructuredScaling,
    TemperatureScaling,
    UniformMixing,
    VectorScaling,
)
from unsurprised.errors import CalibrationWarning

LOGITS, LABELS = overconfident(400, 3)


@pytest.mark.parametrize("width", [2, 3])
@pytest.mark.parametrize("factor", [1e-6, 1e-3, 1e3, 1e5])
def test_scores_far_apart_or_close_together(width, factor):
    """What a scale can undo is undone: the predictions are those of the scores as they were."""
    logits, labels = overconfident(400, width)
    for plain, scaled in zip(every_kind(width), every_kind(width), strict=True):
        name = type(plain).__name__
        if name in ("UniformMixing", "PriorShift", "IsotonicCalibration", "MatrixScaling"):
            continue  # have no scale, or a belief about how large it is
        if factor < 1 and name in ("BetaCalibration", "VectorScaling"):
            continue  # their logarithms have another offset
        expected = plain.fit(us.Logits(logits), labels).predict_proba(us.Logits(logits))
        far = us.Logits(factor * logits)
        found = scaled.fit(far, labels)
        if factor < 1 or name in ("TemperatureScaling", "PlattScaling", "StructuredScaling"):
            np.testing.assert_allclose(found.predict_proba(far), expected, rtol=1e-5)
        assert found.provenance_["bits_after"] < math.log2(width)


def test_the_largest_logits():
    logits = LOGITS * 1e30
    found = TemperatureScaling().fit(us.Logits(logits), LABELS)
    plain = TemperatureScaling().fit(us.Logits(LOGITS), LABELS)
    assert found.temperature_ / 1e30 == pytest.approx(plain.temperature_, rel=1e-9)


def test_minus_infinity_among_logits():
    logits, labels = overconfident(400, 4)
    logits[np.arange(400), (labels + 1 + np.arange(400) % 3) % 4] = -np.inf
    for kind in (TemperatureScaling(), VectorScaling(), UniformMixing(), IsotonicCalibration()):
        fitted = kind.fit(us.Logits(logits), labels)
        assert fitted.notes_ == ()
        log = fitted.transform(us.Logits(logits)).array.values
        assert not np.isnan(log).any()
        bits = -log[np.arange(400), labels].mean() / math.log(2)
        assert bits == pytest.approx(fitted.provenance_["bits_after"], rel=1e-12)
        assert bits < fitted.provenance_["bits_before"]


def test_float32_probabilities_with_zeros():
    probs = softmax(12 * LOGITS).astype(np.float32)
    assert (probs == 0).any()
    labels = np.where(probs[np.arange(400), LABELS] > 0, LABELS, probs.argmax(axis=1))
    labels[:40] = np.argsort(probs[:40], axis=1)[:, 1]
    labels = np.where(probs[np.arange(400), labels] > 0, labels, probs.argmax(axis=1))
    for kind in (TemperatureScaling(), VectorScaling(), UniformMixing(), IsotonicCalibration()):
        found = kind.fit(probs, labels).predict_proba(probs)
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-12)
        assert kind.provenance_["bits_after"] < kind.provenance_["bits_before"]


def test_two_rows():
    two = [[0.4, 0.6], [0.7, 0.3]]
    assert UniformMixing().fit(two, [0, 1]).epsilon_ == 1.0
    with pytest.warns(CalibrationWarning):
        found = StructuredScaling().fit(two, [1, 0])
    assert found.predict(two).tolist() == [1, 0]
    values = IsotonicCalibration().fit(two, [1, 0]).parameters_["values"][0]
    assert values.tolist() == [0.5 / 3, 1 - 0.5 / 3]


def test_a_thousand_classes():
    logits, labels = overconfident(5000, 1000)
    labels[:1000] = np.arange(1000)
    given = us.Logits(logits.astype(np.float32))
    assert TemperatureScaling().fit(given, labels).temperature_ == pytest.approx(2.6, abs=0.3)
    vector = VectorScaling().fit(given, labels)
    assert vector.notes_ == ()
    found = vector.predict_proba(given)
    np.testing.assert_allclose(found.mean(axis=0), np.bincount(labels) / 5000, rtol=1e-6)
    found = IsotonicCalibration().fit(given, labels).predict_proba(us.Logits(logits[:50]))
    assert (found > 0).all()


@pytest.mark.parametrize("kind", every_kind(3), ids=lambda kind: type(kind).__name__)
def test_weights_of_any_size(kind):
    few = np.arange(400) % 4 == 0
    by_rows = type(kind)(**kind.get_params()).fit(us.Logits(LOGITS[few]), LABELS[few])
    for large, small in ((1e100, 1e-300), (1e100, 0.0), (1.0, 1e-300)):
        found = kind.fit(us.Logits(LOGITS), LABELS, np.where(few, large, small))
        if "Isotonic" in type(kind).__name__ and small:
            continue  # rows of next to no weight still are knots
        if type(kind).__name__ in ("MatrixScaling", "StructuredScaling") and large == 1.0:
            continue  # a belief about parameters fades as rows come in, however light
        expected = by_rows.predict_proba(us.Logits(LOGITS))
        np.testing.assert_allclose(found.predict_proba(us.Logits(LOGITS)), expected, rtol=1e-6)


def test_nearly_separable_data():
    logits = LOGITS + 14 * np.eye(3)[LABELS]
    labels = LABELS.copy()
    labels[0], labels[1], labels[2] = (LABELS[:3] + 1) % 3
    found = TemperatureScaling().fit(us.Logits(logits), labels)
    assert found.notes_ == ()
    assert 1 < found.temperature_ < 10
    assert found.provenance_["bits_after"] < 0.2


def test_soft_truths_with_zeros_and_probabilities_of_zero():
    """A share of 0 of a class without a chance costs nothing."""
    shares = shares_of(LOGITS)
    shares[:100] = shares[:100] + 0.01
    shares[:100, 2] = 0
    shares /= shares.sum(axis=1, keepdims=True)
    probs = softmax(LOGITS)
    probs[:100, 2] = 0
    probs /= probs.sum(axis=1, keepdims=True)
    for kind in (TemperatureScaling(), VectorScaling(), UniformMixing()):
        fitted = kind.fit(probs, shares)
        assert fitted.notes_ == ()
        log = np.log(fitted.transform(probs), where=shares > 0, out=np.zeros((400, 3)))
        bits = -(shares * log).sum(axis=1).mean() / math.log(2)
        assert bits == pytest.approx(fitted.provenance_["bits_after"], rel=1e-9)


def test_certainty_keeps_its_digits():
    """Against mpmath: what is left for the others is known to its last digits."""
    fitted = TemperatureScaling().fit(us.Logits(LOGITS), LABELS)
    row = [90.0, 0.0, 3.0]
    log = fitted.transform(us.LogProbs(_log_softmax(row))).array.values
    mpmath.mp.dps = 60
    powers = [mpmath.exp((z - 90) / mpmath.mpf(fitted.temperature_)) for z in row]
    exact = [mpmath.log(power / sum(powers)) for power in powers]
    for found, true in zip(log, exact, strict=True):
        assert abs(found - true) <= 2e-14 * abs(true)


def _log_softmax(row):
    mpmath.mp.dps = 60
    powers = [mpmath.exp(z) for z in row]
    return [float(mpmath.log(power / sum(powers))) for power in powers]


def test_odds_of_rows_that_are_certain():
    p = np.array([0.0, 1.0, 0.1, 0.2, 0.3, 0.4, 0.45, 0.55, 0.6, 0.7, 0.8, 0.9])
    y = np.array([0, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1])
    for kind in (PlattScaling(), BetaCalibration()):
        found = kind.fit(p, y).transform([0.0, 0.5, 1.0])
        assert (found[0], found[2]) == (0.0, 1.0)
        assert 0 < found[1] < 1
        assert np.isfinite(kind.provenance_["bits_after"])
