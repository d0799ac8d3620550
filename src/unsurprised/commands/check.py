"""``unsurprised check``: parse, call, print, and an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from unsurprised.commands import options as cli_options
from unsurprised.commands.check_fidelity import (
    are_states,
    opened_models,
    opened_states,
    refuse_options_of_rows,
)
from unsurprised.commands.check_outputs import CheckOutputs
from unsurprised.commands.check_rows import read_by_engine, read_here
from unsurprised.commands.compare import JoinOption, Preds, opened
from unsurprised.commands.compare_planned import (
    PlanFiles,
    compared_for_check,
)
from unsurprised.commands.databases import Db, QueryText, files_of, names_of, source_of
from unsurprised.commands.engines import Engine, ExchangeFolder, refuse_read_here
from unsurprised.commands.fidelity import all_files
from unsurprised.commands.page import asked_page
from unsurprised.commands.panels import MEASURES, WRITES
from unsurprised.commands.planned import (
    evaluated_by,
    evaluated_of,
    merged_for,
    plan_of,
    refuse_told,
    states_of,
)
from unsurprised.commands.reading import files_read, keep_standard_input
from unsurprised.commands.words import Join, Nulls
from unsurprised.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unsurprised.comparison.check import Check
    from unsurprised.evaluation.plans import Plan
    from unsurprised.evaluation.result import Evaluation
    from unsurprised.sources.databases import Query

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
    "unsurprised check --plan plan.json 1.state 2.state --max-bits 0.35",
    "unsurprised check --plan base.json --plan new.json *.state --max-worse 0.01",
    "unsurprised check base.npy int8.npy --max-kl 0.01 --min-agreement 0.99",
    "unsurprised check 1.state 2.state --max-kl 0.01",
)

Models = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[BASE] NEW",
        show_default=False,
        help="A file of predictions, or the base's and the new model's; with --plan, states of "
        "all its parts, or nothing for its rows to be read.",
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
MaxKl = Annotated[
    float | None,
    typer.Option(
        "--max-kl",
        metavar="NUMBER",
        show_default=False,
        rich_help_panel=MEASURES,
        help="Of language models: the highest KL divergence from BASE to NEW, in bits a token.",
    ),
]
MinAgreement = Annotated[
    float | None,
    typer.Option(
        "--min-agreement",
        metavar="NUMBER",
        show_default=False,
        rich_help_panel=MEASURES,
        help="Of language models: the least share of the tokens with the same top token.",
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
    models: Models = None,
    *,
    plan: PlanFiles = None,
    db: Db = None,
    query: QueryText = None,
    max_bits: MaxBits = None,
    max_worse: MaxWorse = None,
    max_kl: MaxKl = None,
    min_agreement: MinAgreement = None,
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
    engine: Engine = None,
    exchange: ExchangeFolder = None,
    quiet: cli_options.Quiet = False,
) -> None:
    """Check, print one paragraph, write what was asked for, exit."""
    of_tokens = max_kl is not None or min_agreement is not None
    if plan:
        found = _of_plans(context, plan, states_of(models or []))
    else:
        source = source_of(context, models, ", or --plan FILE")
        found = (_of_language_models if of_tokens else _of_rows)(context, source)
    if found.outcome == "failed" or (found.outcome == "unsure" and not allow_unsure):
        raise typer.Exit(1)


def _of_rows(context: typer.Context, source: list[str] | Query) -> Check:
    """Predictions of rows, held against limits."""
    from unsurprised.commands.outputs import Outputs
    from unsurprised.comparison.check import checked
    from unsurprised.comparison.opening import OpenedModel
    from unsurprised.sources import Options, open_predictions

    refuse_read_here(context)
    told = context.params
    truth, join, max_bits = told["truth"], Join(told["join"]).value, told["max_bits"]
    columns = list(told["pred"] or [])
    models = names_of(source)
    given: list[Any] = [*models] or [source]
    pairs = _are_two(given, columns, max_bits)
    keep_standard_input(context, *models, truth)
    options = cli_options.said(context, join=join if truth else "exact")
    single = Options(**{**options, "pred": columns[-1] if columns else None})
    if pairs:
        sliced = told["engine"] is not None and max_bits is not None
        sources, names = opened(given, columns, options, sliced=sliced)
    else:
        sources, names = [OpenedModel(source, open_predictions(source, single), single)], []
    readings = [each.reading for each in sources]
    read = files_read(*readings, truth=truth, classes=told["classes"])
    read += files_of(context, source)
    with Outputs(read, overwrite=told["overwrite"]) as outputs:
        written = CheckOutputs.declared(outputs, told)
        with asked_page(written.page, context.obj, *readings) as page:
            if told["engine"] is not None or told["exchange"] is not None:
                comparison, evaluation = read_by_engine(sources, names, join, told)
            else:
                newest = readings[-1]
                if pairs and told["by"] and max_bits is not None:  # the base alone is sliced
                    newest = open_predictions(given[-1], single)
                models_read = readings if pairs else []
                comparison, evaluation = read_here(models_read, names, newest, join, told)
            found = checked(evaluation, comparison, max_bits=max_bits, max_worse=told["max_worse"])
            if page is not None:
                page.write(found)
        written.write(found, outputs, context, models)
    return found


def _of_plans(context: typer.Context, paths: list[str], states: list[str]) -> Check:
    """The rows of one plan or two, or the states of their parts, held against limits."""
    from unsurprised.commands.outputs import Outputs
    from unsurprised.comparison.check import checked
    from unsurprised.comparison.on_engine import refuse_no_exchange

    told = context.params
    refuse_told(
        context, "models", "max_bits", "max_worse", "join", "allow_unsure", "junit", "exchange"
    )
    pairs, max_bits = len(paths) > 1, told["max_bits"]
    if not pairs and max_bits is None:
        raise CallError("nothing to check: expected --max-bits X with --plan, or two plans")
    plans = [plan_of(path) for path in paths]
    files = [file for held in plans for file in held.files_read]
    with Outputs([*paths, *states, *files], overwrite=told["overwrite"]) as outputs:
        written = CheckOutputs.declared(outputs, told)
        with asked_page(written.page, context.obj, *(held.facts for held in plans)) as page:
            comparison = None
            if pairs:
                comparison, evaluation = compared_for_check(context, paths, states)
            else:
                refuse_no_exchange(told["exchange"], told["engine"], 1)
                evaluation = _evaluated_plan(plans[0], states, told["engine"], quiet=told["quiet"])
            found = checked(evaluation, comparison, max_bits=max_bits, max_worse=told["max_worse"])
            if page is not None:
                page.write(found)
        written.write(found, outputs, context, states)
    return found


def _evaluated_plan(
    held: Plan, states: list[str], engine: str | None, *, quiet: bool
) -> Evaluation:
    """The rows of a plan, which are read, or the states of its parts."""
    if not states and engine is not None:
        return evaluated_by(engine, held, quiet=quiet).result()
    if not states:
        return evaluated_of(held, held.splits, quiet=quiet).result()
    return merged_for(held, states).result()


def _of_language_models(context: typer.Context, source: list[str] | Query) -> Check:
    """What two language models said of the same tokens, held against limits."""
    from unsurprised.commands.outputs import Outputs
    from unsurprised.comparison.faithful import checked_fidelity

    told, models = context.params, names_of(source)
    refuse_options_of_rows(context)
    if len(models) == 1:  # no base and no new model, but a glob of states may be
        models = states_of(models)
    of_states = are_states(models)
    with Outputs(all_files(models), overwrite=told["overwrite"]) as outputs:
        written = CheckOutputs.declared(outputs, told)
        read, measured = (opened_states if of_states else opened_models)(models, told)
        with asked_page(written.page, context.obj, read) as page:
            found = checked_fidelity(
                measured(), max_kl=told["max_kl"], min_agreement=told["min_agreement"]
            )
            if page is not None:
                page.write(found)
        written.write(found, outputs, context, models, of_states=of_states)
    return found


def _are_two(models: Sequence[Any], columns: list[str], max_bits: float | None) -> bool:
    """Whether there is a base; an error where there is nothing to check, or too much."""
    count = max(len(models), len(columns))
    if count > 2:
        raise CallError(f"found {count} models; expected [BASE] NEW")
    if max_bits is None and count < 2:
        raise CallError("nothing to check: expected --max-bits X, or two models (BASE NEW)")
    return count > 1
