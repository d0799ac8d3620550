"""The losses' own derivatives against differences, and the slope where each fit has stopped."""

from __future__ import annotations

import calibrator_losses as losses
import numpy as np
import pytest
from calibrator_rows import overconfident, shares_of
from scipy.special import log_softmax

import unsurprised as us
from unsurprised.calibrators import (
    BetaCalibration,
    MatrixScaling,
    PlattScaling,
    StructuredScaling,
    TemperatureScaling,
    UniformMixing,
    VectorScaling,
    _loss,
)
from unsurprised.calibrators._loss import Loss
from unsurprised.calibrators._rows import fitting_rows
from unsurprised.calibrators._scores import MatrixScores, OddsScores, VectorScores
from unsurprised.calibrators._vector_loss import VectorLoss

TOLERANCE = 1e-10


def odds_and_logs(x):
    return np.stack([x[:, 1], -x[:, 0], np.ones(len(x))], axis=1)


MODELS = {
    "vector": (4, lambda: VectorScores(4)),
    "vector by kernels": (4, lambda: VectorScores(4)),
    "matrix": (4, lambda: MatrixScores(4, 0.02, 0.01, 0.03)),
    "matrix without penalty": (3, lambda: MatrixScores(3, 0.0, 0.0, 0.0)),
    "odds": (2, lambda: OddsScores(odds_and_logs, [0.5, 0.7, 0.1])),
}


@pytest.fixture(name="loss", params=[(m, s, z) for m in MODELS for s in (0, 1) for z in (0, 1)])
def make_loss(request):
    """A loss at a place of its parameters; labels or soft truths, some rows with a zero or none."""
    name, soft, zeros = request.param
    width, model = MODELS[name]
    logits, labels = overconfident(150, width, seed=2)
    if zeros and width > 2:
        logits[::7, 1] = -np.inf
        labels[::7] = 0
    truth = shares_of(np.where(np.isinf(logits), -1e3, logits)) if soft else labels
    weights = np.random.default_rng(3).exponential(size=150)
    if zeros and "vector" not in name:
        logits = np.where(np.isinf(logits), -5.0, logits)
    rows = fitting_rows(us.Logits(logits), truth, weights)
    loss = VectorLoss(rows, model()) if "kernels" in name else Loss(rows, model(), None)
    start = loss.model.start
    return loss, start + 0.1 * np.random.default_rng(4).normal(size=len(start))


def test_the_gradient(loss):
    loss, at = loss
    _, gradient = loss.value_and_gradient(at)
    by_differences = losses.slope(lambda p: loss.value_and_gradient(p)[0], at)
    np.testing.assert_allclose(gradient, by_differences, rtol=1e-8, atol=1e-10)


def curvature(loss, at):
    """Second derivatives by differences of the gradient."""
    rows = [
        losses.slope(lambda p, k=k: loss.value_and_gradient(p)[1][k], at) for k in range(len(at))
    ]
    return np.array(rows)


def test_the_curvature(loss):
    loss, at = loss
    gauge = loss.model.gauge
    found = loss.matrix(at) - gauge.T @ gauge
    np.testing.assert_allclose(found, curvature(loss, at), rtol=1e-7, atol=1e-9)


def test_the_curvature_times_a_direction(loss, monkeypatch):
    loss, at = loss
    direction = np.random.default_rng(5).normal(size=len(at))
    exact = loss.matrix(at) @ direction
    product = loss.curvature_at(at)(direction)
    np.testing.assert_allclose(product, exact, atol=3e-6 * np.abs(exact).max())
    monkeypatch.setattr(_loss, "_LARGEST_IN_SINGLE_PRECISION", 0.0)
    loss = Loss(loss.rows, loss.model, None)
    product = loss.curvature_at(at)(direction)
    np.testing.assert_allclose(product, exact, atol=1e-12 * np.abs(exact).max())


def test_what_a_direction_moves(loss):
    loss, at = loss
    direction = np.random.default_rng(6).normal(size=len(at))
    changes = loss.model.scores(loss.x, at + direction) - loss.model.scores(loss.x, at)
    if loss.possible is not None:
        changes = np.where(loss.possible, changes, np.nan)
    widest = (np.nanmax(changes, axis=1) - np.nanmin(changes, axis=1)).max()
    assert loss.move(direction) == pytest.approx(widest, rel=1e-9)


@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("width", [2, 3, 30, 101])
def test_kernels_say_what_the_formulas_say(width, soft):
    """Of so many classes and rows that groups, blocks and tiles are whole and not."""
    for count in (1031, 64, 7):
        logits, labels = overconfident(count, width, seed=7)
        logits[::5, 0] = np.where(labels[::5] == 0, logits[::5, 0], -np.inf)
        finite = np.where(np.isinf(logits), -1e3, logits)
        rows = fitting_rows(us.Logits(logits), shares_of(finite) if soft else labels)
        model = VectorScores(width)
        at = model.start + 0.1 * np.random.default_rng(8).normal(size=2 * width)
        plain, fast = Loss(rows, model, None), VectorLoss(rows, model)
        value, gradient = plain.value_and_gradient(at)
        found, slopes = fast.value_and_gradient(at)
        assert found == pytest.approx(value, rel=1e-13)
        np.testing.assert_allclose(slopes, gradient, atol=1e-13)
        np.testing.assert_allclose(fast.matrix(at), plain.matrix(at), atol=1e-12)
        assert fast.move(at) == pytest.approx(plain.move(at), rel=1e-12)


class Residuals:
    """Predicted less true shares at a fit, in extended precision, for gradients by hand."""

    def __init__(self, logits, shares, weights, after):
        self.x = log_softmax(logits, axis=1).astype(np.longdouble)
        scores = after(self.x)
        scores = scores - scores.max(axis=1, keepdims=True)
        powers = np.exp(scores)
        share_of_row = (weights / weights.sum()).astype(np.longdouble)[:, None]
        self.left = share_of_row * (powers / powers.sum(axis=1, keepdims=True) - shares)

    def by_matrix(self):
        return self.left.T @ self.x

    def by_shift(self):
        return self.left.sum(axis=0)


@pytest.fixture(name="data", params=[(w, s, k) for w in (0, 1) for s in (0, 1) for k in (2, 5)])
def make_data(request):
    weighted, soft, width = request.param
    logits, labels = overconfident(3000, width, seed=11)
    weights = np.random.default_rng(12).exponential(size=3000) if weighted else None
    truth = shares_of(logits) if soft else labels
    shares = truth if soft else np.eye(width)[labels]
    return us.Logits(logits), truth, weights, shares, np.ones(3000) if weights is None else weights


def residuals(data, after):
    return Residuals(data[0].array.values, data[3], data[4], after)


def test_no_slope_is_left_by_a_temperature(data):
    inverse = np.longdouble(TemperatureScaling().fit(*data[:3]).parameters_["inverse_temperature"])
    left = residuals(data, lambda x: inverse * x)
    assert abs(np.trace(left.by_matrix())) <= TOLERANCE


def test_no_slope_is_left_by_vector_scaling(data):
    fitted = VectorScaling().fit(*data[:3])
    left = residuals(data, lambda x: fitted.scale_ * x + fitted.shift_)
    assert np.abs(np.diag(left.by_matrix())).max() <= TOLERANCE
    assert np.abs(left.by_shift()).max() <= TOLERANCE


def test_no_slope_is_left_by_matrix_scaling(data):
    fitted = MatrixScaling(off_diagonal=2.0, shift=0.5).fit(*data[:3])
    left = residuals(data, lambda x: x @ fitted.scale_.T.astype(np.longdouble) + fitted.shift_)
    pull = 2 * 2.0 / 3000 * fitted.scale_ * (1 - np.eye(len(fitted.shift_)))
    assert np.abs(left.by_matrix() + pull).max() <= TOLERANCE
    assert np.abs(left.by_shift() + 2 * 0.5 / 3000 * fitted.shift_).max() <= TOLERANCE


def test_no_slope_is_left_by_structured_scaling(data):
    fitted = StructuredScaling(0.5, 2.0, 3.0).fit(*data[:3])
    width = len(fitted.shift_)
    scaled = us.Logits(data[0].array.values / fitted.temperature_)
    left = residuals(
        (scaled, *data[1:]), lambda x: x @ fitted.scale_.T.astype(np.longdouble) + fitted.shift_
    )
    strength = np.full((width, width), 0.5 * width * (width - 1) / 3000)
    np.fill_diagonal(strength, 2.0 * width / 3000)
    pull = 2 * strength * (fitted.scale_ - np.eye(width))
    assert np.abs(left.by_matrix() + pull).max() <= TOLERANCE
    assert np.abs(left.by_shift() + 2 * 3.0 * width / 3000 * fitted.shift_).max() <= TOLERANCE


def test_no_slope_is_left_by_platt_scaling_and_beta_calibration(data):
    if data[3].shape[1] > 2:
        return
    platt = PlattScaling().fit(*data[:3])
    odds = lambda odds: np.stack([np.zeros_like(odds), odds], axis=1)  # noqa: E731
    left = residuals(data, lambda x: odds(platt.slope_ * (x[:, 1] - x[:, 0]) + platt.shift_))
    assert abs(left.left[:, 1] @ (left.x[:, 1] - left.x[:, 0])) <= TOLERANCE
    assert abs(left.left[:, 1].sum()) <= TOLERANCE
    beta = BetaCalibration().fit(*data[:3])
    assert min(beta.towards_one_, beta.from_zero_) > 0
    left = residuals(
        data,
        lambda x: odds(beta.towards_one_ * x[:, 1] - beta.from_zero_ * x[:, 0] + beta.shift_),
    )
    assert np.abs(left.left[:, 1] @ left.x).max() <= TOLERANCE
    assert abs(left.left[:, 1].sum()) <= TOLERANCE


def test_no_slope_is_left_by_uniform_mixing(data):
    epsilon = UniformMixing().fit(*data[:3]).epsilon_
    width = data[3].shape[1]
    q = np.exp(log_softmax(data[0].array.values, axis=1).astype(np.longdouble))
    rows = (data[3] * (1 / np.longdouble(width) - q) / (q + epsilon * (1 / width - q))).sum(axis=1)
    assert 1e-3 < epsilon < 1
    assert abs((rows * data[4]).sum() / data[4].sum()) <= TOLERANCE


def test_many_parameters_are_found_without_their_matrix():
    """30 classes have 930 parameters of a matrix: the conjugate gradients' part."""
    logits, labels = overconfident(4000, 30, seed=13)
    data = us.Logits(logits), labels, None, np.eye(30)[labels], np.ones(4000)
    fitted = MatrixScaling().fit(*data[:2])
    left = residuals(data, lambda x: x @ fitted.scale_.T.astype(np.longdouble) + fitted.shift_)
    pull = 2 / 4000 * fitted.scale_ * (1 - np.eye(30))
    assert np.abs(left.by_matrix() + pull).max() <= TOLERANCE
    assert np.abs(left.by_shift()).max() <= TOLERANCE
