"""``compare --plan``: parts of the rows of several plans, or all, to a state or to a comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from unsurprised.commands import options as cli_options
from unsurprised.commands.engines import engine_of
from unsurprised.commands.outputs import Outputs
from unsurprised.commands.page import asked_page, declared_page
from unsurprised.commands.panels import HOLDS
from unsurprised.commands.planned import (
    AskedFor,
    StoredState,
    part_numbers,
    plan_of,
    refuse_part_beside_engine,
    refuse_told,
)
from unsurprised.commands.told import is_told
from unsurprised.errors import CallError, StateError
from unsurprised.writing import own, standard_output
from unsurprised.writing.recognition import json_of, state

if TYPE_CHECKING:
    from unsurprised.commands.page import Read
    from unsurprised.comparison.planned import PlannedModels
    from unsurprised.comparison.result import Comparison
    from unsurprised.comparison.state import PlannedComparison, ScoredModels
    from unsurprised.evaluation.result import Evaluation

PlanFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--plan",
        metavar="FILE",
        show_default=False,
        rich_help_panel=HOLDS,
        help="In place of files: what unsurprised plan has written of them; one --plan for each "
        "model, the base's first.",
    ),
]


def compare_planned(asked: AskedFor, paths: Sequence[str], part: str | None) -> None:
    """Compare the rows of plans, or score those of a part, and write what was asked for."""
    refuse_told(asked.context, "join", "top", "memory", "exchange")
    told = asked.context.params
    refuse_part_beside_engine(told)
    if told["exchange"] is not None and asked.state is not None:
        raise CallError("--exchange does not go with --state, which is to hold all rows")
    models = models_of(paths, str(told["join"]), told["top"])
    splits = models.all() if part is None else models.part(*part_numbers(part))

    def scored() -> ScoredModels:
        if told["engine"] is not None or told["exchange"] is not None:
            return scored_by(told["engine"], models, told["exchange"], quiet=told["quiet"])
        return scored_of(models, splits, quiet=told["quiet"])

    with Outputs([*paths, *models.files], overwrite=told["overwrite"]) as outputs:
        deliver_comparison(outputs, asked, scored, models.plans[0].facts, told["memory"])


def models_of(paths: Sequence[str], join: str, top: int, *, split: bool = True) -> PlannedModels:
    """The models whose plans some files hold."""
    from unsurprised.comparison.compared import ComparisonAsked
    from unsurprised.comparison.planned import PlannedModels, names_of_plans

    if len(paths) < 2:
        raise CallError(
            f"found one plan, {paths[0]}; expected one for each model, the base's first: --plan "
            "BASE --plan NEW"
        )
    plans = [plan_of(path) for path in paths]
    asked = ComparisonAsked(names_of_plans(plans), join, 2, top, split)
    return PlannedModels(tuple(plans), asked)


def scored_of(
    models: PlannedModels, splits: Sequence[Sequence[int]], *, quiet: bool
) -> PlannedComparison:
    """Some splits of each model, scored with a progress bar."""
    from unsurprised.comparison.state import PlannedComparison
    from unsurprised.report.progress import RowProgress

    rows: int | None = 0
    for plan, numbers in zip(models.plans, splits, strict=True):
        held = [plan.splits[number].rows for number in numbers]
        rows = None if rows is None or None in held else rows + sum(each or 0 for each in held)
    with RowProgress(rows, quiet=quiet) as progress:
        return PlannedComparison.scored(models, splits, progress=progress)


def scored_by(
    name: str | None, models: PlannedModels, exchange: str | None, *, quiet: bool
) -> ScoredModels:
    """All splits of all models, scored by the engine of ``--engine`` with a progress bar."""
    from unsurprised.comparison.on_engine import refuse_no_exchange, scored_on
    from unsurprised.report.progress import RowProgress

    refuse_no_exchange(exchange, name, len(models.plans))
    held = [plan.rows for plan in models.plans]
    rows = None if None in held else sum(each or 0 for each in held)
    with RowProgress(rows, quiet=quiet) as progress, engine_of(name) as engine:
        return scored_on(models, engine, exchange=exchange, progress=progress)


def deliver_comparison(
    outputs: Outputs,
    asked: AskedFor,
    scored: Callable[[], ScoredModels],
    read: Read,
    memory: str | None = None,
) -> None:
    """Declare the outputs, do the work, and write and print what it has found."""
    from unsurprised.comparison.state import PlannedComparison

    logarithm = cli_options.base_of(asked.base)
    saved = outputs.declare("--state", asked.state, own(state()))
    report = outputs.declare("--json", asked.json, own(json_of("unsurprised.comparison")))
    page_file = declared_page(outputs, asked.html, "comparison")
    with asked_page(page_file, asked.context.obj, read) as page:
        with scored() as found:
            if saved is not None:
                assert isinstance(found, PlannedComparison)
                with saved.file() as path, path.open("wb") as stream:
                    stream.writelines(found.packed())
            printed = outputs.print_report and saved is None
            if report is None and page is None and not printed:
                return
            comparison = found.result(base=logarithm, memory=memory)
        if page is not None:
            page.write(comparison)
    if report is not None:
        report.write(comparison.to_json())
    if printed:
        from unsurprised.commands.next_commands import screen_of
        from unsurprised.report.comparison.text import lines
        from unsurprised.report.terminal import put

        with standard_output():
            put(lines(comparison, screen_of(asked.context, read.choices, {})))


def compared_for_check(
    context: typer.Context, paths: Sequence[str], states: Sequence[str]
) -> tuple[Comparison, Evaluation | None]:
    """What a check of two plans holds against limits: their rows, or the states of all parts."""
    from unsurprised.comparison.state import merged_comparison

    if len(paths) > 2:
        raise CallError(f"found {len(paths)} plans; expected [--plan BASE] --plan NEW")
    told = context.params
    models = models_of(paths, str(told["join"]), 0, split=False)
    if states:
        if told["exchange"] is not None:
            raise CallError("--exchange does not go with states, whose rows are matched here")
        named = ((name, StoredState(name)) for name in states)
        found = merged_comparison(named, partial=False, whole=True)
        if is_told(context, "join") and found.asked.join != models.asked.join:
            raise StateError(
                f"the states were made with --join {found.asked.join}, and --join "
                f"{models.asked.join} is said; expected the same"
            )
        models.refuse_other(found.evaluators)
        found.asked = replace(models.asked, join=found.asked.join)
        return held_against_limits(found, told["max_bits"])
    scored: ScoredModels
    if told["engine"] is not None or told["exchange"] is not None:
        scored = scored_by(told["engine"], models, told["exchange"], quiet=told["quiet"])
    else:
        scored = scored_of(models, models.all(), quiet=told["quiet"])
    return held_against_limits(scored, told["max_bits"])


def held_against_limits(
    found: ScoredModels, max_bits: float | None
) -> tuple[Comparison, Evaluation | None]:
    """What a check holds against limits: all models, and the new one by itself if it has one."""
    with found:
        alone = None if max_bits is None else found.evaluators[-1].result(ledger=False)
        return found.result(), alone
