"""How y is spread over the values of each column that tells something, as a small map."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.column_ranking.dependence import Dependence
from unsurprised.column_ranking.result import InformationRanking
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
from unsurprised.report.drawing.parts import (
    WIDTH,
    Row,
    distinct,
    inline,
    layered,
    names_axis,
    tooltips,
)
from unsurprised.report.numbers import counted, number, printable, share
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import NAME, Cell, Chart, HtmlTable, Section, counting, percent

if TYPE_CHECKING:
    import altair as alt

#: Columns that have a map on the page.
MOST = 12
_STEP = 28
#: How opaque the fullest square is: numbers must stay readable on it, light and dark.
_DEEPEST = 0.55
#: What is said of each row of y.
_NAMED = 26


def chart(found: Dependence, y: str, palette: Palette = NOTEBOOK) -> alt.LayerChart:
    """A column of squares for each cell: the share of its rows that is in each cell of y."""
    import altair as alt

    across, up = distinct(found.x), distinct(found.y)
    base = alt.Chart(inline(_squares(found, across, up))).encode(
        x=alt.X("cell:N", sort=across, title=printable(found.name, NAME),
                axis=alt.Axis(labelAngle=-45, labelLimit=170, ticks=False, domain=False)),
        y=alt.Y("of y:N", sort=up[::-1], title=printable(y, _NAMED),
                axis=names_axis()),
        tooltip=tooltips("cell", "of y", "rows", "of the cell", "of all rows"),
    )  # fmt: skip
    squares = base.mark_rect(
        fill=palette.plain, stroke=palette.muted, strokeWidth=0.5, strokeOpacity=0.4
    ).encode(
        fillOpacity=alt.FillOpacity(
            "share:Q", scale=alt.Scale(domainMin=0, range=[0, _DEEPEST]), legend=None
        )
    )
    words = base.mark_text(fontSize=11, color=palette.text).encode(text="shown:N")
    return layered(squares, words).properties(width=WIDTH, height=_STEP * len(up))


def _squares(found: Dependence, across: list[str], up: list[str]) -> list[Row]:
    overall = _overall(found)
    return [
        {
            "cell": cell,
            "of y": name,
            "share": rows / total,
            "shown": f"{100 * rows / total:.0f}" if rows else "",
            "rows": f"{rows:,} of {total:,}",
            "of the cell": share(rows / total),
            "of all rows": share(whole / found.rows),
        }
        for cell, counts in zip(across, found.counts, strict=True)
        for name, rows, whole in zip(up, counts, overall, strict=True)
        if (total := sum(counts))
    ]


def _overall(found: Dependence) -> list[int]:
    """How many rows each cell of y has."""
    return [sum(column) for column in zip(*found.counts, strict=True)]


def section(ranking: InformationRanking) -> Section | None:
    """The maps of the columns that tell most."""
    shown = ranking.pictures[:MOST]
    if not shown:
        return None
    says = [
        f"Percent of the rows of each value (or of numbers from one to another) by {_y(ranking)}: "
        "where a column told nothing, all columns of squares would be alike."
    ]
    if len(shown) < len(ranking.informative):
        says.append(f"The {len(shown)} that tell most of {len(ranking.informative)}.")
    if ranking.given is not None:
        says.append(f"{printable(ranking.given, NAME)} is left aside here.")
    figures = [_figure(ranking, found, place) for place, found in enumerate(shown)]
    return Section("dependence", "What do they tell?", says, charts=figures)


def _y(ranking: InformationRanking) -> str:
    return printable(ranking.y, NAME)


def _figure(ranking: InformationRanking, found: Dependence, place: int) -> Chart:
    name, y = printable(found.name, NAME), _y(ranking)
    information = ranking[found.name].information
    told = "" if information is None else f": {number(information.value)} {information.unit}"
    rows = [
        [Cell(printable(cell, NAME)), Cell(printable(of_y, NAME)), counting(rows),
         percent(rows / sum(counts) if sum(counts) else None)]
        for cell, counts in zip(found.x, found.counts, strict=True)
        for of_y, rows in zip(found.y, counts, strict=True)
    ]  # fmt: skip
    table = HtmlTable(
        f"{y} by {name}", [name, y, "rows", "of this value"], rows, names=2, sortable=True
    )
    label = f"{name}{told}; {y} over its values, {counted(found.rows, 'row')}"
    return Chart(
        f"dependence-{place}",
        label,
        lambda: spec(chart(found, ranking.y, PAGE)),
        table,
        shape="square",
    )
