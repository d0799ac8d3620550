"""``unsurprised apply``: parse, call, print."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from unsurprised.commands import options as cli_options
from unsurprised.commands.applied import calibrator_of, refuse_unwritable, write_applied
from unsurprised.commands.applied_plan import apply_planned
from unsurprised.commands.engines import Engine
from unsurprised.commands.panels import WRITES
from unsurprised.commands.planned import Part, PlanFile, only_plan
from unsurprised.commands.reading import files_read, keep_standard_input
from unsurprised.commands.words import Nulls
from unsurprised.errors import CallError

HELP = (
    "Apply a calibrator to a file of predictions; all other columns stay as they are.\n\n"
    "Reads and writes row by row, in little memory. The file appears whole or not at all."
)
EXAMPLES = (
    "unsurprised apply calibrator.json predictions.parquet --out calibrated.parquet",
    "unsurprised apply calibrator.json 'runs/*.csv' --pred p_ --out calibrated.csv --overwrite",
    "unsurprised apply calibrator.json --plan plan.json --part 3/40 --out calibrated.parquet",
    "unsurprised apply calibrator.json --plan plan.json --engine ray --out s3://bucket/c.parquet",
)


class WrittenScale(StrEnum):
    """How calibrated predictions are written."""

    probs = "probs"
    logprobs = "logprobs"


CalibratorFile = Annotated[
    str,
    typer.Argument(
        metavar="CALIBRATOR", show_default=False, help="What calibrate --save has written."
    ),
]
OutFile = Annotated[
    str,
    typer.Option(
        "--out",
        metavar="FILE",
        show_default=False,
        rich_help_panel=WRITES,
        help="The file to make: .parquet, .arrow, .csv, .tsv or .jsonl; with --plan one for each "
        "split, whose names begin so.",
    ),
]
As = Annotated[
    WrittenScale | None,
    typer.Option(
        "--as",
        metavar="probs|logprobs",
        show_default=False,
        rich_help_panel=WRITES,
        help="What to write; by default what the predictions were.",
    ),
]


def command(
    context: typer.Context,
    calibrator: CalibratorFile,
    files: cli_options.FilesOrPlan = None,
    *,
    out: OutFile,
    plan: PlanFile = None,
    part: Part = None,
    engine: Engine = None,
    written_as: As = None,
    overwrite: cli_options.Overwrite = False,
    form: cli_options.FormatOption = None,
    pred: cli_options.Pred = None,
    kind: cli_options.KindOption = None,
    classes: cli_options.Classes = None,
    positive: cli_options.Positive = None,
    normalize: cli_options.Normalize = False,
    tolerance: cli_options.Tolerance = 1e-3,
    nulls: cli_options.NullsOption = Nulls.error,
    batch_rows: cli_options.BatchRows = None,
    quiet: cli_options.Quiet = False,
) -> None:
    """Read, calibrate, write."""
    from unsurprised.commands.outputs import Outputs
    from unsurprised.report.choices import choices
    from unsurprised.sources import open_predictions
    from unsurprised.writing import standard_output

    kind_written = written_as.value if written_as else None
    if plan:
        apply_planned(context, calibrator, only_plan(plan), part, kind_written)
        return
    if part is not None:
        raise CallError(f"--part {part}: it goes with --plan, which unsurprised plan writes")
    if engine is not None:
        raise CallError(
            "--engine goes with --plan, of which each task writes files of its own; make a plan of "
            "the files first: unsurprised plan FILE... --no-label --out plan.json"
        )
    if not files:
        raise CallError("Missing argument 'FILE...', or --plan FILE")
    keep_standard_input(context, *files)
    held = calibrator_of(calibrator)
    reading = open_predictions(files, cli_options.options_of(context, labelled=False))
    read = [calibrator, *files_read(reading, classes=classes)]
    with Outputs(read, overwrite=overwrite) as outputs:
        target = outputs.declare("--out", out)
        refuse_unwritable(out)
        rows = write_applied(held, reading, target, kind_written, quiet=quiet)
        if quiet:
            return
        shown = {name: said for name, said in reading.choices.items() if name != "id"}
        done = f"{held.title[0].upper()}{held.title[1:]}: {rows:,} rows → {out}"
        with standard_output():
            print(choices(shown), done, sep="\n\n")
