"""Recalibrations of the rows of a sample: those that can be tried in a moment.

``evaluate`` and ``compare`` tell of the same ones, fitted to the same rows and taken by the same
rule, so that both say the same of one file. ``calibrate`` tries more, on more rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.calibrators._rows import FittingRows, log_rows
from unsurprised.calibrators.crossfit import (
    FOLDS,
    Contest,
    CrossFitted,
    each_cross_fitted,
    folds_of,
    in_bits,
    saved_bits,
)
from unsurprised.calibrators.families import candidates
from unsurprised.calibrators.isotonic import IsotonicCalibration
from unsurprised.evaluation.figures.sample import Sampled
from unsurprised.statistics.isotonic import log_score, recalibrated
from unsurprised.statistics.ties import Ties
from unsurprised.weights import of_mean_one

#: Rows × classes beyond which there are fewer rows, but not fewer than the last of these.
_MOST_NUMBERS, _MOST_ROWS, _FEWEST_ROWS = 1 << 19, 100_000, 2_000


def fewer(rows: Sampled) -> Sampled:
    """As many of the rows as all families can be fitted on, again and again, in a moment."""
    return rows.first(max(_FEWEST_ROWS, min(_MOST_ROWS, _MOST_NUMBERS // len(rows.classes))))


def fitting_rows_of(rows: Sampled, classes: tuple[str, ...] | None = None) -> FittingRows:
    """The sample as calibrators see it; names of the classes only where they have names."""
    weights = None if rows.weights is None else of_mean_one(rows.weights)
    return FittingRows(log_rows(rows.model), rows.labels, rows.shares, weights, classes)


def odds_of(rows: Sampled, log: Values) -> Values:
    """What two classes are ranked by: the probability of class 1, or its log-odds."""
    return rows.probs[:, 1] if rows.model.kind == "probs" else log[:, 1] - log[:, 0]


@dataclass(frozen=True)
class Recalibrations:
    """The families that are worth a moment, from the simplest to the richest, on some rows."""

    rows: Sampled
    fitting: FittingRows
    found: tuple[CrossFitted, ...]
    #: Place of the one that is taken.
    taken: int
    #: Families that are not worth it, and why.
    left_out: dict[str, str]

    @classmethod
    def of(
        cls, rows: Sampled, fitting: FittingRows, folds: NDArray[np.int64] | None = None
    ) -> Recalibrations:
        """Fitted, held out and weighed against each other; ``fitting`` are these very rows."""
        folds = folds_of([fitting], FOLDS, rows.clusters) if folds is None else folds
        tried, left_out = candidates(fitting, quick=True)
        found = each_cross_fitted(tried, fitting, folds)
        contest = Contest([each.held_out for each in found], rows.clusters, rows.weights)
        return cls(rows, fitting, found, contest.taken(), left_out)

    def saved(self, place: int) -> Values:
        """Bits that each row saves under a fit to the other folds."""
        return saved_bits(self.fitting.cross_entropies(), self.found[place].held_out)

    def held_out(self, place: int) -> Values:
        """Bits that each row costs under a fit to the other folds."""
        return in_bits(self.found[place].held_out)

    def in_sample(self, place: int) -> Values:
        """Bits that each row costs under the best of the family for these very rows."""
        if self._any_curve(place):
            return _isotonic(self.rows, self.fitting)
        return in_bits(self.found[place].calibrator.costs(self.fitting))

    def parameters(self, place: int) -> int | None:
        """How many numbers are fitted; None where that depends on the rows."""
        return None if self._any_curve(place) else self.found[place].calibrator.parameter_count

    def _any_curve(self, place: int) -> bool:
        return isinstance(self.found[place].calibrator, IsotonicCalibration)


def _isotonic(rows: Sampled, fitting: FittingRows) -> Values:
    """Under the very regression, whose ends the calibrator keeps off 0 and 1."""
    observed, ranked = rows.outcome(1), Ties.of(odds_of(rows, fitting.log))
    fitted = recalibrated(ranked, observed, rows.weight())
    return log_score(_off_the_ends(fitted, observed), observed)


def _off_the_ends(fitted: Values, observed: Values) -> Values:
    """The fit, which rounds to 0 or 1 where a row of tiny weight is pooled with others."""
    raised = np.where(observed > 0, np.maximum(fitted, math.nextafter(0.0, 1.0)), fitted)
    return np.where(observed < 1, np.minimum(raised, math.nextafter(1.0, 0.0)), raised)
