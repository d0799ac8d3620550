"""``unsurprised compare``: parse, call, print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from unsurprised.commands import options as cli_options
from unsurprised.commands.compare_planned import PlanFiles, compare_planned
from unsurprised.commands.completion import columns
from unsurprised.commands.databases import Db, QueryText, files_of, names_of, source_of
from unsurprised.commands.engines import Engine, ExchangeFolder, engine_of, refuse_read_here
from unsurprised.commands.page import asked_page, declared_page
from unsurprised.commands.panels import HOLDS, SHOWS
from unsurprised.commands.planned import AskedFor, Part, State, refuse_without_plan
from unsurprised.commands.reading import files_read, keep_standard_input, row_progress
from unsurprised.commands.words import Join, Nulls
from unsurprised.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from unsurprised.comparison.compared import ComparisonAsked
    from unsurprised.comparison.opening import OpenedModel
    from unsurprised.comparison.readings import Progress
    from unsurprised.comparison.result import Comparison
    from unsurprised.sources import Reading

HELP = (
    "Compare the log loss of two or more models on the same rows, with confidence intervals.\n\n"
    "The base comes first. Rows are matched by --id, else by their place; several --pred columns "
    "of one file are several models."
)
EXAMPLES = (
    "unsurprised compare base.parquet new.parquet --id row_id",
    "unsurprised compare both.parquet --pred old_probs --pred new_probs --by country",
    "unsurprised compare a.csv b.csv c.csv --json -",
    "unsurprised compare --plan base.json --plan new.json --part 3/40 --state 3.state",
)


Models = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="BASE NEW...",
        show_default=False,
        help="A file (or glob, or folder) of predictions for each model, the base first.",
    ),
]
Preds = Annotated[
    list[str] | None,
    typer.Option(
        "--pred",
        metavar="COLUMN",
        autocompletion=columns,
        show_default=False,
        rich_help_panel=HOLDS,
        help="The prediction; given several times, one for each model.",
    ),
]
Memory = Annotated[
    str | None,
    typer.Option(
        "--memory",
        metavar="SIZE",
        show_default=False,
        rich_help_panel=SHOWS,
        help="About how much memory to take, such as 1GB: what is known of each row then goes to a "
        "temporary file.",
    ),
]
JoinOption = Annotated[
    Join,
    typer.Option(
        "--join",
        metavar="exact|inner",
        rich_help_panel=HOLDS,
        help="Rows that are not in all models: an error, or left out and counted.",
    ),
]


def command(
    context: typer.Context,
    models: Models = None,
    *,
    plan: PlanFiles = None,
    part: Part = None,
    state: State = None,
    db: Db = None,
    query: QueryText = None,
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
    overwrite: cli_options.Overwrite = False,
    top: cli_options.Top = 10,
    full: cli_options.Full = False,
    base: cli_options.Base = "2",
    batch_rows: cli_options.BatchRows = None,
    memory: Memory = None,
    engine: Engine = None,
    exchange: ExchangeFolder = None,
    quiet: cli_options.Quiet = False,
) -> None:
    """Compare, print the report, write the JSON."""
    from unsurprised.commands.outputs import Outputs
    from unsurprised.comparison.compared import ComparisonAsked
    from unsurprised.writing import own, standard_output
    from unsurprised.writing.recognition import json_of

    if plan:
        compare_planned(AskedFor(context, base, state, json, html), plan, part)
        return
    refuse_without_plan(part, state)
    refuse_read_here(context)
    source = source_of(context, models, ", or --plan FILE for each model")
    models = names_of(source)
    keep_standard_input(context, *models, truth)
    options = cli_options.said(context, join=join.value if truth else "exact")
    sources, names = opened(models or [source], pred, options)
    readings = [each.reading for each in sources]
    logarithm = cli_options.base_of(base)
    read = [*files_read(*readings, truth=truth, classes=classes), *files_of(context, source)]
    with Outputs(read, overwrite=overwrite) as outputs:
        report = outputs.declare("--json", json, own(json_of("unsurprised.comparison")))
        with asked_page(declared_page(outputs, html, "comparison"), context.obj, *readings) as page:
            asked = ComparisonAsked(names, join.value, logarithm, top)
            with row_progress(*readings, quiet=quiet) as progress:
                on = engine, exchange
                comparison = _compared(sources, asked, on, memory, progress)
            if page is not None:
                page.write(comparison)
        if report is not None:
            report.write(comparison.to_json())
        if outputs.print_report:
            with standard_output():
                _print(comparison, readings[0], context, models)


def _compared(
    sources: Sequence[OpenedModel],
    asked: ComparisonAsked,
    on: tuple[str | None, str | None],
    memory: str | None,
    progress: Progress,
) -> Comparison:
    """All models, by threads of this process, or by the engine of a name, through an exchange."""
    from unsurprised.comparison.on_engine import refuse_no_exchange, scored_on
    from unsurprised.comparison.planned import PlannedModels
    from unsurprised.comparison.readings import compare_readings

    name, exchange = on
    refuse_no_exchange(exchange, name, len(sources))
    if name is not None:
        models = PlannedModels.of(sources, asked)
        with engine_of(name) as engine:
            scored = scored_on(models, engine, exchange=exchange, progress=progress)
            with scored as found:
                return found.result(base=asked.base, memory=memory)
    return compare_readings(
        [each.reading for each in sources],
        asked.names,
        join=asked.join,
        base=asked.base,
        top=asked.top,
        memory=memory,
        progress=progress,
    )


def _print(
    comparison: Comparison, reading: Reading, context: typer.Context, models: list[str]
) -> None:
    from unsurprised.commands.next_commands import screen_of
    from unsurprised.report.comparison.text import lines
    from unsurprised.report.terminal import put

    commands = dict(_next(comparison, reading, context, models))
    put(lines(comparison, screen_of(context, reading.choices, commands)))


def _next(
    comparison: Comparison, reading: Reading, context: typer.Context, models: list[str]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What can be done next, by name."""
    from unsurprised.commands.next_commands import groups_of, next_command
    from unsurprised.report.comparison.text import best_of_new

    told = context.params
    # A new model by itself: its file, its column.
    place = 1 + best_of_new(comparison)
    file = models[place if len(models) > 1 else 0 :][:1]
    columns = told["pred"] or []
    column = columns[place] if len(columns) > 1 else columns[-1] if columns else None
    of_model = () if column is None else ("--pred", column)
    for name, more in (("calibrate", ("--save", "calibrator.json")), ("evaluate", ())):
        if name == "evaluate" or told["logprob"] is None:
            command = next_command(context, name, file, *of_model, *more, without=["pred"])
            yield name, command
    group = groups_of(reading)
    if not told["by"] and group is not None:
        yield "by", next_command(context, "compare", models, "--by", group)
    if told["html"] is None:
        yield "html", next_command(context, "compare", models, "--html", "comparison.html")
    if not told["full"]:
        yield "full", next_command(context, "compare", models, "--full")


def opened(
    models: Sequence[Any],
    preds: Sequence[str] | None,
    options: Mapping[str, Any],
    *,
    sliced: bool = False,
) -> tuple[list[OpenedModel], list[str]]:
    """The sources of the models, the base first, and what each is called."""
    from unsurprised.comparison.opening import names_of_files, opened_models

    columns: list[str | None] = [*preds] if preds else [None]
    if not isinstance(models[0], str) and options["id"] is None:
        raise CallError(
            "the rows of a query come in any order, and in another one for each model; expected "
            "--id COLUMN, by which they are matched"
        )
    if len(models) == 1 and len(columns) > 1:
        files, names = [models[0]] * len(columns), [str(column) for column in columns]
    elif len(models) > 1 and len(columns) in (1, len(models)):
        files = list(models)
        columns = columns if len(columns) > 1 else columns * len(models)
        names = names_of_files(files)
    else:
        raise CallError(
            f"found {len(models)} files and {len(preds or [])} times --pred; expected a file for "
            "each model (BASE NEW), or one file and --pred for each model"
        )
    return opened_models(files, columns, options, sliced=sliced), names
