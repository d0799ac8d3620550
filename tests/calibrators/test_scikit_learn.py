"""The calibrators among scikit-learn's own tools."""

from __future__ import annotations

import numpy as np
import pytest
from calibrator_rows import every_kind, overconfident, softmax
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

import unsurprised as us
from unsurprised import CallError
from unsurprised.calibrators import (
    CalibratedModel,
    Chain,
    IsotonicCalibration,
    MatrixScaling,
    PlattScaling,
    TemperatureScaling,
    UniformMixing,
    cross_entropy_scorer,
)

PROBS, LABELS = overconfident(400, 3)
PROBS = softmax(PROBS)
DIGITS = load_digits(return_X_y=True)
TUMOURS = load_breast_cancer(return_X_y=True)


@pytest.mark.parametrize("calibrator", every_kind(3), ids=lambda kind: type(kind).__name__)
def test_clone(calibrator):
    fitted = calibrator.fit(PROBS, LABELS)
    copy = clone(fitted)
    assert type(copy) is type(fitted)
    assert copy.get_params() == fitted.get_params()
    assert not hasattr(copy, "parameters_")
    check_is_fitted(fitted)
    assert is_classifier(fitted)


def test_clone_of_a_chain_and_a_model():
    chain = Chain([UniformMixing(), MatrixScaling(off_diagonal=3.0)])
    copy = clone(chain)
    assert copy.steps[1].off_diagonal == 3.0
    assert copy.steps[1] is not chain.steps[1]
    model = CalibratedModel(LogisticRegression(C=3.0), chain, cv=3)
    copy = clone(model)
    assert (copy.cv, copy.classifier.C, copy.calibrator.steps[1].off_diagonal) == (3, 3.0, 3.0)
    assert copy.classifier is not model.classifier


def test_parameters_by_name():
    calibrator = MatrixScaling().set_params(off_diagonal=2.0)
    assert repr(calibrator) == "MatrixScaling(off_diagonal=2.0, shift=0.0)"
    with pytest.raises(CallError, match="no parameter 'C'; expected one of off_diagonal, shift"):
        calibrator.set_params(C=1)
    model = CalibratedModel(LogisticRegression(), TemperatureScaling())
    model.set_params(classifier__C=7.0, cv=4)
    assert model.get_params()["classifier__C"] == 7.0
    assert model.cv == 4
    with pytest.raises(CallError, match="CalibratedModel has no parameter 'x'"):
        model.set_params(x=1)


class Predictions(BaseEstimator):
    """A step of a pipeline that makes features into predictions."""

    def fit(self, x, y):
        self.model_ = BernoulliNB(binarize=8).fit(x, y)
        return self

    def transform(self, x):
        return self.model_.predict_proba(x)


def test_a_calibrator_at_the_end_of_a_pipeline():
    x, y = DIGITS
    pipeline = Pipeline([("model", Predictions()), ("calibrator", TemperatureScaling())])
    probs = pipeline.fit(x[::2], y[::2]).predict_proba(x[1::2])
    assert probs.sum(axis=1) == pytest.approx(1)
    assert (pipeline.predict(x[1::2]) == y[1::2]).mean() > 0.8


def test_a_grid_over_a_calibrator():
    search = GridSearchCV(
        MatrixScaling(), {"off_diagonal": [1e-3, 1.0, 1e3]}, scoring=cross_entropy_scorer, cv=3
    )
    search.fit(PROBS, LABELS)
    assert search.best_params_["off_diagonal"] in (1.0, 1e3)
    assert -2 < search.best_score_ < 0


@pytest.mark.parametrize("data", [DIGITS, TUMOURS], ids=["ten classes", "two classes"])
def test_a_calibrated_model_is_less_surprised(data):
    x, y = data
    bare = GaussianNB(var_smoothing=1e-3).fit(x[::2], y[::2])
    model = CalibratedModel(GaussianNB(var_smoothing=1e-3)).fit(x[::2], y[::2])
    probs = model.predict_proba(x[1::2])
    calibrated = us.evaluate(y[1::2], probs).cross_entropy.value
    assert calibrated < us.evaluate(y[1::2], bare.predict_proba(x[1::2])).cross_entropy.value
    assert model.score(x[1::2], y[1::2]) > 0.75
    assert cross_entropy_scorer(model, x[1::2], y[1::2]) == pytest.approx(-calibrated)


def test_it_is_cross_fitted():
    """The calibrator sees what the classifier says of rows that it was not fitted on."""
    x, y = TUMOURS
    cv = KFold(4, shuffle=True, random_state=0)
    model = CalibratedModel(GaussianNB(), IsotonicCalibration(), cv=cv).fit(x, y)
    out_of_fold = np.empty((len(y), 2))
    for rows, others in cv.split(x):
        out_of_fold[others] = GaussianNB().fit(x[rows], y[rows]).predict_proba(x[others])
    by_hand = IsotonicCalibration().fit(out_of_fold, y)
    np.testing.assert_array_equal(
        model.calibrator_.parameters_["values"][0], by_hand.parameters_["values"][0]
    )
    whole = GaussianNB().fit(x, y)
    np.testing.assert_array_equal(
        model.predict_proba(x), by_hand.predict_proba(whole.predict_proba(x))
    )


@pytest.mark.parametrize("data", [DIGITS, TUMOURS], ids=["ten classes", "two classes"])
def test_a_classifier_with_a_decision_function_only(data):
    x, y = data
    calibrator = PlattScaling() if len(np.unique(y)) == 2 else TemperatureScaling()
    model = make_pipeline(StandardScaler(), CalibratedModel(RidgeClassifier(), calibrator))
    probs = model.fit(x[::2], y[::2]).predict_proba(x[1::2])
    assert us.evaluate(y[1::2], probs).cross_entropy.value < 1.3
    assert (model.predict(x[1::2]) == y[1::2]).mean() > 0.9


def test_cross_val_score_and_a_grid_over_a_calibrated_model():
    x, y = TUMOURS
    model = CalibratedModel(GaussianNB(), cv=3)
    scores = cross_val_score(model, x, y, scoring=cross_entropy_scorer, cv=3)
    assert ((scores > -1) & (scores < 0)).all()
    grid = {"calibrator": [None, PlattScaling()], "classifier__var_smoothing": [1e-9, 1e-3]}
    search = GridSearchCV(model, grid, scoring=cross_entropy_scorer, cv=3).fit(x, y)
    assert search.best_score_ > -1
    assert isinstance(search.best_estimator_, CalibratedModel)


def test_labels_that_are_names():
    x, y = TUMOURS
    names = np.array(["malignant", "benign"])[y]
    model = CalibratedModel(GaussianNB()).fit(x[::2], names[::2])
    assert model.classes_.tolist() == ["benign", "malignant"]
    assert set(model.predict(x)) == {"benign", "malignant"}
    assert model.calibrator_.class_names == ("benign", "malignant")
    assert cross_entropy_scorer(model, x[1::2], names[1::2]) > -1


def test_weights_reach_both():
    x, y = TUMOURS
    weights = np.where(np.arange(len(y)) % 2, 1.0, 3.0)
    plain = CalibratedModel(GaussianNB(), TemperatureScaling()).fit(x, y)
    weighted = CalibratedModel(GaussianNB(), TemperatureScaling()).fit(x, y, weights)
    assert weighted.calibrator_.temperature_ != plain.calibrator_.temperature_
    by_hand = GaussianNB().fit(x, y, weights)
    np.testing.assert_array_equal(weighted.classifier_.theta_, by_hand.theta_)


def test_the_scorer_says_minus_infinity():
    never = DummyClassifier(strategy="most_frequent").fit([[0], [0], [0]], [0, 0, 1])
    assert cross_entropy_scorer(never, [[0], [0]], [0, 1]) == -np.inf


def test_the_scorer_binds_columns_by_name():
    x, y = TUMOURS
    model = GaussianNB().fit(x, y)
    only_one = np.flatnonzero(y == 1)[:20]
    probs = model.predict_proba(x[only_one])[:, 1]
    expected = -np.mean(-np.log2(probs))
    assert cross_entropy_scorer(model, x[only_one], y[only_one]) == pytest.approx(expected)
    weights = np.arange(1.0, 21.0)
    expected = np.average(np.log2(probs), weights=weights)
    found = cross_entropy_scorer(model, x[only_one], y[only_one], sample_weight=weights)
    assert found == pytest.approx(expected)


def test_what_is_no_classifier():
    x, y = TUMOURS
    with pytest.raises(CallError, match="has neither predict_proba nor decision_function"):
        CalibratedModel(StandardScaler()).fit(x, y)
    with pytest.raises(CallError, match=r"y holds one class, \[1\]; expected at least two"):
        CalibratedModel(GaussianNB()).fit(x, np.ones(len(y), dtype=int))
