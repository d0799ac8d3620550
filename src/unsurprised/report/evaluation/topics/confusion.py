"""What confusions cost, class by class."""

from __future__ import annotations

import math

from unsurprised.evaluation.result import Evaluation
from unsurprised.report.drawing.palette import PAGE
from unsurprised.report.evaluation.tables import sampled
from unsurprised.report.evaluation.topics import confusion_chart as confusion
from unsurprised.report.numbers import share
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import Chart, Section, Table, amount, named, percent

_MOST_PAIRS = 20


def section(evaluation: Evaluation) -> Section | None:
    """The table as a chart, and the pairs that cost most."""
    cells = confusion.cells(evaluation)
    if not cells:
        return None
    costly = sorted(cells, key=lambda cell: -cell.cost)[:_MOST_PAIRS]
    table = Table(
        "What costs most",
        ["what happened", "predicted", f"{evaluation.unit} a row", "share"],
        [
            [named(cell.label), named(cell.predicted), amount(cell.cost), percent(cell.share)]
            for cell in costly
            if cell.cost > 0
        ],
        names=2,
    )
    chart = Chart(
        "confusion",
        f"{evaluation.unit.capitalize()} a row, by what happened and what the model favoured",
        spec(confusion.chart(evaluation, PAGE), fills=False),
        table,
        shape="fixed",
    )
    says = [_says(cells), sampled(evaluation)]
    return Section(
        "confusion",
        "Which classes are confused?",
        [line for line in says if line],
        [chart],
        advice=ADVICE,
        terms=TERMS,
    )


def _says(cells: list[confusion.Cell]) -> str:
    """The one confusion that costs most, and what the rows that were right cost."""
    wrong = [cell for cell in cells if cell.label != cell.predicted]
    right = sum(cell.share for cell in cells if cell.label == cell.predicted)
    worst = max(wrong, key=lambda cell: cell.cost, default=None)
    if worst is None or not worst.cost > 0 or math.isnan(worst.share):
        return ""
    return (
        f"The costliest confusion is “{worst.label}” taken for “{worst.predicted}”: "
        f"{share(worst.share)} of all bits. Rows whose top class is right hold {share(right)}."
    )


ADVICE = (
    "Look at rows of the costliest pair among the worst rows below: are their labels right? Do the "
    "two classes differ in what the model is shown?"
)
TERMS = (
    (
        "bits a row",
        "The surprisal of all rows of one class whose top class is the other, divided by the "
        "number of all rows: the table adds up to the cross-entropy.",
    ),
)
