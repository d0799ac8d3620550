"""``unsurprised check``: parse, call, print, and an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from unsurprised.commands import options as cli_options
from unsurprised.commands.compare import JoinOption, Preds, opened
from unsurprised.commands.page import asked_page, declared_page
from unsurprised.commands.panels import MEASURES, WRITES
from unsurprised.commands.reading import files_read, keep_standard_input, row_progress
from unsurprised.commands.words import Join, Nulls
from unsurprised.errors import CallError

if TYPE_CHECKING:
    from unsurprised.comparison.check import Check

HELP = (
    "Fail a CI job when a model's log loss is too high, or worse than another model's.\n\n"
    "Exit code 0: every limit surely holds. 1: one is surely broken, or the rows do not suffice to "
    "tell (unless --allow-unsure). 2: the input or the call was wrong."
)
EXAMPLES = (
    "unsurprised check new.parquet --max-bits 0.35",
    "unsurprised check base.parquet new.parquet --id row_id --max-worse 0.01",
    "unsurprised check base.parquet new.parquet --by country --junit check.xml",
    "unsurprised check base.parquet new.parquet --html check.html",
)

Models = Annotated[
    list[str],
    typer.Argument(
        metavar="[BASE] NEW",
        show_default=False,
        help="A file of predictions, or the base's and the new model's.",
    ),
]
MaxBits = Annotated[
    float | None,
    typer.Option(
        "--max-bits",
        metavar="NUMBER",
        show_default=False,
        rich_help_panel=MEASURES,
        help="The highest cross-entropy of NEW, in bits a row.",
    ),
]
MaxWorse = Annotated[
    float | None,
    typer.Option(
        "--max-worse",
        metavar="NUMBER",
        show_default=False,
        rich_help_panel=MEASURES,
        help="How many bits a row NEW may be worse than BASE; 0.01 by default.",
    ),
]
AllowUnsure = Annotated[
    bool,
    typer.Option(
        "--allow-unsure",
        rich_help_panel=MEASURES,
        help="Pass where the rows do not suffice to tell.",
    ),
]
Junit = Annotated[
    str | None,
    typer.Option(
        "--junit",
        metavar="FILE",
        show_default=False,
        rich_help_panel=WRITES,
        help="Write the result as JUnit's XML, which CI servers show.",
    ),
]


def command(
    context: typer.Context,
    models: Models,
    *,
    max_bits: MaxBits = None,
    max_worse: MaxWorse = None,
    allow_unsure: AllowUnsure = False,
    form: cli_options.FormatOption = None,
    label: cli_options.Label = None,
    pred: Preds = None,
    logprob: cli_options.LogProb = None,
    weight: cli_options.Weight = None,
    identity: cli_options.Identity = None,
    join: JoinOption = Join.exact,
    by: cli_options.By = None,
    cluster: cli_options.Cluster = None,
    kind: cli_options.KindOption = None,
    truth: cli_options.Truth = None,
    classes: cli_options.Classes = None,
    positive: cli_options.Positive = None,
    ignore_index: cli_options.IgnoreIndex = None,
    normalize: cli_options.Normalize = False,
    tolerance: cli_options.Tolerance = 1e-3,
    nulls: cli_options.NullsOption = Nulls.error,
    json: cli_options.Json = None,
    html: cli_options.Html = None,
    junit: Junit = None,
    overwrite: cli_options.Overwrite = False,
    batch_rows: cli_options.BatchRows = None,
    quiet: cli_options.Quiet = False,
) -> None:
    """Check, print one paragraph, write what was asked for, exit."""
    from unsurprised.comparison.check import checked
    from unsurprised.comparison.compare import compare_readings
    from unsurprised.evaluation.engine import evaluate_reading
    from unsurprised.sources import Options, open_predictions
    from unsurprised.writing import Outputs, own, recognition, standard_output

    columns = list(pred or [])
    pairs = _are_two(models, columns, max_bits)
    keep_standard_input(context, *models, truth)
    options = cli_options.said(context, join=join.value if truth else "exact")
    single = Options(**{**options, "pred": columns[-1] if columns else None})
    if pairs:
        readings, names = opened(models, columns, options)
    else:
        readings, names = [open_predictions(models, single)], []
    read = files_read(*readings, truth=truth, classes=classes)
    with Outputs(read, overwrite=overwrite) as outputs:
        report = outputs.declare("--json", json, own(recognition.json_of("unsurprised.check")))
        xml = outputs.declare("--junit", junit, own(recognition.junit()))
        with asked_page(declared_page(outputs, html, "check"), context.obj, *readings) as page:
            newest = readings[-1]
            if pairs and by and max_bits is not None:  # the base alone is sliced
                newest = open_predictions(models[-1], single)
            work = [*(readings if pairs else ()), *([newest] if max_bits is not None else ())]
            comparison = evaluation = None
            with row_progress(*work, quiet=quiet) as progress:
                if pairs:
                    comparison = compare_readings(
                        readings, names, join=join.value, top=0, split=False, progress=progress
                    )
                if max_bits is not None:
                    evaluation = evaluate_reading(newest, top=0, progress=progress)
            found = checked(evaluation, comparison, max_bits=max_bits, max_worse=max_worse)
            if page is not None:
                page.write(found)
        if report is not None:
            report.write(found.to_json())
        if xml is not None:
            xml.write(found.to_junit())
        if outputs.print_report:
            with standard_output():
                _print(found, context, models)
    if found.outcome == "failed" or (found.outcome == "unsure" and not allow_unsure):
        raise typer.Exit(1)


def _print(found: Check, context: typer.Context, models: list[str]) -> None:
    from unsurprised.commands.next_commands import next_command, screen_of
    from unsurprised.report.check.text import headline, lines
    from unsurprised.report.terminal import put

    told = context.params
    if told["quiet"]:
        print(headline(found))
        return
    last = ("--pred", told["pred"][-1]) if told["pred"] else ()
    commands = {}
    if told["html"] is None:
        commands["html"] = next_command(context, "check", models, "--html", "check.html")
    if len(models) > 1 or len(told["pred"] or []) > 1:
        commands["compare"] = next_command(context, "compare", models)
    if told["max_bits"] is not None:
        commands["evaluate"] = next_command(
            context, "evaluate", models[-1:], *last, without=["pred"]
        )
    put(lines(found, screen_of(context, {}, commands)))


def _are_two(models: list[str], columns: list[str], max_bits: float | None) -> bool:
    """Whether there is a base; an error where there is nothing to check, or too much."""
    count = max(len(models), len(columns))
    if count > 2:
        raise CallError(f"found {count} models; expected [BASE] NEW")
    if max_bits is None and count < 2:
        raise CallError("nothing to check: expected --max-bits X, or two models (BASE NEW)")
    return count > 1
