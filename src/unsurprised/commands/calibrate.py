"""``unsurprised calibrate``: parse, call, print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unsurprised.commands import options as cli_options
from unsurprised.commands.databases import Db, QueryText, files_of, names_of, source_of
from unsurprised.commands.engines import Engine, engine_of, refuse_read_here
from unsurprised.commands.page import asked_page, declared_page
from unsurprised.commands.panels import MEASURES, WRITES
from unsurprised.commands.planned import (
    PlanFile,
    merged_for,
    only_plan,
    plan_of,
    refuse_told,
    states_of,
)
from unsurprised.commands.reading import files_read, keep_standard_input, row_progress
from unsurprised.commands.words import Join, Nulls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from unsurprised.calibration.result import Calibration
    from unsurprised.commands.outputs import Outputs
    from unsurprised.commands.page import Read
    from unsurprised.evaluation.plans import Plan
    from unsurprised.evaluation.plans.planned import PlannedEvaluator
    from unsurprised.sources import Options, Reading

    Progress = Callable[[int], None]

HELP = (
    "Fit a calibrator to a model's predictions, and say by cross-validation what it saves.\n\n"
    "Tries temperature, vector, isotonic and other calibrators, each on rows that it was not "
    "fitted on, and says which to take: the simplest within one standard error of the best."
)
EXAMPLES = (
    "unsurprised calibrate held-out.parquet --save calibrator.json",
    "unsurprised calibrate held-out.parquet --method temperature --out calibrated.parquet",
    "unsurprised calibrate held-out.parquet --html calibration.html",
    "unsurprised calibrate turns.jsonl --kind logits --cluster conversation",
    "unsurprised calibrate --plan plan.json *.state --save calibrator.json",
)

FilesOrStates = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE...",
        show_default=False,
        help="Predictions, as evaluate reads them; with --plan, states of all its parts, or "
        "nothing for its rows to be read.",
    ),
]
Method = Annotated[
    list[str] | None,
    typer.Option(
        "--method",
        metavar="NAME",
        show_default=False,
        rich_help_panel=MEASURES,
        # Written out: the table of families takes every command a tenth of a second to import.
        help="What to try, repeatable: temperature, mixing, platt, beta, vector, structured, "
        "matrix, isotonic. One alone is taken whether it helps or not.",
    ),
]
Save = Annotated[
    str | None,
    typer.Option(
        "--save",
        metavar="FILE",
        show_default=False,
        rich_help_panel=WRITES,
        help="Write the calibrator as JSON, for apply and for Python.",
    ),
]
Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        metavar="FILE",
        show_default=False,
        rich_help_panel=WRITES,
        help="Write the rows with calibrated predictions: .parquet, .arrow, .csv, .tsv or .jsonl.",
    ),
]
Folds = Annotated[
    int,
    typer.Option(
        "--folds",
        min=2,
        metavar="NUMBER",
        rich_help_panel=MEASURES,
        help="Folds of the cross-validation.",
    ),
]


def command(
    context: typer.Context,
    files: FilesOrStates = None,
    *,
    plan: PlanFile = None,
    db: Db = None,
    query: QueryText = None,
    engine: Engine = None,
    form: cli_options.FormatOption = None,
    label: cli_options.Label = None,
    pred: cli_options.Pred = None,
    weight: cli_options.Weight = None,
    identity: cli_options.Identity = None,
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
    method: Method = None,
    folds: Folds = 5,
    save: Save = None,
    out: Out = None,
    overwrite: cli_options.Overwrite = False,
    json: cli_options.Json = None,
    html: cli_options.Html = None,
    base: cli_options.Base = "2",
    batch_rows: cli_options.BatchRows = None,
    quiet: cli_options.Quiet = False,
) -> None:
    """Calibrate, write what was asked for, print the report."""
    if plan:
        _of_plan(context, only_plan(plan), files or [])
        return
    refuse_read_here(context)
    from unsurprised.commands.outputs import Outputs
    from unsurprised.sources import open_predictions

    source = source_of(context, files, ", or --plan FILE")
    files = names_of(source)
    keep_standard_input(context, *files, truth)
    options = cli_options.options_of(context)
    reading = open_predictions(source, options)
    asked = _AskedFor(context, cli_options.base_of(base))
    read = [*files_read(reading, truth=truth, classes=classes), *files_of(context, source)]

    def calibrated() -> Calibration:
        with row_progress(reading, quiet=quiet) as progress:
            return asked.of_files(reading, options, progress)

    def commands() -> dict[str, tuple[str, ...]]:
        return _next(reading, context, files)

    with Outputs(read, overwrite=overwrite) as outputs:
        asked.deliver(outputs, reading, calibrated, lambda: reading, commands)


def _of_plan(context: typer.Context, path: str, states: list[str]) -> None:
    """Calibrate on the rows of a plan, or on what states of all its parts bring along."""
    from unsurprised.commands.outputs import Outputs

    told, states = context.params, states_of(states)
    refuse_told(context, "files", "method", "folds", "save", "out")
    held = plan_of(path)
    asked = _AskedFor(context, cli_options.base_of(told["base"]))

    def calibrated() -> Calibration:
        from unsurprised.report.progress import RowProgress

        with RowProgress(held.rows, quiet=told["quiet"]) as progress:
            return asked.of_plan(held, states, progress)

    with Outputs([path, *states, *held.files_read], overwrite=told["overwrite"]) as outputs:
        asked.deliver(outputs, held.facts, calibrated, held.work.opened, dict)


@dataclass(frozen=True, slots=True)
class _AskedFor:
    """How to calibrate, and where the result goes."""

    context: typer.Context
    base: float

    def _how(self) -> dict[str, Any]:
        told = self.context.params
        return {"methods": told["method"] or None, "folds": told["folds"], "base": self.base}

    def of_files(self, reading: Reading, options: Options, progress: Progress) -> Calibration:
        """A calibration on files, by threads of this process or by an engine."""
        from unsurprised.calibration.calibrate import calibrate_reading

        name = self.context.params["engine"]
        if name is None:
            return calibrate_reading(reading, progress=progress, **self._how())
        from unsurprised.calibration.on_plan import calibrate_files
        from unsurprised.evaluation.plans.making import planned

        with engine_of(name) as engine:
            made = planned(reading, options, top=0)
            return calibrate_files(engine, made, progress=progress, **self._how())

    def of_plan(self, held: Plan, states: Sequence[str], progress: Progress) -> Calibration:
        """A calibration on all splits of a plan."""
        from unsurprised.calibration.on_plan import calibrate_plan, calibrate_planned

        with engine_of(self.context.params["engine"]) as engine:
            if not states:
                return calibrate_planned(held, engine, progress=progress, **self._how())

            def merged() -> PlannedEvaluator:
                return merged_for(held, states)

            return calibrate_plan(held, merged, engine, progress=progress, **self._how())

    def deliver(
        self,
        outputs: Outputs,
        read: Read,
        calibrated: Callable[[], Calibration],
        opened: Callable[[], Reading],
        commands: Callable[[], dict[str, tuple[str, ...]]],
    ) -> None:
        """Declare the outputs, do the work, and write and print what it has found."""
        from unsurprised.commands.applied import refuse_unwritable, write_applied
        from unsurprised.writing import own, standard_output
        from unsurprised.writing.recognition import json_of

        told = self.context.params
        saved = outputs.declare("--save", told["save"])
        rows = outputs.declare("--out", told["out"])
        if told["out"] is not None:
            refuse_unwritable(told["out"])
        report = outputs.declare("--json", told["json"], own(json_of("unsurprised.calibration")))
        page_file = declared_page(outputs, told["html"], "calibration")
        with asked_page(page_file, self.context.obj, read) as page:
            calibration = calibrated()
            if page is not None:
                page.write(calibration)
        held = calibration.calibrator
        if held is not None and saved is not None:
            saved.write_bytes(held.to_json().encode())
        if held is not None and rows is not None:
            write_applied(held, opened(), rows, quiet=told["quiet"])
        if report is not None:
            report.write(calibration.to_json())
        if outputs.print_report:
            with standard_output():
                written = list(
                    _written(calibration, told["save"], told["out"], quiet=told["quiet"])
                )
                _print(calibration, read, self.context, commands(), written)


def _print(
    calibration: Calibration,
    read: Read,
    context: typer.Context,
    commands: Mapping[str, Sequence[str]],
    written: Sequence[str],
) -> None:
    from unsurprised.commands.next_commands import screen_of
    from unsurprised.report.calibration.text import lines
    from unsurprised.report.terminal import put

    put(lines(calibration, screen_of(context, read.choices, commands), written))


def _next(reading: Reading, context: typer.Context, files: list[str]) -> dict[str, tuple[str, ...]]:
    """What can be done next, by name."""
    from unsurprised.commands.next_commands import next_command
    from unsurprised.errors import STANDARD_INPUT

    told = context.params
    methods = [word for method in told["method"] or [] for word in ("--method", method)]
    saved = told["save"] or "calibrator.json"
    found: dict[str, tuple[str, ...]] = {}
    if told["save"] is not None or STANDARD_INPUT not in files:  # else there is no way to save it
        more = (*_named(reading, told["classes"]), "--out", "calibrated.parquet")
        found["apply"] = next_command(context, "apply", [saved, "NEW_FILE"], *more)
    if told["html"] is None:
        page = ("--html", "calibration.html")
        found["html"] = next_command(context, "calibrate", files, *methods, *page)
    if told["save"] is None:
        found["save"] = next_command(context, "calibrate", files, *methods, "--save", saved)
    return found


def _named(reading: Reading, told: str | None) -> tuple[str, ...]:
    """The classes of one number a row, whose names only the labels tell: others may have none."""
    names = reading.class_names
    if reading.layout != "number" or told is not None or not names or "," in "".join(names):
        return ()
    return ("--classes", ",".join(names))


def _written(
    calibration: Calibration, save: str | None, out: str | None, *, quiet: bool
) -> Iterator[str]:
    """What was written, and, quiet or not, what was asked for and was not."""
    for what, target in (("the calibrator", save), ("the calibrated predictions", out)):
        if target is None:
            continue
        if calibration.calibrator is not None:
            if not quiet:
                yield f"Wrote {what}: {target}"
        else:
            yield f"Not written, since none helps: {target} (--method NAME takes one all the same)"
