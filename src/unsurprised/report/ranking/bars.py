"""The columns as bars with intervals, the one that tells most on top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from unsurprised.column_ranking.result import InformationRanking
from unsurprised.estimate.ranking import RankedColumn
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
from unsurprised.report.drawing.parts import (
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
from unsurprised.report.numbers import interval, number, p_value, share
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import Chart, HtmlTable
from unsurprised.report.ranking.words import sentence

if TYPE_CHECKING:
    import altair as alt

_MOST_DRAWN = 30
_KINDS = ("tells something", "nothing found")


def chart(ranking: InformationRanking, palette: Palette = NOTEBOOK) -> alt.LayerChart:
    """A bar a column, from 0 to its information, with the interval."""
    import altair as alt

    rows = _rows(ranking, ranking.columns[:_MOST_DRAWN])
    colors = alt.Scale(domain=list(_KINDS), range=[palette.plain, palette.muted])
    encoded = alt.Chart().encode(
        y=alt.Y("column:N", sort=[row["column"] for row in rows], title=None, axis=names_axis())
    )
    bars = (
        encoded.properties(data=inline(known(rows, "bits")))
        .mark_bar()
        .encode(
            x=bits_axis("bits:Q", f"{ranking.unit} of y", alt.Scale(zero=True, nice=False)),
            color=alt.Color("verdict:N", scale=colors,
                            legend=alt.Legend(title=None, orient="top")),
            tooltip=tooltips("column", "information", "interval", "q", "share of H(y)"),
        )
    )  # fmt: skip
    ends = (
        encoded.properties(data=inline(known(rows, "low", "high")))
        .mark_rule(strokeWidth=1.5, color=palette.text)
        .encode(x=alt.X("low:Q"), x2="high:Q")
    )
    return layered(bars, ends).properties(width=WIDTH, height=STEP * len(rows))


def figure(ranking: InformationRanking, table: HtmlTable) -> Chart:
    """The chart on the page, with its table."""
    return Chart("bars", sentence(ranking), lambda: spec(chart(ranking, PAGE)), table)


def _rows(ranking: InformationRanking, columns: Sequence[RankedColumn]) -> list[Row]:
    return [
        {
            "column": shown,
            "bits": found.value,
            "low": found.low,
            "high": found.high,
            "verdict": _KINDS[column.q_value > ranking.fdr],
            "information": number(found.value),
            "interval": interval(found, "information"),
            "q": p_value(column.q_value),
            "share of H(y)": share(column.share),
        }
        for shown, column in zip(distinct([one.name for one in columns]), columns, strict=True)
        if (found := column.information) is not None
    ]
