"""``unsurprised drift``: parse, call, print, and an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from unsurprised.commands import options as cli_options
from unsurprised.commands.compare import Preds
from unsurprised.commands.completion import columns
from unsurprised.commands.engines import Engine, engine_of, refuse_read_here
from unsurprised.commands.merge import Partial
from unsurprised.commands.panels import MEANS, MEASURES, WRITES
from unsurprised.commands.planned import Part, PlanFile, only_plan, refuse_without_plan
from unsurprised.commands.planned_drift import save_planned
from unsurprised.commands.words import DriftNulls
from unsurprised.errors import CallError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from unsurprised.commands.outputs import Outputs
    from unsurprised.dataset_drift.compare import DriftSettings
    from unsurprised.dataset_drift.conditions import DriftFinding
    from unsurprised.dataset_drift.reading import DataSet
    from unsurprised.dataset_drift.result import Drift

HELP = (
    "Measure how far new data have moved from a base, column by column, in bits, with intervals, "
    "p-values from permutations and a false discovery rate over all columns.\n\n"
    "With --fail-if, exit code 0: no condition holds. 1: one surely does, or the rows do not "
    "suffice to tell (unless --allow-unsure). 2: the input or the call was wrong."
)
EXAMPLES = (
    "unsurprised drift january.parquet february.parquet",
    "unsurprised drift base.csv new.csv --fail-if 'bits>0.05' --junit drift.xml",
    "unsurprised drift january.parquet --save base.json",
    "unsurprised drift base.json new.parquet --html drift.html",
    "unsurprised drift base.parquet new.parquet --by month --label label --pred probs",
    "unsurprised drift --plan plan.json --part 3/40 --save part-3.json",
    "unsurprised drift s3://bucket/june s3://bucket/july --engine dask://scheduler:8786",
)

BaseFile = Annotated[
    str | None,
    typer.Argument(
        metavar="BASE",
        show_default=False,
        help="The data to compare with: a file, a 'glob*' or a folder, or what --save wrote.",
    ),
]
NewFile = Annotated[
    str | None,
    typer.Argument(
        metavar="NEW",
        show_default=False,
        help="The data in question; none where BASE is only saved.",
    ),
]
Fdr = Annotated[
    float,
    typer.Option(
        "--fdr",
        metavar="NUMBER",
        rich_help_panel=MEASURES,
        help="False discovery rate: of the columns said to have drifted, this share has not.",
    ),
]
FailIf = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-if",
        metavar="CONDITION",
        show_default=False,
        rich_help_panel=MEASURES,
        help="Exit with 1 if this holds: bits>0.05 or psi>0.2 of a column that drifted; "
        "drifted>0, changed>0 (types) or missing>0 columns. May be given several times.",
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
By = Annotated[
    str | None,
    typer.Option(
        "--by",
        metavar="SPAN",
        show_default=False,
        rich_help_panel=MEASURES,
        help="Also compare each window of time of NEW with BASE: year, quarter, month, week, day "
        "or hour.",
    ),
]
Time = Annotated[
    str | None,
    typer.Option(
        "--time",
        metavar="COLUMN",
        autocompletion=columns,
        show_default=False,
        rich_help_panel=MEANS,
        help="The dates or times that --by goes by; by default the only column of such.",
    ),
]
DriftNullsOption = Annotated[
    DriftNulls,
    typer.Option(
        "--nulls",
        metavar="category|skip",
        rich_help_panel=MEANS,
        help="Nulls and NaN: a category of each column, or left out of it.",
    ),
]
Save = Annotated[
    str | None,
    typer.Option(
        "--save",
        metavar="FILE",
        show_default=False,
        rich_help_panel=WRITES,
        help="Save BASE as a state, a name in .json that later takes its place: counts, no rows.",
    ),
]
Junit = Annotated[
    str | None,
    typer.Option(
        "--junit",
        metavar="FILE",
        show_default=False,
        rich_help_panel=WRITES,
        help="Write each column as a test case of JUnit's XML, which CI servers show.",
    ),
]


def command(
    context: typer.Context,
    base: BaseFile = None,
    new: NewFile = None,
    *,
    plan: PlanFile = None,
    part: Part = None,
    partial: Partial = False,
    engine: Engine = None,
    fdr: Fdr = 0.05,
    fail_if: FailIf = None,
    allow_unsure: AllowUnsure = False,
    form: cli_options.FormatOption = None,
    label: cli_options.Label = None,
    pred: Preds = None,
    kind: cli_options.KindOption = None,
    by: By = None,
    time: Time = None,
    nulls: DriftNullsOption = DriftNulls.category,
    json: cli_options.Json = None,
    html: cli_options.Html = None,
    junit: Junit = None,
    save: Save = None,
    overwrite: cli_options.Overwrite = False,
    full: cli_options.Full = False,
    batch_rows: cli_options.BatchRows = None,
    quiet: cli_options.Quiet = False,
) -> None:
    """Compare, print the report, write what was asked for, exit."""
    if plan:
        save_planned(context, only_plan(plan))
        return
    refuse_without_plan(part, None)
    refuse_read_here(context, base, new)
    if base is None:
        raise CallError(
            f"Missing argument 'BASE', or --plan FILE; see {context.command_path} --help"
        )
    from unsurprised.commands.outputs import Outputs
    from unsurprised.commands.page import ReadFiles, asked_page, declared_page
    from unsurprised.commands.reading import keep_standard_input
    from unsurprised.dataset_drift.compare import base_state, compared_with
    from unsurprised.dataset_drift.conditions import checked_conditions, findings_of, outcome_of
    from unsurprised.dataset_drift.reading import DataSet
    from unsurprised.report.progress import RowProgress
    from unsurprised.writing import own, recognition

    settings, conditions = _settings(context), list(fail_if or ())
    checked_conditions(conditions)
    _refuse_alone(context, new)
    keep_standard_input(context, *(file for file in (base, new) if file is not None))
    sets = [DataSet.opened(file, partial=partial) for file in (base, new) if file is not None]
    files = [file for each in sets for file in each.files]
    with Outputs(files, overwrite=overwrite) as outputs:
        saved = outputs.declare("--save", save, own(recognition.drift_base()))
        report = outputs.declare("--json", json, own(recognition.json_of("unsurprised.drift")))
        cases = outputs.declare("--junit", junit, own(recognition.junit("drift")))
        page_target = declared_page(outputs, html, "drift")
        with asked_page(page_target, context.obj, ReadFiles(files)) as page:
            with RowProgress(_rows(sets), quiet=quiet) as progress, engine_of(engine) as reader:
                before = base_state(sets[0].on(reader), settings, progress)
                if saved is not None:
                    saved.write(before.to_json())
                if new is None:
                    return
                found = compared_with(before, sets[1].on(reader), settings, progress)
            if page is not None:
                page.write(found)
        findings = findings_of(found, conditions)
        if report is not None:
            report.write(found.to_json())
        if cases is not None:
            from unsurprised.report.drift.cases import junit as written

            cases.write(written(found, findings))
        _print(found, findings, outputs, context)
    outcome = outcome_of(findings)
    if outcome == "failed" or (outcome == "unsure" and not allow_unsure):
        raise typer.Exit(1)


def _settings(context: typer.Context) -> DriftSettings:
    from unsurprised.dataset_drift.compare import DriftSettings
    from unsurprised.statistics.jackknife import checked_rate

    told = context.params
    return DriftSettings(
        label=told["label"],
        pred=cli_options.pred_of(told["pred"]),
        kind=None if told["kind"] is None else str(told["kind"]),
        fdr=checked_rate(told["fdr"]),
        nulls=str(told["nulls"]),
        by=told["by"],
        time=told["time"],
        batch_rows=told["batch_rows"],
    )


def _rows(sets: Sequence[DataSet]) -> int | None:
    """How many rows are read, where the files say it."""
    known = [each.rows for each in sets if each.state is None]
    return None if None in known else sum(each or 0 for each in known)


def _refuse_alone(context: typer.Context, new: str | None) -> None:
    """Without NEW nothing is compared, so nothing but the state is written."""
    told = context.params
    if new is not None:
        return
    if told["save"] is None:
        raise CallError("found BASE alone; expected BASE NEW, or BASE --save FILE")
    for name in ("fail_if", "json", "html", "junit"):
        if told[name]:
            raise CallError(f"--{name.replace('_', '-')} without NEW: there is nothing to compare")


def _print(
    found: Drift, findings: Sequence[DriftFinding], outputs: Outputs, context: typer.Context
) -> None:
    from unsurprised.commands.next_commands import next_command, screen_of
    from unsurprised.report.drift.cases import verdict
    from unsurprised.report.drift.text import headline, lines
    from unsurprised.report.terminal import put
    from unsurprised.writing import standard_output

    if not outputs.print_report:
        return
    told = context.params
    files, commands = [told["base"], told["new"]], {}
    if told["html"] is None:
        commands["html"] = next_command(context, "drift", files, "--html", "drift.html")
    if not told["full"]:
        commands["full"] = next_command(context, "drift", files, "--full")
    with standard_output():
        if told["quiet"]:
            print(headline(found))
            if findings:
                put(verdict(findings, 80)[1:])
            return
        screen = screen_of(context, {}, commands)
        put(lines(found, screen, verdict(findings, screen.width)))
