"""What the sections of two models share: differences with their intervals, drawn, and room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from unsurprised.comparison.result import Comparison, Difference
from unsurprised.report.drawing.palette import NOTEBOOK, Palette
from unsurprised.report.drawing.parts import (
    STEP,
    WIDTH,
    bits_axis,
    distinct,
    inline,
    known,
    layered,
    names_axis,
    tooltips,
)
from unsurprised.report.numbers import interval, number, printable
from unsurprised.statistics.estimate import Estimate

if TYPE_CHECKING:
    import altair as alt

_KINDS = ("worse", "cannot be told", "better")


def chart(
    named: Sequence[tuple[str, Estimate]], unit: str, palette: Palette = NOTEBOOK
) -> alt.LayerChart:
    """A point with its interval for each; right of zero the new model is more surprised."""
    import altair as alt

    names = distinct([name for name, _ in named])
    rows = [
        {
            "part": name,
            "difference": found.value,
            "low": found.low,
            "high": found.high,
            "kind": kind_of(found),
            "new − base": f"{number(found.value)} {unit} a row",
            "interval": interval(found, "information"),
        }
        for name, (_, found) in zip(names, named, strict=True)
    ]
    legend = alt.Legend(title=None, orient="top")
    colors = alt.Scale(domain=list(_KINDS), range=[palette.more, palette.plain, palette.less])
    shapes = alt.Scale(domain=list(_KINDS), range=["triangle-right", "circle", "triangle-left"])
    encoded = alt.Chart().encode(
        y=alt.Y("part:N", sort=names, title=None, axis=names_axis()),
        color=alt.Color("kind:N", scale=colors, legend=legend),
    )
    ends = (
        encoded.properties(data=inline(known(rows, "low", "high")))
        .mark_rule(strokeWidth=2)
        .encode(x=bits_axis("low:Q", f"new − base, {unit} a row"), x2="high:Q")
    )
    dots = (
        encoded.properties(data=inline(known(rows, "difference")))
        .mark_point(filled=True, size=90, opacity=1)
        .encode(
            x="difference:Q",
            shape=alt.Shape("kind:N", scale=shapes, legend=legend),
            tooltip=tooltips("part", "new − base", "interval"),
        )
    )
    zero = alt.Chart(inline([{"at": 0.0}])).mark_rule(color=palette.muted).encode(x="at:Q")
    return layered(zero, ends, dots).properties(width=WIDTH, height=STEP * len(rows))


def kind_of(found: Estimate) -> str:
    """What an interval says of which model is better."""
    if found.low > 0:
        return _KINDS[0]
    return _KINDS[2] if found.high < 0 else _KINDS[1]


#: Slices that a chart draws, and that a table lists: a page must stay small.
MOST_DRAWN, _MOST_ROWS = 20, 250


def most_rows(comparison: Comparison) -> int:
    """Rows of a table: the pairs share the page."""
    return max(MOST_DRAWN, _MOST_ROWS // max(1, len(comparison.differences)))


def title(question: str, pair: Difference, comparison: Comparison) -> str:
    """A section's question, and of which models where there are several."""
    if len(comparison.differences) == 1:
        return question
    return f"{question} {printable(pair.new, 40)} against {printable(pair.base, 40)}"
