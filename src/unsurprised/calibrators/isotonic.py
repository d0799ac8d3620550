"""Isotonic calibration: any map of the odds that never falls, with its ends kept off 0 and 1."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.array_types import Values
from unsurprised.calibrators import _formulas
from unsurprised.calibrators._base import Calibrator, Parameters
from unsurprised.calibrators._parameters import Curves
from unsurprised.calibrators._rows import FittingRows
from unsurprised.threads import get_num_threads


class IsotonicCalibration(Calibrator):
    r"""Isotonic regression: the non-decreasing map of the odds that fits best, by any proper score.

    Two classes: rows are put in the order of the odds of class 1; what is predicted is how often it
    happened among neighbours, pooled where it would fall (pool adjacent violators). Between rows
    that were seen it is linear in the probability, beyond them flat. More classes: one against the
    rest for each, and each row divided by its sum.

    Where only one outcome was seen, at the ends, the map would say 0 or 1; it is kept off them by
    half a row in n + 1: 0 becomes ½/(n + 1), or half of the next value if that is less, and 1
    likewise. So no class ever gets 0.

    ``parameters_`` holds ``knots``, log-odds, and ``values``, probabilities: an array of both for
    each map.

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

    title = "isotonic regression"
    lifts_zeros = True
    formula = staticmethod(_formulas.isotonic)
    rows_at_once = 1 << 14  # it takes as many calls as there are classes
    holds: ClassVar = {
        "knots": Curves((-np.inf, np.inf)),
        "values": Curves((math.nextafter(0, 1), math.nextafter(1, 0))),
    }

    def _fitted(self, rows: FittingRows) -> tuple[Parameters, tuple[str, ...]]:
        classes = [1] if rows.width == 2 else range(rows.width)

        def curve_of(k: int) -> tuple[Values, Values]:
            odds = rows.log[:, k] - portable.log1mexp(rows.log[:, k])
            happened = rows.truth_of(k)
            return off_the_ends(isotonic_curve(odds, happened, rows.weights), rows.count)

        with ThreadPoolExecutor(get_num_threads()) as pool:
            curves = list(pool.map(curve_of, classes))
        return {"knots": [knots for knots, _ in curves], "values": [v for _, v in curves]}, ()


def isotonic_curve(
    odds: Values, truth: NDArray[Any], weights: Values | None = None
) -> tuple[Values, Values]:
    """Knots and values of the isotonic regression of shares of truth on odds.

    Rows of the same odds are one (their weighted mean). Of a run of equal values only the two ends
    are kept, as knots between which the curve is flat.
    """
    # Whole numbers have one sum in whatever order rows of the same odds come.
    whole = weights is None and truth.dtype == np.bool_
    order = np.argsort(odds, kind=None if whole else "stable")
    odds, truth = odds[order], truth[order].astype(np.float64)
    weights = np.ones(len(odds)) if weights is None else weights[order]
    knots, mass, means = odds, weights, truth
    first = np.flatnonzero(np.append(True, odds[1:] != odds[:-1]))
    if len(first) < len(odds):
        knots, mass = odds[first], np.add.reduceat(weights, first)
        means = np.add.reduceat(weights * truth, first) / mass
    # Neighbours of the same mean end up in the same pool, so that each run of them is one.
    start = np.flatnonzero(np.append(True, means[1:] != means[:-1]))
    end = np.append(start[1:], len(means)) - 1
    pooled = np.empty(len(start))
    _kernels.isotonic(means[start], np.add.reduceat(mass, start), pooled)
    values = np.repeat(np.clip(pooled, 0.0, 1.0), 2)
    knots = np.stack([knots[start], knots[end]], axis=1).ravel()
    alone = np.repeat(start == end, 2)
    alone[::2] = False  # the first of two that are the same stays
    return _ends_of_runs(knots[~alone], values[~alone])


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
