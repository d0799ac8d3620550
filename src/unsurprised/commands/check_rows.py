"""``check``: rows of one model or of two, read by this process's threads or by an engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from unsurprised.commands.compare_planned import held_against_limits
from unsurprised.commands.engines import engine_of
from unsurprised.commands.reading import row_progress

if TYPE_CHECKING:
    from unsurprised.comparison.opening import OpenedModel
    from unsurprised.comparison.result import Comparison
    from unsurprised.evaluation.result import Evaluation
    from unsurprised.sources import Reading


def read_here(
    readings: list[Reading],
    names: list[str],
    newest: Reading,
    join: str,
    told: Mapping[str, Any],
) -> tuple[Comparison | None, Evaluation | None]:
    """Both models on the same rows, if there are two, and the new one by itself, if asked for."""
    from unsurprised.comparison.readings import compare_readings
    from unsurprised.evaluation.engine import evaluate_reading

    alone = [newest] if told["max_bits"] is not None else []
    comparison = evaluation = None
    with row_progress(*readings, *alone, quiet=told["quiet"]) as progress:
        if readings:
            comparison = compare_readings(
                readings, names, join=join, top=0, split=False, progress=progress
            )
        if alone:
            evaluation = evaluate_reading(newest, top=0, progress=progress)
    return comparison, evaluation


def read_by_engine(
    sources: list[OpenedModel], names: list[str], join: str, told: Mapping[str, Any]
) -> tuple[Comparison | None, Evaluation | None]:
    """The same by the engine of ``--engine``, which reads all rows once."""
    from unsurprised.comparison.compared import ComparisonAsked
    from unsurprised.comparison.on_engine import refuse_no_exchange, scored_on
    from unsurprised.comparison.planned import PlannedModels
    from unsurprised.evaluation.plans.making import planned
    from unsurprised.evaluation.plans.on_engine import evaluate_plan

    readings, exchange = [each.reading for each in sources], told["exchange"]
    refuse_no_exchange(exchange, told["engine"], len(sources))
    with row_progress(*readings, quiet=told["quiet"]) as progress:
        if len(sources) == 1:
            plan = planned(sources[0].reading, sources[0].options, 0)
            with engine_of(told["engine"]) as engine:
                return None, evaluate_plan(engine, plan, progress=progress)
        asked = ComparisonAsked(names, join, 2, 0, split=False)
        models = PlannedModels.of(sources, asked)
        with engine_of(told["engine"]) as engine:
            found = scored_on(models, engine, exchange=exchange, progress=progress)
            return held_against_limits(found, told["max_bits"])
