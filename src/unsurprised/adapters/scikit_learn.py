"""A scikit-learn classifier with a calibrator behind it, and a score in bits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.libraries import library_of
from unsurprised.calibrators._base import Calibrator
from unsurprised.calibrators._classifiers import (
    beside,
    brought,
    class_names,
    column_of,
    form_of,
    method_of,
    on_foreign_arrays,
    on_host,
    refuse_other_classes,
    refuse_pairs,
    refuse_unweighted,
    targets,
)
from unsurprised.calibrators._estimator import arguments_of
from unsurprised.calibrators._routing import (
    UNCHANGED,
    Request,
    Requester,
    is_enabled,
    router_of,
    shared_out,
    takes_weights,
)
from unsurprised.calibrators.chain import Chain
from unsurprised.calibrators.mixing import UniformMixing
from unsurprised.calibrators.temperature import TemperatureScaling
from unsurprised.errors import CallError, InputError
from unsurprised.evaluation import evaluate
from unsurprised.forms import Labels
from unsurprised.measures._array_engine import home_of


class CalibratedModel(Requester):
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

    _takes: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "fit": ("sample_weight",),
        "score": ("sample_weight",),
    }

    def __init__(
        self, classifier: Any, calibrator: Calibrator | None = None, *, cv: Any = 5
    ) -> None:
        self.classifier, self.calibrator, self.cv = classifier, calibrator, cv

    def fit(
        self,
        X: Any,  # noqa: N803 - scikit-learn's
        y: Any,
        sample_weight: Any = None,
        *,
        groups: Any = None,
        **fit_params: Any,
    ) -> Self:
        """Fit the calibrator on cross-fitted predictions, and the classifier on all rows.

        Parameters
        ----------
        X, y : array_like
            Rows, and the class of each: numbers, booleans or names.
        sample_weight : array_like, optional
            Importance of each row, to the calibrator and to the classifier; under metadata routing
            to the classifier where it asks for it.
        groups : array_like, optional
            For ``cv`` such as ``GroupKFold``: rows of one group stay together.
        **fit_params
            What else the classifier's ``fit`` takes.
        """
        from sklearn.base import clone
        from sklearn.model_selection import cross_val_predict

        method, y = method_of(self.classifier), targets(X, y)
        classes, indices = np.unique(on_host(y), return_inverse=True)
        if len(classes) < 2:
            raise CallError(f"y holds one class, {classes.tolist()}; expected at least two")
        refuse_pairs(self.classifier, method, len(classes))
        if sample_weight is not None:
            sample_weight = beside(X, sample_weight)
        metadata = {"sample_weight": sample_weight, "groups": groups, **fit_params}
        own, across = self._shared_out(metadata)
        with on_foreign_arrays(self.classifier, X):
            classifier = clone(self.classifier).fit(X, y, **own)
        refuse_other_classes(classifier, classes)
        names = class_names(classes)
        if isinstance(X, np.ndarray) or hasattr(X, "columns"):
            # Columns in another order are told before the folds, which do not see their names.
            form_of(getattr(classifier, method)(X[:1]), method, names)
        out_of_fold = cross_val_predict(
            clone(self.classifier), X, y, cv=self.cv, method=method, **across
        )
        calibrator = self.calibrator
        if calibrator is None:
            calibrator = Chain([UniformMixing(), TemperatureScaling()])
        self.calibrator_ = clone(calibrator).fit(
            form_of(out_of_fold, method, names),
            Labels(np.array(names)[indices]),  # by name, for an integer would be taken for one
            None if sample_weight is None else on_host(sample_weight),
            classes=names,
        )
        self.classes_ = home_of([y]).place(classes) if library_of(y) else classes  # type: ignore[union-attr]
        self.classifier_ = classifier
        return self

    def _shared_out(self, metadata: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        given = {name: value for name, value in metadata.items() if value is not None}
        own, across = shared_out(self, given)
        if "sample_weight" in given and not is_enabled():
            if any(name.endswith("__sample_weight") for name in own):
                del own["sample_weight"]  # a pipeline takes them for a step
                across["params"] = own
            else:
                refuse_unweighted(self.classifier)
        return own, across

    def predict_proba(self, X: Any) -> Any:  # noqa: N803
        """Calibrated probabilities, a column for each of ``classes_``.

        In the library of what the classifier says: NumPy's, or under scikit-learn's
        ``array_api_dispatch`` that of ``X``.
        """
        probs, said = self._calibrated(X)
        return brought(probs, said)

    def predict(self, X: Any) -> Any:  # noqa: N803
        """The most likely class of each row."""
        likeliest = np.argmax(self._calibrated(X)[0], axis=1)
        home = home_of([self.classes_])
        if home is None:
            return self.classes_[likeliest]
        return home.xp.take(self.classes_, home.place(likeliest), axis=0)

    def _calibrated(self, X: Any) -> tuple[NDArray[np.float64], Any]:  # noqa: N803
        """Calibrated probabilities in main memory, and what the classifier says."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        method = method_of(self.classifier_)
        said = getattr(self.classifier_, method)(X)
        form = form_of(said, method, class_names(self.classes_))
        calibrator: Calibrator = self.calibrator_
        return calibrator.predict_proba(form), said

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:  # noqa: N803
        """The share of rows whose class is the predicted one, as scikit-learn's classifiers say."""
        from sklearn.metrics import accuracy_score

        return float(accuracy_score(y, self.predict(X), sample_weight=sample_weight))

    @property
    def n_features_in_(self) -> int:
        """How many features the classifier was fitted on, where it says so."""
        return int(self._of_classifier("n_features_in_"))

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """Names of the features that the classifier was fitted on, where they have names."""
        names: NDArray[Any] = self._of_classifier("feature_names_in_")
        return names

    def _of_classifier(self, name: str) -> Any:
        if not hasattr(self, "classifier_"):
            raise AttributeError(f"this CalibratedModel is not fitted, and has no {name}")
        return getattr(self.classifier_, name)

    def get_metadata_routing(self) -> Any:
        """Which metadata the model, the classifier and the splitter ask for."""
        return router_of(self, self.classifier, self.cv)

    def set_score_request(self, *, sample_weight: Request = UNCHANGED) -> Self:
        """Ask for weights in ``score`` or decline them, under scikit-learn's metadata routing."""
        return self._requested("score", {"sample_weight": sample_weight})

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The arguments, and with ``deep`` those of the classifier and the calibrator."""
        given = {name: getattr(self, name) for name in arguments_of(type(self))}
        inner = {
            f"{name}__{key}": value
            for name, held in given.items()
            if deep and hasattr(held, "get_params") and not isinstance(held, type)
            for key, value in held.get_params().items()
        }
        return {**given, **inner}

    def set_params(self, **parameters: Any) -> Self:
        """Change arguments by name; ``classifier__C`` is the classifier's ``C``."""
        # The whole before its parts, in whatever order they come.
        for name, value in sorted(parameters.items(), key=lambda item: "__" in item[0]):
            outer, _, key = name.partition("__")
            if outer not in arguments_of(type(self)):
                raise CallError(f"CalibratedModel has no parameter {name!r}")
            held = getattr(self, outer)
            if not key:
                setattr(self, outer, value)
            elif hasattr(held, "set_params"):
                held.set_params(**{key: value})
            else:
                raise CallError(
                    f"{name}: {outer} is {held!r}, which has no parameters; expected a {outer} "
                    "first"
                )
        return self

    def __repr__(self) -> str:
        return f"CalibratedModel({self.classifier!r}, {self.calibrator!r}, cv={self.cv!r})"

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classifier_")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import get_tags

        return get_tags(self.classifier)


@takes_weights
def cross_entropy_scorer(estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> float:  # noqa: N803
    """Scorer for scikit-learn's ``scoring=``: minus the cross-entropy in bits.

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
    if not hasattr(estimator, "predict_proba"):
        raise CallError(
            f"{type(estimator).__name__} has no predict_proba; expected a classifier that has, "
            "such as CalibratedModel of this one"
        )
    names = class_names(estimator.classes_)
    labels = Labels(_indices_of(column_of(y), names, estimator))
    probs = form_of(estimator.predict_proba(X), "predict_proba", names, turned=True)
    return -evaluate(labels, probs, weights=sample_weight, top=0).cross_entropy.value


def _indices_of(y: NDArray[Any], names: list[str], estimator: Any) -> NDArray[np.int64]:
    """The column of each row's class; an error that names one that the estimator does not know."""
    try:
        return Labels(class_names(y), classes=names).indices()
    except InputError as error:
        raise InputError(
            error.found,
            expected=error.expected,
            remedy=f"fit {type(estimator).__name__} on rows of every class, or leave such rows out",
            place=error.located(file="y").place,
        ) from None
