"""Predictions of scikit-learn, XGBoost, LightGBM, CatBoost and statsmodels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import catboost
import lightgbm
import numpy as np
import statsmodels.api as statsmodels
import xgboost
from catboost.utils import eval_metric
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, StandardScaler
from tools_data import LABELS, TWO, Data, Predicted, data

#: All that XGBoost states is of single precision.
SINGLE = 1e-6


def scikit_learn(kind: str, held: Data) -> Iterator[Predicted]:
    """Each way in which scikit-learn's classifiers say what they think."""
    model = LogisticRegression().fit(held.features, held.labels)
    rows, classes = held.new_features, model.classes_
    for values, means in (
        (model.predict_proba(rows), "probs"),
        (model.predict_log_proba(rows), "logprobs"),
        (model.decision_function(rows), "logits"),
    ):
        yield Predicted("scikit-learn", held.new_labels, classes, values, means)
    for other in (
        make_pipeline(StandardScaler(), GaussianNB()),
        CalibratedClassifierCV(GaussianNB(), cv=3),
    ):
        other.fit(held.features, held.labels)
        yield Predicted("scikit-learn", held.new_labels, other.classes_, other.predict_proba(rows))


def xgboost_(kind: str, held: Data) -> Iterator[Predicted]:
    """XGBoost's classifier wants 0, 1, …; its booster gives one number a row for two classes."""
    encoder = LabelEncoder().fit(held.labels)
    codes, new_codes = encoder.transform(held.labels), encoder.transform(held.new_labels)
    classes = encoder.classes_
    metric = "logloss" if kind in TWO else "mlogloss"
    model = xgboost.XGBClassifier(n_estimators=8, max_depth=3, n_jobs=1, eval_metric=metric)
    model.fit(held.features, codes, eval_set=[(held.new_features, new_codes)], verbose=False)
    own = model.evals_result()["validation_0"][metric][-1]
    proba = model.predict_proba(held.new_features)
    yield Predicted("XGBoost", held.new_labels, classes, proba, "probs", own, SINGLE)
    booster, rows = model.get_booster(), xgboost.DMatrix(held.new_features)
    for margin in (False, True):
        values = booster.predict(rows, output_margin=margin)
        means = "logits" if margin else "probs"
        yield Predicted("XGBoost", held.new_labels, classes, values, means, own, SINGLE)


def lightgbm_(kind: str, held: Data) -> Iterator[Predicted]:
    """LightGBM's classifier takes any labels; its own loss is a matter of ``train``, with codes."""
    model = lightgbm.LGBMClassifier(n_estimators=8, num_leaves=7, verbose=-1, n_jobs=1)
    model.fit(held.features, held.labels)
    for raw in (False, True):
        values = model.predict_proba(held.new_features, raw_score=raw)
        means = "logits" if raw else "probs"
        yield Predicted("LightGBM", held.new_labels, model.classes_, values, means)
    objective, metric = (
        ("binary", "binary_logloss") if kind in TWO else ("multiclass", "multi_logloss")
    )
    booster, classes, own = trained_by_lightgbm(held, objective, metric)
    for raw in (False, True):
        values = booster.predict(held.new_features, raw_score=raw)
        means = "logits" if raw else "probs"
        yield Predicted("LightGBM", held.new_labels, classes, values, means, own)


def trained_by_lightgbm(held: Data, objective: str, metric: str) -> tuple[Any, Any, float]:
    """A booster, the labels that its codes stand for, and its loss on the rows held out."""
    encoder = LabelEncoder().fit(held.labels)
    fit = lightgbm.Dataset(held.features, encoder.transform(held.labels))
    new = lightgbm.Dataset(held.new_features, encoder.transform(held.new_labels), reference=fit)
    recorded: dict[str, Any] = {}
    count = {} if objective == "binary" else {"num_class": len(encoder.classes_)}
    booster = lightgbm.train(
        {"objective": objective, "metric": metric, "num_leaves": 7, "num_threads": 1,
         "verbose": -1, **count},
        fit, 8, valid_sets=[new], callbacks=[lightgbm.record_evaluation(recorded)],
    )  # fmt: skip
    return booster, encoder.classes_, recorded["valid_0"][metric][-1]


def catboost_(kind: str, held: Data) -> Iterator[Predicted]:
    """CatBoost orders names that look like numbers by number."""
    loss = "Logloss" if kind in TWO else "MultiClass"
    model = catboost.CatBoostClassifier(
        iterations=8, depth=3, loss_function=loss, verbose=False,
        allow_writing_files=False, thread_count=1, random_seed=0,
    )  # fmt: skip
    model.fit(held.features, held.labels)
    classes = _as_held(model.classes_, held)
    codes = [classes.tolist().index(label) for label in held.new_labels.tolist()]
    scores = model.predict(held.new_features, prediction_type="RawFormulaVal")
    own = eval_metric(codes, scores, loss)[0]
    for prediction, means in (
        ("Probability", "probs"),
        ("LogProbability", "logprobs"),
        ("RawFormulaVal", "logits"),
    ):
        values = model.predict(held.new_features, prediction_type=prediction)
        yield Predicted("CatBoost", held.new_labels, classes, values, means, own)


def _as_held(classes: Any, held: Data) -> Any:
    """CatBoost's classes of the type that the labels have: its booleans are "False" and "True"."""
    if held.labels.dtype == bool:
        return np.array([str(value) == "True" for value in classes])
    return np.asarray(classes).astype(held.labels.dtype)


def statsmodels_(kind: str, held: Data) -> Iterator[Predicted]:
    """Logit gives one number a row, and states its log-likelihood on the rows it was fitted on."""
    if kind not in TWO:
        return
    classes = TWO[kind]
    ones = held.labels == classes[1]
    fitted = statsmodels.Logit(ones, statsmodels.add_constant(held.features)).fit(disp=0)
    own = -fitted.llf / len(ones)
    yield Predicted("statsmodels", held.labels, classes, fitted.predict(), "probs", own)


MAKERS: dict[str, Callable[[str, Data], Iterator[Predicted]]] = {
    "scikit-learn": scikit_learn,
    "XGBoost": xgboost_,
    "LightGBM": lightgbm_,
    "CatBoost": catboost_,
    "statsmodels": statsmodels_,
}


@cache
def predictions(tool: str, kind: str) -> tuple[Predicted, ...]:
    """All that a tool's models say of a data set."""
    return tuple(MAKERS[tool](kind, data(kind)))


#: Every tool with every kind of labels that it takes.
CASES = [(tool, kind) for tool in MAKERS for kind in LABELS if tool != "statsmodels" or kind in TWO]
