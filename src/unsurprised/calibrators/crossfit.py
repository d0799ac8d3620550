"""Cross-fitted savings of recalibrations, and the choice among several.

Whoever says what a recalibration saves says it by these functions, so that one family on the same
rows is one number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.calibrators._base import Calibrator
from unsurprised.calibrators._rows import FittingRows
from unsurprised.calibrators.families import Candidate
from unsurprised.errors import CallError
from unsurprised.states.hashing import content_order
from unsurprised.statistics.means import mean_and_spread

#: Into how many parts rows are put where nobody says otherwise.
FOLDS = 5

Progress = Callable[[int], None]


@dataclass(frozen=True)
class CrossFitted:
    """A candidate, fitted on all rows, and what each row costs by a fit to the other folds."""

    candidate: Candidate
    calibrator: Calibrator
    #: The fits to all folds but one, by the fold that each left out.
    by_fold: tuple[Calibrator, ...]
    #: Nats a row.
    held_out: Values

    @property
    def title(self) -> str:
        """What reports call it."""
        return self.candidate.title

    def held_out_log(self, rows: FittingRows, folds: NDArray[np.int64]) -> Values:
        """Log-probabilities of each of these very rows by a fit to the other folds."""
        log = np.empty(rows.log.shape)
        for fold, calibrator in enumerate(self.by_fold):
            inside = folds == fold
            log[inside] = calibrator.map_rows(rows.log[inside])
        return log


def cross_fitted(
    candidate: Candidate,
    rows: FittingRows,
    folds: NDArray[np.int64],
    progress: Progress | None = None,
) -> CrossFitted:
    """Fit a candidate to all rows, and judge it on each fold by a fit to the others.

    Those fits begin where the one to all rows ended. They look for the same minimum of a convex
    loss, so that their start leaves no trace but in time.
    """
    return _cross_fitted([candidate], [candidate.make().fit_rows(rows)], rows, folds, progress)[0]


def each_cross_fitted(
    candidates: Sequence[Candidate], rows: FittingRows, folds: NDArray[np.int64]
) -> tuple[CrossFitted, ...]:
    """The same of several candidates, fold by fold; fits do not tell where they come from."""
    whole = [candidate.make().learn_rows(rows) for candidate in candidates]
    return tuple(_cross_fitted(candidates, whole, rows, folds))


def held_out_nats(whole: Calibrator, rows: FittingRows, folds: NDArray[np.int64]) -> Values:
    """What each row costs by a fit to the other folds, near one to all rows."""
    return _held_out([whole], rows, folds)[1][0]


def _cross_fitted(
    candidates: Sequence[Candidate],
    whole: list[Calibrator],
    rows: FittingRows,
    folds: NDArray[np.int64],
    progress: Progress | None = None,
) -> list[CrossFitted]:
    by_fold, held_out = _held_out(whole, rows, folds, progress)
    return [
        CrossFitted(candidate, fit, tuple(fits), nats)
        for candidate, fit, fits, nats in zip(candidates, whole, by_fold, held_out, strict=True)
    ]


def _held_out(
    whole: Sequence[Calibrator],
    rows: FittingRows,
    folds: NDArray[np.int64],
    progress: Progress | None = None,
) -> tuple[list[list[Calibrator]], list[Values]]:
    """The fits to all folds but one, and what each row costs by the one that left it out."""
    fits: list[list[Calibrator]] = [[] for _ in whole]
    held_out = [np.empty(rows.count) for _ in whole]
    for fold in range(int(folds.max()) + 1):
        inside = np.flatnonzero(folds == fold)
        others, left_out = rows.of(np.flatnonzero(folds != fold)), rows.of(inside)
        for fit, by_fold, nats in zip(whole, fits, held_out, strict=True):
            by_fold.append(fit.near().learn_rows(others))
            nats[inside] = by_fold[-1].costs(left_out)
        if progress is not None:
            progress(len(inside))
    return fits, held_out


def order_of(*models: FittingRows) -> NDArray[np.int64]:
    """An order of the rows that follows from what they hold under these models alone."""
    return content_order(
        *(part for rows in models for part in (rows.log, rows.labels, rows.shares)),
        weights=models[0].weights,
    )


def folds_of(
    models: Sequence[FittingRows], folds: int, clusters: NDArray[np.uint64] | None = None
) -> NDArray[np.int64]:
    """To which fold each row belongs, of the same rows under one model or several.

    Rows are dealt in the order of :func:`order_of`, and so do not depend on ids or on the order in
    which rows came. Rows of one cluster go together, dealt in the order of the clusters' hashes.
    Folds are of about the same size.
    """
    if clusters is None:
        distinct, where = models[0].count, np.argsort(order_of(*models))
    else:
        of_each, where = np.unique(clusters, return_inverse=True)
        distinct = len(of_each)
    if distinct < folds:
        raise CallError(
            f"found {distinct} rows (or clusters) for {folds} folds; expected one a fold"
        )
    fold: NDArray[np.int64] = (np.arange(distinct) % folds)[where]
    return fold


def in_bits(nats: Values) -> Values:
    """Bits a row; infinite where no float holds them."""
    with np.errstate(over="ignore"):
        bits: Values = nats / math.log(2)
        return bits


def saved_bits(before: Values, after: Values) -> Values:
    """Bits that each row saves; what was infinite and is not any more saves infinitely much."""
    with np.errstate(invalid="ignore"):
        saved = in_bits(before - after)
    return np.where(np.isinf(before) & np.isinf(after), 0.0, saved)


class Contest:
    """Costs of the same rows under several predictions, in nats, from the simplest to the richest.

    The simplest within one standard error of the best is taken: that of their difference row by row
    (Breiman, Friedman, Olshen and Stone, *Classification and Regression Trees*, 1984, section 3.4).
    A richer one is to be surely better, so that of several looked at the luckiest is not taken for
    its luck.
    """

    def __init__(
        self, nats: Sequence[Values], clusters: NDArray[np.uint64] | None, weights: Values | None
    ) -> None:
        self.nats, self.clusters, self.weights = nats, clusters, weights
        with np.errstate(over="ignore"):
            means = [float(np.average(one, weights=weights)) for one in nats]
        self.best = nats[int(np.argmin(means))]

    def behind(self, place: int) -> tuple[float, float]:
        """By how many bits a row one is behind the best, and the standard error of that."""
        bits = saved_bits(self.nats[place], self.best)
        if np.isinf(bits).any():
            return math.inf, 0.0
        found, spread = mean_and_spread(bits, self.clusters, self.weights)
        return found.value, math.inf if spread is None else spread.error

    def taken(self) -> int:
        """The place of the one to take."""
        for place in range(len(self.nats)):
            behind, error = self.behind(place)
            if behind <= error:
                return place
        raise AssertionError("the best is within any error of itself")
