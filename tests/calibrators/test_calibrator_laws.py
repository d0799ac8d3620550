"""What holds of every calibrator, on whatever rows Hypothesis thinks of."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from calibrator_rows import every_kind, overconfident
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import unsurprised as us
from unsurprised.calibrators import Chain, IsotonicCalibration, TemperatureScaling, UniformMixing
from unsurprised.errors import CalibrationWarning

WIDTH = 4
LOGITS, LABELS = overconfident(500, WIDTH)
FITTED = [
    kind.fit(us.Logits(LOGITS), LABELS)
    for kind in [*every_kind(WIDTH), Chain([UniformMixing(), TemperatureScaling()])]
]
TWO_LOGITS, TWO_LABELS = overconfident(500, 2)
FITTED_TWO = [kind.fit(us.Logits(TWO_LOGITS), TWO_LABELS) for kind in every_kind(2)]

some = settings(max_examples=50, deadline=None)
#: Each example has some rows already, and each calibrator its own.
few = settings(max_examples=25, deadline=None)
finite = st.floats(-1e4, 1e4) | st.floats(-30, 30) | st.integers(-3, 3).map(float)


def logits(width, elements=finite):
    shapes = st.tuples(st.integers(1, 6), st.just(width))
    return hnp.arrays(np.float64, shapes, elements=elements)


def name_of(calibrator):
    return type(calibrator).__name__


def is_row(probs):
    assert not np.isnan(probs).any()
    assert ((probs >= 0) & (probs <= 1)).all()
    np.testing.assert_allclose(probs.sum(axis=-1), 1.0, rtol=1e-12)


def are_rows(calibrator, rows):
    is_row(calibrator.predict_proba(us.Logits(rows)))
    log = calibrator.transform(us.LogProbs(rows - np.logaddexp.reduce(rows, axis=1, keepdims=True)))
    values = log.array.values
    assert not np.isnan(values).any()
    assert (values <= 0).all()
    assert np.isfinite(values).all(), "no class that occurred is given 0"


@pytest.mark.parametrize("calibrator", FITTED, ids=name_of)
@few
@given(rows=logits(WIDTH))
def test_every_row_sums_to_one_and_leaves_every_class_something(calibrator, rows):
    are_rows(calibrator, rows)


@pytest.mark.parametrize("calibrator", FITTED_TWO, ids=name_of)
@few
@given(rows=logits(2))
def test_so_it_is_with_two_classes(calibrator, rows):
    are_rows(calibrator, rows)


with_impossible = st.just(-np.inf) | finite


@pytest.mark.parametrize(
    "calibrator",
    [
        one
        for one in FITTED + FITTED_TWO
        if name_of(one) not in ("MatrixScaling", "StructuredScaling")
    ],
    ids=name_of,
)
@few
@given(data=st.data())
def test_classes_without_a_chance(calibrator, data):
    width = len(calibrator.classes_)
    rows = data.draw(logits(width, with_impossible))
    rows[:, data.draw(st.integers(0, width - 1))] = 0.0
    is_row(calibrator.predict_proba(us.Logits(rows)))


@pytest.mark.parametrize("calibrator", [c for c in FITTED if c.keeps_ranking], ids=name_of)
@few
@given(rows=logits(WIDTH))
def test_monotone_calibrators_keep_the_ranking_of_each_row(calibrator, rows):
    found = calibrator.transform(us.Logits(rows)).array.values
    rises = rows[:, :, None] < rows[:, None, :]
    assert (found[:, :, None] <= found[:, None, :])[rises].all()
    same = rows[:, :, None] == rows[:, None, :]
    assert (found[:, :, None] == found[:, None, :])[same].all()
    assert (np.take_along_axis(found, rows.argmax(1)[:, None], 1)[:, 0] == found.max(1)).all()


def test_which_keep_the_ranking():
    kept = {name_of(one) for one in FITTED if one.keeps_ranking}
    assert kept == {"TemperatureScaling", "UniformMixing", "Chain"}


@pytest.mark.parametrize(
    "calibrator",
    [c for c in FITTED_TWO if name_of(c) not in ("MatrixScaling", "VectorScaling")],
    ids=name_of,
)
@few
@given(odds=hnp.arrays(np.float64, 12, elements=st.floats(-50, 50)))
def test_more_likely_stays_more_likely_with_two_classes(calibrator, odds):
    p = calibrator.predict_proba(us.Logits(np.stack([np.zeros(12), np.sort(odds)], axis=1)))[:, 1]
    assert (np.diff(p) >= -1e-15).all()


@pytest.mark.parametrize("calibrator", FITTED, ids=name_of)
@few
@given(rows=logits(WIDTH, st.floats(-30, 30)), offset=st.floats(-1e3, 1e3))
def test_an_offset_of_logits_changes_nothing(calibrator, rows, offset):
    moved = calibrator.predict_proba(us.Logits(rows + offset))
    np.testing.assert_allclose(moved, calibrator.predict_proba(us.Logits(rows)), rtol=1e-9)


@some
@given(data=st.data())
def test_a_fit_on_anything_gives_rows(data):
    width, rows = data.draw(st.integers(2, 3)), data.draw(st.integers(12, 20))
    model = data.draw(hnp.arrays(np.float64, (rows, width), elements=finite))
    labels = data.draw(hnp.arrays(np.int64, rows, elements=st.integers(0, width - 1)))
    labels[:width] = range(width)
    kind = data.draw(st.sampled_from(every_kind(width)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CalibrationWarning)
        kind.fit(us.Logits(model), labels)
    is_row(kind.predict_proba(us.Logits(model)))


@some
@given(data=st.data())
def test_a_fit_is_never_worse_than_none_on_its_own_rows(data):
    width = data.draw(st.integers(2, 3))
    seed = data.draw(st.integers(0, 1000))
    factor = data.draw(st.floats(0.2, 5.0))
    model, labels = overconfident(120, width, seed, factor)
    # Structured scaling may pay in its penalty, mixing and isotonic calibration at their ends.
    kinds = (
        "TemperatureScaling",
        "VectorScaling",
        "MatrixScaling",
        "PlattScaling",
        "BetaCalibration",
    )
    kind = data.draw(st.sampled_from([k for k in every_kind(width) if name_of(k) in kinds]))
    fitted = kind.fit(us.Logits(model), labels)
    assert fitted.provenance_["bits_after"] <= fitted.provenance_["bits_before"] + 1e-9


@some
@given(
    p=hnp.arrays(np.float64, 15, elements=st.sampled_from([0.0, 0.1, 0.4, 0.5, 0.9, 1.0])),
    y=hnp.arrays(np.int64, 15, elements=st.integers(0, 1)),
)
def test_the_ends_of_isotonic_calibration(p, y):
    """Half a row of n + 1, or half of the nearest value inside, and never 0 or 1."""
    y[:2] = 0, 1
    values = IsotonicCalibration().fit(us.Probs(p), y).parameters_["values"][0]
    assert ((values > 0) & (values < 1)).all()
    assert (np.diff(values) >= 0).all()
    assert min(values.min(), 1 - values.max()) >= 0.5 / 16 * 0.5


def test_the_more_rows_the_closer_to_the_truth():
    true = 2.0
    for rows in (1000, 100_000):
        model, labels = overconfident(rows, 3, seed=3, factor=true)
        found = TemperatureScaling().fit(us.Logits(model), labels).temperature_
        assert found == pytest.approx(true, rel=5 / np.sqrt(rows))


def test_threads_do_not_change_the_bits():
    before = us.get_num_threads()
    fits = []
    try:
        for threads in (1, 2):
            us.set_num_threads(threads)
            model, labels = overconfident(20_000, 5)
            fits.append([k.fit(us.Logits(model), labels).to_json() for k in every_kind(5)])
    finally:
        us.set_num_threads(before)
    assert fits[0] == fits[1]
