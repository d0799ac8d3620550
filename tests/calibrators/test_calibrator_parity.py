"""The same as scikit-learn, where it has the method, and as what probmetrics found."""

from __future__ import annotations

import calibrator_losses as losses
import numpy as np
import pytest
from calibrator_rows import from_file, overconfident, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression

import unsurprised as us
from unsurprised.calibrators import IsotonicCalibration, StructuredScaling, TemperatureScaling
from unsurprised.calibrators.isotonic import isotonic_curve


class AsGiven(ClassifierMixin, BaseEstimator):
    """A classifier whose rows are its scores."""

    def fit(self, scores, y):
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, scores):
        return scores

    def predict(self, scores):
        return self.classes_[np.argmax(scores, axis=1)]


def test_temperature_scaling():
    logits, labels = overconfident(2000, 5)
    frozen = FrozenEstimator(AsGiven().fit(logits, labels))
    theirs = CalibratedClassifierCV(frozen, method="temperature").fit(logits, labels)
    ours = TemperatureScaling().fit(us.Logits(logits), labels)
    inverse = theirs.calibrated_classifiers_[0].calibrators[0].beta_
    assert 1 / ours.temperature_ == pytest.approx(inverse, rel=1e-6)
    np.testing.assert_allclose(
        ours.predict_proba(us.Logits(logits)), theirs.predict_proba(logits), rtol=2e-5
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ties", [False, True])
def test_isotonic_regression_before_the_ends_are_moved(weighted, ties):
    rng = np.random.default_rng(1)
    p = rng.uniform(0.001, 0.999, size=3000)
    if ties:
        p = p.round(2).clip(0.01, 0.99)
    happened = (rng.random(3000) < p**2).astype(float)
    weights = rng.exponential(size=3000) if weighted else None
    theirs = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
    theirs.fit(p, happened, sample_weight=weights)
    knots, values = isotonic_curve(np.log(p) - np.log1p(-p), happened, weights)
    odds = np.array([1 / (1 + np.exp(-knot)) for knot in knots])
    np.testing.assert_allclose(values, theirs.predict(odds), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("width", [2, 4])
def test_isotonic_calibration_of_new_rows(width):
    """Between knots too; only where the ends are moved do the two differ."""
    logits, labels = overconfident(3000, width, seed=4)
    ours = IsotonicCalibration().fit(us.Logits(logits), labels)
    p = softmax(logits)
    each = []
    for k in [1] if width == 2 else range(width):
        theirs = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
        each.append(theirs.fit(p[:, k], labels == k))
    new = np.random.default_rng(5).dirichlet(np.ones(width), size=500)
    raw = np.stack(
        [
            curve.predict(new[:, k])
            for k, curve in zip([1] if width == 2 else range(width), each, strict=True)
        ],
        axis=1,
    )
    if width == 2:
        raw = np.concatenate([1 - raw, raw], axis=1)
    inner = ((raw > 0.02) & (raw < 0.98)).all(axis=1)
    assert inner.sum() > 50
    expected = raw[inner] / raw[inner].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(ours.transform(new)[inner], expected, rtol=1e-9)


def test_structured_scaling_against_probmetrics():
    """probmetrics 1.3.0, SMSCalibrator()._fit_bfgs in float64, on examples/digits.parquet.

    Its rows were the log-probabilities divided by T = 2.512391421, its penalties 10/1000 for shifts
    and the diagonal, 90/1000 off it. It stops a little before the minimum.
    """
    probs, labels = from_file()
    ours = StructuredScaling().fit(probs, labels)
    diagonal = [
        1.126925, 1.025819, 1.024406, 1.160044, 0.902434,
        1.192709, 1.168018, 1.076446, 1.232241, 1.087325,
    ]  # fmt: skip
    shift = [
        0.081708, -0.023258, 0.104808, -0.089903, -0.019962,
        -0.020721, -0.050667, 0.013599, 0.118419, -0.114023,
    ]  # fmt: skip
    np.testing.assert_allclose(np.diag(ours.scale_), diagonal, atol=2e-3)
    np.testing.assert_allclose(ours.shift_, shift, atol=2e-3)
    assert ours.provenance_["bits_after"] == pytest.approx(0.518698, abs=3e-5)
    loss = losses.Loss(
        np.log(probs) / ours.temperature_,
        np.eye(10)[labels],
        np.ones(1000),
        losses.matrix,
        losses.structured(1000, 10),
    )
    reached = loss(np.concatenate([ours.scale_.ravel(), ours.shift_]))
    assert 0 <= 0.39630380310 - reached < 1e-5
