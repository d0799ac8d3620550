"""Two classes: log-odds through a line (Platt), or through both logarithms (beta)."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.calibrators import _formulas
from unsurprised.calibrators._base import Calibrator, Parameters
from unsurprised.calibrators._newton import least
from unsurprised.calibrators._parameters import Parameter
from unsurprised.calibrators._refusals import refuse_zeros_that_happened
from unsurprised.calibrators._rows import FittingRows
from unsurprised.calibrators._scores import OddsScores
from unsurprised.calibrators.temperature import best_inverse
from unsurprised.errors import InputError, Place


class PlattScaling(Calibrator):
    r"""Platt scaling of two classes: a line of the log-odds z of class 1.

    .. math:: \operatorname{logit} q'_1 = a z + b

    With ``b = 0`` this is temperature scaling, T = 1/a. The top class may change, the order of rows
    by their odds does not (a > 0 unless the predictions are worse than none).

    References
    ----------
    Platt, "Probabilistic Outputs for Support Vector Machines" (1999), without his smoothing of the
    targets, which is kept for data that can be told apart without an error.

    Examples
    --------
    >>> calibrator = PlattScaling().fit([0.9, 0.9, 0.9, 0.2, 0.2, 0.2], [1, 1, 0, 0, 0, 1])
    >>> calibrator.transform([0.9, 0.2]).round(4)
    array([0.6667, 0.3333])
    """

    title = "Platt scaling"
    formula = staticmethod(_formulas.platt)
    holds: ClassVar = {"slope": Parameter(0), "shift": Parameter(0)}
    two_classes_only = True

    def _fitted(self, rows: FittingRows) -> tuple[Parameters, tuple[str, ...]]:
        refuse_zeros_that_happened(rows, "Platt scaling")
        rows = _certain_left_out(rows)
        inverse, _ = best_inverse(rows)
        found, notes = least(rows, OddsScores(_odds_and_one, [inverse, 0.0]))
        return {"slope": found[0], "shift": found[1]}, notes

    @property
    def slope_(self) -> float:
        """The factor of the log-odds."""
        self._check_fitted()
        return float(self.parameters_["slope"])

    @property
    def shift_(self) -> float:
        """What is added to the log-odds."""
        self._check_fitted()
        return float(self.parameters_["shift"])


class BetaCalibration(Calibrator):
    r"""Beta calibration of two classes: a map that bends both ways and can be the identity.

    .. math:: \operatorname{logit} q'_1 = a \ln q_1 - b \ln q_0 + c, \qquad a, b \ge 0

    References
    ----------
    Kull, Silva Filho and Flach, "Beta calibration: a well-founded and easily implemented
    improvement on logistic calibration for binary classifiers" (AISTATS 2017).

    Examples
    --------
    >>> calibrator = BetaCalibration().fit([0.9, 0.9, 0.9, 0.5, 0.2, 0.2, 0.2, 0.5],
    ...                                    [1, 1, 0, 1, 0, 0, 1, 0])
    >>> calibrator.transform([0.9, 0.5, 0.2]).round(4)
    array([0.6667, 0.5   , 0.3333])
    """

    title = "beta calibration"
    formula = staticmethod(_formulas.beta)
    holds: ClassVar = {
        "towards_one": Parameter(0, low=0.0),
        "from_zero": Parameter(0, low=0.0),
        "shift": Parameter(0),
    }
    two_classes_only = True

    def _fitted(self, rows: FittingRows) -> tuple[Parameters, tuple[str, ...]]:
        refuse_zeros_that_happened(rows, "beta calibration")
        rows = _certain_left_out(rows)
        # The loss is convex, so where a bound is broken the best lies on one that is.
        inverse, _ = best_inverse(rows)
        both, notes = least(rows, OddsScores(_logs_and_one, [inverse, inverse, 0.0]))
        choices = [(both, notes)]
        if both[0] < 0 or both[1] < 0:
            choices = [_without(rows, kept, inverse) for kept in (0, 1)]
            choices = [one for one in choices if (one[0][:2] >= 0).all()] or [_constant(rows)]
        found, notes = min(choices, key=lambda choice: _nats(rows, choice[0]))
        return {"towards_one": found[0], "from_zero": found[1], "shift": found[2]}, notes

    @property
    def towards_one_(self) -> float:
        """The factor of the logarithm of the probability of class 1."""
        self._check_fitted()
        return float(self.parameters_["towards_one"])

    @property
    def from_zero_(self) -> float:
        """The factor of the logarithm of the probability of class 0."""
        self._check_fitted()
        return float(self.parameters_["from_zero"])

    @property
    def shift_(self) -> float:
        """What is added to the log-odds."""
        self._check_fitted()
        return float(self.parameters_["shift"])


Fit = tuple[Values, tuple[str, ...]]


def _without(rows: FittingRows, kept: int, start: float) -> Fit:
    """The best with one factor only."""
    found, notes = least(rows, OddsScores(_one_log(kept), [start, 0.0]))
    whole = np.zeros(3)
    whole[kept], whole[2] = found
    return whole, notes


def _constant(rows: FittingRows) -> Fit:
    """Both factors 0: the class frequencies are all that is known."""
    zero, one = rows.frequencies()
    note = "the predictions tell nothing of what happened; only the class frequencies are left"
    return np.array([0.0, 0.0, portable.log(one) - portable.log(zero)]), (note,)


def _nats(rows: FittingRows, parameters: Values) -> float:
    odds = np.asarray(portable.matmul(_logs_and_one(rows.log), parameters))
    log = _formulas.log_softmax(portable, np.stack([np.zeros_like(odds), odds], axis=1))
    nats = rows.cross_entropies(log)
    return float(nats.mean() if rows.weights is None else (nats * rows.weights).mean())


def _certain_left_out(rows: FittingRows) -> FittingRows:
    """Rows that gave 0 to what did not happen cost nothing, whatever the odds are stretched by."""
    certain = np.isneginf(rows.log).any(axis=1)
    if certain.all():
        raise InputError(
            f"found no row of {rows.count:,} that is not certain, and each is right",
            expected="rows with probabilities between 0 and 1, from which something can be learned",
            place=Place(file="y_pred"),
        )
    return rows.of(~certain) if certain.any() else rows


def _odds_and_one(x: Values) -> Values:
    return np.stack([x[:, 1] - x[:, 0], np.ones(len(x))], axis=1)


def _logs_and_one(x: Values) -> Values:
    return np.stack([x[:, 1], -x[:, 0], np.ones(len(x))], axis=1)


def _one_log(kept: int) -> Callable[[Values], Values]:
    return lambda x: _logs_and_one(x)[:, [kept, 2]]
