"""One clear line for what cannot be fitted or calibrated, and a warning where a rule decided."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from calibrator_rows import OF_TWO_CLASSES, every_kind, overconfident, softmax

import unsurprised as us
from unsurprised import CallError, InputError
from unsurprised.calibrators import (
    BetaCalibration,
    Chain,
    MatrixScaling,
    PlattScaling,
    PriorShift,
    StructuredScaling,
    TemperatureScaling,
    UniformMixing,
    VectorScaling,
)
from unsurprised.errors import CalibrationWarning

LOGITS, LABELS = overconfident(300, 3)
PROBS = softmax(LOGITS)
MIX = "give every class something first: Chain([UniformMixing(), …])"


def message(call):
    with pytest.raises((CallError, InputError)) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("kind", every_kind(3), ids=lambda kind: type(kind).__name__)
def test_one_class_only(kind):
    assert message(lambda: kind.fit(PROBS, np.ones(300, dtype=int), classes=list("abc"))) == (
        "y_true: only class 'b' happens in these 300 rows; expected at least two classes among the "
        "rows that a calibrator is fitted on"
    )
    assert message(lambda: kind.fit(PROBS[:1], [2])) == (
        "y_true: only class '2' happens in the only row that counts; expected at least two classes "
        "among the rows that a calibrator is fitted on"
    )
    assert message(lambda: kind.fit(np.ones((4, 1)), [0] * 4)) == (
        "y_pred of shape (4, 1) holds 1 only: one class, or the probability of class 1? Of "
        "one class "
        "there is nothing to say; for the probability of class 1 pass y_pred[:, 0]"
    )


def test_no_rows():
    call = lambda: TemperatureScaling().fit(PROBS[:0], LABELS[:0])  # noqa: E731
    assert message(call) == "no rows to fit on; expected at least one"


@pytest.mark.parametrize("kind", OF_TWO_CLASSES)
def test_three_classes_where_two_are_expected(kind):
    assert message(lambda: kind().fit(PROBS, LABELS)) == (
        f"{kind.__name__} is for two classes, y_pred has 3; expected predictions of two classes, "
        "or another calibrator"
    )


def test_fewer_rows_than_parameters():
    assert message(lambda: MatrixScaling().fit(PROBS[:11], LABELS[:11])) == (
        "y_pred: found 11 rows for 12 parameters; expected more rows than parameters; use "
        "TemperatureScaling, StructuredScaling, or more rows"
    )
    assert "found 5 rows for 6 parameters" in message(
        lambda: VectorScaling().fit(PROBS[:5], [0, 1, 2, 0, 1])
    )


def test_a_probability_of_zero_for_what_happened():
    probs = PROBS.copy()
    probs[[7, 9]] = np.eye(3)[(LABELS[[7, 9]] + 1) % 3]
    assert message(lambda: TemperatureScaling().fit(probs, LABELS)) == (
        "y_pred, row 7: found a probability of 0 for what happened (2 such rows, this is the "
        "first); expected more than 0: a temperature cannot lift a 0, and the surprise stays "
        "infinite; "
        f"{MIX}, or UniformMixing() alone"
    )
    assert "vector scaling cannot lift a 0" in message(lambda: VectorScaling().fit(probs, LABELS))
    mended = Chain([UniformMixing(), TemperatureScaling()]).fit(probs, LABELS)
    assert np.isinf(mended.provenance_["bits_before"])
    assert mended.provenance_["bits_after"] < 1.2
    for kind in (PlattScaling, BetaCalibration):
        with pytest.raises(InputError, match="cannot lift a 0"):
            kind().fit([1.0, 0.3, 0.4, 0.7], [0, 1, 0, 1])


@pytest.mark.parametrize("kind", [MatrixScaling, StructuredScaling])
def test_any_zero_where_logarithms_are_added(kind):
    name = kind.title
    probs = PROBS.copy()
    probs[4] = np.where(np.arange(3) == LABELS[4], 1.0, 0.0)
    entry = int(np.argmin(probs[4]))
    expected = (
        f"y_pred, row 4: found a probability of 0 for class {entry}; expected more than 0 for "
        f"every class: {name} adds their logarithms; {MIX}"
    )
    assert message(lambda: kind().fit(probs, LABELS)) == expected
    fitted = kind().fit(PROBS, LABELS)
    assert message(lambda: fitted.transform(probs)) == expected
    chain = Chain([kind()]).fit(PROBS, LABELS)
    assert message(lambda: chain.transform(probs)) == expected
    assert np.isfinite(Chain([UniformMixing(), kind()]).fit(probs, LABELS).transform(probs)).all()


def test_scores_that_are_not_finite():
    fitted = TemperatureScaling().fit(us.Logits(LOGITS), LABELS)
    for value, shown in ((np.nan, "NaN"), (np.inf, "inf")):
        logits = LOGITS.copy()
        logits[5, 2] = value
        bad = us.Logits(logits)
        for said in (
            message(lambda bad=bad: TemperatureScaling().fit(bad, LABELS)),
            message(lambda bad=bad: fitted.transform(bad)),
        ):
            assert said.startswith(f"y_pred, row 5: found {shown} for class 2 in a row of logits")
    assert message(
        lambda: TemperatureScaling().fit(us.Logits([[-np.inf] * 3] * 2), [0, 1])
    ).startswith("y_pred, row 0: ")


def test_logits_taken_for_probabilities():
    assert "Logits" in message(lambda: TemperatureScaling().fit(LOGITS, LABELS))
    fitted = TemperatureScaling().fit(PROBS, LABELS)
    assert "Logits" in message(lambda: fitted.transform(LOGITS))


def test_swapped_arguments():
    said = message(lambda: TemperatureScaling().fit(LABELS, PROBS))
    assert "the predictions come first: fit(y_pred, y_true), as in scikit-learn's fit(X, y)" in said
    said = message(lambda: TemperatureScaling().fit(us.Labels(LABELS), us.Probs(PROBS)))
    assert "the predictions come first: fit(y_pred, y_true)" in said
    fitted = TemperatureScaling().fit(PROBS, LABELS)
    assert "labels" in message(lambda: fitted.transform(us.Labels(LABELS)))


def test_another_number_of_classes_or_rows():
    fitted = TemperatureScaling().fit(PROBS, LABELS)
    assert message(lambda: fitted.transform(PROBS[:, :2])) == (
        "y_pred has 2 classes, and the calibrator was fitted on 3; expected the same classes in "
        "the same order"
    )
    assert message(lambda: TemperatureScaling().fit(PROBS, LABELS, classes=["a", "b"])) == (
        "2 class names for predictions of 3 classes: a, b"
    )
    assert "class" in message(lambda: TemperatureScaling().fit(PROBS, softmax(LOGITS[:, :2])))
    assert "rows" in message(lambda: TemperatureScaling().fit(PROBS, LABELS[:-1]))
    assert "rows" in message(lambda: TemperatureScaling().fit(PROBS, LABELS, np.ones(299)))


def test_labels_that_are_no_classes():
    labels = LABELS.copy()
    labels[3] = 3
    assert "row 3" in message(lambda: TemperatureScaling().fit(PROBS, labels))
    names = np.array(["a", "b", "x"])[LABELS]
    assert "'x'" in message(lambda: TemperatureScaling().fit(PROBS, names, classes=list("abc")))


def test_weights_that_are_none():
    for weights in (-np.ones(300), np.full(300, np.nan), np.full(300, np.inf)):
        assert "weight" in message(
            lambda weights=weights: TemperatureScaling().fit(PROBS, LABELS, weights)
        )
    assert message(lambda: TemperatureScaling().fit(PROBS, LABELS, np.zeros(300))) == (
        "found only weights of 0; expected at least one row that counts"
    )


def test_a_soft_truth_that_is_none():
    shares = np.full((300, 3), 1 / 3)
    shares[8] = [0.5, 0.5, 0.5]
    assert message(lambda: TemperatureScaling().fit(PROBS, shares)).startswith("y_true, row 8: ")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (MatrixScaling(off_diagonal=-1.0), "off_diagonal=-1.0; expected a number of at least 0"),
        (MatrixScaling(shift="no"), "shift='no'; expected a number of at least 0"),
        (StructuredScaling(diagonal=0.0), "diagonal=0.0; expected a number above 0"),
        (StructuredScaling(shift=np.inf), "shift=inf; expected a number above 0"),
        (PriorShift([1, 2]), "frequencies=[1, 2]; expected 3 numbers above 0, one for each class"),
        (PriorShift([1, 2, 0]), "expected 3 numbers above 0"),
        (PriorShift([1, 2, "x"]), "expected 3 numbers above 0"),
        (PriorShift(None), "frequencies=None; expected 3 numbers above 0"),
        (Chain([]), "steps=[]; expected a list of at least one calibrator"),
        (Chain([3]), "steps=[3]; expected a list of at least one calibrator"),
        (Chain(TemperatureScaling()), "expected a list of at least one calibrator"),
    ],
    ids=str,
)
def test_arguments_that_mean_nothing(kind, said):
    assert said in message(lambda: kind.fit(PROBS, LABELS))


def test_a_prior_of_a_class_that_never_happened():
    labels = np.where(LABELS == 2, 0, LABELS)
    assert message(lambda: PriorShift([1, 1, 1]).fit(PROBS, labels)) == (
        "class '2' does not happen in the rows that are fitted, so nothing is known of its old "
        "frequency; expected every class among them"
    )


def noted(kind, *data):
    with pytest.warns(CalibrationWarning) as caught:
        kind.fit(*data)
    assert [str(one.message) for one in caught] == list(kind.notes_)
    assert caught[0].filename == __file__, "it points at the call"
    return str(caught[0].message)


APART = LOGITS + 12 * np.eye(3)[LABELS]


def smoothed(labels, width=3):
    rows = len(labels)
    return (rows * np.eye(width)[labels] + 1 / width) / (rows + 1)


def test_data_without_an_error():
    """The answer is that of the stated rule: one more row, of any class alike."""
    found = TemperatureScaling()
    said = noted(found, us.Logits(APART), LABELS)
    assert said.startswith("every row's label has the largest score, so no temperature is the best")
    by_rule = TemperatureScaling().fit(us.Logits(APART), smoothed(LABELS))
    assert found.temperature_ == pytest.approx(by_rule.temperature_, rel=1e-9)
    for kind in (VectorScaling, MatrixScaling):
        found = kind()
        assert noted(found, us.Logits(APART), LABELS).startswith(
            "classes can be told apart without an error, so no fit is the best"
        )
        by_rule = kind().fit(us.Logits(APART), smoothed(LABELS))
        np.testing.assert_allclose(found.scale_, by_rule.scale_, rtol=1e-6, atol=1e-8)
    p = np.linspace(0.1, 0.9, 20)
    for kind in (PlattScaling, BetaCalibration):
        assert "told apart without an error" in noted(kind(), p, (p > 0.5).astype(int))
        assert "told apart without an error" in noted(kind(), p, (p > 0.6).astype(int))


def test_one_class_that_can_be_told_apart_among_others():
    """Its shift would grow for ever while everything else has a best value."""
    logits = LOGITS.copy()
    logits[:, 2] = np.where(LABELS == 2, 40.0, -40.0)
    found = VectorScaling()
    assert "told apart without an error" in noted(found, us.Logits(logits), LABELS)
    assert np.abs(found.shift_).max() < 30
    assert np.isfinite(found.scale_).all()


def test_a_class_that_does_not_happen():
    labels = np.where(LABELS == 2, 0, LABELS)
    for kind in (VectorScaling(), MatrixScaling()):
        said = noted(kind, us.Logits(LOGITS), labels)
        assert said == (
            "class '2' does not happen in these rows, so no fit is the best (the less it gets the "
            "better); took the best as if one more row had been seen, of any class alike"
        )
        mean = kind.predict_proba(us.Logits(LOGITS))[:, 2].mean()
        assert mean == pytest.approx(1 / 3 / 301, rel=1e-6)
    for kind in (TemperatureScaling(), StructuredScaling(), UniformMixing()):
        assert kind.fit(us.Logits(LOGITS), labels).notes_ == ()


def test_predictions_that_tell_the_opposite():
    found = TemperatureScaling()
    said = noted(found, us.Logits(-LOGITS), LABELS)
    assert said.startswith(
        "the scores tell nothing of what happened, so no temperature is the best (the higher the "
        "better); took 1."
    )
    assert 1e6 < found.temperature_ < 1e8
    p = softmax(LOGITS[:, :2])[:, 1]
    beta = BetaCalibration()
    assert "only the class frequencies are left" in noted(beta, 1 - p, (p > 0.5).astype(int))
    assert (beta.towards_one_, beta.from_zero_) == (0, 0)
    assert PlattScaling().fit(1 - p, (p > np.linspace(0, 1, 300)).astype(int)).slope_ < 0


def test_predictions_that_are_all_alike():
    found = TemperatureScaling()
    assert noted(found, np.full((300, 3), 1 / 3), LABELS).endswith("no temperature changes; took 1")
    assert found.temperature_ == 1.0
    found = TemperatureScaling()
    noted(found, np.eye(3)[LABELS], LABELS)
    assert found.temperature_ == 1.0


def test_rows_that_are_certain_and_right_teach_nothing_of_odds():
    for kind in (PlattScaling, BetaCalibration):
        assert message(lambda kind=kind: kind().fit(us.Probs([1.0, 0.0, 1.0]), [1, 0, 1])) == (
            "y_pred: found no row of 3 that is not certain, and each is right; expected rows with "
            "probabilities between 0 and 1, from which something can be learned"
        )


def test_no_warning_without_a_reason():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for width in (2, 3):
            logits, labels = overconfident(300, width)
            for kind in every_kind(width):
                assert kind.fit(us.Logits(logits), labels).notes_ == ()
