"""A plan on an engine, which schedules; the driver merges what comes, as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from typing import Any

from unsurprised.engines.pools import Pool, pool_of
from unsurprised.engines.running import SplitJob, results
from unsurprised.engines.tasks import Done
from unsurprised.errors import InputError, SumsOffError, UnsurprisedError
from unsurprised.evaluation.engine import Progress, of_all
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.plans.making import plan
from unsurprised.evaluation.plans.planned import PlannedEvaluator
from unsurprised.evaluation.plans.planning import Plan
from unsurprised.evaluation.plans.share import RowFacts
from unsurprised.evaluation.plans.tasks import count_off, run
from unsurprised.evaluation.result import Evaluation


def evaluated_on(plan: Plan, engine: Any, *, progress: Progress | None = None) -> PlannedEvaluator:
    """Evaluate all splits of a plan on an engine.

    Raises
    ------
    InputError
        For the first wrong row of all, as on one machine; what lies behind it is given up.
    StateError
        The engine lost a task, ran another one, or a worker ended in the middle of it.
    """
    found = evaluated_as_planned(plan, engine, progress=progress)
    if found.falls_short():  # rows were left out for nulls, or ids are far from distinct
        return evaluated_as_planned(plan.expecting(0), engine, progress=progress)
    return found


def evaluated_as_planned(
    plan: Plan, engine: Any, *, progress: Progress | None = None
) -> PlannedEvaluator:
    """The same with the rows that the plan expects, whatever comes of them: a state of this plan.

    Where the sample then lacks rows, the result is an error, as that of states by hand.
    """
    with pool_of(engine) as pool:
        return _evaluated_in(plan, pool, progress)


def states_on(
    plan: Plan, engine: Any, work: Callable[[str], Done], *, progress: Progress | None = None
) -> Iterator[bytes]:
    """The states that some work finds in all splits of a plan, as they come."""
    with pool_of(engine) as pool, closing(results(plan.job, pool, work)) as found:
        for done in found:
            yield done.state
            if progress is not None:
                progress(plan.job.rows(done.splits))


def _evaluated_in(plan: Plan, pool: Pool, progress: Progress | None) -> PlannedEvaluator:
    """What a pool finds of all splits."""
    merged, truth = Evaluator(), plan.work.recipe.truth
    rows = RowFacts.nothing(truth)
    try:
        with closing(results(plan.job, pool, run)) as found:
            for done in found:
                rows = rows.joined(RowFacts.of_said(done.facts, truth))
                evaluator = Evaluator.from_bytes(done.state)
                read = evaluator.rows + evaluator.skipped
                merged.merge(evaluator)
                if progress is not None:
                    progress(read)
    except SumsOffError as error:
        raise counted(plan.job, pool, error) from None
    share = plan.share(range(len(plan.splits)), rows)
    return PlannedEvaluator.of(merged, share).recall_expected()


def counted(job: SplitJob, pool: Pool, error: SumsOffError) -> UnsurprisedError:
    """The error with how many rows are off in all files, up to a worse fault."""
    rows = rows_off(job, pool, error.place.column)
    # Lost in the middle, the error of the data is what counts.
    return error.noted(SumsOffError.first if rows is None else SumsOffError.count(rows))


def rows_off(job: SplitJob, pool: Pool, column: str | None) -> int | None:
    """How many rows of some splits have sums that are off; None where a task was lost."""
    try:
        count = partial(count_off, column=column)
        found = {done.splits[0]: done.facts for done in results(job, pool, count)}
    except UnsurprisedError:
        return None
    rows = 0
    for _, facts in sorted(found.items()):
        rows += facts["off"]
        if not facts["all_read"]:
            break
    return rows


def evaluate_on(
    engine: Any, source: Any, options: dict[str, Any], *, base: float, top: int, ledger: bool
) -> Evaluation:
    """Evaluate files on an engine: plan, evaluate, merge."""
    made = plan(source, top=top, ledger=ledger, **options)
    return evaluate_plan(engine, made, base=base, ledger=ledger)


def evaluate_plan(
    engine: Any,
    made: Plan,
    *,
    base: float = 2,
    ledger: bool = True,
    progress: Progress | None = None,
) -> Evaluation:
    """Evaluate the files of a plan that was made for this alone."""
    try:
        return evaluated_on(made, engine, progress=progress).result(base=base, ledger=ledger)
    except InputError as error:
        raise of_all(error, made.files) from None
