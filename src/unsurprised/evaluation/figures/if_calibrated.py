"""How miscalibrated a calibrated model looks: the same fit of labels drawn from its predictions.

Labels are drawn by a counter: the draw of a row is a hash of its place and of the simulation's
number. Rows of the sample are in an order that follows from what they hold, so that draws depend
neither on ids nor on how rows came.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.array_types import Values
from unsurprised.calibrators._rows import FittingRows, finite
from unsurprised.calibrators._scores import VectorScores
from unsurprised.evaluation.figures.sample import Sampled
from unsurprised.evaluation.records import IfCalibrated
from unsurprised.states import exact_sum
from unsurprised.statistics.isotonic import isotonic, log_score
from unsurprised.statistics.ties import Ties
from unsurprised.threads import get_num_threads

#: 95 % of as many and one more is a whole number, which makes the test exact.
SIMULATIONS = 199
#: Of this many rows and more the quantiles of 99 tell enough.
_MANY_ROWS, _FEWER_SIMULATIONS = 50_000, 99
_SIGNIFICANT = 0.05
#: Directions in which a unit of the parameters changes less than this change nothing.
_FLAT = 1e-9

Draw = Callable[[int], Values]


def simulations_of(rows: int) -> int:
    """How many sets of labels are drawn for so many rows."""
    return SIMULATIONS if rows < _MANY_ROWS else _FEWER_SIMULATIONS


def draws_of(places: NDArray[np.int64]) -> Draw:
    """Uniform numbers in [0, 1), one a row by its place, for each number of a simulation.

    Examples
    --------
    >>> draw = draws_of(np.arange(4))
    >>> bool((draw(0) == draws_of(np.arange(4))(0)).all()), len(set(draw(1).tolist()))
    (True, 4)
    """

    def draw(simulation: int) -> Values:
        bits = np.empty(len(places), dtype=np.uint64)
        _kernels.hash_integers(places, simulation, bits)
        return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53

    return draw


def judged(found: float, simulated: Values, shown: Values | None = None) -> IfCalibrated:
    """What simulations say of a value: the p-value by its rank among them."""
    shown = simulated if shown is None else shown
    count = len(simulated)
    p_value = (1 + int(np.count_nonzero(simulated >= found))) / (count + 1)
    place = math.ceil((1 - _SIGNIFICANT) * (count + 1)) - 1
    high = float(np.sort(simulated)[place])
    return IfCalibrated(exact_sum(simulated) / count, high, p_value, p_value <= _SIGNIFICANT, count)


def of_isotonic(rows: Sampled, ranked: Ties, miscalibration: float) -> IfCalibrated:
    """Of the isotonic fit, with the very fit of each set of labels; in bits."""
    order = ranked.order
    predicted, weights = rows.probs[order, 1], rows.weight()[order]
    draw = draws_of(order)
    for_one, for_zero = -portable.log2(predicted), -portable.log1p(-predicted) / math.log(2)
    # What has no chance is never drawn.
    base = weights * np.where(predicted < 1, for_zero, 0.0)
    more = weights * np.where(predicted > 0, for_one, 0.0) - base
    mass, total = np.add.reduceat(weights, ranked.runs.starts), exact_sum(weights)
    found, score_of_base = np.empty(simulations_of(rows.size)), exact_sum(base)
    for index in range(len(found)):
        happened = draw(index) < predicted
        shares = np.add.reduceat(np.where(happened, weights, 0.0), ranked.runs.starts) / mass
        fit = isotonic(shares, mass)
        starts = np.flatnonzero(np.append(True, fit[1:] != fit[:-1]))
        cost = exact_sum(np.add.reduceat(mass, starts) * _binary_bits(fit[starts]))
        score = score_of_base + exact_sum(more[happened])
        share = exact_sum(weights[happened]) / total
        constant = total * float(_binary_bits(np.array([share]))[0])
        found[index] = (score - min(cost, score, constant)) / total
    return judged(miscalibration, found)


def _binary_bits(shares: Values) -> Values:
    return log_score(shares, shares)


class OfScores:
    """Of temperature and vector scaling, to second order: half of gᵀ H⁻¹ g nats a row.

    g is the slope and H the curvature of the mean cross-entropy where the predictions are left as
    they are; H does not depend on the labels. This is the score statistic (Rao, 1948). Observed and
    drawn labels go through it alike, so the test holds its level however few rows there are.
    """

    def __init__(self, rows: Sampled, fitting: FittingRows) -> None:
        self.fitting, self.log = fitting, finite(fitting.log)
        self.share = (
            np.full(rows.size, 1.0 / rows.size)
            if fitting.weights is None
            else fitting.weights / rows.size
        )
        self.expected = self._sums(rows.probs)
        self.observed = self._sums(fitting.truth())
        self.drawn = self._of_drawn(rows)

    def _sums(self, shares: Values) -> Values:
        """Mean over the rows of share × log-probability and of share, for each class."""
        weighted = shares * self.share[:, None]
        return np.concatenate([(weighted * self.log).sum(axis=0), weighted.sum(axis=0)])

    def _of_drawn(self, rows: Sampled) -> Values:
        """The same of sets of labels, each row's drawn from its predictions."""
        sums = np.empty((simulations_of(rows.size), 2 * self.fitting.width))
        _kernels.draw_sums(
            np.cumsum(rows.probs, axis=1),
            self.log * self.share[:, None],
            self.share,
            _last_possible(rows.probs),
            sums,
            get_num_threads(),
        )
        return sums

    def temperature(self) -> IfCalibrated:
        """Of one factor for all classes."""
        width = self.fitting.width
        # With −inf where a probability is 0, for 0 there would be a probability of 1.
        _, curvature = self.fitting.packed.tempered(1.0)
        slopes = (self._all() - self.expected)[:, :width].sum(axis=1)
        if not curvature > 0:
            return self._judged(np.zeros(len(slopes)))
        with np.errstate(over="ignore"):  # where a calibrated model is all but certain
            return self._judged(slopes**2 / (2 * curvature))

    def vector(self) -> IfCalibrated:
        """Of a factor and a shift for each class."""
        model = VectorScores(self.fitting.width)
        matrix = self.fitting.packed.scaled_curvature(model.start)
        matrix += portable.matmul(model.gauge.T, model.gauge)
        size = np.sqrt(np.diag(matrix))
        size[size == 0] = 1.0
        slopes = (self._all() - self.expected) / size
        even = matrix / np.multiply.outer(size, size)
        return self._judged(portable.squared_length(even, slopes, _FLAT) / 2)

    def _all(self) -> Values:
        """The observed sums, then those of the simulations."""
        return np.vstack([self.observed, self.drawn])

    def _judged(self, nats: Values) -> IfCalibrated:
        bits = nats / math.log(2)
        impossible = bool(self.fitting.impossible().any())
        return judged(math.inf if impossible else float(bits[0]), bits[1:])


def _last_possible(probs: Values) -> NDArray[np.int32]:
    """Of each row the last class that has a chance."""
    count = probs.shape[1]
    if (probs[:, -1] > 0).all():
        return np.full(len(probs), count - 1, dtype=np.int32)
    last: NDArray[np.int32] = (count - 1 - np.argmax(probs[:, ::-1] > 0, axis=1)).astype(np.int32)
    return last
