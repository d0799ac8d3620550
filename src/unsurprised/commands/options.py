"""The options of the command line: what each is called, and what ``--help`` says of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unsurprised.errors import CallError

if TYPE_CHECKING:
    from unsurprised.sources import Options, Reading

_COLUMNS = "Which columns, e.g.  --label y --pred score_ --id key"
_MEANING = "What the numbers mean, e.g.  --kind logits --classes cat,dog"
_REPORT = "The report, e.g.  --base e --top 20 --json result.json"
_WORK = "How the file is read, e.g.  --batch-rows 4096"
#: Arguments of ``sources.Options`` that commands have under the same name, or another.
_OF_A_SOURCE = frozenset(
    ("label", "pred", "kind", "logprob", "weight", "id", "by", "cluster", "truth", "join",
     "classes", "positive", "ignore_index", "normalize", "tolerance", "nulls", "batch_rows")
)  # fmt: skip
_CALLED = {"identity": "id"}
#: Those that are one of some words.
_WORDS = {"kind", "join", "nulls"}


class Kind(StrEnum):
    """What the numbers of a prediction are."""

    probs = "probs"
    logits = "logits"
    logprobs = "logprobs"


class Nulls(StrEnum):
    """What to do with rows that have a null."""

    error = "error"
    skip = "skip"


Files = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE...",
        show_default=False,
        help="Predictions: Parquet, Arrow, CSV, JSONL, npz or npy; several files, a 'glob*' "
        "or a folder are read as one.",
    ),
]
Label = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        rich_help_panel=_COLUMNS,
        help="The truth: class indices or names, or lists of probabilities or of votes.",
    ),
]
Pred = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN|A,B,…",
        rich_help_panel=_COLUMNS,
        help="The prediction: a column of lists, of the probability of class 1, the "
        "prefix of one column a class, or the columns of the classes (A,B,… or several times "
        "--pred), or which column is which class: cat=A,dog=B.",
    ),
]
LogProb = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        rich_help_panel=_COLUMNS,
        help="Instead of --pred: the natural logarithm of the probability that what happened had.",
    ),
]
Weight = Annotated[
    str | None,
    typer.Option(metavar="COLUMN", rich_help_panel=_COLUMNS, help="Importance of each row."),
]
Identity = Annotated[
    str | None,
    typer.Option(
        "--id",
        metavar="COLUMN",
        rich_help_panel=_COLUMNS,
        help="What each row is called; makes the result the same in any order of the rows.",
    ),
]
By = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="COLUMN",
        rich_help_panel=_COLUMNS,
        help="Slice the rows by a column, numbers by quantiles; may be given several times.",
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN",
        rich_help_panel=_COLUMNS,
        help="Which rows belong together (documents, users): the intervals allow for it.",
    ),
]
KindOption = Annotated[
    Kind | None,
    typer.Option(
        show_default=False,
        rich_help_panel=_MEANING,
        help="What the prediction's numbers are; probs where nothing says otherwise.",
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(
        metavar="A,B,…|@FILE",
        rich_help_panel=_MEANING,
        help="Names of the classes in the order of the prediction.",
    ),
]
Positive = Annotated[
    str | None,
    typer.Option(
        metavar="CLASS",
        rich_help_panel=_MEANING,
        help="Of two classes, the one that 1, true and one number a row stand for.",
    ),
]
IgnoreIndex = Annotated[
    int | None,
    typer.Option(
        metavar="LABEL",
        rich_help_panel=_MEANING,
        help="The label of rows to be left out and counted, such as -100.",
    ),
]
Truth = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        rich_help_panel=_COLUMNS,
        help="Where the truth is, if not beside the predictions; rows with the same --id belong "
        "together.",
    ),
]


class Join(StrEnum):
    """What to do with rows that are in one file only."""

    exact = "exact"
    inner = "inner"


TruthJoin = Annotated[
    Join,
    typer.Option(
        "--join",
        rich_help_panel=_COLUMNS,
        help="With --truth, rows that are in one file only: an error, or left out and counted.",
    ),
]
Normalize = Annotated[
    bool,
    typer.Option(
        "--normalize",
        rich_help_panel=_MEANING,
        help="Accept rows of probabilities that do not sum to one.",
    ),
]
Tolerance = Annotated[
    float,
    typer.Option(
        metavar="X",
        rich_help_panel=_MEANING,
        help="How far from one the sum of a row may be.",
    ),
]
NullsOption = Annotated[
    Nulls,
    typer.Option(
        rich_help_panel=_MEANING,
        help="Rows with a null: an error, or skipped and counted.",
    ),
]
Json = Annotated[
    str | None,
    typer.Option(
        "--json",
        metavar="-|PATH",
        rich_help_panel=_REPORT,
        help="Write the result as JSON: alone on standard output (-), or to a file beside "
        "the report. What this command wrote there before is replaced.",
    ),
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        rich_help_panel=_REPORT,
        help="Replace files that exist, whatever they are.",
    ),
]
Html = Annotated[
    str | None,
    typer.Option(
        "--html",
        metavar="PAGE",
        rich_help_panel=_REPORT,
        help="Write the report as a page with charts, which holds all it needs.",
    ),
]
Top = Annotated[
    int,
    typer.Option(min=0, metavar="N", rich_help_panel=_REPORT, help="How many worst rows to show."),
]
Full = Annotated[
    bool,
    typer.Option(
        "--full", rich_help_panel=_REPORT, help="Print all of the report, not its first screen."
    ),
]
Base = Annotated[
    str,
    typer.Option(
        metavar="2|e|10",
        rich_help_panel=_REPORT,
        help="Base of the logarithm: 2 for bits, e for nats, 10 for hartleys.",
    ),
]
BatchRows = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        rich_help_panel=_WORK,
        help="Rows read at a time; the result is the same for any.",
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
    return {**found, **besides}


def options_of(context: typer.Context, **besides: Any) -> Options:
    """The options of a command's source."""
    from unsurprised.sources import Options  # pyarrow is slow

    return Options(**said(context, **besides))


def inputs(*readings: Reading, truth: str | None = None, classes: str | None = None) -> list[str]:
    """All files that a command reads, which its outputs must not be."""
    from unsurprised.sources.paths import expanded

    files = [file for reading in readings for file in reading.files]
    files += [] if truth is None else expanded([truth])[0]
    return [*files, *class_files(classes)]


def class_files(classes: str | None) -> list[str]:
    """The file that ``--classes @FILE`` names."""
    return [classes[1:]] if classes and classes.startswith("@") else []


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
