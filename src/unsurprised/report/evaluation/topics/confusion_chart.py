"""The confusion table in bits: what happened, by what the model favoured."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unsurprised.evaluation.result import Evaluation
from unsurprised.report.drawing.palette import NOTEBOOK, Palette
from unsurprised.report.drawing.parts import distinct, inline, layered, names_axis, tooltips
from unsurprised.report.numbers import number, share

if TYPE_CHECKING:
    import altair as alt

#: Classes that a chart has; above that, those whose rows and columns cost most, the rest as one.
MOST_CLASSES = 20
_STEP = 34
#: Letters of a name that fit below a square.
_FLAT = 5
#: How opaque the costliest square is: numbers must stay readable on it, light and dark.
_DEEPEST = 0.5


@dataclass(frozen=True, slots=True)
class Cell:
    """What rows of a class cost where the model leaned to another."""

    label: str
    predicted: str
    cost: float
    share: float


def cells(evaluation: Evaluation) -> list[Cell]:
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
        Cell(names[i], names[j], cost, cost / total if 0 < total < math.inf else math.nan)
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
