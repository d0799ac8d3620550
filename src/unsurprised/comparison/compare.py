"""``compare``: is the new model better than the base, on the same rows, and how sure is that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from unsurprised.arrays.row_order import refuse_other_orders, rows_of_classes
from unsurprised.class_names.orders import in_order
from unsurprised.comparison.bounded import Bound, bytes_of
from unsurprised.comparison.compared import ComparisonAsked
from unsurprised.comparison.handed import file_models, refuse_of_files
from unsurprised.comparison.opening import numbered_names
from unsurprised.comparison.readings import compared_within
from unsurprised.comparison.result import Comparison
from unsurprised.comparison.scored import Scoring
from unsurprised.comparison.spool import Spool
from unsurprised.errors import CallError, UnsurprisedError
from unsurprised.evaluation.slicing import slicing_of
from unsurprised.float_errors import own_float_errors
from unsurprised.forms import DEFAULT_TOLERANCE
from unsurprised.inputs.handed import Meaning
from unsurprised.inputs.in_memory import batch_from_arrays


@own_float_errors
def compare(
    y_true: Any,
    base: Any = None,
    *new: Any,
    names: Sequence[str] | None = None,
    weights: Any = None,
    ids: Any = None,
    by: Mapping[str, Any] | Sequence[str] | str | None = None,
    cluster: Any = None,
    join: str = "exact",
    classes: Sequence[Any] | Mapping[Any, Any] | None = None,
    positive: Any = None,
    axis: int = -1,
    multilabel: bool = False,
    ignore_index: int | None = None,
    normalize: bool = False,
    tolerance: float = DEFAULT_TOLERANCE,
    log_base: float = 2,
    top: int = 10,
    memory: int | str | None = None,
    engine: Any = None,
    exchange: Any = None,
    **columns: Any,
) -> Comparison:
    r"""Compare models by their surprisal on the same rows, row by row.

    ``compare(y_true, base, new)`` takes arrays, the truth first; ``compare(BASE, NEW, id=…)`` takes
    files that hold the truth beside the predictions, as ``unsurprised compare`` does, or plans.

    Parameters
    ----------
    y_true : array_like, form, path, sequence of paths, Query, Plan, or a mapping of name to these
        What happened, as for :func:`unsurprised.evaluate`; or the base's source, or the sources of
        all models by name, the base first.
    base : array_like or form, or a mapping of name to these; or a source
        The predictions of the model that is there; or of several models by name, the first of which
        is the base. Behind the base's source, that of a new model.
    *new : array_like or form; or sources
        The predictions of one or more models that may replace it.
    names : sequence of str, optional
        What the models are called: as their files are, else "base", "new" (or "new 1", …).
    weights, ids : array_like, optional
        As for :func:`unsurprised.evaluate` (arrays only).
    by, cluster, classes, positive, ignore_index, normalize, tolerance
        As for :func:`unsurprised.evaluate`; of sources, ``by`` and ``cluster`` are columns, and
        those of the base are what rows are sliced by. A row has the same truth, weight and cluster
        in all of them.
    axis, multilabel
        As for :func:`unsurprised.evaluate` (arrays only).
    join : {"exact", "inner"}
        Whether rows of sources that are not in all models are an error or left out and counted.
    log_base : float, default 2
        2 for bits, ``math.e`` for nats, 10 for hartleys.
    top : int, default 10
        How many of the rows on which models disagree most to keep, each way.
    memory : int or str, optional
        About how much memory to take, beside that of the arrays: bytes, or "1GB". What is known
        of each row is then kept in a temporary file; the answer is the same, to the last bit.
    engine : concurrent.futures.Executor, dask.distributed.Client, SparkSession or "ray", optional
        What reads files and scores their rows, to the same bytes as the threads of this process;
        rows are matched here, in a temporary file.
    exchange : path or str, optional
        A folder that this machine and all workers of ``engine`` reach under one name, or an address
        in a store ("s3://bucket/folder"): through it workers match the rows, by their ids, and only
        sums come here. What is written there (20 to 60 bytes a row) is gone at the end.
    **columns
        Of sources: ``label``, ``pred``, ``kind``, ``logprob``, ``weight``, ``id``, ``truth``,
        ``nulls`` and ``batch_rows``, as for :func:`unsurprised.evaluate`.

    Returns
    -------
    Comparison
        Differences are new − base: above 0 the new model is worse.

    Raises
    ------
    InputError
        For the first row that is not legal; for rows of sources that do not match, or whose truth,
        weight or cluster is another one in another source.

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

    Files hold the truth beside the predictions:

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = [pathlib.Path(folder, name) for name in ("old.csv", "new.csv")]
    ...     _ = files[0].write_text("label,p_cat,p_dog\ncat,0.5,0.5\ndog,0.5,0.5\n")
    ...     _ = files[1].write_text("label,p_cat,p_dog\ncat,1,0\ndog,0,1\n")
    ...     compare(*files).difference.value
    -1.0
    """
    told = {
        "weights": weights,
        "ids": ids,
        "by": by,
        "cluster": cluster,
        "classes": classes,
        "positive": positive,
        "axis": axis,
        "multilabel": multilabel,
        "ignore_index": ignore_index,
        "normalize": normalize,
        "tolerance": tolerance,
    }
    given = (y_true, *(() if base is None else (base,)), *new)
    on = {"engine": engine, "exchange": exchange}
    models = file_models("compare", given, names, told, columns=columns, on=on)
    if models is not None:
        return models.compared(join, base=log_base, top=top, memory=memory)
    refuse_of_files("compare", given, columns, join, on)
    meaning = Meaning(
        classes,
        positive,
        axis,
        multilabel,
        ignore_index,
        normalize=normalize,
        tolerance=tolerance,
    )
    rows = {name: told[name] for name in ("weights", "ids", "by", "cluster")}
    bound = None if memory is None else Bound.of(bytes_of(memory))
    predictions = models_of(base, new, names)
    return compare_arrays(y_true, predictions, meaning, rows, base=log_base, top=top, bound=bound)


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
    refuse_other_orders({name: rows_of_classes(one, meaning.axis) for name, one in models.items()})

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

    return compared_within(scored, ComparisonAsked(list(models), "exact", base, top, split), bound)


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
        names = numbered_names(len(new) + 1)
    names = in_order(names, "names")
    if len(set(names)) != len(new) + 1:
        raise CallError(f"names={list(names)}; expected {len(new) + 1} distinct names")
    return dict(zip(map(str, names), (base, *new), strict=True))


def _of_model(error: UnsurprisedError, name: str) -> UnsurprisedError:
    located = getattr(error, "located", None)
    if located is not None and error.place.file is None:  # type: ignore[attr-defined]
        return located(file=name)  # type: ignore[no-any-return]
    return error
