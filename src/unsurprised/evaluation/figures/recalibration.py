"""What the families of the ledger's recalibrations make of each row, in sample and held out."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unsurprised.calibrators import (
    Calibrator,
    Chain,
    IsotonicCalibration,
    TemperatureScaling,
    UniformMixing,
    VectorScaling,
)
from unsurprised.calibrators._rows import WIDEST, FittingRows, log_rows, widest
from unsurprised.calibrators.crossfit import held_out_nats, in_bits
from unsurprised.evaluation.figures.sample import Sampled
from unsurprised.statistics.isotonic import log_score, recalibrated
from unsurprised.statistics.ties import Ties
from unsurprised.statistics.totals import Values
from unsurprised.weights import of_mean_one

#: Of vector scaling: fewer rows a parameter, or rows of a class, would be fitted to their noise.
ROWS_A_PARAMETER = 20
ROWS_A_CLASS = 10
#: Above this many classes its time, which grows with their square, is not worth it.
MOST_CLASSES_OF_A_VECTOR = 100
#: Rows × classes beyond which there are fewer rows, but not fewer than the last of these.
_MOST_NUMBERS, _MOST_ROWS, _FEWEST_ROWS = 1 << 19, 100_000, 2_000


@dataclass(frozen=True, slots=True)
class Recalibrated:
    """Bits that each row costs under the best recalibration of a family."""

    family: str
    parameters: int | None
    in_sample: Values
    #: Under one fitted on the other folds.
    held_out: Values


def fewer(rows: Sampled) -> Sampled:
    """As many of the rows as all families can be fitted on, again and again, in a moment."""
    return rows.first(max(_FEWEST_ROWS, min(_MOST_ROWS, _MOST_NUMBERS // len(rows.classes))))


def fitting_rows_of(rows: Sampled) -> FittingRows:
    """The sample as calibrators see it."""
    weights = None if rows.weights is None else of_mean_one(rows.weights)
    return FittingRows(log_rows(rows.model), rows.labels, rows.shares, weights, rows.classes)


def odds_of(rows: Sampled, log: Values) -> Values:
    """What two classes are ranked by: the probability of class 1, or its log-odds."""
    return rows.probs[:, 1] if rows.model.kind == "probs" else log[:, 1] - log[:, 0]


def recalibrations(
    rows: Sampled, fitting: FittingRows, folds: NDArray[np.int64]
) -> tuple[list[Recalibrated], dict[str, str]]:
    """The families, from the simplest to the richest, and why others were not tried."""
    if fitting.width == 2:
        return [_isotonic(rows, fitting, folds)], {}
    found = [_parametric(TemperatureScaling(), fitting, folds)]
    why = unfit(fitting)
    if why is None:
        found.append(_parametric(VectorScaling(), fitting, folds))
        return found, {}
    return found, {VectorScaling.title: why}


def unfit(rows: FittingRows) -> str | None:
    """Why vector scaling is not tried on these rows; ``None`` if it is."""
    parameters = 2 * rows.width
    if rows.width > MOST_CLASSES_OF_A_VECTOR:
        return f"tried up to {MOST_CLASSES_OF_A_VECTOR} classes"
    if widest(rows) > WIDEST:
        return f"its second derivatives need log-probabilities above −{WIDEST:g}"
    needed = ROWS_A_PARAMETER * parameters
    if rows.effective_count < needed:
        return f"its {parameters:,} parameters want {needed:,} rows"
    happened = rows.frequencies() * rows.effective_count
    rarest = int(np.argmin(happened))
    if happened[rarest] < ROWS_A_CLASS:
        return f"wants {ROWS_A_CLASS} rows of each class; {rows.name(rarest)!r} happens less often"
    return None


def _isotonic(rows: Sampled, fitting: FittingRows, folds: NDArray[np.int64]) -> Recalibrated:
    observed, ranked = rows.outcome(1), Ties.of(odds_of(rows, fitting.log))
    fitted = recalibrated(ranked, observed, rows.weight())
    return Recalibrated(
        family="isotonic regression",
        parameters=None,
        in_sample=log_score(_off_the_ends(fitted, observed), observed),
        held_out=in_bits(held_out_nats(IsotonicCalibration, fitting, folds)[0]),
    )


def _off_the_ends(fitted: Values, observed: Values) -> Values:
    """The fit, which rounds to 0 or 1 where a row of tiny weight is pooled with others."""
    raised = np.where(observed > 0, np.maximum(fitted, math.nextafter(0.0, 1.0)), fitted)
    return np.where(observed < 1, np.minimum(raised, math.nextafter(1.0, 0.0)), raised)


def _parametric(
    kind: TemperatureScaling | VectorScaling, rows: FittingRows, folds: NDArray[np.int64]
) -> Recalibrated:
    """Where a probability of 0 happened, a little is mixed in first: no factor lifts a 0."""
    mixed = bool(rows.impossible().any())
    whole = (Chain([UniformMixing(), kind]) if mixed else kind).fit_rows(rows)

    def near() -> Calibrator:
        if isinstance(whole, Chain):
            return Chain([UniformMixing(), type(whole.steps[1])()])
        if isinstance(whole, VectorScaling):
            return VectorScaling.near(whole)
        return TemperatureScaling.near(whole)

    return Recalibrated(
        family=whole.title,
        parameters=whole.parameter_count,
        in_sample=in_bits(whole.costs(rows)),
        held_out=in_bits(held_out_nats(near, rows, folds)[0]),
    )
