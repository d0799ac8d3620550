"""What was measured beside its limits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from unsurprised.comparison.check import Check, Finding
from unsurprised.report.check import text
from unsurprised.report.drawing.intervals import Intervals, beside
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
from unsurprised.report.drawing.parts import (
    Row,
    distinct,
)
from unsurprised.report.numbers import interval, number, printable
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import (
    NAME,
    Cell,
    Chart,
    HtmlTable,
    Section,
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
    """A point with its interval for each finding, from its limit; right of zero it is broken."""
    found = text.ordered(check)[:_MOST_DRAWN]
    names = distinct([name(finding) for finding in found])
    rows = [_point(shown, finding, check) for shown, finding in zip(names, found, strict=True)]
    return Intervals(
        name="finding",
        point="over",
        kind="outcome",
        kinds=beside(_OUTCOMES, palette),
        title=f"measured − allowed, {check.unit} a row",
        tooltips=("finding", "measured", "interval", "allowed", "outcome"),
    ).from_zero(rows, palette)


def _point(shown: str, finding: Finding, check: Check) -> Row:
    measured, limit = finding.estimate, finding.limit
    is_endless = math.isinf(limit)  # nothing is near it
    return {
        "finding": shown,
        "over": math.nan if is_endless else measured.value - limit,
        "low": math.nan if is_endless else measured.low - limit,
        "high": math.nan if is_endless else measured.high - limit,
        "outcome": finding.outcome,
        "measured": f"{number(measured.value)} {check.unit} a row",
        "interval": interval(measured, "information"),
        "allowed": f"at most {number(limit)}",
    }


def section(check: Check) -> Section:
    """The chart, and a line for each finding."""
    found = text.ordered(check)
    left = len(found) - _MOST_ROWS
    table = HtmlTable(
        "What was measured, worst first",
        ["quantity and rows", "outcome", f"{check.unit} a row", "at most", "95 % interval", "rows"],
        [_row(finding) for finding in found[:_MOST_ROWS]],
        f"{left:,} findings more are in the JSON." if left > 0 else "",
        names=2,
        keeps=2,
    )
    label = f"Measured − allowed, in {check.unit} a row; right of zero the limit is broken"
    figure = Chart("findings", label, lambda: spec(chart(check, PAGE)), table)
    return Section(
        "findings", "What was measured?", charts=[figure], advice=_advice(check), terms=_TERMS
    )


def _row(finding: Finding) -> list[Cell]:
    marks = {"failed": "more", "passed": "less"}
    return [
        Cell(name(finding)),
        Cell(_told(finding), mark=marks.get(finding.outcome, "")),
        amount(finding.estimate.value),
        amount(finding.limit),
        ranged(finding.estimate),
        counting(finding.estimate.rows),
    ]


def _told(finding: Finding) -> str:
    if finding.outcome != "unsure":
        return finding.outcome
    needed = text.rows_needed(finding)
    return f"unsure; about {needed} rows would tell" if needed else "unsure"


def _advice(check: Check) -> str:
    if check.outcome == "unsure":
        return "Take more rows, or allow more: these do not suffice to tell."
    if check.outcome == "passed":
        return ""
    if not any(finding.quantity == "worse by" for finding in check.findings):
        return "Do not take it as it is. “unsurprised evaluate” shows the rows that cost most."
    has_slices = any(not finding.where.startswith("all rows") for finding in check.findings)
    where = "rows and slices" if has_slices else "rows"
    return (
        f"Keep the model that there is. “unsurprised compare” shows the {where} on which the new "
        "one loses."
    )


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
