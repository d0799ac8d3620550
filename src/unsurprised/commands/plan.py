"""``unsurprised plan``: parse, call, print."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from unsurprised.commands import options as cli_options
from unsurprised.commands import text_options
from unsurprised.commands.outputs import Outputs
from unsurprised.commands.panels import HOLDS, MEASURES, WRITES
from unsurprised.commands.planned_drift import plan_drift
from unsurprised.commands.reading import files_read
from unsurprised.commands.words import Join, Nulls
from unsurprised.errors import STANDARD_INPUT, CallError
from unsurprised.writing import own, standard_output
from unsurprised.writing.recognition import json_of

if TYPE_CHECKING:
    from unsurprised.evaluation.plans import Plan

HELP = (
    "Plan how files are evaluated in parts, on any machines, to the bytes of one.\n\n"
    "Looks at the files as evaluate does, and writes down what it finds: which columns mean what, "
    "the classes, the bins of slices, the parts, and what tells each file from another. Then "
    "evaluate --plan reads one part of them, wherever it runs, and merge puts the parts together."
)
EXAMPLES = (
    "unsurprised plan 'runs/*.parquet' --by country --out plan.json",
    "unsurprised plan predictions --label y --id key --out plan.json",
    "unsurprised plan 'january/*.parquet' --drift --out plan.json",
)

Files = Annotated[
    list[str],
    typer.Argument(metavar="FILE...", show_default=False, help=f"{cli_options.NAMED_FILES}."),
]
Out = Annotated[
    str,
    typer.Option(
        "--out",
        metavar="FILE|-",
        show_default=False,
        rich_help_panel=WRITES,
        help="Where to write the plan; - is standard output. A plan that is there is replaced.",
    ),
]
NoLabel = Annotated[
    bool,
    typer.Option(
        "--no-label",
        rich_help_panel=HOLDS,
        help="The rows have no label: the plan is for apply alone.",
    ),
]
Drift = Annotated[
    bool,
    typer.Option(
        "--drift",
        rich_help_panel=HOLDS,
        help="Plan how all columns are counted, for drift alone; with --pred the predictions too.",
    ),
]
Expect = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="NUMBER",
        show_default=False,
        rich_help_panel=MEASURES,
        help="How many rows will count, by default all; 0 where most are left out, or ids are far "
        "from distinct: each part then keeps a whole sample.",
    ),
]


def command(
    context: typer.Context,
    files: Files,
    *,
    out: Out,
    label: cli_options.Label = None,
    no_label: NoLabel = False,
    drift: Drift = False,
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
    expect: Expect = None,
    overwrite: cli_options.Overwrite = False,
    top: cli_options.Top = 10,
    batch_rows: cli_options.BatchRows = None,
    quiet: cli_options.Quiet = False,
) -> None:
    """Look at the files, write the plan, say how to go on."""
    from unsurprised.evaluation.plans.making import planned  # pyarrow is slow
    from unsurprised.sources import open_predictions

    if STANDARD_INPUT in (*files, truth):
        raise CallError("a plan is for files, which others open too; expected no - among them")
    if drift:
        plan_drift(context, files)
        return
    if no_label and label is not None:
        raise CallError("--no-label and --label contradict each other; expected one of them")
    options = cli_options.options_of(context, labelled=not no_label)
    reading = open_predictions(files, options)
    with Outputs(files_read(reading, truth=truth, classes=classes), overwrite=overwrite) as outputs:
        target = outputs.declare("--out", out, own(json_of("unsurprised.plan")))
        made = planned(reading, options, top, expect=expect, source=files)
        target.write(made.to_json())
        if outputs.print_report and not quiet:
            with standard_output():
                print("\n".join(_told(made, out, labelled=not no_label)))


def _told(made: Plan, out: str, *, labelled: bool) -> Iterator[str]:
    """What was planned, and the commands that go on from it."""
    from unsurprised.report.numbers import counted

    rows = "" if made.rows is None else f", {counted(made.rows, 'row')}"
    splits = f"{counted(len(made.splits), 'split')} of {counted(len(made.files), 'file')}{rows}"
    done = "evaluated" if labelled else "calibrated"
    yield f"{splits}, to be {done} in up to {counted(len(made.splits), 'part')}"
    parts, name = min(4, len(made.splits)), shlex.quote(out)
    if not labelled:
        yield (
            f"  unsurprised apply CALIBRATOR --plan {name} --part 1/{parts} "
            "--out calibrated.parquet"
        )
        return
    yield f"  unsurprised evaluate --plan {name} --part 1/{parts} --state 1.state"
    yield "  unsurprised merge *.state"
