"""What tasks have scored, taken in as it comes; the error of the first wrong row of all."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from io import BytesIO

from unsurprised.comparison.planned import ROWS, PlannedModels
from unsurprised.comparison.state import ScoredModels
from unsurprised.engines.pools import Pool
from unsurprised.engines.running import SplitJob, results
from unsurprised.engines.tasks import Done
from unsurprised.errors import StateError, SumsOffError, UnsurprisedError
from unsurprised.evaluation.engine import Progress
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.plans.on_engine import rows_off
from unsurprised.evaluation.plans.planned import PlannedEvaluator
from unsurprised.evaluation.plans.share import RowFacts
from unsurprised.states.serial import PackedStream


def collect(
    found: ScoredModels,
    models: PlannedModels,
    pool: Pool,
    *,
    job: SplitJob,
    work: Callable[[str], Done],
    progress: Progress | None,
) -> bool:
    """Let a pool score all splits, and take in what comes as it comes.

    False where it is of no use: rows were left out for nulls, or ids are far from distinct, so that
    samples fall short of what was expected.
    """
    merged = [Evaluator() for _ in models.plans]
    truths = [plan.work.recipe.truth for plan in models.plans]
    rows = list(map(RowFacts.nothing, truths))
    try:
        with closing(results(job, pool, work)) as ended:
            for done in ended:
                told = PackedStream(BytesIO(done.state))
                if told.name != ROWS:
                    raise StateError(f"a task of the engine returned a {told.name:.40}")
                places = told.settings["places"]
                for place, said in zip(places, done.facts["rows"], strict=True):
                    rows[place] = rows[place].joined(RowFacts.of_said(said, truths[place]))
                    merged[place].merge(Evaluator.from_bytes(told.part()))
                    found.take(place, json.loads(told.part()), told.pieces())
                told.finish()
                if progress is not None:
                    progress(job.rows(done.splits))
    except SumsOffError as error:
        raise _counted(models, pool, error) from None
    for plan, evaluator, facts in zip(models.plans, merged, rows, strict=True):
        share = plan.share(range(len(plan.splits)), facts)
        found.evaluators.append(PlannedEvaluator.of(evaluator, share).recall_expected())
    return not any(evaluator.falls_short() for evaluator in found.evaluators)


def _counted(models: PlannedModels, pool: Pool, error: SumsOffError) -> UnsurprisedError:
    """The error with how many rows of its model are off; that is the first with such rows."""
    for plan in models.plans:
        if error.place.file in plan.files:
            rows = rows_off(plan.job, pool, error.place.column)
            if rows is None:  # lost in the middle: the error of the data is what counts
                break
            if rows:
                return error.noted(SumsOffError.count(rows))
    return error.noted(SumsOffError.first)
