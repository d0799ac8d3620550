"""The candidates on trial: each is fitted and held out, one is taken, and judged on all rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.calibration.classes import savings_by_class
from unsurprised.calibration.judge import Judge
from unsurprised.calibration.learning import Learning
from unsurprised.calibration.result import Calibration, Trial
from unsurprised.calibrators._refusals import refuse_one_class
from unsurprised.calibrators.crossfit import (
    FOLDS,
    Contest,
    CrossFitted,
    Progress,
    cross_fitted,
    folds_of,
)
from unsurprised.calibrators.families import candidates
from unsurprised.errors import UnsurprisedError
from unsurprised.evaluation.figures.calibration_curves import curves_of
from unsurprised.evaluation.records import CalibrationCurve
from unsurprised.forms import LogProbs
from unsurprised.statistics.in_unit import InUnit


def calibrated(
    learning: Learning,
    judge_rest: Callable[[Judge], Judge],
    *,
    methods: Sequence[str] | None = None,
    folds: int = FOLDS,
    base: float = 2,
    progress: Progress | None = None,
) -> Calibration:
    """Try the families on the rows, choose, fit, and judge on the rows that were not sampled."""
    rows = learning.rows
    refuse_one_class(rows)
    tried, left_out = candidates(rows, methods)
    fold_of_row = folds_of([rows], folds, learning.cluster)
    found: list[CrossFitted] = []
    for candidate in tried:
        try:
            found.append(cross_fitted(candidate, rows, fold_of_row, progress))
        except UnsurprisedError as error:
            left_out[candidate.title] = str(error)
    before = rows.cross_entropies()
    # To do nothing is the simplest of all.
    costs = [before, *(one.held_out for one in found)]
    contest = Contest(costs, learning.cluster, learning.weights)
    forced = methods is not None and len(tried) == 1 and bool(found)
    chosen = None if not (place := 1 if forced else contest.taken()) else found[place - 1]
    trials = tuple(
        _trial(one, before, contest.behind(place), learning)
        for place, one in enumerate(found, start=1)
    )
    savings = learning.savings()
    after = before if chosen is None else chosen.held_out
    savings.add(learning.cluster, before, after, learning.weights)
    if learning.beyond is not None:
        calibrator = None if chosen is None else chosen.calibrator
        savings.merge(judge_rest(learning.judge(calibrator, learning.beyond)).savings)
    whole, saved, left = savings.estimates(refused=learning.refused)
    in_unit = InUnit(base)
    return Calibration(
        rows=learning.total,
        fitted_rows=rows.count,
        skipped_rows=learning.skipped,
        weighted=learning.weights is not None,
        clusters=learning.clusters,
        folds=folds,
        unit=in_unit.unit,
        base=float(base),
        classes=rows.classes,
        cross_entropy=in_unit(whole),
        cross_entropy_after=in_unit(left),
        removable=in_unit(saved),
        method=None if chosen is None else chosen.title,
        calibrator=None if chosen is None else chosen.calibrator,
        trials=tuple(_scaled(trial, in_unit) for trial in trials),
        not_tried=left_out,
        notes=() if chosen is None else chosen.calibrator.notes_,
        reliability_before=curves_of(learning.sampled),
        reliability_after=() if chosen is None else _held_out(chosen, learning, fold_of_row),
        by_class=() if chosen is None else savings_by_class(learning, before, after, in_unit),
    )


def _held_out(
    chosen: CrossFitted, learning: Learning, fold_of_row: NDArray[np.int64]
) -> tuple[CalibrationCurve, ...]:
    """The reliability of each row's predictions by the fit to the other folds."""
    log = chosen.held_out_log(learning.rows, fold_of_row)
    return curves_of(learning.sampled.under(LogProbs(log)))


def _trial(
    found: CrossFitted, before: Values, behind: tuple[float, float], learning: Learning
) -> Trial:
    savings = learning.savings()
    savings.add(learning.cluster, before, found.held_out, learning.weights)
    _, saved, _ = savings.estimates(refused=learning.refused)
    said = found.calibrator.provenance_
    return Trial(
        method=found.title,
        parameters=found.calibrator.parameter_count,
        saved=saved,
        saved_in_sample=said["bits_before"] - said["bits_after"],
        behind=behind[0],
        behind_error=behind[1],
        notes=found.calibrator.notes_,
    )


def _scaled(trial: Trial, in_unit: InUnit) -> Trial:
    return replace(
        trial,
        saved=in_unit(trial.saved),
        saved_in_sample=trial.saved_in_sample * in_unit.per_bit,
        behind=trial.behind * in_unit.per_bit,
        behind_error=trial.behind_error * in_unit.per_bit,
    )
