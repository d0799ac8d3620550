"""A scikit-learn classifier with a calibrator behind it, and a score in bits."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from unsurprised.calibrators._base import Calibrator, _arguments
from unsurprised.calibrators.chain import Chain
from unsurprised.calibrators.mixing import UniformMixing
from unsurprised.calibrators.temperature import TemperatureScaling
from unsurprised.errors import CallError
from unsurprised.forms import Labels, Logits, Probs


class CalibratedModel:
    """A classifier whose predictions are calibrated on rows that it had not seen.

    ``fit`` predicts every row by a copy of the classifier that was fitted without it
    (cross-fitting), fits the calibrator on these predictions, and the classifier on all rows.
    Then ``classifier_`` and ``calibrator_`` are the fitted ones, ``classes_`` the classes in the
    order of the columns.

    Parameters
    ----------
    classifier : scikit-learn classifier
        With ``predict_proba``, else ``decision_function``.
    calibrator : Calibrator, optional
        By default a little :class:`~unsurprised.calibrators.UniformMixing`, since classifiers may
        say 0, and then :class:`~unsurprised.calibrators.TemperatureScaling`.
    cv : int or scikit-learn splitter, default 5
        How the rows are split.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.naive_bayes import GaussianNB
    >>> X, y = load_digits(return_X_y=True)
    >>> model = CalibratedModel(GaussianNB(var_smoothing=1e-3)).fit(X[::2], y[::2])
    >>> bare = GaussianNB(var_smoothing=1e-3).fit(X[::2], y[::2])
    >>> cross_entropy_scorer(bare, X[1::2], y[1::2])  # less the bits a row
    -inf
    >>> round(cross_entropy_scorer(model, X[1::2], y[1::2]), 1)
    -0.8
    """

    def __init__(
        self, classifier: Any, calibrator: Calibrator | None = None, *, cv: Any = 5
    ) -> None:
        self.classifier, self.calibrator, self.cv = classifier, calibrator, cv

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:  # noqa: N803 - scikit-learn's
        """Fit the calibrator on cross-fitted predictions, and the classifier on all rows."""
        from sklearn.base import clone
        from sklearn.model_selection import cross_val_predict

        method = _method_of(self.classifier)
        y = np.asarray(y)
        self.classes_, indices = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            only = self.classes_[:1].tolist()
            raise CallError(f"y holds one class, {only}; expected at least two")
        given = {} if sample_weight is None else {"sample_weight": np.asarray(sample_weight)}
        out_of_fold = cross_val_predict(
            clone(self.classifier), X, y, cv=self.cv, method=method, params=given or None
        )
        calibrator = self.calibrator
        if calibrator is None:
            calibrator = Chain([UniformMixing(), TemperatureScaling()])
        self.calibrator_ = clone(calibrator).fit(
            _form_of(out_of_fold, method),
            Labels(indices),
            sample_weight,
            classes=[str(name) for name in self.classes_],
        )
        self.classifier_ = clone(self.classifier).fit(X, y, **given)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:  # noqa: N803
        """Calibrated probabilities, a column for each of ``classes_``."""
        method = _method_of(self.classifier_)
        bare = _form_of(getattr(self.classifier_, method)(X), method)
        calibrator: Calibrator = self.calibrator_
        return calibrator.predict_proba(bare)

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803
        """The most likely class of each row."""
        predicted: NDArray[Any] = self.classes_[np.argmax(self.predict_proba(X), axis=1)]
        return predicted

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:  # noqa: N803
        """The share of rows whose class is the predicted one, as scikit-learn's classifiers say."""
        return float(np.average(self.predict(X) == np.asarray(y), weights=sample_weight))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The arguments, and with ``deep`` those of the classifier and the calibrator."""
        given = {name: getattr(self, name) for name in _arguments(type(self))}
        inner = {
            f"{name}__{key}": value
            for name, held in given.items()
            if deep and hasattr(held, "get_params") and not isinstance(held, type)
            for key, value in held.get_params().items()
        }
        return {**given, **inner}

    def set_params(self, **parameters: Any) -> Self:
        """Change arguments by name; ``classifier__C`` is the classifier's ``C``."""
        for name, value in parameters.items():
            outer, _, key = name.partition("__")
            if outer not in _arguments(type(self)):
                raise CallError(f"CalibratedModel has no parameter {name!r}")
            if key:
                getattr(self, outer).set_params(**{key: value})
            else:
                setattr(self, outer, value)
        return self

    def __repr__(self) -> str:
        return f"CalibratedModel({self.classifier!r}, {self.calibrator!r})"

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classifier_")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import get_tags

        return get_tags(self.classifier)


def cross_entropy_scorer(estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> float:  # noqa: N803
    """Less the mean surprisal in bits, so that higher is better: for scikit-learn's ``scoring=``.

    Columns are bound to classes by ``estimator.classes_``; a probability of 0 for what happened
    scores −inf.

    Parameters
    ----------
    estimator : fitted classifier
        With ``predict_proba`` and ``classes_``.
    X, y : array_like
        Rows and their classes.
    sample_weight : array_like, optional
        Importance of each row.

    Returns
    -------
    float

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import cross_val_score
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression(max_iter=1000)
    >>> float(cross_val_score(model, X, y, scoring=cross_entropy_scorer).mean().round(2))
    -0.2
    """
    from unsurprised.evaluation import evaluate  # which stands above

    names = [str(name) for name in estimator.classes_]
    labels = Labels([str(label) for label in np.asarray(y).tolist()], classes=names)
    probs = estimator.predict_proba(X)
    return -evaluate(labels, Probs(probs), weights=sample_weight, top=0).cross_entropy.value


def _method_of(classifier: Any) -> str:
    for method in ("predict_proba", "decision_function"):
        if hasattr(classifier, method):
            return method
    raise CallError(
        f"{classifier!r} has neither predict_proba nor decision_function; expected a classifier"
    )


def _form_of(values: Any, method: str) -> Any:
    return Probs(values) if method == "predict_proba" else Logits(values)
