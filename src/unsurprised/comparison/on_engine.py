"""A comparison on an engine: tasks score the rows where they lie.

The driver matches them, or, where there is a folder that all machines reach, other tasks do.
"""

from __future__ import annotations

from typing import Any

from unsurprised.comparison.collected import collect
from unsurprised.comparison.exchanged import ExchangedComparison, score_to_exchange
from unsurprised.comparison.planned import PlannedModels, score
from unsurprised.comparison.state import PlannedComparison, ScoredModels
from unsurprised.engines.pools import pool_of
from unsurprised.errors import CallError
from unsurprised.evaluation.engine import Progress
from unsurprised.sources.shared_folders import Exchange


def scored_on(
    models: PlannedModels, engine: Any, *, exchange: Any = None, progress: Progress | None = None
) -> ScoredModels:
    """Score all splits of all models on an engine.

    Their rows come to this machine's disk; with ``exchange``, a folder that all machines reach,
    they are matched by the engine too, and nothing is left of them.

    Raises
    ------
    InputError
        For the first wrong row of all, as on one machine; what lies behind it is given up.
    StateError
        The engine lost a task, ran another one, or a worker ended in the middle of it.
    CallError
        The folder cannot be written, or is not the same on all machines.
    """
    found = (
        _here(models, engine, progress)
        if exchange is None
        else _exchanged(models, engine, exchange, progress)
    )
    if found is None:
        models = models.expecting(0)
        return scored_on(models, engine, exchange=exchange, progress=progress)
    return found


def refuse_no_exchange(exchange: Any, engine: Any, models: int) -> None:
    """Raise for an exchange without an engine, or of one model, whose rows are not matched."""
    if exchange is None:
        return
    if engine is None:
        raise CallError(
            "exchange=… (--exchange) goes with engine=… (--engine), whose workers match rows "
            "through it; expected both, or neither"
        )
    if models < 2:
        raise CallError(
            "exchange=… (--exchange) is for two models, whose rows are matched through it; found "
            "one: leave it out"
        )


def _here(
    models: PlannedModels, engine: Any, progress: Progress | None
) -> PlannedComparison | None:
    """The rows on this machine's disk; None where too few were expected of a sample."""
    found = PlannedComparison(models.asked, models.class_names)
    try:
        with pool_of(engine) as pool:
            if collect(found, models, pool, job=models.job, work=score, progress=progress):
                return found
    except BaseException:
        found.close()
        raise
    found.close()
    return None


def _exchanged(
    models: PlannedModels, engine: Any, exchange: Any, progress: Progress | None
) -> ExchangedComparison | None:
    """The sums of rows that workers have matched; None where too few were expected of a sample."""
    models.refuse_unnamed()
    found = ExchangedComparison(models.asked, models.class_names)
    with pool_of(engine) as pool, Exchange.made(exchange) as folder:
        job = found.job(models, folder)
        if not collect(found, models, pool, job=job, work=score_to_exchange, progress=progress):
            return None
        found.match(pool, folder)
    return found
