"""``drift``: how far new data have moved from a base, column by column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from unsurprised.copies import Record
from unsurprised.dataset_drift.base import DriftBase
from unsurprised.dataset_drift.columns import compared
from unsurprised.dataset_drift.moved import moved
from unsurprised.dataset_drift.reading import DataSet, Progress
from unsurprised.dataset_drift.result import Drift, TimeWindow, WindowColumn
from unsurprised.dataset_drift.windows import checked_span
from unsurprised.errors import CallError
from unsurprised.float_errors import own_float_errors
from unsurprised.statistics.jackknife import checked_rate

NULLS = ("category", "skip")


@own_float_errors
def drift(
    base: Any,
    new: Any,
    label: str | None = None,
    pred: Any = None,
    fdr: float = 0.05,
    *,
    kind: str | None = None,
    nulls: str = "category",
    by: str | None = None,
    time: str | None = None,
    engine: Any = None,
    partial: bool = False,
) -> Drift:
    r"""How far new data have moved from a base, column by column, in bits.

    For the shares p of a column's cells in the base and q in the new data, the Jensen–Shannon
    divergence

    .. math:: D = \tfrac12 \sum_k p_k \log_2 \frac{p_k}{m_k}
              + \tfrac12 \sum_k q_k \log_2 \frac{q_k}{m_k}, \qquad m = \tfrac12 (p + q),

    is what one row tells about which of the two it came from, if both are as likely: 0 to 1 bit,
    and always finite. Cells are categories, numbers by rank among both data sets (so that no
    outlier hides anything), and nulls. What chance makes of samples of this size is taken off, and
    tested by permutation, from the counts alone; the false discovery rate is held over all columns.

    Parameters
    ----------
    base, new : path, sequence of paths, data frame, dict of columns, or DriftBase
        The data sets: files of any format that is read here, frames with the Arrow interface,
        dictionaries of arrays, a state, or the file of one that was saved.
    label : str, optional
        The column of the labels: the result says whether their entropy moved, and with ``pred``
        whether their cross-entropy did.
    pred : str, sequence of str or mapping, optional
        The predictions, as for :func:`unsurprised.evaluate`: whether their entropy moved, what the
        model itself is surprised by. A saved base has to be saved with the same columns.
    fdr : float, default 0.05
        False discovery rate: of the columns that are said to have drifted, this share has not, on
        average (Benjamini and Hochberg, 1995).
    kind : {"probs", "logits", "logprobs"}, optional
        What the predictions are, as for :func:`unsurprised.evaluate`.
    nulls : {"category", "skip"}
        Whether nulls and NaN are a cell of their own, or left out and counted.
    by : {"year", "quarter", "month", "week", "day", "hour"}, optional
        Also compare each such window of the new data with the base.
    time : str, optional
        The column of dates or times that says in which window a row is; by default the only one.
    engine : concurrent.futures.Executor, dask.distributed.Client, SparkSession or "ray", optional
        What reads the files of both, as for :func:`unsurprised.evaluate`; by default threads of
        this process. The result is the same to the byte.
    partial : bool, default False
        Whether splits of the plan that a state is of (:class:`unsurprised.DriftPlan`) may be
        missing; the result then says which.

    Returns
    -------
    Drift
        ``.columns``, those that drifted first; each with ``.name``, ``.kind``, ``.drift`` (an
        :class:`~unsurprised.Estimate` in bits, below 0 where there is less than chance makes),
        ``.p_value``, ``.q_value``, ``.drifted`` and what it is made of. ``.apart`` are the columns
        that are not compared: identifiers, constants, changed types, those of one data set alone.

    Raises
    ------
    InputError
        A data set has no rows, or no column is in both.
    CallError
        What was passed is no data set, or an option has no such value.
    StateError
        A state lacks splits of its plan, or of several one split is in two; the engine lost a task.

    References
    ----------
    Lin, "Divergence Measures Based on the Shannon Entropy", IEEE Trans. Inf. Theory 37 (1991).
    Phipson and Smyth, "Permutation P-Values Should Never Be Zero" (2010).

    Examples
    --------
    >>> base = {"colour": ["red", "blue"] * 500, "size": list(range(20)) * 50}
    >>> new = {"colour": ["red", "blue", "blue", "green"] * 250, "size": list(range(20)) * 50}
    >>> found = drift(base, new)
    >>> [(column.name, column.drifted) for column in found.columns]
    [('colour', True), ('size', False)]
    >>> found["colour"].drift
    Estimate(0.1549 bits, 0.1353 to 0.1758, 2000 rows)
    >>> [value.name for value in found["colour"].new_values]
    ['green']
    """
    settings = DriftSettings(label, pred, kind, checked_rate(fdr), nulls, by, time)
    before = DataSet.opened(base, engine, partial=partial)
    return compared_sets(before, DataSet.opened(new, engine, partial=partial), settings)


@dataclass(frozen=True)
class DriftSettings(Record):
    """What is asked of two data sets."""

    label: str | None = None
    pred: Any = None
    kind: str | None = None
    fdr: float = 0.05
    nulls: str = "category"
    by: str | None = None
    time: str | None = None
    batch_rows: int | None = None

    def __post_init__(self) -> None:
        if self.nulls not in NULLS:
            raise CallError(f"nulls={self.nulls!r}; expected one of 'category', 'skip' (--nulls)")
        if self.by is not None:
            checked_span(self.by)
        if self.time is not None and self.by is None:
            raise CallError("time (--time) goes with by (--by), the span of the windows")
        if self.kind is not None and self.pred is None:
            raise CallError("kind (--kind) goes with pred (--pred), whose numbers it is about")


def base_state(
    data: DataSet, settings: DriftSettings, progress: Progress | None = None
) -> DriftBase:
    """The state of all rows of a data set, with its predictions where some were told."""
    return _with_model(data, data.read(settings.batch_rows, progress), settings, progress)


def _with_model(
    data: DataSet, state: DriftBase, settings: DriftSettings, progress: Progress | None
) -> DriftBase:
    if settings.pred is None:
        return state
    if data.state is None:
        state.model = data.read_model(settings.label, settings.pred, settings.kind, progress)
    elif state.model is None:
        raise CallError(
            "pred (--pred) and a state that holds no predictions; expected one that was saved with "
            "--pred"
        )
    elif state.model.label != (settings.label or ""):
        saved = repr(state.model.label) if state.model.label else "no label"
        asked = repr(settings.label) if settings.label else "none"
        raise CallError(
            f"the state was saved with {saved} for its predictions, and label (--label) is "
            f"{asked}; expected the same"
        )
    return state


def compared_sets(
    base: DataSet, new: DataSet, settings: DriftSettings, progress: Progress | None = None
) -> Drift:
    """Two data sets that are opened, compared."""
    before = base_state(base, settings, progress)
    return compared_with(before, new, settings, progress)


def compared_with(
    before: DriftBase, new: DataSet, settings: DriftSettings, progress: Progress | None = None
) -> Drift:
    """A data set against a state."""
    windows: dict[str, DriftBase] = {}
    column = ""
    if settings.by is None:
        after = base_state(new, settings, progress)
    else:
        after, column, windows = new.read_windows(
            settings.by, settings.time, settings.batch_rows, progress
        )
        after = _with_model(new, after, settings, progress)
    found = compared(before, after, settings.fdr, settings.nulls)
    told = moved(before, after, settings.label)
    cut = tuple(
        _window(name, compared(before, state, settings.fdr, settings.nulls), column)
        for name, state in windows.items()
    )
    return replace(
        found, moved=told, by=settings.by, windows=cut, notes=tuple(_notes(before, after))
    )


def _notes(before: DriftBase, after: DriftBase) -> Iterator[str]:
    """Which splits of a plan are missing."""
    for name, state in (("base", before), ("new data", after)):
        note = None if state.share is None else state.share.note()
        if note is not None:
            yield f"In the {name}: {note[0].lower()}{note[1:]}"


def _window(name: str, found: Drift, time: str) -> TimeWindow:
    """One window; that its times are others than the base's says nothing."""
    columns = tuple(
        WindowColumn(column.name, column.drift, column.q_value, column.drifted)
        for column in found.columns
        if column.name != time
    )
    drifted = sum(column.drifted for column in columns)
    return TimeWindow(name, found.new_rows, drifted, columns)
