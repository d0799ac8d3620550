"""What confusions cost, class by class."""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unsurprised.evaluation.result import Evaluation
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
from unsurprised.report.drawing.parts import distinct, inline, layered, names_axis, tooltips
from unsurprised.report.evaluation import sentences
from unsurprised.report.numbers import ABSENT, number, printable, share
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import Chart, HtmlTable, Section, amount, named, percent
from unsurprised.report.tables import TextTable

if TYPE_CHECKING:
    import altair as alt

#: Pairs of classes that a text and the page list, of those that cost most.
_MOST_LISTED, _MOST_PAIRS = 5, 20
#: Classes that a chart has; above that, those whose rows and columns cost most, the rest as one.
MOST_CLASSES = 20
_STEP = 34
#: Letters of a name that fit below a square.
_FLAT = 5
#: How opaque the costliest square is: numbers must stay readable on it, light and dark.
_DEEPEST = 0.5


@dataclass(frozen=True, slots=True)
class ConfusionCell:
    """What rows of a class cost where the model leaned to another."""

    label: str
    predicted: str
    cost: float
    share: float


def cells(evaluation: Evaluation) -> list[ConfusionCell]:
    """The table, cell by cell, at most 21 classes a side."""
    bits, classes = evaluation.confusion_bits, evaluation.classes
    if bits is None or classes is None:
        return []
    groups, names = _grouped(bits, classes)
    size = len(names)
    sums = [[0.0] * size for _ in range(size)]
    for label, row in enumerate(bits):
        for top, cost in enumerate(row):
            sums[groups[label]][groups[top]] += cost
    total = sum(map(sum, sums))
    return [
        ConfusionCell(names[i], names[j], cost, cost / total if 0 < total < math.inf else math.nan)
        for i, row in enumerate(sums)
        for j, cost in enumerate(row)
    ]


def _grouped(
    bits: tuple[tuple[float, ...], ...], classes: tuple[str, ...]
) -> tuple[list[int], list[str]]:
    """The place of each class in the table that is shown, and the names of the places."""
    count = len(classes)
    if count <= MOST_CLASSES:
        return list(range(count)), distinct(classes)
    columns = [sum(column) for column in zip(*bits, strict=True)]
    cost = [sum(row) + column for row, column in zip(bits, columns, strict=True)]
    kept = sorted(sorted(range(count), key=lambda i: -cost[i])[:MOST_CLASSES])
    places = {index: place for place, index in enumerate(kept)}
    names = distinct([classes[index] for index in kept])
    return (
        [places.get(index, MOST_CLASSES) for index in range(count)],
        [*names, f"{count - MOST_CLASSES:,} others"],
    )


def table(evaluation: Evaluation) -> TextTable | None:
    """The pairs of classes that cost most."""
    bits, classes = evaluation.confusion_bits, evaluation.classes
    if bits is None or classes is None:
        return None
    total = sum(map(sum, bits))
    costs = [(cost, i, j) for i, row in enumerate(bits) for j, cost in enumerate(row) if cost > 0]
    costs = heapq.nsmallest(_MOST_LISTED, costs, key=lambda cell: (-cell[0], *cell[1:]))
    return TextTable(
        "Where the bits go, by class",
        ["label", "predicted", f"{evaluation.unit} a row", "share"],
        [
            [
                printable(classes[label], 24),
                printable(classes[top], 24),
                number(cost),
                share(cost / total) if math.isfinite(total) else ABSENT,
            ]
            for cost, label, top in costs
        ],
        sentences.sampled(evaluation),
        names=2,
    )


def chart(evaluation: Evaluation, palette: Palette = NOTEBOOK) -> alt.LayerChart:
    """A table of squares, the darker the more bits; the largest ones have their number."""
    import altair as alt

    shown = cells(evaluation)
    order = list(dict.fromkeys(cell.label for cell in shown))
    most = max((cell.cost for cell in shown if math.isfinite(cell.cost)), default=0.0)
    rows = [
        {
            "label": cell.label,
            "predicted": cell.predicted,
            "depth": 1.0 if math.isinf(cell.cost) else cell.cost / most if most else 0.0,
            "shown": _brief(cell.cost, most),
            "bits a row": number(cell.cost),
            "share": share(cell.share),
        }
        for cell in shown
    ]
    turned = 0 if max(map(len, order)) <= _FLAT else -60
    below = alt.Axis(labelLimit=110, ticks=False, domain=False, labelAngle=turned)
    base = alt.Chart(inline(rows)).encode(
        x=alt.X("predicted:N", sort=order, title="predicted (top class)", axis=below),
        y=alt.Y("label:N", sort=order, title="what happened", axis=names_axis()),
        tooltip=tooltips("label", "predicted", "bits a row", "share"),
    )
    squares = base.mark_rect(
        fill=palette.plain, stroke=palette.muted, strokeWidth=0.5, strokeOpacity=0.4
    ).encode(
        fillOpacity=alt.FillOpacity(
            "depth:Q", scale=alt.Scale(domain=[0, 1], range=[0, _DEEPEST]), legend=None
        )
    )
    words = base.mark_text(fontSize=11, color=palette.text).encode(text="shown:N")
    layers = layered(squares, words)
    return layers.properties(width=alt.Step(_STEP), height=alt.Step(_STEP))


def _brief(cost: float, most: float) -> str:
    """Two digits, where they matter."""
    if math.isinf(cost):
        return "∞"
    return f"{cost:.2g}".removeprefix("0") if most and cost >= most / 50 else ""


def section(evaluation: Evaluation) -> Section | None:
    """The table as a chart, and the pairs that cost most."""
    shown = cells(evaluation)
    if not shown:
        return None
    costly = sorted(shown, key=lambda cell: -cell.cost)[:_MOST_PAIRS]
    numbers = HtmlTable(
        "What costs most",
        ["what happened", "predicted", f"{evaluation.unit} a row", "share"],
        [
            [named(cell.label), named(cell.predicted), amount(cell.cost), percent(cell.share)]
            for cell in costly
            if cell.cost > 0
        ],
        names=2,
        keeps=3,
    )
    figure = Chart(
        "confusion",
        f"{evaluation.unit.capitalize()} a row, by what happened and what the model favoured",
        lambda: spec(chart(evaluation, PAGE), fills=False),
        numbers,
        shape="fixed",
    )
    says = [_says(shown), sentences.sampled(evaluation)]
    return Section(
        "confusion",
        "Which classes are confused?",
        [line for line in says if line],
        [figure],
        advice=_LOOK.format(" among the worst rows below" if evaluation.worst_rows else ""),
        terms=TERMS,
    )


def _says(cells: list[ConfusionCell]) -> str:
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


_LOOK = (
    "Look at rows of the costliest pair{}: are their labels right? Do the two classes differ in "
    "what the model is shown?"
)
TERMS = (
    (
        "bits a row",
        "The surprisal of all rows of one class whose top class is the other, divided by the "
        "number of all rows: the table adds up to the cross-entropy.",
    ),
)
