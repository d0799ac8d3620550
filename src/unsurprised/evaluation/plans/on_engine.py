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
    with pool_of(engine) as pool:
        found = _evaluated_in(plan, pool, progress)
    if found.falls_short():  # rows were left out for nulls, or ids are far from distinct
        return evaluated_on(plan.expecting(0), engine, progress=progress)
    return found


def states_on(plan: Plan, engine: Any, work: Callable[[str], Done]) -> Iterator[bytes]:
    """The states that some work finds in all splits of a plan, as they come."""
    with pool_of(engine) as pool, closing(results(plan.job, pool, work)) as found:
        for done in found:
            yield done.state


def _evaluated_in(plan: Plan, pool: Pool, progress: Progress | None) -> PlannedEvaluator:
    """What a pool finds of all splits."""
    merged, truth = Evaluator(), plan.work.recipe.truth
    rows = RowFacts.nothing(truth)
    try:
        with closing(results(plan.job, pool, run)) as found:
            for done in found:
                rows = rows.joined(RowFacts.of_said(done.facts, truth))
                merged.merge(Evaluator.from_bytes(done.state))
                if progress is not None:
                    progress(sum(plan.splits[number].rows or 0 for number in done.splits))
    except SumsOffError as error:
        raise counted(plan.job, pool, error) from None
    share = plan.share(range(len(plan.splits)), rows)
    return PlannedEvaluator.of(merged, share).recall_expected()


def counted(job: SplitJob, pool: Pool, error: SumsOffError) -> UnsurprisedError:
    """The error with how many rows are off in all files, up to a worse fault."""
    count = partial(count_off, column=error.place.column)
    try:
        found = {done.splits[0]: done.facts for done in results(job, pool, count)}
    except UnsurprisedError:  # lost in the middle: the error of the data is what counts
        return error.noted(SumsOffError.first)
    rows = 0
    for _, facts in sorted(found.items()):
        rows += facts["off"]
        if not facts["all_read"]:
            break
    return error.noted(SumsOffError.count(rows))


def evaluate_on(
    engine: Any, source: Any, options: dict[str, Any], *, base: float, top: int, ledger: bool
) -> Evaluation:
    """Evaluate files on an engine: plan, evaluate, merge."""
    made = plan(source, top=top, ledger=ledger, **options)
    try:
        return evaluated_on(made, engine).result(base=base, ledger=ledger)
    except InputError as error:
        raise of_all(error, made.files) from None
