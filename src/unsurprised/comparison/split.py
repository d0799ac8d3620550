"""Which part of a difference recalibration would have removed, and which is knowledge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.calibrators._rows import FittingRows
from unsurprised.calibrators.crossfit import (
    FOLDS,
    folds_of,
    held_out_nats,
    in_bits,
    order_of,
    saved_bits,
)
from unsurprised.errors import UnsurprisedError
from unsurprised.evaluation.figures.recalibration import Recalibrations, fewer, fitting_rows_of
from unsurprised.evaluation.figures.sample import Sampled
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.in_unit import InUnit
from unsurprised.statistics.means import mean_of

#: Models that one recalibration makes equal cost the same but for this, relatively.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class DifferenceParts:
    """Both parts of a difference, cross-fitted, and what recalibration saves of each model.

    The parts are held out on folds that both models share, so that their difference is none of
    folds; of each model alone, on the folds that it has when it is evaluated. So the difference of
    these two is that part but for the chance of folds.
    """

    family: str | None = None
    split_rows: int = 0
    #: Of new − base: what recalibration saves, and what the recalibrated models are apart.
    miscalibration: Estimate | None = None
    discrimination: Estimate | None = None
    base_miscalibration: Estimate | None = None
    new_miscalibration: Estimate | None = None

    def fields(self, in_unit: InUnit) -> dict[str, Any]:
        """As a difference has them, in this unit."""
        return {
            "family": self.family,
            "split_rows": self.split_rows,
            "miscalibration": in_unit(self.miscalibration),
            "discrimination": in_unit(self.discrimination),
            "base_miscalibration": in_unit(self.base_miscalibration),
            "new_miscalibration": in_unit(self.new_miscalibration),
        }


def split_of(
    base: Sampled | None,
    new: Sampled | None,
    compared: NDArray[np.uint64] | None,
    *,
    refused: bool,
) -> DifferenceParts:
    """The split of the rows that are in both samples, and among the hashes of those ``compared``.

    Nothing where there are no such rows, or none that can be recalibrated. The family is the
    richer of those that are taken of each model alone: both are recalibrated alike.
    """
    if base is None or new is None:
        return DifferenceParts()
    first, second = _shared(base, new, compared)
    if not len(first):
        return DifferenceParts()
    old = fewer(base.take(first))
    # Each model's rows stand in their own order, by which folds are dealt when it is evaluated.
    own = np.argsort(second[: old.size])
    try:
        both = [
            Recalibrations.of(rows, fitting_rows_of(rows))
            for rows in (old, new.take(second[: old.size][own]))
        ]
        places = _places(*both)
        fits = [both[0].fitting, both[1].fitting.of(np.argsort(own))]
        saved, after, weights = _side_by_side(fits, both, places, old)
    except UnsurprisedError:
        return DifferenceParts()
    with np.errstate(invalid="ignore"):
        miscalibration = saved[1] - saved[0]
    if np.isnan(miscalibration).any():
        return DifferenceParts()

    def mean(values: Values) -> Estimate:
        return mean_of(values, old.clusters, weights, refused=refused)

    def alone(one: Recalibrations, place: int) -> Estimate:
        rows = one.rows
        return mean_of(one.saved(place), rows.clusters, rows.weights, refused=refused)

    titles = [one.found[place].title for one, place in zip(both, places, strict=True)]
    found = mean(miscalibration)
    return DifferenceParts(
        family=max(titles, key=len),  # which says that something was mixed in first
        split_rows=found.rows,
        miscalibration=found,
        discrimination=mean(_apart(*after)),
        base_miscalibration=alone(both[0], places[0]),
        new_miscalibration=alone(both[1], places[1]),
    )


def _apart(base: Values, new: Values) -> Values:
    """By how much rows cost more under the base; what is rounding alone is no difference."""
    gaps = base - new
    return np.where(np.abs(gaps) <= _ROUNDING * np.maximum(base, new), 0.0, gaps)


def _side_by_side(
    fits: list[FittingRows], both: list[Recalibrations], places: tuple[int, int], old: Sampled
) -> tuple[list[Values], list[Values], Values | None]:
    """Bits that each row saves and still costs under either model, held out on the same folds.

    By folds of its own each model would be at the mercy of another chance.
    """
    weights = old.weights
    if old.clusters is None:  # sums of a fit tell in which order rows came
        order = order_of(*fits)
        fits = [rows.of(order) for rows in fits]
        weights = None if weights is None else weights[order]
    folds = folds_of(fits, FOLDS, old.clusters)
    whole = [one.found[place].calibrator for one, place in zip(both, places, strict=True)]
    held_out = [held_out_nats(*each, folds) for each in zip(whole, fits, strict=True)]
    saved = [
        saved_bits(rows.cross_entropies(), nats) for rows, nats in zip(fits, held_out, strict=True)
    ]
    return saved, [in_bits(nats) for nats in held_out], weights


def _shared(
    base: Sampled, new: Sampled, compared: NDArray[np.uint64] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places, in each sample, of the compared rows that are in both, in the order of the first."""
    common, first, second = np.intersect1d(base.hashes, new.hashes, return_indices=True)
    if compared is not None:
        kept = np.isin(common, compared)
        first, second = first[kept], second[kept]
    order = np.argsort(first)
    return first[order], second[order]


def _places(base: Recalibrations, new: Recalibrations) -> tuple[int, int]:
    """Of each, the place of the richer family of the two that are taken; both have tried it."""
    families = [[found.candidate.family for found in one.found] for one in (base, new)]
    common = [family for family in families[0] if family in families[1]]
    taken = (families[0][base.taken], families[1][new.taken])
    richer = [family for family in common if family in taken][-1:] or common[-1:]
    return families[0].index(richer[0]), families[1].index(richer[0])
