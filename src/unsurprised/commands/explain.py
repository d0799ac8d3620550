"""``unsurprised explain``: parse, call, print."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unsurprised.commands import options as cli_options
from unsurprised.commands.completion import columns
from unsurprised.commands.explain_rows import (
    FileRow,
    WrittenRow,
    kinds_of,
    row_of,
    row_of_file,
    written,
)
from unsurprised.commands.outputs import Outputs
from unsurprised.commands.page import asked_page, declared_page
from unsurprised.commands.panels import HOLDS, MEANS, MEASURES, WRITES
from unsurprised.commands.reading import class_files, keep_standard_input
from unsurprised.errors import CallError, InputError
from unsurprised.report.numbers import printable
from unsurprised.writing import own, standard_output
from unsurprised.writing.recognition import json_of

if TYPE_CHECKING:
    from unsurprised.explanation import Explanation
    from unsurprised.report.screen import Line
    from unsurprised.sources import Options
    from unsurprised.writing import Target

HELP = (
    "Explain entropy, cross-entropy, KL divergence or surprisal, outcome by outcome.\n\n"
    "P alone explains an entropy; P and Q the cross-entropy and the KL divergence; --label, or one "
    "FILE:ROW, the surprisal of the observed outcome."
)
EXAMPLES = (
    "unsurprised explain 1/2,1/4,1/4",
    "unsurprised explain 0.5,0.5 0.1,0.9 --names heads,tails",
    "unsurprised explain 99%,1% --label 1",
    "unsurprised explain -1.5,2,0.3 --kind logits --base e",
    "unsurprised explain predictions.parquet:17 --chart row17.html",
    "unsurprised explain old.parquet:17 new.parquet:17 --json -",
)
#: So that ``-1.5,2`` is a row; what looks like an option and is none is refused below.
CONTEXT = {"ignore_unknown_options": True}

#: A row of standard input.
_PIPED = re.compile(r"-:-?\d+")
#: The beginning of a row whose first number is negative.
_NEGATIVE = re.compile(r"-(\d|\.\d|inf)", re.IGNORECASE)

Rows = Annotated[
    list[str],
    typer.Argument(
        metavar="P [Q]",
        show_default=False,
        help="Rows: numbers with commas between them (0.25, 1/4, 25%, 2.5e-1), or FILE:ROW, the "
        "prediction in a row, counted from 0, of a file that evaluate reads (- is standard input).",
    ),
]
Label = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        autocompletion=columns,
        rich_help_panel=MEANS,
        help="Of numbers: the observed outcome, its index or name. Of a file: the column of the "
        "truth.",
    ),
]
Kinds = Annotated[
    str | None,
    typer.Option(
        "--kind",
        metavar="KIND",
        rich_help_panel=MEANS,
        help="What the numbers are: probs, logits, logprobs or counts; or one kind for each row, "
        "such as counts,logits. probs where nothing says otherwise.",
    ),
]
Names = Annotated[
    str | None,
    typer.Option(
        "--names",
        "--classes",
        metavar="NAMES|@FILE",
        rich_help_panel=MEANS,
        help="Names of the outcomes in the order of the numbers, with commas between them; or a "
        "file with a name a line.",
    ),
]
Pred = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        autocompletion=columns,
        rich_help_panel=HOLDS,
        help="Of a file, the prediction: a column of lists, of the probability of class 1, or the "
        "prefix of one column a class.",
    ),
]
Smooth = Annotated[
    float,
    typer.Option(
        metavar="NUMBER",
        rich_help_panel=MEASURES,
        help="Say what smoothing Q with this share of the uniform distribution costs and saves.",
    ),
]
Chart = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        rich_help_panel=WRITES,
        help="Write a chart of the code lengths: .html, .png, .svg or .json (Vega-Lite).",
    ),
]


def command(
    context: typer.Context,
    rows: Rows,
    *,
    form: cli_options.FormatOption = None,
    label: Label = None,
    kind: Kinds = None,
    names: Names = None,
    normalize: cli_options.Normalize = False,
    tolerance: cli_options.Tolerance = 1e-3,
    pred: Pred = None,
    smooth: Smooth = 0.01,
    base: cli_options.Base = "2",
    json: cli_options.Json = None,
    html: cli_options.Html = None,
    chart: Chart = None,
    full: cli_options.Full = False,
    overwrite: cli_options.Overwrite = False,
    quiet: cli_options.Quiet = False,
) -> None:
    """Explain the rows, print the table, write the JSON, the page and the chart."""
    found = [written(text) for text in _checked(rows)]
    _check_columns(found, label, pred)
    keep_standard_input(context, *{row.file for row in found})
    classes = cli_options.classes_of(names)
    given: list[Any] = []
    for row, its_kind in zip(found, kinds_of(kind, len(found)), strict=True):
        if row.file:
            options = _options(
                label=label,
                pred=pred,
                kind=its_kind,
                classes=classes,
                normalize=normalize,
                tolerance=tolerance,
                labelled=len(found) == 1,
            )
            given.append(row_of_file(row, options))
        else:
            given.append(row_of(row, its_kind, normalize=normalize, tolerance=tolerance))
    logarithm = cli_options.base_of(base)
    of_files = [row for row in given if isinstance(row, FileRow)]
    read = [row.file for row in of_files]
    read += class_files(names)
    with Outputs(read, overwrite=overwrite) as outputs:
        report = outputs.declare("--json", json, own(json_of("unsurprised.explanation")))
        drawn = None if chart is None else _chart_target(outputs, chart)
        target = declared_page(outputs, html, "explanation")
        with asked_page(target, context.obj, *of_files) as page:
            explanation = _explained(given, label, classes, epsilon=smooth, base=logarithm)
            if page is not None:
                page.write(explanation)
        if report is not None:
            report.write(explanation.to_json())
        if drawn is not None:
            from unsurprised.report.explanation.chart import ending_of, rendered

            drawn.write_bytes(rendered(explanation, ending_of(drawn.name)))
        if outputs.print_report:
            with standard_output():
                _print(explanation, [] if quiet else of_files, context, rows)


def _checked(rows: list[str]) -> list[str]:
    for row in rows:
        if row.startswith("-") and not _NEGATIVE.match(row) and not _PIPED.fullmatch(row):
            raise CallError(f"no such option: {row}; see unsurprised explain --help")
    if len(rows) > 2:
        raise CallError(
            f"{len(rows)} rows are given; expected one or two, the numbers of each with commas "
            "between them and no spaces: 0.5,0.5 0.1,0.9"
        )
    return rows


def _check_columns(rows: list[WrittenRow], label: str | None, pred: str | None) -> None:
    if label is not None and len(rows) > 1:
        raise CallError(
            "--label says what happened under one row (of a file: where that stands), and two rows "
            "are given; leave it out, or one of them"
        )
    if pred is not None and not any(row.file for row in rows):
        raise CallError("--pred is for rows of files, FILE:ROW; leave it out")


def _options(
    *,
    label: str | None,
    pred: str | None,
    kind: str | None,
    classes: list[str] | None,
    normalize: bool,
    tolerance: float,
    labelled: bool,
) -> Options:
    from unsurprised.sources import Options  # pyarrow is slow

    if kind == "counts":
        raise CallError(
            "--kind counts: the predictions of a file are probs, logits or logprobs; of two rows "
            "each may have its own kind: --kind counts,probs"
        )
    return Options(
        label=label,
        pred=pred,
        kind=kind,
        classes=classes,
        normalize=normalize,
        tolerance=tolerance,
        labelled=labelled,
        nulls="skip",  # other rows' nulls are no concern of this one
    )


def _chart_target(outputs: Outputs, chart: str) -> Target:
    from unsurprised.report.explanation.chart import ending_of

    ending_of(chart)
    return outputs.declare("--chart", chart)


def _explained(
    given: list[Any],
    label: str | None,
    classes: list[str] | None,
    *,
    epsilon: float,
    base: float,
) -> Explanation:
    from unsurprised.explanation import explain

    files = [row for row in given if isinstance(row, FileRow)]
    try:
        return explain(
            *_arguments(given, label, classes),
            names=_names(files, classes),
            epsilon=epsilon,
            base=base,
        )
    except InputError as error:
        raise _placed(error, given) from None


def _arguments(given: list[Any], label: str | None, classes: list[str] | None) -> list[Any]:
    """The arguments of ``explain``."""
    (only, *more) = given
    if more:
        return [row.model if isinstance(row, FileRow) else row for row in given]
    if isinstance(only, FileRow):
        return [only.truth, only.model]
    if label is None:
        return [only]
    is_index = re.fullmatch(r"[+-]?\d+", label) and label not in (classes or ())
    return [int(label) if is_index else label, only]


def _names(files: list[FileRow], classes: list[str] | None) -> Any:
    """The names of the outcomes, which two files must agree on."""
    known = [row.names for row in files if row.names is not None]
    if classes is not None or not known:
        return classes
    if len(set(known)) > 1:
        one, other = files[:2]
        raise CallError(
            f"the classes of {one.file} are not those of {other.file}; expected the same names in "
            "the same order: say it with --classes"
        )
    return known[0]


def _placed(error: InputError, given: list[Any]) -> InputError:
    """The error with the file and the row in place of the argument's name, and with its remedy."""
    if error.remedy and "Counts(…)" in error.remedy:
        remedy = error.remedy.replace("Counts(…)", "Counts(…) (--kind counts)")
        error = InputError(error.found, expected=error.expected, remedy=remedy, place=error.place)
    argument = error.place.file
    number = len(given) - 1 if argument != "p" else 0
    row = given[number]
    if not isinstance(row, FileRow):
        return error
    return error.located(file=row.file, row=row.row)


def _print(
    explanation: Explanation, files: list[FileRow], context: typer.Context, rows: list[str]
) -> None:
    from unsurprised.commands.next_commands import next_command, screen_of
    from unsurprised.report.choices import choice_lines
    from unsurprised.report.explanation.text import lines
    from unsurprised.report.screen import line, wrapped
    from unsurprised.report.terminal import put

    commands = {"full": next_command(context, "explain", rows, "--full")}
    if context.params["html"] is None:
        commands["html"] = next_command(context, "explain", rows, "--html", "row.html")
    screen = screen_of(context, {}, commands)
    taken: list[Line] = []
    for row in files:
        taken += [line()] * bool(taken)
        taken += wrapped(f"{printable(row.file)}, row {row.row}", screen.width, "dim")
        taken += choice_lines(row.choices, screen.width)
    put(lines(explanation, replace(screen, taken=tuple(taken))))
