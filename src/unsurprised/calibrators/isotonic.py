"""Isotonic calibration: any map of the odds that never falls, with its ends kept off 0 and 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.calibrators import _formulas
from unsurprised.calibrators._base import Calibrator, Parameters
from unsurprised.calibrators._rows import FittingRows, Values


class IsotonicCalibration(Calibrator):
    r"""The non-decreasing map of the odds that fits best, for the log score and all others.

    Two classes: rows are put in the order of the odds of class 1; what is predicted is how often it
    happened among neighbours, pooled where it would fall (pool adjacent violators). Between rows
    that were seen it is linear in the probability, beyond them flat. More classes: one against the
    rest for each, and each row divided by its sum.

    Where only one outcome was seen, at the ends, the map would say 0 or 1; it is kept off them by
    half a row in n + 1: 0 becomes ½/(n + 1), or half of the next value if that is less, and 1
    likewise. So no class ever gets 0.

    Attributes
    ----------
    parameters_ : dict
        ``knots``: log-odds; ``values``: probabilities; an array of both for each map.

    References
    ----------
    Zadrozny and Elkan, "Transforming Classifier Scores into Accurate Multiclass Probability
    Estimates" (KDD 2002); Ayer, Brunk, Ewing, Reid and Silverman, "An Empirical Distribution
    Function for Sampling with Incomplete Information" (1955).

    Examples
    --------
    >>> odds = [0.1, 0.2, 0.3, 0.4, 0.8, 0.9]
    >>> calibrator = IsotonicCalibration().fit(odds, [0, 0, 1, 0, 1, 1])
    >>> calibrator.transform(odds).round(4)
    array([0.0714, 0.0714, 0.5   , 0.5   , 0.9286, 0.9286])
    """

    title = "isotonic calibration"
    formula = staticmethod(_formulas.isotonic)

    def _fitted(self, rows: FittingRows) -> tuple[Parameters, tuple[str, ...]]:
        truth = rows.truth()
        classes = [1] if rows.width == 2 else range(rows.width)
        with np.errstate(divide="ignore"):
            odds = rows.log - np.log(-np.expm1(rows.log))
        curves = [
            off_the_ends(isotonic_curve(odds[:, k], truth[:, k], rows.weights), rows.count)
            for k in classes
        ]
        return {"knots": [knots for knots, _ in curves], "values": [v for _, v in curves]}, ()


def isotonic_curve(
    odds: Values, truth: Values, weights: Values | None = None
) -> tuple[Values, Values]:
    """Knots and values of the isotonic regression of shares of truth on odds.

    Rows of the same odds are one (their weighted mean). Of a run of equal values only the two ends
    are kept, as knots between which the curve is flat.
    """
    weights = np.ones(len(odds)) if weights is None else weights
    knots, where = np.unique(odds, return_inverse=True)
    mass = np.bincount(where, weights)
    means = np.bincount(where, weights * truth) / mass
    values = np.empty(len(knots))
    _kernels.isotonic(means, mass, values)
    return _ends_of_runs(knots, np.clip(values, 0.0, 1.0))


def _ends_of_runs(knots: Values, values: Values) -> tuple[Values, Values]:
    differs = values[1:] != values[:-1]
    kept: NDArray[np.bool_] = np.ones(len(knots), dtype=bool)
    kept[1:-1] = differs[1:] | differs[:-1]
    knots, values = knots[kept], values[kept]
    if len(knots) == 1:  # all rows alike: flat
        return np.repeat(knots, 2), np.repeat(values, 2)
    return knots, values


def off_the_ends(curve: tuple[Values, Values], rows: int) -> tuple[Values, Values]:
    """The curve with its zeros and ones moved inwards by the stated rule."""
    knots, values = curve
    inside = values[(values > 0) & (values < 1)]
    edge = 0.5 / (rows + 1)
    low = min(edge, inside.min() / 2) if len(inside) else edge
    high = min(edge, (1 - inside.max()) / 2) if len(inside) else edge
    moved: Any = np.where(values == 0, low, np.where(values == 1, 1 - high, values))
    return knots, moved
