"""Drift over time: the bits of each column in each window against the base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.dataset_drift.result import Drift, TimeWindow
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
from unsurprised.report.drawing.parts import WIDTH, Row, distinct, inline, layered, tooltips
from unsurprised.report.numbers import interval, number, printable
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import Cell, Chart, HtmlTable, Section, amount, counting

if TYPE_CHECKING:
    import altair as alt

_HEIGHT = 260
#: Columns that have a line each: those that drift most in some window.
_MOST_LINES = 8


def chart(drift: Drift, palette: Palette = NOTEBOOK) -> alt.LayerChart:
    """A line for each of the columns that drift most, a point a window."""
    import altair as alt

    names = most_drifting(drift)
    rows: list[Row] = [
        {
            "window": window.name,
            "bits": max(bits.value, 0.0),
            "column": shown,
            "drift": number(bits.value),
            "interval": interval(bits, "information"),
        }
        for name, shown in zip(names, distinct(names), strict=True)
        for window in drift.windows
        if (bits := window.bits(name)) is not None
    ]
    drawn = alt.Chart(inline(rows)).encode(
        x=alt.X("window:O", title=drift.by, axis=alt.Axis(labelAngle=-45, labelOverlap=True)),
        y=alt.Y("bits:Q", title="bits from the base", scale=alt.Scale(zero=True)),
        color=alt.Color("column:N", legend=alt.Legend(title=None, orient="top", columns=4)),
        strokeDash=alt.StrokeDash("column:N", legend=None),
    )
    points = drawn.mark_point(filled=True, size=50, opacity=1).encode(
        tooltip=tooltips("window", "column", "drift", "interval")
    )
    return layered(drawn.mark_line(), points).properties(width=WIDTH, height=_HEIGHT)


def most_drifting(drift: Drift) -> list[str]:
    """The columns with the most bits in one of the windows."""
    most: dict[str, float] = {}
    for window in drift.windows:
        for column in window.columns:
            most[column.name] = max(most.get(column.name, -1.0), column.drift.value)
    return sorted(most, key=lambda name: -most[name])[:_MOST_LINES]


def section(drift: Drift) -> Section | None:
    """The lines, and a table of the windows."""
    if not drift.windows:
        return None
    names = most_drifting(drift)
    table = HtmlTable(
        "The windows",
        ["window", "rows", "drifted", *[printable(name, 30) for name in names]],
        [
            [
                Cell(window.name),
                counting(window.rows),
                counting(window.drifted),
                *[_bits(window, name) for name in names],
            ]
            for window in drift.windows
        ],
    )
    label = f"Bits of the columns that drift most, by {drift.by}, each window against the base"
    figure = Chart("windows", label, lambda: spec(chart(drift, PAGE)), table)
    return Section("windows", "When did it drift?", charts=[figure])


def _bits(window: TimeWindow, name: str) -> Cell:
    found = window.bits(name)
    return amount(None if found is None else found.value)
