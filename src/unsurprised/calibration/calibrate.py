"""``calibrate``: which calibrator makes a model less surprised, by how much, and how surely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from unsurprised.calibration.judge import Judge
from unsurprised.calibration.learning import learning_from
from unsurprised.calibration.result import Calibration, of_files
from unsurprised.calibration.trials import calibrated
from unsurprised.calibrators.crossfit import FOLDS, Progress
from unsurprised.errors import CallError
from unsurprised.evaluation.evaluate import is_plan, refuse_beside_plan
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.float_errors import own_float_errors
from unsurprised.forms import DEFAULT_TOLERANCE
from unsurprised.inputs.handed import Meaning
from unsurprised.inputs.in_memory import batch_from_arrays
from unsurprised.units import unit_of


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
    classes: Sequence[Any] | Mapping[Any, Any] | None = None,
    positive: Any = None,
    axis: int = -1,
    ignore_index: int | None = None,
    normalize: bool = False,
    tolerance: float = DEFAULT_TOLERANCE,
    nulls: str = "error",
    batch_rows: int | None = None,
    methods: Sequence[str] | None = None,
    folds: int = FOLDS,
    base: float = 2,
    engine: Any = None,
) -> Calibration:
    """Choose a calibrator by cross-fitting: the one that lowers cross-entropy on unseen rows.

    Each calibrator of the family is fitted on all folds of the rows but one, and judged on that
    one, in turn. The simplest is taken whose cross-entropy is within one standard error (of their
    difference, row by row) of the best; to do nothing is the simplest of all.

    Parameters
    ----------
    y_true : array_like, form, data frame, path or Plan
        Labels, a distribution over the classes for each row, or the source; as for
        :func:`unsurprised.evaluate`. A :func:`unsurprised.plan` says itself what is read.
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
        What to try, by the names of ``--method``: "temperature", "vector", …; what is worth it for
        so many rows and classes, by default. One alone is taken whether it helps or not.
    folds : int, default 5
        How many folds, at least 2.
    base : float, default 2
        2 for bits, ``math.e`` for nats, 10 for hartleys.
    engine : optional
        What reads files, to the same result; as for :func:`unsurprised.evaluate`.

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
        options = {
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
        }
        if is_plan(y_true):
            refuse_beside_plan(calibrate, {**options, "weights": weights, "ids": ids})
        how = {"methods": methods, "folds": folds, "base": base}
        return _calibrate_source(y_true, options, engine, how)
    given = {"label": label, "pred": pred, "kind": kind, "weight": weight, "id": id, "truth": truth}
    _refuse_of_files(given, cluster, engine)
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

    def judge_rest(judge: Judge) -> Judge:
        return judge.update_batch(batch)

    learning = learning_from(evaluator, batch.classes, batch.spoken_of)
    return calibrated(learning, judge_rest, methods=methods, folds=folds, base=base)


def _calibrate_source(
    source: Any, options: Mapping[str, Any], engine: Any, how: Mapping[str, Any]
) -> Calibration:
    """Calibrate on a plan, a frame in an engine, or files, here or where an engine reads them."""
    # All need pyarrow, which is not imported before someone has one of these.
    from unsurprised.engines.frames.found import frame_of
    from unsurprised.sources import open_source

    if is_plan(source):
        from unsurprised.calibration.on_plan import calibrate_planned

        return calibrate_planned(source, engine, **how)
    if (frame := frame_of(source, engine)) is not None:
        from unsurprised.calibration.on_frame import calibrate_frame

        return calibrate_frame(frame, options, **how)
    if engine is not None:
        from unsurprised.calibration.on_plan import calibrate_on

        return calibrate_on(engine, source, options, **how)
    return calibrate_reading(open_source(source, options, call="calibrate"), **how)


def _refuse_of_files(given: Mapping[str, Any], cluster: Any, engine: Any) -> None:
    """Raise for what is said of files, beside arrays."""
    if engine is not None:
        raise CallError("calibrate(y_true, y_pred, engine=…): engine=… is for files")
    named = [name for name, value in given.items() if value is not None]
    if named or isinstance(cluster, str):
        name = named[0] if named else "cluster"
        raise CallError(
            f"calibrate(y_true, y_pred, {name}=…) names a column; for arrays pass the array, or a "
            "form: calibrate(y_true, Logits(y_pred), weights=…, cluster=…)"
        )


@own_float_errors
def calibrate_reading(
    reading: Any,
    *,
    methods: Sequence[str] | None = None,
    folds: int = FOLDS,
    base: float = 2,
    progress: Progress | None = None,
) -> Calibration:
    """Calibrate on the rows of an opened source, which is read a second time if it is large."""
    from unsurprised.evaluation.engine import evaluated, over_rows

    evaluator = evaluated(reading, top=0, progress=progress)

    def judge_rest(judge: Judge) -> Judge:
        return over_rows(reading, judge.another, progress=progress)

    learning = learning_from(evaluator, reading.class_names, reading.spoken_of)
    found = calibrated(learning, judge_rest, methods=methods, folds=folds, base=base)
    return of_files(found, reading.files)
