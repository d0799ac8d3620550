"""``unsurprised calibrate``: parse, call, print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from unsurprised.commands import options as cli_options
from unsurprised.commands.databases import Db, QueryText, files_of, names_of, source_of
from unsurprised.commands.page import asked_page, declared_page
from unsurprised.commands.panels import MEASURES, WRITES
from unsurprised.commands.reading import files_read, keep_standard_input, row_progress
from unsurprised.commands.words import Join, Nulls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from unsurprised.calibration.result import Calibration
    from unsurprised.sources import Reading

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
)

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
    files: cli_options.FilesOrPlan = None,
    *,
    db: Db = None,
    query: QueryText = None,
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
    from unsurprised.calibration.calibrate import calibrate_reading
    from unsurprised.commands.applied import refuse_unwritable, write_applied
    from unsurprised.commands.outputs import Outputs
    from unsurprised.sources import open_predictions
    from unsurprised.writing import own, standard_output
    from unsurprised.writing.recognition import json_of

    source = source_of(context, files)
    files = names_of(source)
    keep_standard_input(context, *files, truth)
    reading = open_predictions(source, cli_options.options_of(context))
    logarithm = cli_options.base_of(base)
    read = [*files_read(reading, truth=truth, classes=classes), *files_of(context, source)]
    with Outputs(read, overwrite=overwrite) as outputs:
        saved = outputs.declare("--save", save)
        rows = outputs.declare("--out", out)
        if out is not None:
            refuse_unwritable(out)
        report = outputs.declare("--json", json, own(json_of("unsurprised.calibration")))
        with asked_page(declared_page(outputs, html, "calibration"), context.obj, reading) as page:
            with row_progress(reading, quiet=quiet) as progress:
                calibration = calibrate_reading(
                    reading, methods=method, folds=folds, base=logarithm, progress=progress
                )
            if page is not None:
                page.write(calibration)
        held = calibration.calibrator
        if held is not None and saved is not None:
            saved.write_bytes(held.to_json().encode())
        if held is not None and rows is not None:
            write_applied(held, reading, rows, quiet=quiet)
        if report is not None:
            report.write(calibration.to_json())
        if outputs.print_report:
            with standard_output():
                written = list(_written(calibration, save, out, quiet=quiet))
                _print(calibration, reading, context, files, written)


def _print(
    calibration: Calibration,
    reading: Reading,
    context: typer.Context,
    files: list[str],
    written: Sequence[str],
) -> None:
    from unsurprised.commands.next_commands import screen_of
    from unsurprised.report.calibration.text import lines
    from unsurprised.report.terminal import put

    commands = _next(reading, context, files)
    put(lines(calibration, screen_of(context, reading.choices, commands), written))


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
