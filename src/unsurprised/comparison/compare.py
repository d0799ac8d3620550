"""``compare``: is the new model better than the base, on the same rows, and how sure is that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.calibration.learning import measured_sample
from unsurprised.comparison.differences import Paired, difference_of
from unsurprised.comparison.matching import matched
from unsurprised.comparison.result import ComparedModel, Comparison, Difference
from unsurprised.comparison.scored import ScoredRows, Scoring
from unsurprised.comparison.split import split_of
from unsurprised.errors import CallError, UnsurprisedError
from unsurprised.evaluation.figures.calibration_curves import curves_of
from unsurprised.evaluation.figures.sample import Sampled
from unsurprised.evaluation.records import CalibrationCurve
from unsurprised.evaluation.slicing import slicing_of
from unsurprised.float_errors import own_float_errors
from unsurprised.forms import DEFAULT_TOLERANCE
from unsurprised.inputs.handed import Meaning
from unsurprised.inputs.in_memory import batch_from_arrays
from unsurprised.later import Later, waiting
from unsurprised.statistics.in_unit import InUnit
from unsurprised.statistics.jackknife import too_few_clusters
from unsurprised.statistics.means import mean_of

JOINS = ("exact", "inner")

Progress = Callable[[int], None]


@own_float_errors
def compare(
    y_true: Any,
    base: Any,
    *new: Any,
    names: Sequence[str] | None = None,
    weights: Any = None,
    ids: Any = None,
    by: Mapping[str, Any] | None = None,
    cluster: Any = None,
    classes: Sequence[Any] | None = None,
    positive: Any = None,
    axis: int = -1,
    multilabel: bool = False,
    ignore_index: int | None = None,
    normalize: bool = False,
    tolerance: float = DEFAULT_TOLERANCE,
    log_base: float = 2,
    top: int = 10,
) -> Comparison:
    """Compare models by their surprisal on the same rows, row by row.

    Parameters
    ----------
    y_true : array_like or form
        What happened; as for :func:`unsurprised.evaluate`.
    base : array_like or form, or a mapping of name to these
        The predictions of the model that is there; or of several models by name, the first of which
        is the base.
    *new : array_like or form
        The predictions of one or more models that may replace it.
    names : sequence of str, optional
        What the models are called: "base", "new" (or "new 1", …) by default.
    weights, ids, by, cluster, classes, positive, axis, multilabel, ignore_index, normalize,
    tolerance
        As for :func:`unsurprised.evaluate`.
    log_base : float, default 2
        2 for bits, ``math.e`` for nats, 10 for hartleys.
    top : int, default 10
        How many of the rows on which models disagree most to keep, each way.

    Returns
    -------
    Comparison
        Differences are new − base: above 0 the new model is worse.

    Raises
    ------
    InputError
        For the first row that is not legal.

    Notes
    -----
    The difference is taken row by row, so what is hard for both models alike cancels, and its
    interval is much narrower than those of the two models. Δ miscalibration is the difference of
    what a cross-fitted recalibration saves (isotonic for two classes, else a temperature or vector
    scaling: the richer of the two that :func:`unsurprised.evaluate` takes), Δ discrimination the
    difference of what is left; difference = Δ miscalibration − Δ discrimination.

    Examples
    --------
    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> honest = random.dirichlet([1, 1, 1], size=1000)
    >>> happened = (random.random((1000, 1)) > honest.cumsum(axis=1)).sum(axis=1)
    >>> sure = honest**2 / (honest**2).sum(axis=1, keepdims=True)
    >>> found = compare(happened, sure, honest).differences[0]
    >>> found.difference.high < 0  # the new model is better, surely
    True
    >>> found.miscalibration.high < 0, found.discrimination.value  # and only better calibrated
    (True, 0.0)
    """
    meaning = Meaning(
        classes,
        positive,
        axis,
        multilabel,
        ignore_index,
        normalize=normalize,
        tolerance=tolerance,
    )
    rows = {"weights": weights, "ids": ids, "by": by, "cluster": cluster}
    models = models_of(base, new, names)
    return compare_arrays(y_true, models, meaning, rows, base=log_base, top=top)


def compare_arrays(
    y_true: Any,
    models: Mapping[str, Any],
    meaning: Meaning,
    rows: Mapping[str, Any],
    *,
    base: float = 2,
    top: int = 10,
    split: bool = True,
) -> Comparison:
    """Compare the models of arrays; ``rows`` has their weights, ids, slices (by) and clusters."""
    scorings, said = [], None
    for place, (name, predictions) in enumerate(models.items()):
        try:
            told = {**rows, "by": rows["by"] if place == 0 else None}
            batch = batch_from_arrays(y_true, predictions, meaning, **told)
            if place == 0 and batch.classes is not None:  # the others' columns are bound to these
                said = batch.classes
                meaning = replace(meaning, classes=said)
            bins = {k: v for k, v in slicing_of(batch.by, {}).items() if v is not None}
            scorings.append(Scoring(said, bins, split=split).update_batch(batch))
        except UnsurprisedError as error:
            raise _of_model(error, name) from None
    return compared(list(models), scorings, said, join="exact", base=base, top=top, split=split)


def models_of(base: Any, new: tuple[Any, ...], names: Sequence[str] | None) -> dict[str, Any]:
    """The predictions of each model by its name; the base comes first."""
    if isinstance(base, Mapping):
        if new or names is not None or len(base) < 2:
            raise CallError(
                f"found {len(base)} models by name; expected at least two, the base first, and no "
                "other predictions or names"
            )
        return {str(name): predictions for name, predictions in base.items()}
    if not new:
        raise CallError("compare(y_true, base) lacks the new model; expected its predictions")
    if names is None:
        names = ["base", *(["new"] if len(new) == 1 else [f"new {k + 1}" for k in range(len(new))])]
    if len(set(names)) != len(new) + 1:
        raise CallError(f"names={list(names)}; expected {len(new) + 1} distinct names")
    return dict(zip(map(str, names), (base, *new), strict=True))


def _of_model(error: UnsurprisedError, name: str) -> UnsurprisedError:
    located = getattr(error, "located", None)
    if located is not None and error.place.file is None:  # type: ignore[attr-defined]
        return located(file=name)  # type: ignore[no-any-return]
    return error


@own_float_errors
def compare_readings(
    readings: Sequence[Any],
    names: Sequence[str],
    *,
    join: str = "exact",
    base: float = 2,
    top: int = 10,
    split: bool = True,
    progress: Progress | None = None,
) -> Comparison:
    """Compare the models of opened sources; the first is the base, whose columns slice the rows.

    With ``split``, differences are split into miscalibration and discrimination, for which models
    are recalibrated: most of the time.
    """
    from unsurprised.evaluation.engine import first_look, over_rows

    if join not in JOINS:
        raise CallError(f"join={join!r}; expected one of {', '.join(map(repr, JOINS))} (--join)")
    _same_classes(readings, names)
    scorings = []
    for reading in readings:
        bins = first_look(reading)
        classes = reading.classes
        scorings.append(
            over_rows(
                reading,
                lambda: Scoring(classes, bins, split=split),  # noqa: B023
                progress=progress,
            )
        )
    classes = readings[0].class_names
    return compared(names, scorings, classes, join=join, base=base, top=top, split=split)


def _same_classes(readings: Sequence[Any], names: Sequence[str]) -> None:
    first = readings[0]
    for reading, name in zip(readings[1:], names[1:], strict=True):
        if reading.classes != first.classes:
            raise CallError(
                f"{name} has the classes {_listed(reading.classes)}, {names[0]} has "
                f"{_listed(first.classes)}; expected the same in the same order: say it with "
                "--classes A,B,…"
            )


def _listed(classes: Sequence[str] | None) -> str:
    shown = list(classes or ())
    return ", ".join(map(repr, shown[:6])) + (", …" if len(shown) > 6 else "")


def compared(
    names: Sequence[str],
    scorings: Sequence[Scoring],
    classes: tuple[str, ...] | None,
    *,
    join: str,
    base: float,
    top: int,
    split: bool = True,
) -> Comparison:
    """The comparison of models whose rows are scored; without ``split`` the difference and slices.

    That is all that a check holds against its limits.
    """
    in_unit = InUnit(base)
    rows, left_out = matched([scoring.rows() for scoring in scorings], names, join)
    clusters = scorings[0].evaluator.clusters
    if rows[0].clusters is not None and left_out:
        clusters = len(np.unique(rows[0].clusters))
    few = too_few_clusters(clusters)
    samples = [Later(partial(_sampled, scoring)) for scoring in scorings]
    pairs = []
    for place in range(1, len(rows)):
        pair = Paired(rows[0], rows[place], in_unit, refused=few is not None, left_out=left_out)
        both = names[0], names[place]
        parts = Later(partial(_parts, pair, samples[0], samples[place]))
        pairs.append(difference_of(pair, both, parts, classes, top, by_class=split))
    known = {
        "rows": len(rows[0]),
        "unmatched_rows": left_out,
        "weighted": rows[0].weights is not None,
        "clusters": clusters,
        "unit": in_unit.unit,
        "base": float(base),
        "models": tuple(
            _model(name, one, sample, in_unit, refused=few is not None, left_out=bool(left_out))
            for name, one, sample in zip(names, rows, samples, strict=True)
        ),
        "differences": tuple(pairs),
    }
    return waiting(Comparison, known, lambda _: _missing(few, pairs))


def _sampled(scoring: Scoring) -> dict[str, Any]:
    return {"sample": measured_sample(scoring.evaluator)}


def _parts(pair: Paired, base: Later, new: Later) -> dict[str, Any]:
    """What recalibrations tell of a difference, by field."""
    compared = pair.left.hashes if pair.left_out else None
    samples = base.found()["sample"], new.found()["sample"]
    return split_of(*samples, compared, refused=pair.refused).fields(pair.in_unit)


def _missing(few: str | None, pairs: Sequence[Difference]) -> dict[str, str]:
    """Why what has no value has none, by field."""
    missing = {} if few is None else {"intervals": few}
    if any(pair.miscalibration is None for pair in pairs):
        missing["miscalibration"] = missing["discrimination"] = (
            "needs predictions for every class, and rows enough to recalibrate them"
        )
    return missing


def _model(
    name: str,
    rows: ScoredRows,
    sample: Later,
    in_unit: InUnit,
    *,
    refused: bool,
    left_out: bool,
) -> ComparedModel:
    accuracy = None
    if rows.correct is not None:
        accuracy = mean_of(rows.correct, rows.clusters, rows.weights, "", refused=refused)
    known = {
        "name": name,
        "cross_entropy": in_unit(
            mean_of(rows.surprisal, rows.clusters, rows.weights, refused=refused)
        ),
        "infinite_rows": int(np.isinf(rows.surprisal).sum()),
        "accuracy": accuracy,
    }
    hashes = rows.hashes if left_out else None
    curves = Later(lambda: {"calibration": _reliability(hashes, sample.found()["sample"])})
    return waiting(ComparedModel, known, lambda field: curves.found()[field])


def _reliability(
    hashes: NDArray[np.uint64] | None, sample: Sampled | None
) -> tuple[CalibrationCurve, ...]:
    """The curves of the sample's rows that are compared: all of them without ``hashes``."""
    if sample is None or hashes is None:
        return () if sample is None else curves_of(sample)
    compared = np.flatnonzero(np.isin(sample.hashes, hashes))
    if not len(compared):
        return ()
    return curves_of(sample if len(compared) == sample.size else sample.take(compared))
