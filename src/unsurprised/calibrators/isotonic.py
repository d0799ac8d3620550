"""Isotonic calibration: any map of the odds that never falls, with its ends kept off 0 and 1."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.array_types import Values
from unsurprised.calibrators import _formulas
from unsurprised.calibrators._base import Calibrator, Parameters
from unsurprised.calibrators._costs import mean_of
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

    #: What the fit gives to each class of each row, while its costs are asked for.
    _shares: Values | None = None

    def fit_rows(self, rows: FittingRows) -> Self:
        """Learn from rows that are checked already."""
        if rows.labels is not None and rows.width > 2:
            self._shares = np.empty((rows.width, rows.count))
        try:
            return super().fit_rows(rows)
        finally:
            self._shares = None

    def _fitted(self, rows: FittingRows) -> tuple[Parameters, tuple[str, ...]]:
        classes = [1] if rows.width == 2 else range(rows.width)

        def curve_of(k: int) -> tuple[Values, Values]:
            log, truth = np.ascontiguousarray(rows.log[:, k]), rows.truth_of(k)
            order = portable.argsort(log)
            log, weights = log[order], None if rows.weights is None else rows.weights[order]
            curve = off_the_ends(curve_in_order(log, truth[order], weights), rows.count)
            if self._shares is not None:
                # Rows that were seen are at knots, or between two of the same value.
                self._shares[k, order] = curve[1][np.searchsorted(curve[0], log)]
            knots = _log_odds(curve[0])
            if knots[0] < knots[-1] and (knots[1:] <= knots[:-1]).any():
                # Odds that rounding makes the same, or puts in another order.
                again = isotonic_curve(_log_odds(rows.log[:, k]), truth, rows.weights)
                return off_the_ends(again, rows.count)
            return knots, curve[1]

        with ThreadPoolExecutor(get_num_threads()) as pool:
            curves = list(pool.map(curve_of, classes))
        return {"knots": [knots for knots, _ in curves], "values": [v for _, v in curves]}, ()

    def _bits_after(self, rows: FittingRows) -> float:
        if self._shares is None:
            return super()._bits_after(rows)
        assert rows.labels is not None
        total = np.add.reduce(self._shares, axis=0)
        happened = self._shares[rows.labels, np.arange(rows.count)]
        return mean_of(rows, portable.log2(total / happened))


def _log_odds(log: Values) -> Values:
    """Of classes with such log-probabilities, each against the rest."""
    odds: Values = log - portable.log1mexp(log)
    return odds


def isotonic_curve(
    numbers: Values, truth: NDArray[Any], weights: Values | None = None
) -> tuple[Values, Values]:
    """Knots and values of the isotonic regression of shares of truth on numbers.

    Rows of the same number are one (their weighted mean). Of a run of equal values only the two
    ends are kept, as knots between which the curve is flat.
    """
    order = portable.argsort(numbers)
    return curve_in_order(numbers[order], truth[order], None if weights is None else weights[order])


def curve_in_order(
    numbers: Values, truth: NDArray[Any], weights: Values | None
) -> tuple[Values, Values]:
    """The same of rows in the order of their numbers."""
    truth = truth.astype(np.float64)
    weights = np.ones(len(numbers)) if weights is None else weights
    knots, mass, means = numbers, weights, truth
    first = np.flatnonzero(np.append(True, numbers[1:] != numbers[:-1]))
    if len(first) < len(numbers):
        knots, mass = numbers[first], np.add.reduceat(weights, first)
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
