"""``calibrate``: which calibrator makes a model less surprised, by how much, and how surely."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.calibration.family import Candidate, candidates
from unsurprised.calibration.judge import Judge, Savings
from unsurprised.calibration.result import Calibration, Trial
from unsurprised.calibrators import Calibrator
from unsurprised.calibrators._rows import FittingRows, Values, log_rows
from unsurprised.calibrators.crossfit import folds_of, held_out_nats, saved_bits
from unsurprised.errors import CallError, UnsurprisedError
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.figures.assemble import FEWEST_CLUSTERS
from unsurprised.evaluation.figures.sample import FORMS
from unsurprised.float_errors import own_float_errors
from unsurprised.forms import DEFAULT_TOLERANCE
from unsurprised.inputs.handed import Meaning
from unsurprised.inputs.in_memory import batch_from_arrays
from unsurprised.states.hashing import content_order
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.means import mean_and_spread
from unsurprised.units import unit_of, units_per_bit
from unsurprised.weights import in_power_of_two, of_mean_one

Progress = Callable[[int], None]


@own_float_errors
def calibrate(
    y_true: Any,
    y_pred: Any = None,
    *,
    weights: Any = None,
    ids: Any = None,
    cluster: Any = None,
    label: str | None = None,
    pred: str | Sequence[str] | Mapping[str, str] | None = None,
    kind: str | None = None,
    weight: str | None = None,
    id: str | None = None,  # noqa: A002 - the name of the command line's option
    truth: Any = None,
    join: str = "exact",
    classes: Sequence[Any] | None = None,
    positive: Any = None,
    axis: int = -1,
    ignore_index: int | None = None,
    normalize: bool = False,
    tolerance: float = DEFAULT_TOLERANCE,
    nulls: str = "error",
    batch_rows: int | None = None,
    methods: Sequence[str] | None = None,
    folds: int = 5,
    base: float = 2,
) -> Calibration:
    """Find which calibrator lowers the surprise on unseen rows, by how much, and how sure that is.

    Each calibrator of the family is fitted on all folds of the rows but one, and judged on that
    one, in turn. The simplest is taken whose cross-entropy is within one standard error (of their
    difference, row by row) of the best; to do nothing is the simplest of all.

    Parameters
    ----------
    y_true : array_like, form, data frame or path
        Labels, a distribution over the classes for each row, or the source; as for
        :func:`unsurprised.evaluate`.
    y_pred : array_like or form, shape (n, K) or (n,), optional
        The predictions; not those that the model was trained on.
    weights, ids : array_like, optional
        Importance weights and the rows' names (arrays only).
    cluster : array_like, or str for a source, optional
        What rows belong together: they go into the same fold, and intervals count clusters.
    label, pred, weight, id, kind, truth, join, classes, positive, axis, ignore_index
        As for :func:`unsurprised.evaluate`.
    normalize, tolerance, nulls, batch_rows
        As for :func:`unsurprised.evaluate`.
    methods : sequence of str, optional
        What to try: some of "temperature", "mixing", "platt", "beta" (two classes), "vector",
        "structured", "matrix", "isotonic". One alone is taken whether it helps or not.
    folds : int, default 5
        How many folds, at least 2.
    base : float, default 2
        2 for bits, ``math.e`` for nats, 10 for hartleys.

    Returns
    -------
    Calibration

    Raises
    ------
    InputError
        For rows that are not legal, or that nothing can be learned from.

    Notes
    -----
    Above 200,000 rows (or 64 MiB) the fit is made on a sample that depends on the rows' ids alone,
    and judged on all rows: those of the sample by cross-fitting, all others in a second read.

    References
    ----------
    Breiman, Friedman, Olshen and Stone, *Classification and Regression Trees* (1984), section 3.4:
    the rule of one standard error.

    Examples
    --------
    >>> import numpy as np
    >>> random = np.random.default_rng(1)
    >>> honest = random.dirichlet([1, 1, 1], size=2000)
    >>> happened = (random.random((2000, 1)) > honest.cumsum(axis=1)).sum(axis=1)
    >>> sure = honest**2 / (honest**2).sum(axis=1, keepdims=True)  # as if T were ½
    >>> result = calibrate(happened, sure)
    >>> result.method, round(result.calibrator.temperature_, 1)
    ('temperature scaling', 2.1)
    >>> calibrate(happened, honest).method is None  # there is nothing to mend
    True
    """
    if not folds >= 2:
        raise CallError(f"folds={folds!r}; expected a whole number of at least 2 (--folds)")
    unit_of(base)
    if y_pred is None:
        return _of_source(
            y_true,
            {
                "label": label,
                "pred": pred,
                "kind": kind,
                "weight": weight,
                "id": id,
                "cluster": cluster,
                "truth": truth,
                "join": join,
                "classes": classes,
                "positive": positive,
                "ignore_index": ignore_index,
                "normalize": normalize,
                "tolerance": tolerance,
                "nulls": nulls,
                "batch_rows": batch_rows,
            },
            methods,
            folds,
            base,
        )
    given = {"label": label, "pred": pred, "kind": kind, "weight": weight, "id": id, "truth": truth}
    named = [name for name, value in given.items() if value is not None]
    if named or isinstance(cluster, str):
        name = named[0] if named else "cluster"
        raise CallError(
            f"calibrate(y_true, y_pred, {name}=…) names a column; for arrays pass the array, or a "
            "form: calibrate(y_true, Logits(y_pred), weights=…, cluster=…)"
        )
    batch = batch_from_arrays(
        y_true,
        y_pred,
        Meaning(classes, positive, axis, False, ignore_index, nulls, normalize, tolerance),
        weights=weights,
        ids=ids,
        cluster=cluster,
    )
    evaluator = Evaluator(top=0).update_batch(batch)
    if not batch.size:
        raise CallError("no rows to calibrate on; expected at least one")
    assert batch.model is not None

    def judge_rest(judge: Judge) -> Judge:
        return judge.update_batch(batch)

    learning = learning_from(evaluator, batch.model.kind, batch.classes)
    return calibrated(learning, judge_rest, methods=methods, folds=folds, base=base)


def _of_source(
    source: Any,
    options: dict[str, Any],
    methods: Sequence[str] | None,
    folds: int,
    base: float,
) -> Calibration:
    from unsurprised.sources import Options, open_predictions
    from unsurprised.sources.frames import is_frame, refuse_unread

    items = source if isinstance(source, list | tuple) else [source]
    is_path = all(isinstance(item, str | os.PathLike) for item in items)
    refuse_unread(source)
    if not is_path and not is_frame(source):
        raise CallError(
            "calibrate(y_true) lacks y_pred; expected calibrate(y_true, y_pred), or a path or a "
            "data frame"
        )
    reading = open_predictions(source, Options(**options))
    return calibrate_reading(reading, methods=methods, folds=folds, base=base)


@own_float_errors
def calibrate_reading(
    reading: Any,
    *,
    methods: Sequence[str] | None = None,
    folds: int = 5,
    base: float = 2,
    progress: Progress | None = None,
) -> Calibration:
    """Calibrate on the rows of an opened source, which is read a second time if it is large."""
    from unsurprised.evaluation.engine import evaluated, over_rows

    evaluator = evaluated(reading, top=0, progress=progress)

    def judge_rest(judge: Judge) -> Judge:
        return over_rows(reading, judge.another, progress=progress)

    learning = learning_from(evaluator, reading.kind, reading.class_names)
    found = calibrated(learning, judge_rest, methods=methods, folds=folds, base=base)
    if found.calibrator is not None:
        names = [Path(file).name for file in reading.files]
        found.calibrator.provenance_ |= {"files": names[:100]}
    return found


@dataclass(frozen=True)
class Learning:
    """Rows to fit on (all, or a sample), and what is known of the others."""

    rows: FittingRows
    #: Of each row: its weight as given, and the hash of its cluster, if rows belong to some.
    weights: Values | None
    cluster: NDArray[np.uint64] | None
    #: The hash of its id.
    keys: NDArray[np.uint64]
    #: The largest hash of the sample; None where all rows are in it.
    beyond: int | None
    total: int
    skipped: int
    clusters: int | None

    def savings(self) -> Savings:
        """Sums for rows like these."""
        return Savings(clustered=self.cluster is not None, weighted=self.weights is not None)


def learning_from(evaluator: Evaluator, kind: str, classes: tuple[str, ...] | None) -> Learning:
    """The sample of an evaluator as rows to fit on."""
    if evaluator.truth_kind == "logprob":
        raise CallError(
            "only the log-probability of what happened is known; expected predictions for every "
            "class, which a calibrator changes"
        )
    held = evaluator.sample()
    relative, _ = in_power_of_two(held["weight"])
    # A weight whose share of the largest is no float counts nothing.
    kept = np.flatnonzero(relative > 0)
    if not len(kept):
        raise CallError("all weights are 0; expected at least one row that counts")
    if evaluator.clusters is None:
        weight = relative[kept] if evaluator.weighted else None
        kept = kept[content_order(held["model"][kept], held["truth"][kept], weights=weight)]
    form = FORMS[kind]
    model = (
        form(held["model"][kept], normalize=True) if kind != "logits" else form(held["model"][kept])
    )
    truth, weights = held["truth"][kept], held["weight"][kept]
    hard = truth.ndim == 1
    shares = None if hard else truth / truth.sum(axis=1, keepdims=True)
    rows = FittingRows(
        log_rows(model),
        truth if hard else None,
        shares,
        of_mean_one(weights) if evaluator.weighted else None,
        classes,
    )
    complete = len(relative) == evaluator.rows
    return Learning(
        rows=rows,
        weights=weights if evaluator.weighted else None,
        cluster=None if evaluator.clusters is None else np.ascontiguousarray(held["group"][kept]),
        keys=held["hash"][kept],
        beyond=None if complete else int(held["hash"].max()),
        total=evaluator.rows,
        skipped=evaluator.skipped,
        clusters=evaluator.clusters,
    )


def calibrated(
    learning: Learning,
    judge_rest: Callable[[Judge], Judge],
    *,
    methods: Sequence[str] | None = None,
    folds: int = 5,
    base: float = 2,
    progress: Progress | None = None,
) -> Calibration:
    """Try the family on the rows, choose, fit, and judge on the rows that were not sampled."""
    rows = learning.rows
    from unsurprised.calibrators._rows import refuse_one_class

    refuse_one_class(rows)
    tried, left_out = candidates(rows, methods)
    before = rows.cross_entropies()
    fold_of_row = folds_of([rows], folds, learning.cluster)
    outcomes: list[_Outcome] = []
    for candidate in tried:
        try:
            outcomes.append(_tried(candidate, learning, fold_of_row, progress))
        except UnsurprisedError as error:
            left_out[candidate.name] = str(error)
    refused = learning.clusters is not None and learning.clusters < FEWEST_CLUSTERS
    chosen = _choice(before, outcomes, learning, forced=methods is not None and len(tried) == 1)
    trials = tuple(_trial(outcome, before, outcomes, learning, refused) for outcome in outcomes)

    after = before if chosen is None else chosen.nats
    savings = learning.savings()
    savings.add(learning.cluster, before, after, learning.weights)
    if learning.beyond is not None:
        calibrator = None if chosen is None else chosen.calibrator
        judge = Judge(
            calibrator,
            learning.beyond,
            clustered=learning.cluster is not None,
            weighted=learning.weights is not None,
        )
        savings.merge(judge_rest(judge).savings)
    whole, saved, left = savings.estimates(refused=refused)
    return _scaled(
        Calibration(
            rows=learning.total,
            fitted_rows=rows.count,
            skipped_rows=learning.skipped,
            weighted=learning.weights is not None,
            clusters=learning.clusters,
            folds=folds,
            unit="bits",
            base=float(base),
            classes=rows.classes,
            cross_entropy=whole,
            cross_entropy_after=left,
            removable=saved,
            method=None if chosen is None else chosen.name,
            calibrator=None if chosen is None else chosen.calibrator,
            trials=trials,
            not_tried=left_out,
            notes=() if chosen is None else chosen.notes,
        )
    )


@dataclass(frozen=True)
class _Outcome:
    name: str
    calibrator: Calibrator
    nats: Values
    notes: tuple[str, ...]


def _tried(
    candidate: Candidate,
    learning: Learning,
    folds: NDArray[np.int64],
    progress: Progress | None,
) -> _Outcome:
    calibrator = candidate.make().fit_rows(learning.rows)
    nats, _ = held_out_nats(candidate.make, learning.rows, folds, progress)
    return _Outcome(candidate.name, calibrator, nats, calibrator.notes_)


def _choice(
    before: Values, outcomes: list[_Outcome], learning: Learning, *, forced: bool
) -> _Outcome | None:
    """The simplest within one standard error of the best; None where that is to do nothing."""
    if forced and outcomes:
        return outcomes[0]
    nats = [before, *(outcome.nats for outcome in outcomes)]
    best = nats[int(np.argmin([_mean(one, learning) for one in nats]))]
    for one, outcome in zip(nats, [None, *outcomes], strict=True):
        behind, error = _difference(one, best, learning)
        if behind <= error:
            return outcome
    raise AssertionError("the best is within any error of itself")


def _mean(nats: Values, learning: Learning) -> float:
    with np.errstate(over="ignore"):
        return float(np.average(nats, weights=learning.rows.weights))


def _difference(nats: Values, best: Values, learning: Learning) -> tuple[float, float]:
    """By how many bits a row one falls behind another, and the standard error of that."""
    bits = saved_bits(nats, best)
    if np.isinf(bits).any():
        return math.inf, 0.0
    found, spread = mean_and_spread(bits, learning.cluster, learning.weights)
    return found.value, math.inf if spread is None else spread.error


def _trial(
    outcome: _Outcome,
    before: Values,
    outcomes: list[_Outcome],
    learning: Learning,
    refused: bool,
) -> Trial:
    savings = learning.savings()
    savings.add(learning.cluster, before, outcome.nats, learning.weights)
    _, saved, _ = savings.estimates(refused=refused)
    best = min([before, *(one.nats for one in outcomes)], key=lambda one: _mean(one, learning))
    behind, error = _difference(outcome.nats, best, learning)
    said = outcome.calibrator.provenance_
    return Trial(
        method=outcome.name,
        parameters=outcome.calibrator.parameter_count,
        saved=saved,
        saved_in_sample=said["bits_before"] - said["bits_after"],
        behind=behind,
        behind_error=error,
        notes=outcome.notes,
    )


def _scaled(found: Calibration) -> Calibration:
    """The same in the unit of its base."""
    per_bit, unit = units_per_bit(found.base), unit_of(found.base)

    def scaled(value: Estimate) -> Estimate:
        return value.scaled(per_bit, unit)

    return replace(
        found,
        unit=unit,
        cross_entropy=scaled(found.cross_entropy),
        cross_entropy_after=scaled(found.cross_entropy_after),
        removable=scaled(found.removable),
        trials=tuple(
            replace(
                trial,
                saved=scaled(trial.saved),
                saved_in_sample=trial.saved_in_sample * per_bit,
                behind=trial.behind * per_bit,
                behind_error=trial.behind_error * per_bit,
            )
            for trial in found.trials
        ),
    )
