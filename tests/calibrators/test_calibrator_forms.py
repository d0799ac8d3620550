"""Whatever form, shape, type and library comes in goes out again."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from calibrator_rows import every_kind, overconfident, softmax

import unsurprised as us
from unsurprised import CallError, InputError
from unsurprised.calibrators import (
    IsotonicCalibration,
    PriorShift,
    TemperatureScaling,
    UniformMixing,
    VectorScaling,
)

LOGITS, LABELS = overconfident(300, 3)
PROBS = softmax(LOGITS)
ODDS, TWO = overconfident(300, 2)
ODDS = ODDS[:, 1] - ODDS[:, 0]


def expected(fitted, probs):
    return fitted.predict_proba(probs)


@pytest.fixture(name="fitted", params=every_kind(3), ids=lambda kind: type(kind).__name__)
def make_fitted(request):
    return request.param.fit(PROBS, LABELS)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ml_dtypes.bfloat16])
def test_types(fitted, dtype):
    rows = LOGITS[:20].astype(dtype)
    wide = expected(fitted, us.Logits(rows.astype(np.float64)))
    found = fitted.transform(us.Logits(rows))
    assert isinstance(found, us.Logits)
    np.testing.assert_allclose(softmax(found.array.values), wide, rtol=1e-12)
    fitted.fit(us.Logits(LOGITS.astype(dtype)), LABELS)


def test_every_form_says_the_same(fitted):
    by_probs = fitted.transform(us.Probs(PROBS))
    assert isinstance(by_probs, us.Probs)
    by_logits = fitted.transform(us.Logits(LOGITS))
    assert isinstance(by_logits, us.Logits)
    by_log_probs = fitted.transform(us.LogProbs(np.log(PROBS)))
    assert isinstance(by_log_probs, us.LogProbs)
    by_counts = fitted.transform(us.Counts(np.round(PROBS * 1e6).astype(int) + 1))
    plain = fitted.transform(PROBS)
    assert isinstance(plain, np.ndarray)
    np.testing.assert_array_equal(by_probs.array.values, plain)
    np.testing.assert_allclose(np.exp(by_log_probs.array.values), plain, rtol=1e-9)
    np.testing.assert_allclose(softmax(by_logits.array.values), plain, rtol=1e-9)
    assert by_counts is not None


def test_a_list(fitted):
    np.testing.assert_array_equal(fitted.transform(PROBS[:4].tolist()), fitted.transform(PROBS[:4]))


def test_one_row_and_many_dimensions(fitted):
    flat = fitted.transform(PROBS[:24])
    # A product of matrices sums in another order where there are fewer rows.
    np.testing.assert_allclose(fitted.transform(PROBS[0]), flat[0], rtol=1e-14)
    cube = fitted.transform(PROBS[:24].reshape(2, 3, 4, 3))
    np.testing.assert_array_equal(cube, flat.reshape(2, 3, 4, 3))
    assert fitted.predict(PROBS[:24].reshape(2, 12, 3)).shape == (2, 12)
    assert fitted.predict_proba(PROBS[:24].reshape(2, 12, 3)).shape == (2, 12, 3)


def test_no_rows(fitted):
    assert fitted.transform(PROBS[:0]).shape == (0, 3)


def test_what_is_given_stays_as_it_was(fitted):
    rows, log = PROBS[:5].copy(), LOGITS[:5].copy()
    rows.setflags(write=False)
    log.setflags(write=False)
    fitted.transform(rows)
    fitted.transform(us.Logits(log))
    fitted.fit(PROBS, LABELS)


def test_fitted_on_any_form():
    by_logits = TemperatureScaling().fit(us.Logits(LOGITS), LABELS).temperature_
    for form in (PROBS, us.Probs(PROBS), us.LogProbs(np.log(PROBS)), us.Logits(LOGITS + 7.5)):
        assert TemperatureScaling().fit(form, LABELS).temperature_ == pytest.approx(by_logits)
    named = TemperatureScaling().fit(PROBS, np.array(["a", "b", "c"])[LABELS], classes=list("abc"))
    assert named.temperature_ == pytest.approx(by_logits)
    assert named.classes_.tolist() == ["a", "b", "c"]
    assert set(named.predict(PROBS)) == {"a", "b", "c"}
    deep = TemperatureScaling().fit(PROBS.reshape(3, 100, 3), LABELS.reshape(3, 100))
    assert deep.temperature_ == pytest.approx(by_logits)


def test_soft_truths_of_any_form():
    counts = np.random.default_rng(1).multinomial(7, softmax(LOGITS / 2))
    by_counts = VectorScaling().fit(PROBS, us.Counts(counts))
    by_shares = VectorScaling().fit(PROBS, counts / 7)
    np.testing.assert_allclose(by_counts.scale_, by_shares.scale_, rtol=1e-9)
    smoothed = TemperatureScaling().fit(PROBS, us.Labels(LABELS, smoothing=0.1))
    shares = 0.9 * np.eye(3)[LABELS] + 0.1 / 3
    assert smoothed.temperature_ == pytest.approx(
        TemperatureScaling().fit(PROBS, shares).temperature_
    )


@pytest.fixture(name="of_two", params=every_kind(2), ids=lambda kind: type(kind).__name__)
def make_of_two(request):
    return request.param


def test_one_number_a_row(of_two):
    p = 1 / (1 + np.exp(-ODDS))
    both = np.stack([1 - p, p], axis=1)
    in_columns = of_two.fit(both, TWO).transform(both)
    of_two.fit(p, TWO)
    found = of_two.transform(p)
    assert found.shape == p.shape
    np.testing.assert_allclose(found, in_columns[:, 1], rtol=1e-9)
    np.testing.assert_allclose(of_two.predict_proba(p), in_columns, rtol=1e-9)
    odds = of_two.transform(us.Logits(ODDS)).array.values
    np.testing.assert_allclose(1 / (1 + np.exp(-odds)), found, rtol=1e-9)
    log = of_two.transform(us.LogProbs(np.log(p))).array.values
    np.testing.assert_allclose(np.exp(log), found, rtol=1e-9)
    assert of_two.transform(p.reshape(3, 100)).shape == (3, 100)


def test_two_numbers_are_rows_or_a_row_as_it_was_fitted():
    p = 1 / (1 + np.exp(-ODDS))
    by_number = TemperatureScaling().fit(p, TWO)
    assert by_number.transform([0.2, 0.9]).sum() != pytest.approx(1)
    by_row = TemperatureScaling().fit(np.stack([1 - p, p], axis=1), TWO)
    assert by_row.transform([0.2, 0.8]).sum() == pytest.approx(1)
    with pytest.raises(InputError, match="sum"):
        by_row.transform([0.2, 0.9])


def test_torch(fitted):
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(LOGITS[:6], dtype=torch.float32)
    found = fitted.transform(us.Logits(tensor))
    assert isinstance(found.given, torch.Tensor)
    assert found.given.dtype == torch.float32
    wide = expected(fitted, us.Logits(LOGITS[:6].astype(np.float32)))
    np.testing.assert_allclose(softmax(found.given.double().numpy()), wide, rtol=1e-5)
    probs = fitted.transform(torch.tensor(PROBS[:6]))
    assert isinstance(probs, torch.Tensor)
    assert probs.dtype == torch.float64
    again = type(fitted)(**fitted.get_params()).fit(torch.tensor(PROBS), torch.tensor(LABELS))
    np.testing.assert_allclose(again.transform(PROBS), fitted.transform(PROBS), rtol=1e-9)


def test_bfloat16_of_torch(fitted):
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(LOGITS[:6]).to(torch.bfloat16)
    wide = expected(fitted, us.Logits(tensor.double().numpy()))
    found = fitted.transform(us.Logits(tensor)).given
    assert isinstance(found, torch.Tensor)
    np.testing.assert_allclose(softmax(found.double().numpy()), wide, rtol=2e-5)


def test_jax(fitted):
    jax = pytest.importorskip("jax")
    found = fitted.transform(us.Logits(jax.numpy.asarray(LOGITS[:6])))
    assert isinstance(found.given, jax.Array)
    wide = expected(fitted, us.Logits(LOGITS[:6].astype(np.float32)))
    np.testing.assert_allclose(softmax(np.asarray(found.given, dtype=np.float64)), wide, rtol=1e-5)


def test_what_no_float_holds_is_handed_on_as_logarithms():
    fitted = TemperatureScaling().fit(us.Logits(LOGITS / 8), LABELS)
    assert fitted.temperature_ < 0.5
    found = fitted.transform([[1.0 - 1e-300, 1e-300, 1e-10]])
    assert isinstance(found, us.LogProbs)
    scores = np.log([1.0, 1e-300, 1e-10]) / fitted.temperature_
    np.testing.assert_allclose(found.array.values[0, 1:], scores[1:], rtol=1e-9)
    least = fitted.predict_proba([[1.0 - 1e-300, 1e-300, 1e-10]])
    assert least[0, 1] == np.nextafter(0, 1)


def test_a_class_without_any_chance_keeps_none_unless_mixed():
    rows = [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0]]
    for kind in (TemperatureScaling(), VectorScaling(), PriorShift([1, 2, 3])):
        found = kind.fit(PROBS, LABELS).transform(rows)
        np.testing.assert_array_equal(np.equal(found, 0), np.equal(rows, 0))
    for kind in (UniformMixing(), IsotonicCalibration()):
        assert (kind.fit(PROBS, LABELS).transform(rows) > 0).all()


def test_transform_before_fit():
    with pytest.raises(CallError, match="this VectorScaling is not fitted; call"):
        VectorScaling().transform(PROBS)
