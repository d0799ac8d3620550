"""``compare``: is the new model better than the base, on the same rows, and how sure is that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from unsurprised.comparison.bounded import ROW_BYTES, Bound, bound_of, bytes_of
from unsurprised.comparison.compared import ComparisonAsked, compared, compared_stored
from unsurprised.comparison.result import Comparison
from unsurprised.comparison.scored import Scoring
from unsurprised.comparison.spool import Spool
from unsurprised.errors import CallError, UnsurprisedError
from unsurprised.evaluation.slicing import slicing_of
from unsurprised.float_errors import own_float_errors
from unsurprised.forms import DEFAULT_TOLERANCE
from unsurprised.inputs.handed import Meaning
from unsurprised.inputs.in_memory import batch_from_arrays
from unsurprised.sources.guard import NoMemoryError

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
    memory: int | str | None = None,
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
    memory : int or str, optional
        About how much memory to take, beside that of the arrays: bytes, or "1GB". What is known
        of each row is then kept in a temporary file; the answer is the same, to the last bit.

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
    bound = None if memory is None else Bound.of(bytes_of(memory))
    return compare_arrays(y_true, models, meaning, rows, base=log_base, top=top, bound=bound)


def compare_arrays(
    y_true: Any,
    models: Mapping[str, Any],
    meaning: Meaning,
    rows: Mapping[str, Any],
    *,
    base: float = 2,
    top: int = 10,
    split: bool = True,
    bound: Bound | None = None,
) -> Comparison:
    """Compare the models of arrays; ``rows`` has their weights, ids, slices (by) and clusters."""
    said: tuple[str, ...] | None = None

    def scored(stores: Sequence[Spool | None]) -> tuple[list[Scoring], tuple[str, ...] | None]:
        nonlocal said, meaning
        scorings: list[Scoring] = []
        for (name, predictions), store in zip(models.items(), stores, strict=True):
            try:
                told = {**rows, "by": None if scorings else rows["by"]}
                batch = batch_from_arrays(y_true, predictions, meaning, **told)
                # The others' columns are bound to the classes of the first.
                if not scorings and batch.classes is not None:
                    said = batch.classes
                    meaning = replace(meaning, classes=said)
                bins = {k: v for k, v in slicing_of(batch.by, {}).items() if v is not None}
                scoring = Scoring(said, bins, split=split, store=store)
                scorings.append(scoring.update_batch(batch))
            except UnsurprisedError as error:
                raise _of_model(error, name) from None
        return scorings, said

    return _compared(scored, ComparisonAsked(list(models), "exact", base, top, split), bound)


def _compared(
    score: Callable[[Sequence[Spool | None]], tuple[list[Scoring], tuple[str, ...] | None]],
    asked: ComparisonAsked,
    bound: Bound | None,
) -> Comparison:
    """Score the rows of all models, which tells the classes too, and compare them."""
    if bound is None:
        return compared(asked, *score([None] * len(asked.names)))
    with bound.spools(len(asked.names)) as spools:
        return compared_stored(asked, *score(spools), spools, bound.block_rows)


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
    memory: int | str | Bound | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Compare the models of opened sources; the first is the base, whose columns slice the rows.

    With ``split``, differences are split into miscalibration and discrimination, for which models
    are recalibrated: most of the time. With ``memory``, or where there is less than the rows need,
    what is known of each row goes to a temporary file.
    """
    from unsurprised.evaluation.engine import first_look, over_rows

    if join not in JOINS:
        raise CallError(f"join={join!r}; expected one of {', '.join(map(repr, JOINS))} (--join)")
    _same_classes(readings, names)

    def scored(stores: Sequence[Spool | None]) -> tuple[list[Scoring], tuple[str, ...] | None]:
        scorings = []
        for reading, store in zip(readings, stores, strict=True):
            make = partial(Scoring, reading.classes, first_look(reading), split=split, store=store)
            scorings.append(over_rows(reading, make, progress=progress).flush())
            reading.release()
        return scorings, readings[0].class_names

    asked, bound = ComparisonAsked(names, join, base, top, split), bound_of(memory, readings)
    try:
        return _compared(scored, asked, bound)
    except (MemoryError, NoMemoryError):
        if bound is not None:
            raise
        raise CallError(
            f"there is not enough memory for what is known of each row, about {ROW_BYTES} bytes; "
            "expected memory='1GB' (--memory 1GB), by which it goes to a temporary file, or fewer "
            "rows at a time (--batch-rows)"
        ) from None


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
