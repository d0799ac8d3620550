"""What the sections of two models share: differences with their intervals, drawn, and room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from unsurprised.comparison.result import Comparison, Difference
from unsurprised.report.drawing.intervals import Intervals, beside
from unsurprised.report.drawing.palette import NOTEBOOK, Palette
from unsurprised.report.drawing.parts import (
    distinct,
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
    return Intervals(
        name="part",
        point="difference",
        kind="kind",
        kinds=beside(_KINDS, palette),
        title=f"new − base, {unit} a row",
        tooltips=("part", "new − base", "interval"),
    ).from_zero(rows, palette)


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
