"""``evaluate``: arrays, a data frame or files in, an :class:`Evaluation` out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from unsurprised.batches import Batch, RowIds
from unsurprised.class_names.orders import in_order
from unsurprised.errors import CallError, SumsOffError
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.result import Evaluation, interpreted
from unsurprised.evaluation.row_scores import makes_shares, sums_off
from unsurprised.evaluation.slicing import slicing_of
from unsurprised.float_errors import own_float_errors
from unsurprised.forms import DEFAULT_TOLERANCE
from unsurprised.inputs.handed import Meaning
from unsurprised.inputs.in_memory import batch_from_arrays
from unsurprised.measures._numpy_engine import threads_for
from unsurprised.threads import get_num_threads

#: Elements and rows of a part that is evaluated at once: what is found of its rows, 50 bytes each,
#: stays in cache, and what a part costs beside its rows does not show. Of many classes the rows are
#: what takes the time, and parts of the rows would each have states of all classes.
_PART_ELEMENTS, _PART_ROWS, _MANY_CLASSES = 1 << 20, 1 << 16, 1 << 12


@own_float_errors
def evaluate(
    y_true: Any,
    y_pred: Any = None,
    *,
    weights: Any = None,
    ids: Any = None,
    by: Mapping[str, Any] | Sequence[str] | str | None = None,
    cluster: Any = None,
    label: str | None = None,
    pred: str | Sequence[str] | Mapping[str, str] | None = None,
    kind: str | None = None,
    logprob: str | None = None,
    units: str | Sequence[str] | Mapping[str, str] | None = None,
    unknown: float | None = None,
    weight: str | None = None,
    id: str | None = None,  # noqa: A002 - the name of the command line's option
    truth: Any = None,
    join: str = "exact",
    classes: Sequence[Any] | Mapping[Any, Any] | None = None,
    positive: Any = None,
    axis: int = -1,
    multilabel: bool = False,
    ignore_index: int | None = None,
    normalize: bool = False,
    tolerance: float = DEFAULT_TOLERANCE,
    nulls: str = "error",
    batch_rows: int | None = None,
    base: float = 2,
    top: int = 10,
    ledger: bool = True,
    engine: Any = None,
) -> Evaluation:
    """Evaluate predictions against what happened: cross-entropy, its parts, and more.

    ``evaluate(y_true, y_pred)`` takes arrays, the truth first as in scikit-learn;
    ``evaluate(source, label=…, pred=…)`` takes a data frame, a path, a glob, a folder or a list of
    paths, and streams files that are larger than memory.

    Parameters
    ----------
    y_true : array_like, form, data frame, path or Plan
        Labels (integers or names), rows of probabilities, :class:`Counts` of annotators' votes; or
        the source. A Dask DataFrame, a Ray Dataset and a Spark DataFrame are evaluated where their
        rows lie, which have no order there: ``id`` is then needed, distinct for every row.
    y_pred : array_like or form, shape (..., K) or (...), optional
        A plain array is :class:`Probs`; of ``y_true``'s shape it is the probability of class 1.
    weights, ids : array_like, optional
        Importance weights and the rows' names (arrays only).
    by : mapping of str to array_like, or str or sequence of str, optional
        What to slice the rows by: arrays by name, or columns of the source. Numbers are binned by
        quantiles.
    cluster : array_like or str, optional
        Which rows belong together (documents, users): an array, or a column of the source.
    label, pred, weight, id, logprob : str, optional
        Columns of the source; see the guide for the defaults. ``pred`` may also be the columns
        of the
        classes, or a mapping of class to column.
    units : str, sequence of str, or mapping, optional
        With ``logprob``, of a text: what its bits are told for, of tokens, words, bytes,
        characters; a number a row in the column that is called so (or ``{"bytes": "column"}``), or
        counted in a column of texts. Log-probabilities that are null or ``unknown`` are then left
        out and counted. Lists of log-probabilities are a document a row.
    unknown : float, optional
        The log-probability of a text's token that means "not known"; by default −9999.
    truth : path or data frame, optional
        Where the truth is, if not in the source; joined by the column ``id``.
    join : {"exact", "inner"}
        Whether rows that only one of source and ``truth`` holds are an error or left out and
        counted.
    kind : {"probs", "logits", "logprobs"}, optional
        What the numbers of the source are.
    classes : sequence of names, optional
        The classes in the order of the columns; of columns that are named after them, in the order
        wanted. Integers bind integer labels by name: ``classes=[1, 2, 3]``. A mapping from name to
        place, or from place to name, is an order too; a set is none.
    positive : name, optional
        Of two classes the one that 1, True and one number a row stand for.
    axis : int, default -1
        The axis of ``y_pred`` that the classes are on: 1 for (N, C, H, W) (arrays only).
    multilabel : bool, default False
        ``y_true`` and ``y_pred`` of one shape are many yes or no, and the probability of each yes
        (arrays only).
    ignore_index : int, optional
        The label of rows to be left out and counted, such as −100.
    normalize : bool, default False
        Take each row of probabilities as row / Σrow, whatever its sum.
    tolerance : float, default 1e-3
        The largest accepted ``|Σrow − 1|``.
    nulls : {"error", "skip"}
        Whether rows with nulls (or masked entries) are an error or left out and counted.
    batch_rows : int, optional
        Rows a batch; the result does not depend on it.
    base : float, default 2
        2 for bits, ``math.e`` for nats, 10 for hartleys.
    top : int, default 10
        How many of the worst rows to show; where some are infinite, as many finite ones too.
    ledger : bool, default True
        Whether to keep a sample of 200,000 rows, and say what is computed on it when one asks for
        it: the ledger, gaps, curves, bits between classes.
    engine : concurrent.futures.Executor, dask.distributed.Client, SparkSession or "ray", optional
        What runs the work on files, to the same bytes as the threads of this process: a pool of
        processes, or a cluster whose workers see the same files. The caller makes it and ends it.
        Frames that lie in an engine need none; a Dask DataFrame takes a client.

    Returns
    -------
    Evaluation

    Raises
    ------
    InputError
        For the first row that is not legal, with its place and the remedy; of a frame in an engine,
        for that of the smallest id.
    CallError
        Arguments that do not go together.

    Examples
    --------
    >>> result = evaluate([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    >>> round(result.cross_entropy.value, 4)
    0.4913
    >>> round(result.cross_entropy_nats.value, 4)  # scikit-learn's log_loss
    0.3406
    """
    if y_pred is None:
        _must_be_none(weights=weights, ids=ids)
        from unsurprised.sources.units_told import UNKNOWN

        options = {
            "label": label,
            "pred": pred,
            "kind": kind,
            "logprob": logprob,
            "units": units or (),
            "unknown": UNKNOWN if unknown is None else unknown,
            "weight": weight,
            "id": id,
            "by": columns_by(by, "evaluate"),
            "cluster": column_cluster(cluster, "evaluate"),
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
            said = {**options, "unknown": unknown, "top": top, "ledger": ledger}
            refuse_beside_plan(evaluate, said)
        return _evaluate_source(y_true, options, engine, base=base, top=top, ledger=ledger)
    _must_be_none(
        label=label, pred=pred, kind=kind, logprob=logprob, weight=weight, id=id, truth=truth,
        units=units, unknown=unknown, engine=engine,
    )  # fmt: skip
    batch = batch_from_arrays(
        y_true,
        y_pred,
        Meaning(classes, positive, axis, multilabel, ignore_index, nulls, normalize, tolerance),
        weights=weights,
        ids=ids,
        by=_arrays_by(by),
        cluster=_array_cluster(cluster),
    )
    try:
        evaluator = _evaluate_batch(batch, top, batch_rows, ledger)
        found = evaluator.result(base=base, ledger=ledger)
        return found if batch.reading is None else interpreted(found, batch.reading)
    except SumsOffError as error:
        raise error.noted(SumsOffError.count(sums_off(batch, error.place.column))) from None


def _evaluate_source(
    source: Any, options: dict[str, Any], engine: Any, *, base: float, top: int, ledger: bool
) -> Evaluation:
    """Evaluate files or a frame, here or where an engine works on them."""
    # All need pyarrow, which is not imported before someone has a file or a frame.
    from unsurprised.engines.frames.found import frame_of

    if is_plan(source):
        from unsurprised.evaluation.plans.on_engine import evaluated_as_planned

        found = source.evaluate() if engine is None else evaluated_as_planned(source, engine)
        return cast(Evaluation, found.result(base=base))
    if (frame := frame_of(source, engine)) is not None:
        from unsurprised.evaluation.frames.opened import evaluate_frame

        return evaluate_frame(frame, options, base=base, top=top, ledger=ledger)
    if engine is not None:
        from unsurprised.evaluation.plans.on_engine import evaluate_on

        return evaluate_on(engine, source, options, base=base, top=top, ledger=ledger)
    from unsurprised.evaluation.engine import evaluate_reading
    from unsurprised.sources import open_source

    reading = open_source(source, options, call="evaluate")
    return evaluate_reading(reading, base=base, top=top, ledger=ledger)


def _must_be_none(**arguments: Any) -> None:
    given = [name for name, value in arguments.items() if value is not None]
    if not given:
        return
    if "weights" in given or "ids" in given:
        raise CallError(
            f"evaluate(source, {given[0]}=…): a source names its columns, weight=… and id=…; for "
            "arrays pass y_pred too: evaluate(y_true, y_pred)"
        )
    raise CallError(
        f"evaluate(y_true, y_pred, {given[0]}=…): {given[0]}=… is for a file or a data frame; "
        "arrays say their meaning by a form: evaluate(y_true, Logits(y_pred), weights=…, ids=…)"
    )


def beside_plan(call: str, name: str) -> CallError:
    """The error for what is said to a call beside a plan, in which it stands already."""
    return CallError(
        f"{call}(plan, {name}=…): the plan says what is read, and how; say it to unsurprised.plan"
    )


def refuse_beside_plan(call: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Raise for all that is said to a call beside a plan, but for what is so by default."""
    from inspect import signature  # seldom needed

    usual = signature(call).parameters
    for name, value in given.items():
        default = usual[name].default if name in usual else None
        plain = isinstance(value, str | int | float | tuple)
        if value is not default and not (plain and value in (default, ())):
            raise beside_plan(call.__name__, name)


def is_plan(source: Any) -> bool:
    """Whether a source is a plan, of which whoever has made one has imported the class."""
    planning = sys.modules.get("unsurprised.evaluation.plans.planning")
    return planning is not None and isinstance(source, planning.Plan)


def columns_by(by: Any, call: str) -> tuple[str, ...]:
    """The columns of a source to slice by, as ``call`` was told them."""
    listed = () if by is None or isinstance(by, str | Mapping) else in_order(by, "by")
    names = (by,) if isinstance(by, str) else tuple(listed)
    if isinstance(by, Mapping) or not all(isinstance(name, str) for name in names):
        raise CallError(
            f"{call}(source, by=…) holds arrays; expected the names of columns of the source: "
            "by=['country', 'age']"
        )
    return names


def column_cluster(cluster: Any, call: str) -> str | None:
    """The column of a source that says which rows belong together."""
    if cluster is None or isinstance(cluster, str):
        return cluster
    raise CallError(f"{call}(source, cluster=…) is an array; expected the name of a column")


def _arrays_by(by: Any) -> Mapping[str, Any] | None:
    if by is None or isinstance(by, Mapping):
        return by
    raise CallError(
        "evaluate(y_true, y_pred, by=…) names no arrays; expected {name: values}, one value a row"
    )


def _array_cluster(cluster: Any) -> Any:
    if isinstance(cluster, str):
        raise CallError(
            f"evaluate(y_true, y_pred, cluster={cluster!r}) is a name; expected an array, one "
            "value a row"
        )
    return cluster


def _evaluate_batch(
    batch: Batch,
    top: int,
    batch_rows: int | None,
    ledger: bool,
) -> Evaluator:
    """Parts of one batch side by side; the first faulty row raises, wherever the parts are cut."""
    if not batch.size or batch.model is None:
        left = f" (all {batch.skipped:,} were left out)" if batch.skipped else ""
        raise CallError(f"no rows to evaluate{left}; expected at least one")
    classes = batch.model.shape[-1]
    whole = classes >= _MANY_CLASSES and not makes_shares(batch)
    rows = batch_rows or max(1, _PART_ROWS if whole else min(_PART_ROWS, _PART_ELEMENTS // classes))
    parts = [slice(at, min(at + rows, batch.size)) for at in range(0, batch.size, rows)]
    workers = 1
    if len(parts) > 1 and classes < _MANY_CLASSES:
        workers = min(get_num_threads(), len(parts))
    threads = threads_for(batch.size * classes) if workers == 1 else 1
    shares = [parts[i * len(parts) // workers : (i + 1) * len(parts) // workers]
              for i in range(workers)]  # fmt: skip

    slicing = slicing_of(batch.by, {})
    bins = {name: found for name, found in slicing.items() if found is not None}

    def work(share: list[slice], expected: int) -> Evaluator:
        evaluator = Evaluator(batch.classes, top=top, bins=bins, sample_rows=None if ledger else 0)
        evaluator.expect(expected)
        for part in share:
            whole_batch = batch if len(parts) == 1 else _part(batch, part)
            evaluator.update_batch(whole_batch, threads=threads)
        return evaluator

    def merged(expected: int) -> Evaluator:
        if workers == 1:
            return work(parts, expected)
        from concurrent.futures import ThreadPoolExecutor  # 5 ms of every import

        with ThreadPoolExecutor(workers) as pool:
            # Shares are in the rows' order, so the first one to fail holds the first faulty row.
            first, *others = pool.map(lambda share: work(share, expected), shares)
        for other in others:
            first.merge(other)
        return first

    found = merged(batch.size)
    return merged(0) if found.falls_short() else found  # ids that are far from distinct


def _part(batch: Batch, rows: slice) -> Batch:
    truth = batch.truth
    if truth is not None:
        truth = truth.with_array(truth.array[rows])
    return replace(
        batch,
        size=rows.stop - rows.start,
        truth=truth,
        model=None if batch.model is None else batch.model.with_array(batch.model.array[rows]),
        weights=None if batch.weights is None else batch.weights[rows],
        ids=RowIds(None if batch.ids.values is None else batch.ids.values[rows]),
        by={name: column.part(rows) for name, column in batch.by.items()},
        clusters=None if batch.clusters is None else RowIds(batch.clusters.values[rows]),
        first_row=batch.first_row + rows.start,
        row_numbers=None if batch.row_numbers is None else batch.row_numbers[rows],
        skipped=batch.skipped if rows.start == 0 else 0,
    )
