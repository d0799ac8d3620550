"""Where every bit of an encoded file goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.coding.account import Account
from unsurprised.report.account.text import lines
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
from unsurprised.report.drawing.parts import (
    STEP,
    THINNEST,
    WIDTH,
    bits_axis,
    inline,
    layered,
    names_axis,
    room_behind,
    tooltips,
)
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import Cell, Chart, HtmlTable, Section

if TYPE_CHECKING:
    import altair as alt


def chart(account: Account, palette: Palette = NOTEBOOK) -> alt.LayerChart:
    """A bar for each line of the account: sums stand on zero, parts lead from one to the next."""
    import altair as alt

    names, rows, level = [], [], 0.0
    for line in lines(account):
        is_sum = line.name[0] not in "+−"
        start = 0.0 if is_sum else level
        level = line.bits if is_sum else level + (-line.bits if line.name[0] == "−" else line.bits)
        names.append(line.name)
        rows.append(
            {
                "line": line.name,
                "start": start,
                "end": level,
                "right": max(start, level),
                "kind": "sum" if is_sum else "adds" if level >= start else "saves",
                "bits": f"{line.bits:,.1f}",
            }
        )
    colors = alt.Scale(
        domain=["sum", "saves", "adds"], range=[palette.plain, palette.less, palette.more]
    )
    base = alt.Chart(inline(rows)).encode(
        y=alt.Y("line:N", sort=names, title=None, axis=names_axis())
    )
    bars = base.mark_bar(height=16, strokeWidth=THINNEST).encode(
        x=bits_axis("start:Q", "bits", scale=room_behind(80)),
        x2="end:Q",
        color=alt.Color("kind:N", scale=colors, legend=None),
        stroke=alt.Stroke("kind:N", scale=colors, legend=None),
        tooltip=tooltips("line", "bits"),
    )
    words = base.mark_text(align="left", dx=5).encode(x="right:Q", text="bits:N")
    return layered(bars, words).properties(width=WIDTH, height=STEP * len(rows))


def section(account: Account) -> Section:
    """The waterfall, and its table."""
    rows = [
        [
            Cell(line.name),
            Cell(line.in_bits),
            Cell(line.in_bytes),
            Cell(line.each),
            Cell(line.about),
        ]
        for line in lines(account)
    ]
    header = ["part", "bits", "bytes", "a symbol", "what it is"]
    figure = Chart(
        "account",
        "From the entropy to the file, in bits",
        lambda: spec(chart(account, PAGE)),
        HtmlTable("Where every bit goes", header, rows, words=1, keeps=2),
    )
    return Section("account", "Where does every bit go?", charts=[figure])
