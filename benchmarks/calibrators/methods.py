"""Every library's ways to calibrate, each as its users write it; what is missing is left out."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
#: Takes probabilities and labels, gives a function from probabilities to calibrated ones.
Fit = Callable[[Floats, Any], Callable[[Floats], Floats]]

PEERS = {"scikit-learn": "sklearn", "netcal": "netcal", "probmetrics": "probmetrics"}


@dataclass(frozen=True)
class Method:
    """One library's way to calibrate."""

    library: str
    name: str
    fit: Fit
    #: The family that it is set beside others in.
    family: str
    two_classes_only: bool = False


def missing() -> list[str]:
    """The peers that are not installed."""
    return [name for name, module in PEERS.items() if importlib.util.find_spec(module) is None]


def every_one() -> list[Method]:
    """Ours first."""
    without = missing()
    found = _ours()
    if "scikit-learn" not in without:
        found += _scikit_learns()
    if "netcal" not in without:
        found += _netcals()
    if "probmetrics" not in without:
        found += _probmetrics()
    return found


def _ours() -> list[Method]:
    from unsurprised import calibrators as c

    def fit(make: Callable[[], Any]) -> Fit:
        def fitted(probs: Floats, labels: Any) -> Callable[[Floats], Floats]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", c._base.CalibrationWarning)
                found: Callable[[Floats], Floats] = make().fit(probs, labels).predict_proba
            return found

        return fitted

    def ours(name: str, make: Callable[[], Any], family: str, two: bool = False) -> Method:
        return Method("unsurprised", name, fit(make), family, two)

    return [
        ours("TemperatureScaling", c.TemperatureScaling, "temperature"),
        ours("VectorScaling", c.VectorScaling, "vector"),
        ours("MatrixScaling", c.MatrixScaling, "matrix"),
        ours("StructuredScaling", c.StructuredScaling, "structured"),
        ours("PlattScaling", c.PlattScaling, "Platt", True),
        ours("BetaCalibration", c.BetaCalibration, "beta", True),
        ours("IsotonicCalibration", c.IsotonicCalibration, "isotonic"),
        ours("UniformMixing", c.UniformMixing, "mixing"),
        ours(
            "UniformMixing, then StructuredScaling",
            lambda: c.Chain([c.UniformMixing(), c.StructuredScaling()]),
            "structured",
        ),
    ]


def _scikit_learns() -> list[Method]:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    class AsGiven(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
        """A classifier whose rows are its scores."""

        def fit(self, scores: Any, labels: Any) -> Any:
            self.classes_ = np.unique(labels)
            return self

        def predict(self, scores: Any) -> Any:
            return self.classes_[np.argmax(scores, axis=1)]

        def decision_function(self, scores: Any) -> Any:
            return scores if scores.shape[1] > 2 else scores[:, 1] - scores[:, 0]

    def fit(method: str) -> Fit:
        def fitted(probs: Floats, labels: Any) -> Callable[[Floats], Floats]:
            scores = np.log(probs)
            frozen = FrozenEstimator(AsGiven().fit(scores, labels))
            model = CalibratedClassifierCV(frozen, method=method).fit(scores, labels)
            return lambda new: np.asarray(model.predict_proba(np.log(new)))

        return fitted

    names = {"temperature": "temperature", "sigmoid": "Platt", "isotonic": "isotonic"}
    return [Method("scikit-learn", name, fit(name), family) for name, family in names.items()]


def _netcals() -> list[Method]:
    def fit(make: Callable[[], Any]) -> Fit:
        def fitted(probs: Floats, labels: Any) -> Callable[[Floats], Floats]:
            two = probs.shape[1] == 2
            quiet = contextlib.redirect_stderr(io.StringIO())
            with warnings.catch_warnings(), quiet:
                warnings.simplefilter("ignore")
                model = make()
                model.fit(probs[:, 1] if two else probs, labels)

            def predict(new: Floats) -> Floats:
                found = np.asarray(model.transform(new[:, 1] if two else new))
                return np.stack([1 - found, found], axis=1) if two and found.ndim == 1 else found

            return predict

        return fitted

    def one(module: str, name: str, family: str, two: bool = False) -> Method:
        kind = getattr(importlib.import_module(f"netcal.{module}"), name)
        return Method("netcal", name, fit(kind), family, two)

    # With ten classes LogisticCalibration takes 22 s to fit 8,000 rows, and BetaCalibration longer.
    return [
        one("scaling", "TemperatureScaling", "temperature"),
        one("scaling", "LogisticCalibration", "Platt", two=True),
        one("scaling", "BetaCalibration", "beta", two=True),
        one("binning", "IsotonicRegression", "isotonic"),
    ]


def _probmetrics() -> list[Method]:
    from probmetrics.calibrators import get_calibrator

    def fit(name: str) -> Fit:
        def fitted(probs: Floats, labels: Any) -> Callable[[Floats], Floats]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model = get_calibrator(name)
                model.fit(probs, np.asarray(labels))
            return lambda new: np.asarray(model.predict_proba(new))

        return fitted

    families = {"temp-scaling": "temperature", "svs": "vector", "sms": "structured"}
    families |= {"isotonic": "isotonic", "logistic": "structured"}
    return [Method("probmetrics", name, fit(name), family) for name, family in families.items()]
