"""What the slices of a column cost, beside what all rows cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from unsurprised.evaluation.records import Slice, SlicedBy
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.charts.drawing import (
    STEP,
    WIDTH,
    Row,
    bits_axis,
    distinct,
    inline,
    known,
    layered,
    names_axis,
    tooltips,
)
from unsurprised.report.charts.palette import NOTEBOOK, Palette
from unsurprised.report.numbers import ABSENT, interval, number, share
from unsurprised.report.sections import verdict

if TYPE_CHECKING:
    import altair as alt

#: Slices of a column that a chart has: those that could save most, in the order of the report.
MOST_SLICES = 20


def chosen(evaluation: Evaluation, column: SlicedBy) -> list[Slice]:
    """The slices of a column that are drawn."""
    return [part for part in evaluation.slices if part.column == column.column][:MOST_SLICES]


def chart(evaluation: Evaluation, column: SlicedBy, palette: Palette = NOTEBOOK) -> alt.LayerChart:
    """A point with its interval for each slice; the line is the mean of all rows."""
    import altair as alt

    parts = chosen(evaluation, column)
    names = distinct([part.value or ABSENT for part in parts])
    rows = [_row(name, part) for name, part in zip(names, parts, strict=True)]
    colors = alt.Scale(
        domain=["costs more", "as the others", "costs less"],
        range=[palette.more, palette.plain, palette.less],
    )
    shapes = alt.Scale(domain=colors["domain"], range=["triangle-right", "circle", "triangle-left"])
    encoded = alt.Chart().encode(
        y=alt.Y("slice:N", sort=names, title=None, axis=names_axis()),
        color=alt.Color("verdict:N", scale=colors, legend=alt.Legend(title=None, orient="top")),
    )
    ends = (
        encoded.properties(data=inline(known(rows, "low", "high")))
        .mark_rule(strokeWidth=2)
        .encode(x=bits_axis("low:Q", f"{evaluation.unit} a row"), x2="high:Q")
    )
    dots = (
        encoded.properties(data=inline(known(rows, "cost")))
        .mark_point(filled=True, size=90, opacity=1)
        .encode(
            x="cost:Q",
            shape=alt.Shape("verdict:N", scale=shapes, legend=alt.Legend(title=None, orient="top")),
            tooltip=tooltips("slice", "rows", "bits a row", "interval", "share", "verdict"),
        )
    )
    endless = (
        encoded.properties(data=inline([row for row in rows if math.isinf(row["cost"])]))
        .mark_text(align="left", text="infinite")
        .encode(x=alt.datum(0.0))
    )
    layers = layered(*_overall(evaluation, palette), ends, dots, endless)
    return layers.properties(width=WIDTH, height=STEP * len(rows))


def _overall(evaluation: Evaluation, palette: Palette) -> list[alt.Chart]:
    import altair as alt

    mean = evaluation.cross_entropy.value
    if not math.isfinite(mean):
        return []
    rule = alt.Chart(inline([{"mean": mean, "of": f"all rows: {number(mean)}"}]))
    return [
        rule.mark_rule(color=palette.muted, strokeDash=[4, 4], strokeWidth=2).encode(
            x="mean:Q", tooltip=tooltips("of")
        )
    ]


def _row(name: str, part: Slice) -> Row:
    cost = part.cross_entropy
    return {
        "slice": name,
        "cost": cost.value,
        "low": cost.low,
        "high": cost.high,
        "rows": f"{part.rows:,}",
        "bits a row": number(cost.value),
        "interval": interval(cost, "information"),
        "share": ABSENT if part.share is None else share(part.share.value),
        "verdict": verdict(part) or "as the others",
    }
