"""The rows that surprised the model most."""

from __future__ import annotations

from unsurprised.evaluation.records import WorstRow
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.numbers import ABSENT, counted, number, printable, share
from unsurprised.report.pages.parts import Cell, HtmlTable, Section, amount, named, percent
from unsurprised.report.tables import TextTable

TITLE = "The rows with the largest surprisal"
#: More rows are in the JSON; a page must stay small.
_MOST_ROWS = 300


def table(evaluation: Evaluation, most: int | None = None) -> TextTable:
    """The rows for texts; columns without content are left out."""
    listed = evaluation.worst_rows[:most]
    header = ["file", "row", "label", "predicted", "confidence", evaluation.unit]
    rows = [
        [
            _optional(row.file, 40),
            printable(row.id, 24, tail=12),
            _optional(row.label),
            _optional(row.predicted),
            ABSENT if row.confidence is None else share(row.confidence),
            number(row.surprisal),
        ]
        for row in listed
    ]
    several = len({row.file for row in listed}) > 1
    kept = [
        index
        for index, name in enumerate(header)
        if any(row[index] != ABSENT for row in rows) and (name != "file" or several)
    ]
    return TextTable(
        TITLE,
        [header[index] for index in kept],
        [[row[index] for index in kept] for row in rows],
        names=sum(index < 4 for index in kept),
    )


def _optional(text: str | None, width: int = 20) -> str:
    return ABSENT if text is None else printable(text, width)


def section(evaluation: Evaluation) -> Section | None:
    """A table to sort and to search."""
    rows = evaluation.worst_rows[:_MOST_ROWS]
    if not rows:
        return None
    files = {row.file for row in rows}
    header = ["row", f"surprisal, {evaluation.unit}", "confidence", "label", "predicted",
              "top classes", "file"]  # fmt: skip
    cells = [_row(row) for row in rows]
    kept = [
        index
        for index, name in enumerate(header)
        if any(row[index].text != ABSENT for row in cells) and (name != "file" or len(files) > 1)
    ]
    left = len(evaluation.worst_rows) - len(rows)
    listed = HtmlTable(
        "Worst rows",
        [header[index] for index in kept],
        [[row[index] for index in kept] for row in cells],
        f"{counted(left, 'row')} more in the JSON." if left else "",
        words=sum(index > 2 for index in kept),
        keeps=2,
        sortable=True,
        searchable=True,
    )
    says = []
    if evaluation.infinite_rows:
        says.append(
            f"{counted(evaluation.infinite_rows, 'row')} alone make the mean infinite: the model "
            "gave probability 0 to what happened. They come first, the worst of the others after."
        )
    return Section("worst", "The worst rows", says, tables=[listed], advice=ADVICE, terms=TERMS)


def _row(row: WorstRow) -> list[Cell]:
    counted_id = isinstance(row.id, int)
    return [
        Cell(printable(row.id, 60, tail=30), str(row.id) if counted_id else None),
        amount(row.surprisal),
        percent(row.confidence),
        named(row.label),
        named(row.predicted),
        Cell(_leaders(row)),
        named(row.file),
    ]


def _leaders(row: WorstRow) -> str:
    shown = [f"{printable(held.name, 24)}: {share(held.probability)}" for held in row.leaders]
    return ", ".join(shown) or ABSENT


ADVICE = (
    "Read a few of these rows. Where the label is wrong, mend it; where the model is sure and "
    "wrong, look for more rows of that kind; where nobody could know, a calibrated model says so."
)
TERMS = (
    ("worst rows", "Rows by surprisal, −log q(y), the largest first; ties by id."),
    ("top classes", "The three classes that the model held most likely."),
)
