"""Each calibrator's parameters against scipy.optimize on a loss that is written down once more."""

from __future__ import annotations

from pathlib import Path

import calibrator_losses as losses
import numpy as np
import pytest
from calibrator_rows import DIGITS, from_file, overconfident, shares_of
from scipy.optimize import minimize, minimize_scalar
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
)

NAT = np.log(2)
ROWS = 400


def truth_of(labels, width):
    return np.eye(width)[labels]


@pytest.fixture(name="data", params=["labels", "weights", "soft truth", "soft truth, weights"])
def make_data(request):
    """Logits, what calibrators are given as truth and weights, and the rows of the oracle."""
    width = 3
    logits, labels = overconfident(ROWS, width, seed=5)
    soft = "soft" in request.param
    weights = (
        np.random.default_rng(6).exponential(size=ROWS) if "weights" in request.param else None
    )
    truth = shares_of(logits) if soft else labels
    shares = truth if soft else truth_of(labels, width)
    return logits, truth, weights, shares, np.ones(ROWS) if weights is None else weights


@pytest.fixture(name="two", params=[False, True])
def make_two(request):
    logits, labels = overconfident(ROWS, 2, seed=7)
    weights = np.random.default_rng(8).exponential(size=ROWS) if request.param else None
    return (
        logits,
        labels,
        weights,
        truth_of(labels, 2),
        np.ones(ROWS) if weights is None else weights,
    )


def least(loss, start, bounds=None):
    """What scipy finds, and how low it is."""
    found = minimize(
        loss, start, method="L-BFGS-B", bounds=bounds, options={"maxiter": 5000, "ftol": 1e-15}
    )
    return found.x, found.fun


def same_optimum(loss, ours, theirs, value, within=2e-4):
    """Ours is no higher than theirs, and where a convex loss is as low, it is the same place."""
    assert loss(ours) <= value + 1e-12
    np.testing.assert_allclose(ours, theirs, atol=within, rtol=within)


def test_the_temperature(data):
    logits, truth, given, shares, weights = data
    loss = losses.Loss(logits, shares, weights, losses.temperature)
    found = minimize_scalar(lambda b: loss([b]), bracket=(0.1, 1.0), tol=1e-12)
    ours = TemperatureScaling().fit(us.Logits(logits), truth, given)
    assert ours.temperature_ == pytest.approx(1 / found.x, rel=1e-6)
    assert loss([1 / ours.temperature_]) <= found.fun + 1e-14


def test_vector_scaling(data):
    logits, truth, given, shares, weights = data
    loss = losses.Loss(logits, shares, weights, losses.vector)
    theirs, value = least(loss, [1.0] * 3 + [0.0] * 3)
    ours = VectorScaling().fit(us.Logits(logits), truth, given)
    centred = np.concatenate([theirs[:3], theirs[3:] - theirs[3:].mean()])
    same_optimum(loss, np.concatenate([ours.scale_, ours.shift_]), centred, value)
    assert ours.shift_.sum() == pytest.approx(0, abs=1e-12)


def test_matrix_scaling(data):
    logits, truth, given, shares, weights = data
    loss = losses.Loss(logits, shares, weights, losses.matrix, losses.off_diagonal(3.0 / ROWS, 3))
    theirs, value = least(loss, np.concatenate([np.eye(3).ravel(), np.zeros(3)]))
    ours = MatrixScaling(off_diagonal=3.0).fit(us.Logits(logits), truth, given)
    at = np.concatenate([ours.scale_.ravel(), ours.shift_])
    theirs[9:] += (ours.shift_ - theirs[9:]).mean()  # the same shift of all changes nothing
    same_optimum(loss, at, theirs, value, within=2e-3)


def test_structured_scaling(data):
    logits, truth, given, shares, weights = data
    ours = StructuredScaling().fit(us.Logits(logits), truth, given)
    bare = losses.Loss(logits, shares, weights, losses.temperature)
    first = minimize_scalar(lambda b: bare([b]), bracket=(0.1, 1.0), tol=1e-12)
    assert ours.temperature_ == pytest.approx(1 / first.x, rel=1e-6)
    scaled = logits / ours.temperature_
    loss = losses.Loss(scaled, shares, weights, losses.matrix, losses.structured(ROWS, 3))
    theirs, value = least(loss, np.concatenate([np.eye(3).ravel(), np.zeros(3)]))
    same_optimum(loss, np.concatenate([ours.scale_.ravel(), ours.shift_]), theirs, value)


def test_platt_scaling(two):
    logits, labels, given, shares, weights = two
    loss = losses.Loss(logits, shares, weights, losses.platt)
    theirs, value = least(loss, [1.0, 0.0])
    ours = PlattScaling().fit(us.Logits(logits), labels, given)
    same_optimum(loss, [ours.slope_, ours.shift_], theirs, value)


def test_beta_calibration(two):
    logits, labels, given, shares, weights = two
    loss = losses.Loss(logits, shares, weights, losses.beta)
    theirs, value = least(loss, [1.0, 1.0, 0.0])
    assert (theirs[:2] > 0).all()
    ours = BetaCalibration().fit(us.Logits(logits), labels, given)
    same_optimum(loss, [ours.towards_one_, ours.from_zero_, ours.shift_], theirs, value, 1e-3)


@pytest.mark.parametrize("flip", [False, True])
def test_beta_calibration_on_a_bound(flip):
    """Where only one side of the odds tells anything, its factor would be negative."""
    rng = np.random.default_rng(9)
    p = rng.uniform(0.02, 0.98, size=3000)
    labels = (rng.random(3000) < np.where(p > 0.5, 0.7 - 0.3 * p, 0.1 + 0.7 * p)).astype(int)
    if flip:
        p, labels = 1 - p, 1 - labels
    logits = np.log(np.stack([1 - p, p], axis=1))
    loss = losses.Loss(logits, truth_of(labels, 2), np.ones(3000), losses.beta)
    free, _ = least(loss, [1.0, 1.0, 0.0])
    assert free[:2].min() < 0
    theirs, value = least(loss, [1.0, 1.0, 0.0], [(0, None), (0, None), (None, None)])
    ours = BetaCalibration().fit(us.Logits(logits), labels)
    assert min(ours.towards_one_, ours.from_zero_) == 0
    same_optimum(loss, [ours.towards_one_, ours.from_zero_, ours.shift_], theirs, value, 1e-3)


def test_the_share_of_the_uniform(data):
    logits, truth, given, shares, weights = data
    loss = losses.Loss(2 * logits, shares, weights, losses.mixing)
    found = minimize_scalar(
        lambda e: loss([e]), bounds=(1e-9, 1.0), method="bounded", options={"xatol": 1e-12}
    )
    ours = UniformMixing().fit(us.Logits(2 * logits), truth, given)
    assert 0.01 < ours.epsilon_ < 0.99
    assert ours.epsilon_ == pytest.approx(found.x, rel=1e-5)


CIFAR = Path(__file__).parents[3] / "shared/data/cifar10_vgg_probs.parquet"
#: Temperature, and bits before and after it, by scipy.optimize.minimize_scalar on log-softmax.
KNOWN = {DIGITS: (2.512391, 1.175495, 0.752546), CIFAR: (1.6863, 0.370866, 0.289368)}


@pytest.mark.parametrize("path", [path for path in KNOWN if path.exists()], ids=lambda p: p.stem)
def test_real_predictions(path):
    probs, labels = from_file(path)
    temperature, before, after = KNOWN[path]
    ours = TemperatureScaling().fit(probs, labels)
    assert ours.temperature_ == pytest.approx(temperature, abs=5e-5)
    assert ours.provenance_["bits_before"] == pytest.approx(before, abs=5e-7)
    assert ours.provenance_["bits_after"] == pytest.approx(after, abs=5e-7)
    scores = log_softmax(np.log(probs) / ours.temperature_, axis=1)
    bits = -scores[np.arange(len(labels)), labels].mean() / NAT
    assert bits == pytest.approx(after, abs=5e-7)
    assert us.evaluate(labels, ours.transform(probs)).cross_entropy.value == pytest.approx(bits)


def same_as_repeated(kind, logits, truth):
    times = np.arange(ROWS) % 3 + 1
    again = np.repeat(np.arange(ROWS), times)
    once = kind().fit(us.Logits(logits), truth, times.astype(float))
    repeated = kind().fit(us.Logits(logits[again]), truth[again])
    for name, value in once.parameters_.items():
        np.testing.assert_allclose(value, repeated.parameters_[name], rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("kind", [TemperatureScaling, VectorScaling, UniformMixing])
def test_repeated_rows_are_weights(data, kind):
    same_as_repeated(kind, data[0], data[1])


@pytest.mark.parametrize("kind", [PlattScaling, BetaCalibration])
def test_repeated_rows_are_weights_with_two_classes(two, kind):
    same_as_repeated(kind, two[0], two[1])


def test_a_factor_in_the_weights_changes_nothing(data):
    logits, truth, _, _, weights = data
    plain = TemperatureScaling().fit(us.Logits(logits), truth, weights)
    for factor in (1e-280, 1e90):
        scaled = TemperatureScaling().fit(us.Logits(logits), truth, factor * weights)
        assert scaled.temperature_ == pytest.approx(plain.temperature_, rel=1e-12)
