"""What was measured beside its limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.comparison.check import Check, Finding
from unsurprised.report.check import text
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
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
from unsurprised.report.numbers import ABSENT, interval, number, printable
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import (
    NAME,
    Cell,
    Chart,
    Section,
    Table,
    amount,
    counting,
    ranged,
)

if TYPE_CHECKING:
    import altair as alt

#: Findings that a chart draws and that a table lists, worst first.
_MOST_DRAWN, _MOST_ROWS = 20, 250
_OUTCOMES = ("failed", "unsure", "passed")


def name(finding: Finding) -> str:
    """What is held against a limit, and on which rows."""
    return printable(f"{finding.quantity}: {finding.where}", NAME)


def chart(check: Check, palette: Palette = NOTEBOOK) -> alt.LayerChart:
    """A point with its interval for each finding; an upright stroke is the limit."""
    import altair as alt

    found = text.ordered(check)[:_MOST_DRAWN]
    names = distinct([name(finding) for finding in found])
    rows = [
        {
            "finding": shown,
            "value": finding.estimate.value,
            "low": finding.estimate.low,
            "high": finding.estimate.high,
            "limit": finding.limit,
            "outcome": finding.outcome,
            "measured": f"{number(finding.estimate.value)} {check.unit} a row",
            "interval": interval(finding.estimate, "information"),
            "allowed": f"at most {number(finding.limit)}",
        }
        for shown, finding in zip(names, found, strict=True)
    ]
    legend = alt.Legend(title=None, orient="top")
    colors = alt.Scale(domain=list(_OUTCOMES), range=[palette.more, palette.plain, palette.less])
    shapes = alt.Scale(domain=list(_OUTCOMES), range=["triangle-right", "circle", "triangle-left"])
    encoded = alt.Chart().encode(
        y=alt.Y("finding:N", sort=names, title=None, axis=names_axis()),
        color=alt.Color("outcome:N", scale=colors, legend=legend),
    )
    ends = (
        encoded.properties(data=inline(known(rows, "low", "high")))
        .mark_rule(strokeWidth=2)
        .encode(x=bits_axis("low:Q", f"{check.unit} a row"), x2="high:Q")
    )
    dots = (
        encoded.properties(data=inline(known(rows, "value")))
        .mark_point(filled=True, size=90, opacity=1)
        .encode(
            x="value:Q",
            shape=alt.Shape("outcome:N", scale=shapes, legend=legend),
            tooltip=tooltips("finding", "measured", "interval", "allowed", "outcome"),
        )
    )
    limits = (
        alt.Chart(inline(known(rows, "limit")))
        .mark_tick(color=palette.muted, thickness=3, size=STEP - 6)
        .encode(
            y=alt.Y("finding:N", sort=names, title=None, axis=names_axis()),
            x=bits_axis("limit:Q", f"{check.unit} a row"),
            tooltip=tooltips("finding", "allowed"),
        )
    )
    layers = layered(limits, ends, dots)
    return layers.properties(width=WIDTH, height=STEP * len(rows))


def section(check: Check) -> Section:
    """The chart, and a line for each finding."""
    found = text.ordered(check)
    left = len(found) - _MOST_ROWS
    table = Table(
        "What was measured, worst first",
        ["quantity and rows", "rows", f"{check.unit} a row", "95 % interval", "at most", "outcome"],
        [_row(finding) for finding in found[:_MOST_ROWS]],
        f"{left:,} findings more are in the JSON." if left > 0 else "",
        words=1,
    )
    label = f"What was measured and what is allowed (the upright strokes), in {check.unit} a row"
    figure = Chart("findings", label, lambda: spec(chart(check, PAGE)), table)
    return Section(
        "findings", "What was measured?", charts=[figure], advice=_ADVICE[check.outcome],
        terms=_TERMS,
    )  # fmt: skip


def _row(finding: Finding) -> list[Cell]:
    marks = {"failed": "more", "passed": "less"}
    return [
        Cell(name(finding)),
        counting(finding.estimate.rows),
        amount(finding.estimate.value),
        ranged(finding.estimate),
        amount(finding.limit),
        Cell(_told(finding), mark=marks.get(finding.outcome, "")),
    ]


def _told(finding: Finding) -> str:
    if finding.outcome != "unsure":
        return finding.outcome
    needed = ABSENT if finding.rows_needed is None else f"{finding.rows_needed:,}"
    return f"unsure; rows that would tell: {needed}"


_ADVICE = {
    "failed": "Keep the model that there is. “unsurprised compare” shows the rows and slices on "
    "which the new one loses.",
    "unsure": "Take more rows, or allow more: these do not suffice to tell.",
    "passed": "",
}
_TERMS = (
    ("cross-entropy", "The mean of −log q(y) over the rows, in bits."),
    ("worse by", "The new model's cross-entropy − the base's, on the same rows, in bits."),
    (
        "passed, failed, unsure",
        "The whole 95 % interval keeps the limit, breaks it, or lies on both sides of it. Slices "
        "are listed where they surely break it, allowing for how many are looked at (Benjamini and "
        "Hochberg, 1995).",
    ),
)
