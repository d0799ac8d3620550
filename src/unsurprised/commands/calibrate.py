"""``unsurprised calibrate``: parse, call, print."""

from __future__ import annotations

from typing import Annotated

import typer

from unsurprised.commands import options as cli_options
from unsurprised.commands.page import asked_page

HELP = (
    "Find what makes a model's predictions less surprised, and how sure that is.\n\n"
    "Tries temperature, vector, isotonic and other calibrators, each on rows that it was not "
    "fitted on, and says which to take: the simplest within one standard error of the best."
)
EPILOG = (
    "[bold]Examples[/bold]\n\n"
    "unsurprised calibrate held-out.parquet --save calibrator.json\n\n"
    "unsurprised calibrate held-out.parquet --method temperature --out calibrated.parquet\n\n"
    "unsurprised calibrate held-out.parquet --html calibration.html\n\n"
    "unsurprised calibrate turns.jsonl --kind logits --cluster conversation\n\n"
)

Method = Annotated[
    list[str] | None,
    typer.Option(
        "--method",
        metavar="NAME",
        show_default=False,
        help="What to try, repeatable: temperature, mixing, platt, beta, vector, structured, "
        "matrix, isotonic. One alone is taken whether it helps or not.",
    ),
]
Save = Annotated[
    str | None,
    typer.Option(
        "--save", metavar="CALIBRATOR", show_default=False, help="Write the calibrator as JSON."
    ),
]
Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        metavar="CALIBRATED",
        show_default=False,
        help="Write the rows with calibrated predictions: .parquet, .arrow, .csv, .tsv or .jsonl.",
    ),
]
Folds = Annotated[
    int, typer.Option("--folds", min=2, metavar="N", help="Into how many parts rows are put.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")]


def command(
    context: typer.Context,
    files: cli_options.Files,
    *,
    label: cli_options.Label = None,
    pred: cli_options.Pred = None,
    weight: cli_options.Weight = None,
    identity: cli_options.Identity = None,
    cluster: cli_options.Cluster = None,
    kind: cli_options.KindOption = None,
    truth: cli_options.Truth = None,
    join: cli_options.TruthJoin = cli_options.Join.exact,
    classes: cli_options.Classes = None,
    positive: cli_options.Positive = None,
    ignore_index: cli_options.IgnoreIndex = None,
    normalize: cli_options.Normalize = False,
    tolerance: cli_options.Tolerance = 1e-3,
    nulls: cli_options.NullsOption = cli_options.Nulls.error,
    method: Method = None,
    folds: Folds = 5,
    save: Save = None,
    out: Out = None,
    overwrite: Overwrite = False,
    json: cli_options.Json = None,
    html: cli_options.Html = None,
    base: cli_options.Base = "2",
    batch_rows: cli_options.BatchRows = None,
) -> None:
    """Calibrate, write what was asked for, print the report."""
    from unsurprised.calibration.calibrate import calibrate_reading
    from unsurprised.commands.apply import write_applied, written
    from unsurprised.errors import CallError
    from unsurprised.report.progress import RowProgress
    from unsurprised.sources import Options, open_predictions
    from unsurprised.writing import (
        STANDARD_OUTPUT,
        anything,
        checked_target,
        nothing,
        standard_output,
        write,
        write_bytes,
    )

    options = Options(
        label=label,
        pred=cli_options.pred_of(pred),
        kind=kind.value if kind else None,
        weight=weight,
        id=identity,
        cluster=cluster,
        truth=truth,
        join=join.value,
        classes=cli_options.classes_of(classes),
        positive=positive,
        ignore_index=ignore_index,
        normalize=normalize,
        tolerance=tolerance,
        nulls=nulls.value,
        batch_rows=batch_rows,
    )
    reading = open_predictions(files, options)
    replaceable = anything if overwrite else nothing
    for option, target in (("--save", save), ("--out", out)):
        if target is not None:
            checked_target(target, reading.files, option=option, replaceable=replaceable)
    if out is not None:
        written(out)
    report = None if json is None else checked_target(json, reading.files)
    if save is not None and STANDARD_OUTPUT == save == report:
        raise CallError("--save - and --json - cannot both go to standard output")
    with asked_page(html, context.obj, reading) as page:
        with RowProgress(reading.rows) as progress:
            calibration = calibrate_reading(
                reading,
                methods=method,
                folds=folds,
                base=cli_options.base_of(base),
                progress=progress,
            )
        if page is not None:
            from unsurprised.report.html.calibration import page as page_of

            page.write(lambda known: page_of(calibration, known))
    held = calibration.calibrator
    if held is not None and save is not None:
        write_bytes(held.to_json().encode(), save, "--save")
    if held is not None and out is not None:
        write_applied(held, reading, out)
    if report is not None:
        write(calibration.to_json(), report)
    if STANDARD_OUTPUT in (report, save):
        return
    from unsurprised.report.calibration import summary
    from unsurprised.report.text import choices

    with standard_output():
        print(choices(reading.choices), summary(calibration), sep="\n\n")
        for what, target in (("the calibrator", save), ("the calibrated predictions", out)):
            if target is not None:
                print(
                    f"Wrote {what}: {target}"
                    if held is not None
                    else f"Not written, since none helps: {target} (--method NAME takes one all "
                    "the same)"
                )
