"""Data sets on an engine, which schedules; the driver merges what comes, as it comes.

Each read of a data set is a job of its own, in the order of one machine, so that what only all rows
of one read tell is told before the next one begins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from typing import Any, TypeVar

from unsurprised.dataset_drift.model_state import ModelState
from unsurprised.dataset_drift.plans.tasks import Sent, collect_columns, collect_predictions
from unsurprised.dataset_drift.plans.work import ColumnsWork
from unsurprised.engines.pools import Pool, pool_of
from unsurprised.engines.running import SplitJob, results
from unsurprised.engines.seen import PlanLayout
from unsurprised.engines.tasks import Done, text_of
from unsurprised.errors import InputError, SumsOffError
from unsurprised.evaluation.engine import Progress, of_all
from unsurprised.evaluation.plans.on_engine import counted
from unsurprised.evaluation.plans.planning import Plan
from unsurprised.evaluation.plans.work import Work, layout_in

AnySent = TypeVar("AnySent", bound=Sent)


def columns_on(
    engine: Any,
    work: ColumnsWork,
    files: Sequence[str],
    make: Callable[[], AnySent],
    progress: Progress | None = None,
) -> AnySent:
    """All columns of some files in a collector; the error of the first wrong row."""
    if not work.splits:
        return make()
    job, collect = job_of(work, files), partial(collect_columns, make=make)
    with pool_of(engine) as pool:
        return _collected(job, pool, collect, make(), progress)[0]


def predictions_on(
    engine: Any, plan: Plan, make: Callable[[], ModelState], progress: Progress | None = None
) -> ModelState:
    """What the predictions of a plan say of themselves."""
    state, zero_seen = model_on(engine, plan.work, plan.files, make, progress)
    if plan.facts.unsaid_start is not None and not zero_seen:
        raise plan.facts.unsaid_start
    return state


def model_on(
    engine: Any,
    work: Work,
    files: Sequence[str],
    make: Callable[[], ModelState],
    progress: Progress | None = None,
) -> tuple[ModelState, bool]:
    """What the predictions of some files say of themselves, and whether a label is 0."""
    job, collect = job_of(work, files), partial(collect_predictions, make=make)
    try:
        with pool_of(engine) as pool:
            try:
                state, facts = _collected(job, pool, collect, make(), progress)
            except SumsOffError as error:
                raise counted(job, pool, error) from None
    except InputError as error:
        raise of_all(error, files) from None
    return state, any(each["zero_seen"] for each in facts)


def job_of(work: ColumnsWork | Work, files: Sequence[str]) -> SplitJob:
    """The splits of some files as what an engine runs tasks of."""
    splits = PlanLayout("", layout_in(files, work.splits.values())).splits
    by_rows = all(split.part.rows is not None for split in work.splits.values())
    return SplitJob(
        splits, work.sizes(by_rows=by_rows), lambda group: text_of(work.only(group).said())
    )


def _collected(
    job: SplitJob,
    pool: Pool,
    work: Callable[[str], Done],
    merged: AnySent,
    progress: Progress | None,
) -> tuple[AnySent, list[Any]]:
    """What the tasks of a job have collected, and what else they say."""
    facts = []
    with closing(results(job, pool, work)) as found:
        for done in found:
            merged.merge_bytes(done.state)
            facts.append(done.facts)
            if progress is not None:
                progress(done.facts["rows"])
    return merged, facts
