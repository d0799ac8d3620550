"""A comparison on an engine: tasks score the rows where they lie, the driver matches them."""

from __future__ import annotations

import json
from contextlib import closing
from io import BytesIO
from typing import Any

from unsurprised.comparison.planned import ROWS, PlannedModels, score
from unsurprised.comparison.state import PlannedComparison
from unsurprised.engines.pools import Pool, pool_of
from unsurprised.engines.running import results
from unsurprised.errors import StateError, SumsOffError, UnsurprisedError
from unsurprised.evaluation.engine import Progress
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.plans.on_engine import rows_off
from unsurprised.evaluation.plans.planned import PlannedEvaluator
from unsurprised.evaluation.plans.share import RowFacts
from unsurprised.states.serial import PackedStream


def scored_on(
    models: PlannedModels, engine: Any, *, progress: Progress | None = None
) -> PlannedComparison:
    """Score all splits of all models on an engine; their rows come to this machine's disk.

    Raises
    ------
    InputError
        For the first wrong row of all, as on one machine; what lies behind it is given up.
    StateError
        The engine lost a task, ran another one, or a worker ended in the middle of it.
    """
    found = PlannedComparison(models.asked, models.class_names)
    try:
        with pool_of(engine) as pool:
            _fill(found, models, pool, progress)
        if not any(evaluator.falls_short() for evaluator in found.evaluators):
            return found
    except BaseException:
        found.close()
        raise
    found.close()  # rows were left out for nulls, or ids are far from distinct
    return scored_on(models.expecting(0), engine, progress=progress)


def _fill(
    found: PlannedComparison, models: PlannedModels, pool: Pool, progress: Progress | None
) -> None:
    """Let a pool score all splits, and take in what comes as it comes."""
    merged = [Evaluator() for _ in models.plans]
    truths = [plan.work.recipe.truth for plan in models.plans]
    rows, job = list(map(RowFacts.nothing, truths)), models.job
    try:
        with closing(results(job, pool, score)) as ended:
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
                    progress(sum(job.splits[number].rows or 0 for number in done.splits))
    except SumsOffError as error:
        raise _counted(models, pool, error) from None
    for plan, evaluator, facts in zip(models.plans, merged, rows, strict=True):
        share = plan.share(range(len(plan.splits)), facts)
        found.evaluators.append(PlannedEvaluator.of(evaluator, share).recall_expected())


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
