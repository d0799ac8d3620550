"""``unsurprised evaluate``: parse, call, print."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

from unsurprised.commands import options as cli_options
from unsurprised.commands import text_options
from unsurprised.commands.databases import Db, QueryText, files_of, names_of, source_of
from unsurprised.commands.engines import Engine, engine_of, refuse_read_here
from unsurprised.commands.outputs import Outputs
from unsurprised.commands.page import asked_page, declared_page
from unsurprised.commands.planned import (
    AskedFor,
    Part,
    PlanFile,
    State,
    evaluate_planned,
    only_plan,
    refuse_without_plan,
)
from unsurprised.commands.reading import files_read, keep_standard_input, row_progress
from unsurprised.commands.words import Join, Nulls
from unsurprised.writing import own, standard_output
from unsurprised.writing.recognition import json_of

if TYPE_CHECKING:
    from unsurprised.evaluation.result import Evaluation
    from unsurprised.sources import Options, Reading

HELP = (
    "Measure a model's cross-entropy (log loss) and calibration on a file of predictions.\n\n"
    "Observed and expected surprisal, calibration error, accuracy, slices and the worst rows, with "
    "confidence intervals, in bits. Reads the files once and in little memory. What was taken from "
    "them is said first; nothing is repaired or guessed silently."
)
EXAMPLES = (
    "unsurprised evaluate predictions.parquet",
    "unsurprised evaluate 'runs/*.parquet' --label y --pred p_ --id key",
    "unsurprised evaluate predictions.parquet --by country --by age --cluster user",
    "unsurprised evaluate logits.npz --kind logits --classes cat,dog,bird",
    "unsurprised evaluate predictions.parquet --by country --html report.html",
    "unsurprised evaluate tokens.jsonl --logprob logprob --base e",
    "unsurprised evaluate predictions.csv --json - | jq .cross_entropy.value",
    "unsurprised evaluate --db runs.duckdb --query 'select label, p_cat, p_dog from runs'",
    "unsurprised evaluate --plan plan.json --part 3/40 --state 3.state",
    "unsurprised evaluate s3://bucket/runs --engine dask://scheduler:8786",
)


def command(
    context: typer.Context,
    files: cli_options.FilesOrPlan = None,
    *,
    plan: PlanFile = None,
    part: Part = None,
    state: State = None,
    db: Db = None,
    query: QueryText = None,
    engine: Engine = None,
    form: cli_options.FormatOption = None,
    label: cli_options.Label = None,
    pred: cli_options.Pred = None,
    logprob: cli_options.LogProb = None,
    units: text_options.Units = None,
    unknown: text_options.Unknown = None,
    weight: cli_options.Weight = None,
    identity: cli_options.Identity = None,
    by: cli_options.By = None,
    cluster: cli_options.Cluster = None,
    kind: cli_options.KindOption = None,
    truth: cli_options.Truth = None,
    join: cli_options.TruthJoin = Join.exact,
    classes: cli_options.Classes = None,
    positive: cli_options.Positive = None,
    ignore_index: cli_options.IgnoreIndex = None,
    normalize: cli_options.Normalize = False,
    tolerance: cli_options.Tolerance = 1e-3,
    nulls: cli_options.NullsOption = Nulls.error,
    json: cli_options.Json = None,
    html: cli_options.Html = None,
    overwrite: cli_options.Overwrite = False,
    top: cli_options.Top = 10,
    full: cli_options.Full = False,
    base: cli_options.Base = "2",
    batch_rows: cli_options.BatchRows = None,
    quiet: cli_options.Quiet = False,
) -> None:
    """Score the files, print the report, write the JSON and the page."""
    if plan:
        asked = AskedFor(context, base, state, json, html)
        evaluate_planned(asked, only_plan(plan), part, overwrite=overwrite)
        return
    refuse_without_plan(part, state)
    refuse_read_here(context)
    from unsurprised.sources import open_predictions  # pyarrow is slow

    logarithm = cli_options.base_of(base)
    source = source_of(context, files, ", or --plan FILE")
    files = names_of(source)
    keep_standard_input(context, *files, truth)
    options = cli_options.options_of(context)
    reading = open_predictions(source, options)
    read = [*files_read(reading, truth=truth, classes=classes), *files_of(context, source)]
    with Outputs(read, overwrite=overwrite) as outputs:
        report = outputs.declare("--json", json, own(json_of("unsurprised.evaluation")))
        with asked_page(declared_page(outputs, html, "evaluation"), context.obj, reading) as page:
            with row_progress(reading, quiet=quiet) as progress:
                how: dict[str, Any] = {"base": logarithm, "progress": progress}
                evaluation = _evaluated(reading, options, engine, top=top, **how)
            if page is not None:
                page.write(evaluation)
        if report is not None:
            report.write(evaluation.to_json())
        if outputs.print_report:
            with standard_output():
                _print(evaluation, reading, context, files)


def _evaluated(
    reading: Reading, options: Options, name: str | None, *, top: int, **how: Any
) -> Evaluation:
    """All rows, evaluated by threads of this process, or by the engine of a name."""
    from unsurprised.evaluation.engine import evaluate_reading

    if name is None:
        return evaluate_reading(reading, top=top, **how)
    from unsurprised.evaluation.plans.making import planned
    from unsurprised.evaluation.plans.on_engine import evaluate_plan

    with engine_of(name) as engine:
        return evaluate_plan(engine, planned(reading, options, top), **how)


def _print(
    evaluation: Evaluation, reading: Reading, context: typer.Context, files: list[str]
) -> None:
    from unsurprised.commands.next_commands import screen_of
    from unsurprised.report.evaluation.text import lines
    from unsurprised.report.terminal import put

    commands = dict(_next(evaluation, reading, context, files))
    put(lines(evaluation, screen_of(context, reading.choices, commands)))


def _next(
    evaluation: Evaluation, reading: Reading, context: typer.Context, files: list[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What can be done next, by name."""
    from unsurprised.commands.next_commands import groups_of, next_command

    told = context.params
    if told["logprob"] is None:
        yield "calibrate", next_command(context, "calibrate", files, "--save", "calibrator.json")
    column = groups_of(reading)
    if not told["by"] and column is not None:
        yield "by", next_command(context, "evaluate", files, "--by", column)
    is_one = len(reading.files) == 1 and len(told["pred"] or []) <= 1
    # Without an id rows are called by their place, as explain calls them; it knows no --positive.
    if is_one and not any(told[name] for name in ("identity", "truth", "logprob", "positive")):
        for worst in evaluation.worst_rows[:1]:
            row = f"{reading.files[0]}:{worst.id}"
            yield "explain", next_command(context, "explain", [row])
    if told["html"] is None:
        yield "html", next_command(context, "evaluate", files, "--html", "report.html")
    if not told["full"]:
        yield "full", next_command(context, "evaluate", files, "--full")
