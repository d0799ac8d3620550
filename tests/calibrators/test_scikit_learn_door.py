"""What people hand to a calibrated model and its scorer: classes, weights, groups, tensors."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import (
    DataConversionWarning,
    NotFittedError,
    UnsetMetadataPassedError,
)
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.utils.estimator_checks import check_estimator

from unsurprised import CallError, InputError
from unsurprised.calibrators import (
    CalibratedModel,
    PlattScaling,
    TemperatureScaling,
    cross_entropy_scorer,
)
from unsurprised.calibrators._classifiers import brought

X, Y = load_breast_cancer(return_X_y=True)
IRIS = load_iris(return_X_y=True)
GROUPS = np.arange(len(Y)) // 7
WEIGHTS = np.where(np.arange(len(Y)) % 2, 1.0, 3.0)
PROBS = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]])
SCORE = np.log2(np.diag(PROBS)).mean()


def calibrated(**options):
    return CalibratedModel(GaussianNB(), TemperatureScaling(), **options)


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


class Says:
    """An estimator that says always the same."""

    def __init__(self, classes, said):
        self.classes_, self.said = np.asarray(classes), said

    def predict_proba(self, x):
        return self.said


@pytest.mark.parametrize(
    "kind",
    [str, lambda y: y + 1, lambda y: y - 5, lambda y: y * 2.0],
    ids=["text", "from 1", "from -5", "floats"],
)
def test_classes_of_any_kind_are_the_same_classes(kind):
    """Eleven texts sort as 0, 1, 10, 2, …: none may be taken for the column of its number."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 11, 600)
    x = np.eye(11)[y] + rng.normal(size=(600, 11)) * 0.3
    told = y.astype(str) if kind is str else kind(y)
    model, plain = LogisticRegression(), CalibratedModel(LogisticRegression()).fit(x, y)
    named = CalibratedModel(model).fit(x, told)
    found = cross_entropy_scorer(named, x, told)
    assert found == pytest.approx(cross_entropy_scorer(plain, x, y), rel=1e-6)
    np.testing.assert_array_equal(named.classes_, np.unique(told))
    assert named.score(x, told) == plain.score(x, y)


def test_a_score_speaks_of_the_second_class_whatever_it_is_called():
    svm = make_pipeline(StandardScaler(), LinearSVC())
    by_number = CalibratedModel(svm, PlattScaling()).fit(X, Y)
    by_name = CalibratedModel(svm, PlattScaling()).fit(X, np.array(["Yes", "no"])[Y])
    np.testing.assert_array_equal(by_name.predict_proba(X), by_number.predict_proba(X))


@pytest.mark.parametrize(
    "y",
    [
        pd.Series(Y, index=np.arange(len(Y))[::-1]),
        pd.Categorical(np.array(["malignant", "benign"])[1 - Y]),
        pd.Series(Y, dtype="Int64"),
        pd.Series(Y.astype(bool), dtype="boolean"),
        pl.Series(Y),
        Y.astype(bool),
        Y.astype(float),
        Y.tolist(),
    ],
    ids=["series", "categorical", "nullable", "boolean", "polars", "bool", "float", "list"],
)
def test_targets_of_every_container(y):
    model, plain = calibrated().fit(X, y), calibrated().fit(X, Y)
    np.testing.assert_array_equal(model.predict_proba(X), plain.predict_proba(X))
    assert model.score(X, y) == plain.score(X, Y)
    assert cross_entropy_scorer(model, X, y) == cross_entropy_scorer(plain, X, Y)


def test_a_column_of_targets():
    with pytest.warns(DataConversionWarning):
        model = calibrated().fit(X, Y[:, None])
    plain = calibrated().fit(X, Y)
    assert cross_entropy_scorer(model, X, Y[:, None]) == cross_entropy_scorer(plain, X, Y)
    assert model.score(X, Y[:, None]) == plain.score(X, Y) > 0.9


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y to be passed, but the target y is None"),
        (np.r_[np.nan, Y[1:]], "y, row 0: found no class"),
        (pd.Series([1, None, *Y[2:]], dtype="Int64"), "y, row 1: found no class"),
        (np.array([*Y[:-1], "a"], dtype=object), "y holds names and numbers"),
        (Y + X[:, 0] / 3, "Unknown label type: continuous"),
        (np.stack([Y, 1 - Y], axis=1), "y should be a 1d array"),
    ],
    ids=["none", "nan", "null", "mixed", "continuous", "two"],
)
def test_targets_that_are_none(y, message):
    with pytest.raises(ValueError, match=message):
        calibrated().fit(X, y)


def test_names_of_features_are_the_classifiers():
    frame = pd.DataFrame(X, columns=[f"f{k}" for k in range(X.shape[1])])
    model = calibrated().fit(frame, Y, pd.Series(WEIGHTS, index=frame.index[::-1]))
    assert model.feature_names_in_.tolist() == frame.columns.tolist()
    assert model.n_features_in_ == X.shape[1]
    plain = calibrated().fit(X, Y, WEIGHTS)
    # A frame's columns lie one after the other, and sums are taken in another order.
    np.testing.assert_allclose(model.predict_proba(frame), plain.predict_proba(X), rtol=1e-11)
    assert not hasattr(clone(model), "feature_names_in_")
    assert not hasattr(calibrated().fit(X, Y), "feature_names_in_")
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict_proba(frame[frame.columns[::-1]])
    with pytest.raises(NotFittedError):
        calibrated().predict(X)


# What is checked is not how well the classifier is fitted.
@pytest.mark.parametrize("max_iter", [5, pytest.param(100, marks=pytest.mark.thorough)])
def test_scikit_learns_own_checks(max_iter):
    """All but one: with cross-validation a weight of 2 is not the row twice, which moves folds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = CalibratedModel(LogisticRegression(max_iter=max_iter), cv=3)
        found = check_estimator(model, on_fail=None, on_skip=None)
    failed = {check["check_name"] for check in found if check["status"] == "failed"}
    assert len(found) > 60
    assert failed == {
        "check_sample_weight_equivalence_on_dense_data",
        "check_sample_weight_equivalence_on_sparse_data",
    }


def test_what_scores_are_not_of_classes():
    x, y = IRIS
    with pytest.raises(CallError, match="'ovo': the scores are of pairs of classes"):
        CalibratedModel(SVC(decision_function_shape="ovo")).fit(x, y)
    with pytest.raises(CallError, match="GaussianMixture has no classes_ once it is fitted"):
        CalibratedModel(GaussianMixture(3)).fit(x, y)


def test_parameters_that_are_not_there():
    with pytest.raises(CallError, match="calibrator__x: calibrator is None, which has no param"):
        calibrated().set_params(calibrator=None, calibrator__x=1)
    model = calibrated().set_params(classifier__C=7.0, classifier=LogisticRegression())
    assert model.classifier.C == 7.0


class Framed(GaussianNB):
    """A classifier that hands back frames."""

    def __init__(self, columns=None, backwards=False):
        super().__init__()
        self.columns, self.backwards = columns, backwards

    def predict_proba(self, X):
        columns = self.classes_ if self.columns is None else self.columns
        frame = pd.DataFrame(super().predict_proba(X), columns=columns)
        return frame[frame.columns[::-1]] if self.backwards else frame


def test_classifiers_that_hand_back_frames():
    names = np.array(["cat", "dog"])[Y]
    plain = calibrated().fit(X, names).predict_proba(X)
    for columns in (None, [0, 1]):
        model = CalibratedModel(Framed(columns), TemperatureScaling()).fit(X, names)
        np.testing.assert_array_equal(model.predict_proba(X), plain)
    model = CalibratedModel(Framed(backwards=True))
    with pytest.raises(CallError, match="expected the columns in the order of classes_"):
        model.fit(X, names)


@pytest.mark.parametrize(
    "classes",
    [[2, 9, 10], [10, 9, 2], ["10", "2", "9"], [1.0, 2.0, 2.5], [-1, 0, 1], ["a", "b", "c"],
     [0, 2, 1], np.float32([0.1, 0.2, 0.3])],
    ids=str,
)  # fmt: skip
def test_the_scorer_binds_columns_by_classes(classes):
    y = np.asarray(classes)
    names = [str(name) for name in y.tolist()]
    for told in (y, y[:, None], pd.Series(y, index=[5, 3, 4]), y.tolist()):
        assert cross_entropy_scorer(Says(y, PROBS), None, told) == pytest.approx(SCORE)
    frame = pd.DataFrame(PROBS, columns=names)
    for said in (frame, frame[names[::-1]], pl.DataFrame(PROBS, schema=names)):
        assert cross_entropy_scorer(Says(y, said), None, y) == pytest.approx(SCORE)
    if sorted(names) != ["0", "1", "2"]:
        for said in (pd.DataFrame(PROBS), pl.DataFrame(PROBS)):
            assert cross_entropy_scorer(Says(y, said), None, y) == pytest.approx(SCORE)


def test_what_the_scorer_cannot_know():
    with pytest.raises(InputError) as caught:
        cross_entropy_scorer(Says(["a", "b", "c"], PROBS), None, ["a", "b", "zebra"])
    assert str(caught.value) == (
        "y, row 2: found the unknown class 'zebra'; expected one of 'a', 'b', 'c'; fit Says on "
        "rows of every class, or leave such rows out"
    )
    with pytest.raises(CallError, match="names of classes, or positions"):
        named = pd.DataFrame(PROBS, columns=["0", "1", "2"])
        cross_entropy_scorer(Says([0, 2, 1], named), None, [0, 2, 1])
    with pytest.raises(CallError, match="3 columns, and there are 2 classes"):
        cross_entropy_scorer(Says([0, 1], PROBS), None, [0, 1, 1])
    with pytest.raises(CallError, match=r"y has the shape \(3, 3\)"):
        cross_entropy_scorer(Says([0, 1, 2], PROBS), None, np.eye(3))
    with pytest.raises(CallError, match="LinearSVC has no predict_proba"):
        cross_entropy_scorer(LinearSVC().fit(X / 1e3, Y), X, Y)


def temperature_by_hand(weights=None, *, classifier_weights=None):
    given = None if classifier_weights is None else {"sample_weight": classifier_weights}
    probs = cross_val_predict(
        GaussianNB(), X, Y, cv=GroupKFold(4), groups=GROUPS, method="predict_proba", params=given
    )
    return TemperatureScaling().fit(probs, Y, weights).temperature_


def test_groups_reach_the_splitter():
    model = calibrated(cv=GroupKFold(4)).fit(X, Y, groups=GROUPS)
    assert model.calibrator_.temperature_ == temperature_by_hand()
    assert model.calibrator_.temperature_ != calibrated(cv=4).fit(X, Y).calibrator_.temperature_


def test_weights_that_a_classifier_does_not_take():
    with pytest.raises(CallError, match=r"KNeighborsClassifier\.fit takes no sample_weight"):
        CalibratedModel(KNeighborsClassifier()).fit(X, Y, WEIGHTS)
    model = CalibratedModel(make_pipeline(StandardScaler(), GaussianNB()), TemperatureScaling())
    with pytest.raises(CallError, match="expected them twice, fit"):
        model.fit(X, Y, WEIGHTS)
    model.fit(X, Y, WEIGHTS, gaussiannb__sample_weight=WEIGHTS)
    plain = calibrated().fit(X, Y, WEIGHTS)
    np.testing.assert_allclose(model.classifier_[-1].class_prior_, plain.classifier_.class_prior_)
    unweighted = CalibratedModel(model.classifier, TemperatureScaling())
    unweighted.fit(X, Y, gaussiannb__sample_weight=WEIGHTS)
    assert unweighted.calibrator_.temperature_ != model.calibrator_.temperature_


def test_requests_need_routing():
    with pytest.raises(CallError, match="under metadata routing only, which is off"):
        calibrated().set_fit_request(sample_weight=True)


@pytest.mark.usefixtures("routing")
class TestRouting:
    def model(self, request=True):
        bare = GaussianNB().set_fit_request(sample_weight=request)
        return CalibratedModel(bare, TemperatureScaling(), cv=GroupKFold(4))

    def test_weights_go_where_they_are_asked_for(self):
        with sklearn.config_context(enable_metadata_routing=False):
            both = temperature_by_hand(WEIGHTS, classifier_weights=WEIGHTS)
            calibrator_alone = temperature_by_hand(WEIGHTS)
            classifier_alone = temperature_by_hand(classifier_weights=WEIGHTS)
        given = {"sample_weight": WEIGHTS, "groups": GROUPS}
        assert self.model().fit(X, Y, **given).calibrator_.temperature_ == both
        assert self.model(False).fit(X, Y, **given).calibrator_.temperature_ == calibrator_alone
        aliased = self.model("bare").fit(X, Y, bare=WEIGHTS, groups=GROUPS)
        assert aliased.calibrator_.temperature_ == classifier_alone

    def test_what_nobody_asked_for(self):
        with pytest.raises(UnsetMetadataPassedError, match=r"GaussianNB\.fit"):
            calibrated().fit(X, Y, WEIGHTS)
        with pytest.raises(TypeError, match=r"CalibratedModel\.fit got unexpected argument"):
            calibrated().fit(X, Y, groups=GROUPS)
        with pytest.raises(CallError, match=r"TemperatureScaling\.fit takes no 'x'; exp"):
            TemperatureScaling().set_fit_request(x=True)

    def test_requests_are_cloned_and_pickled(self):
        model = (
            self.model().set_fit_request(sample_weight=True).set_score_request(sample_weight="w")
        )
        for copy in (clone(model), pickle.loads(pickle.dumps(model))):
            own = str(copy.get_metadata_routing())
            assert "'fit': {'sample_weight': True}, 'score': {'sample_weight': 'w'}" in own
        assert "'sample_weight': None" in str(calibrated().get_metadata_routing())

    def test_across_scikit_learns_tools(self):
        model = self.model().set_fit_request(sample_weight=True)
        given = {"sample_weight": WEIGHTS, "groups": GROUPS}
        outer = {"cv": GroupKFold(3), "params": given}
        with pytest.raises(UnsetMetadataPassedError, match=r"scorer\.set_score_request"):
            cross_validate(model, X, Y, scoring=cross_entropy_scorer, **outer)
        scorer = cross_entropy_scorer.set_score_request(sample_weight=True)
        found = cross_validate(model, X, Y, scoring=scorer, **outer)["test_score"]
        expected = []
        for rows, others in GroupKFold(3).split(X, Y, GROUPS):
            fitted = self.model().fit(X[rows], Y[rows], WEIGHTS[rows], groups=GROUPS[rows])
            expected.append(
                np.average(
                    np.log2(fitted.predict_proba(X[others])[np.arange(len(others)), Y[others]]),
                    weights=WEIGHTS[others],
                )
            )
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        grid = {"classifier__var_smoothing": [1e-9, 1e-3]}
        search = GridSearchCV(model, grid, cv=GroupKFold(3), scoring=scorer).fit(X, Y, **given)
        assert search.cv_results_["mean_test_score"][0] == pytest.approx(np.mean(expected))
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, model).fit(X, Y, **given)
        assert pipeline.score(X, Y) > 0.9

    def test_a_calibrator_asks_too(self):
        probs = GaussianNB(var_smoothing=1e-2).fit(X, Y).predict_proba(X)
        asking = TemperatureScaling().set_fit_request(sample_weight=True)
        scorer = cross_entropy_scorer.set_score_request(sample_weight=True)
        options = {"scoring": scorer, "cv": 3, "params": {"sample_weight": WEIGHTS}}
        found = cross_validate(asking, probs, Y, return_estimator=True, **options)
        declined = TemperatureScaling().set_fit_request(sample_weight=False)
        bare = cross_validate(declined, probs, Y, return_estimator=True, **options)
        assert found["estimator"][0].temperature_ != bare["estimator"][0].temperature_


_TENSORS = """
import numpy as np, sklearn, torch
from sklearn.datasets import load_iris
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from unsurprised import CallError
from unsurprised.calibrators import CalibratedModel, TemperatureScaling, cross_entropy_scorer

x, y = load_iris(return_X_y=True)
names = np.array(["a", "b", "c"])[y]
weights = np.where(np.arange(150) % 2, 1.0, 3.0)
def model(bare):
    return CalibratedModel(bare, TemperatureScaling())
bare = [LogisticRegression(), LinearDiscriminantAnalysis(), GaussianNB(), RidgeClassifier()]
expected = [model(each).fit(x, y) for each in bare]
with sklearn.config_context(array_api_dispatch=True):
    tensor, told = torch.tensor(x), torch.tensor(y + 5)
    for each, plain in zip(bare, expected):
        for target in (told, y + 5):
            fitted = model(each).fit(tensor, target)
            probs, classes = fitted.predict_proba(tensor), fitted.predict(tensor)
            assert type(probs) is type(classes) is torch.Tensor, (probs, classes)
            np.testing.assert_allclose(probs.numpy(), plain.predict_proba(x), rtol=2e-2, atol=1e-3)
            np.testing.assert_array_equal(classes.numpy(), plain.predict(x) + 5)
            score = cross_entropy_scorer(fitted, tensor, told)
            assert abs(score - cross_entropy_scorer(plain, x, y)) < 1e-2
            assert abs(fitted.score(tensor, told) - plain.score(x, y)) < 1e-6
    fitted = model(GaussianNB()).fit(tensor, names, weights)
    plain = model(GaussianNB()).fit(x, names, weights)
    assert fitted.predict(tensor).tolist() == plain.predict(x).tolist()
    narrow = model(GaussianNB()).fit(tensor.float(), told).predict_proba(tensor.float())
    assert narrow.dtype == torch.float32
    for wrong, target in ((RandomForestClassifier(), told), (LinearDiscriminantAnalysis(), names)):
        try:
            model(wrong).fit(tensor, target)
        except CallError as error:
            assert "cannot be fitted on these arrays of torch" in str(error)
        else:
            raise AssertionError(wrong)
fitted = model(LogisticRegression()).fit(torch.tensor(x), torch.tensor(y))
np.testing.assert_array_equal(fitted.predict_proba(torch.tensor(x)), expected[0].predict_proba(x))
print("done")
"""


def test_tensors_under_array_api_dispatch():
    """In a process of its own: SciPy reads the variable once, when it is imported."""
    pytest.importorskip("torch")
    environment = {**os.environ, "SCIPY_ARRAY_API": "1"}
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _TENSORS],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.stdout.strip() == "done", ran.stderr


def test_no_probability_becomes_0_in_a_narrower_type():
    torch = pytest.importorskip("torch")
    found = brought(np.array([[1e-60, 0.0, 1.0]]), torch.ones(1, dtype=torch.float32))
    assert found.dtype == torch.float32
    assert (found > 0).tolist() == [[True, False, True]]


def test_it_is_imported_without_scikit_learn():
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "from unsurprised.calibrators import CalibratedModel, TemperatureScaling\n"
        "TemperatureScaling().fit([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]], [0, 1, 1])\n"
        "print(CalibratedModel(None).get_params()['cv'])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == "5", ran.stderr
