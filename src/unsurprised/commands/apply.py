"""``unsurprised apply``: parse, call, print."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from unsurprised.commands import options as cli_options

if TYPE_CHECKING:
    from unsurprised.calibrators import Calibrator
    from unsurprised.sources import Reading
    from unsurprised.writing import Target

HELP = (
    "Send a file of predictions through a calibrator; all other columns stay as they are.\n\n"
    "Reads and writes row by row, in little memory. The file appears whole or not at all."
)
EPILOG = (
    "[bold]Examples[/bold]\n\n"
    "unsurprised apply calibrator.json predictions.parquet --out calibrated.parquet\n\n"
    "unsurprised apply calibrator.json 'runs/*.csv' --pred p_ --out calibrated.csv --overwrite\n\n"
)


class Written(StrEnum):
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
        metavar="CALIBRATED",
        show_default=False,
        help="The file to make: .parquet, .arrow, .csv, .tsv or .jsonl.",
    ),
]
As = Annotated[
    Written | None,
    typer.Option(
        "--as", show_default=False, help="What to write; what the predictions were by default."
    ),
]


def command(
    calibrator: CalibratorFile,
    files: cli_options.Files,
    *,
    out: OutFile,
    written_as: As = None,
    overwrite: cli_options.Overwrite = False,
    pred: cli_options.Pred = None,
    kind: cli_options.KindOption = None,
    classes: cli_options.Classes = None,
    normalize: cli_options.Normalize = False,
    tolerance: cli_options.Tolerance = 1e-3,
    nulls: cli_options.NullsOption = cli_options.Nulls.error,
    batch_rows: cli_options.BatchRows = None,
) -> None:
    """Read, calibrate, write."""
    from unsurprised.calibrators import load
    from unsurprised.report.choices import choices
    from unsurprised.sources import Options, open_predictions
    from unsurprised.writing import Outputs, standard_output

    held = load(calibrator)
    options = Options(
        pred=cli_options.pred_of(pred),
        kind=kind.value if kind else None,
        classes=cli_options.classes_of(classes),
        normalize=normalize,
        tolerance=tolerance,
        nulls=nulls.value,
        labelled=False,
        batch_rows=batch_rows,
    )
    reading = open_predictions(files, options)
    read = [calibrator, *cli_options.inputs(reading, classes=classes)]
    with Outputs(read, overwrite=overwrite) as outputs:
        target = outputs.declare("--out", out)
        written(out)
        rows = write_applied(held, reading, target, written_as.value if written_as else None)
        shown = {name: said for name, said in reading.choices.items() if name != "id"}
        done = f"{held.title[0].upper()}{held.title[1:]}: {rows:,} rows → {out}"
        with standard_output():
            print(choices(shown), done, sep="\n\n")


def written(out: str) -> None:
    """Raises unless the ending of ``out`` names a format that can be written."""
    from unsurprised.errors import CallError
    from unsurprised.writers import check_format
    from unsurprised.writing import STANDARD_OUTPUT

    if out == STANDARD_OUTPUT:
        raise CallError("--out -: predictions go to a file; name one, such as calibrated.parquet")
    check_format(out)


def write_applied(
    calibrator: Calibrator, reading: Reading, out: Target, kind: str | None = None
) -> int:
    """Write a source's rows with calibrated predictions; how many they were."""
    from unsurprised.calibration.apply import apply_reading
    from unsurprised.report.progress import RowProgress

    with out.file() as path, RowProgress(reading.rows) as progress:
        return apply_reading(calibrator, reading, path, out.name, kind=kind, progress=progress)
