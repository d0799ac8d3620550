"""The options of the command line: what each is called, and what ``--help`` says of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unsurprised.commands.completion import columns
from unsurprised.commands.panels import HOLDS, MEANS, MEASURES, SHOWS, WRITES
from unsurprised.commands.words import InputFormat, Join, Kind, Nulls
from unsurprised.errors import CallError

if TYPE_CHECKING:
    from unsurprised.sources import Options

#: Arguments of ``sources.Options`` that commands have under the same name, or another.
_OF_A_SOURCE = frozenset(
    ("label", "pred", "kind", "logprob", "weight", "id", "by", "cluster", "truth", "join",
     "classes", "positive", "ignore_index", "normalize", "tolerance", "nulls", "batch_rows",
     "units", "unknown")
)  # fmt: skip
_CALLED = {"identity": "id"}
#: Those that are one of some words.
_WORDS = {"kind", "join", "nulls"}

NAMED_FILES = (
    "Predictions: Parquet, Arrow, CSV, TSV, JSON lines, npz or npy. Several files, a 'glob*' or a "
    "folder are read as one"
)
_FILES = f"{NAMED_FILES}; - is standard input."
Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        show_default=False,
        help=_FILES,
    ),
]
FilesOrPlan = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE...",
        show_default=False,
        help=_FILES,
    ),
]
Label = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        autocompletion=columns,
        rich_help_panel=HOLDS,
        help="The truth: class indices or names, or lists of probabilities or of votes.",
    ),
]
Pred = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN",
        autocompletion=columns,
        rich_help_panel=HOLDS,
        help="The prediction: a column of lists or of the probability of class 1; the prefix of "
        "one column a class; or the columns of the classes, as A,B,C, as cat=A,dog=B, or by "
        "several times --pred.",
    ),
]
LogProb = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        autocompletion=columns,
        rich_help_panel=HOLDS,
        help="In place of --pred: the natural logarithm of the probability of the observed class.",
    ),
]
Weight = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        autocompletion=columns,
        rich_help_panel=HOLDS,
        help="The importance weight of a row.",
    ),
]
Identity = Annotated[
    str | None,
    typer.Option(
        "--id",
        metavar="COLUMN",
        autocompletion=columns,
        rich_help_panel=HOLDS,
        help="The name of a row; makes the result the same in any order of the rows.",
    ),
]
Truth = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        rich_help_panel=HOLDS,
        help="Where the truth is, if not beside the predictions; rows are joined by --id.",
    ),
]
TruthJoin = Annotated[
    Join,
    typer.Option(
        "--join",
        metavar="exact|inner",
        rich_help_panel=HOLDS,
        help="With --truth, rows that are in one file only: an error, or left out and counted.",
    ),
]
FormatOption = Annotated[
    InputFormat | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        show_default=False,
        rich_help_panel=HOLDS,
        help="What standard input (-) holds, where its first bytes do not tell: parquet, arrow, "
        "csv, tsv, jsonl or npz.",
    ),
]
KindOption = Annotated[
    Kind | None,
    typer.Option(
        "--kind",
        metavar="KIND",
        show_default=False,
        rich_help_panel=MEANS,
        help="The prediction's numbers: probs, logits or logprobs; probs where nothing says "
        "otherwise.",
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(
        metavar="NAMES|@FILE",
        rich_help_panel=MEANS,
        help="Names of the classes in the order of the prediction, with commas between them; or a "
        "file with a name a line.",
    ),
]
Positive = Annotated[
    str | None,
    typer.Option(
        metavar="CLASS",
        rich_help_panel=MEANS,
        help="Of two classes, the positive one: what 1, true and one number a row stand for.",
    ),
]
IgnoreIndex = Annotated[
    int | None,
    typer.Option(
        metavar="LABEL",
        rich_help_panel=MEANS,
        help="The label of rows to be left out and counted, such as -100.",
    ),
]
Normalize = Annotated[
    bool,
    typer.Option(
        "--normalize",
        rich_help_panel=MEANS,
        help="Divide rows of probabilities that do not sum to 1 by their sum.",
    ),
]
Tolerance = Annotated[
    float,
    typer.Option(
        metavar="NUMBER",
        rich_help_panel=MEANS,
        help="How far from 1 the sum of a row may be.",
    ),
]
NullsOption = Annotated[
    Nulls,
    typer.Option(
        "--nulls",
        metavar="error|skip",
        rich_help_panel=MEANS,
        help="Rows with a missing value: an error, or skipped and counted.",
    ),
]
By = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="COLUMN",
        autocompletion=columns,
        rich_help_panel=MEASURES,
        help="Slice the rows by a column, numbers by quantiles; may be given several times.",
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        autocompletion=columns,
        rich_help_panel=MEASURES,
        help="Rows that are not independent (of one document, one user): the confidence intervals "
        "allow for it.",
    ),
]
Json = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="FILE|-",
        rich_help_panel=WRITES,
        help="Write the result as JSON: to a file beside the report, or alone on standard output "
        "(-). What this command wrote there before is replaced.",
    ),
]
Html = Annotated[
    str | None,
    typer.Option(
        "--html",
        metavar="FILE",
        rich_help_panel=WRITES,
        help="Write the report as a page with charts, in one file that needs no other.",
    ),
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        rich_help_panel=WRITES,
        help="Replace files that exist, whatever they are.",
    ),
]
Top = Annotated[
    int,
    typer.Option(min=0, metavar="NUMBER", rich_help_panel=SHOWS, help="How many worst rows."),
]
Full = Annotated[
    bool,
    typer.Option(
        "--full", rich_help_panel=SHOWS, help="Print all of the report, not its first screen."
    ),
]
Base = Annotated[
    str,
    typer.Option(
        metavar="2|e|10",
        rich_help_panel=SHOWS,
        help="Base of the logarithm: 2 for bits, e for nats, 10 for hartleys.",
    ),
]
BatchRows = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="NUMBER",
        rich_help_panel=SHOWS,
        help="Rows read at a time; the result is the same for any.",
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "--quiet",
        "-q",
        rich_help_panel=SHOWS,
        help="Print the results alone: no progress bar, and nothing of what was read or written.",
    ),
]


def said(context: typer.Context, **besides: Any) -> dict[str, Any]:
    """What a command was told of its source, as :class:`~unsurprised.sources.Options` calls it.

    A command takes what it does not know of ``besides`` the options, which these replace.
    """
    given = {_CALLED.get(name, name): value for name, value in context.params.items()}
    found = {name: value for name, value in given.items() if name in _OF_A_SOURCE}
    for name in _WORDS & found.keys():
        found[name] = None if found[name] is None else str(found[name])
    if "pred" in found:
        found["pred"] = pred_of(found["pred"])
    if "classes" in found:
        found["classes"] = classes_of(found["classes"])
    if "by" in found:
        found["by"] = tuple(found["by"] or ())
    if found.get("unknown") is None:
        found.pop("unknown", None)
    return {**found, **besides}


def options_of(context: typer.Context, **besides: Any) -> Options:
    """The options of a command's source."""
    from unsurprised.sources import Options  # pyarrow is slow

    return Options(**said(context, **besides))


def base_of(text: str) -> float:
    """``2``, ``e``, ``10``, or any number above 1."""
    try:
        base = math.e if text.strip().lower() == "e" else float(text)
    except ValueError:
        base = math.nan
    if not 1 < base < math.inf:
        raise CallError(f"--base {text}: no base of a logarithm; expected 2, e, 10 or any above 1")
    return base


def pred_of(columns: Sequence[str] | None) -> str | tuple[str, ...] | None:
    """One column (or prefix, or list with commas) as it is; several as those of the classes."""
    if not columns:
        return None
    return columns[0] if len(columns) == 1 else tuple(columns)


def classes_of(text: str | None) -> list[str] | None:
    """Names with commas between them, or ``@FILE`` with a name a line."""
    if text is None:
        return None
    if not text.startswith("@"):
        return [name.strip() for name in text.split(",")]
    try:
        lines = Path(text[1:]).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise CallError(f"--classes {text}: cannot be read: {error}") from None
    return [line.strip() for line in lines if line.strip()]
