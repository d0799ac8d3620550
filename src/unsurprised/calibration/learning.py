"""Rows to learn from, all or a sample, and what is known of the others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.calibration.judge import Judge, Savings
from unsurprised.calibrators import Calibrator
from unsurprised.calibrators._rows import FittingRows
from unsurprised.errors import CallError
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.figures.recalibration import fitting_rows_of
from unsurprised.evaluation.figures.sample import Sampled, sampled_of
from unsurprised.statistics.jackknife import too_few_clusters


@dataclass(frozen=True)
class Learning:
    """Rows to fit on (all, or a sample), and what is known of the others."""

    rows: FittingRows
    #: The same rows in the same order, measured.
    sampled: Sampled
    #: Of each row: its weight as given, and the hash of its cluster, if rows belong to some.
    weights: Values | None
    cluster: NDArray[np.uint64] | None
    #: The largest hash of the sample; None where all rows are in it.
    beyond: int | None
    total: int
    skipped: int
    clusters: int | None
    #: Whether there are too few clusters for an interval.
    refused: bool

    def savings(self) -> Savings:
        """Sums for rows like these."""
        return Savings(clustered=self.cluster is not None, weighted=self.weights is not None)

    def judge(self, calibrator: Calibrator | None, beyond: int) -> Judge:
        """What adds up the savings of rows like these that are no part of the sample."""
        return Judge(
            calibrator,
            beyond,
            clustered=self.cluster is not None,
            weighted=self.weights is not None,
        )


def learning_from(
    evaluator: Evaluator, classes: tuple[str, ...] | None, spoken_of: int
) -> Learning:
    """The sample of an evaluator as rows to fit on.

    ``spoken_of`` is the class, of two, that one number a row is the probability of.
    """
    if evaluator.truth_kind == "logprob":
        raise no_predictions()
    sampled = measured_sample(evaluator)
    if sampled is None:
        raise CallError("all weights are 0; expected at least one row that counts")
    weights = sampled.weights
    return Learning(
        rows=replace(fitting_rows_of(sampled, classes), spoken_of=spoken_of),
        sampled=sampled,
        weights=None if weights is None else weights * sampled.weight_unit,
        cluster=sampled.clusters,
        beyond=None if sampled.drawn == evaluator.rows else sampled.last_hash,
        total=evaluator.rows,
        skipped=evaluator.skipped,
        clusters=evaluator.clusters,
        refused=sampled.refused,
    )


def no_predictions() -> CallError:
    """The error where a calibrator has nothing to change."""
    return CallError(
        "only the log-probability of what happened is known; expected predictions for every "
        "class, which a calibrator changes"
    )


def measured_sample(evaluator: Evaluator) -> Sampled | None:
    """The sample measured, rows of weight 0 left out; ``None`` where none are left."""
    if evaluator._states is None:
        return None
    refused = too_few_clusters(evaluator.clusters) is not None
    return sampled_of(evaluator._states, refused=refused)
