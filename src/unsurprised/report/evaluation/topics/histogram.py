"""How the surprisal is spread over the rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from unsurprised.evaluation.records import HistogramBar
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
from unsurprised.report.drawing.parts import (
    STEP,
    WIDTH,
    inline,
    layered,
    names_axis,
    room_behind,
    tooltips,
)
from unsurprised.report.numbers import ABSENT, counted, number, round_number, share
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import Cell, Chart, HtmlTable, Section, amount, ranged

if TYPE_CHECKING:
    import altair as alt


_MOST_BARS = 16
_EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the histogram: its range, its share of the largest, what it holds."""

    range: str
    fill: float
    amount: str


def bars(evaluation: Evaluation) -> list[Bar]:
    """The histogram in at most sixteen bars, and one for the rows that are infinite."""
    merged = _merged(evaluation.histogram)
    largest = max((bar.weight for bar in merged), default=0.0)
    shown = [
        Bar(
            f"{round_number(bar.low)} to {round_number(bar.high)}",
            bar.weight / largest if largest else 0.0,
            _amount(bar.weight, evaluation),
        )
        for bar in merged
    ]
    if evaluation.infinite_rows and not any(math.isinf(bar.low) for bar in merged):
        rows = evaluation.infinite_rows
        fill = 0.0 if evaluation.weighted or not largest else min(rows / largest, 1.0)
        amount = counted(rows, "row") if evaluation.weighted else _amount(rows, evaluation)
        shown.append(Bar("infinite", fill, amount))
    return shown


def _merged(histogram: tuple[HistogramBar, ...]) -> list[HistogramBar]:
    step = -(-len(histogram) // _MOST_BARS) or 1
    parts = [histogram[start : start + step] for start in range(0, len(histogram), step)]
    return [
        HistogramBar(part[0].low, part[-1].high, sum(bar.weight for bar in part)) for part in parts
    ]


def _amount(weight: float, evaluation: Evaluation) -> str:
    part = share(weight / evaluation.weight) if evaluation.weight else ABSENT
    return part if evaluation.weighted else f"{weight:,.0f} ({part})"


def blocks(fill: float, width: int) -> str:
    """A bar of block characters; what is not zero shows.

    >>> blocks(1.0, 4), blocks(0.5, 3), blocks(0.001, 4), blocks(0.0, 4)
    ('████', '█▌', '▏', '')
    """
    eighths = max(round(fill * width * 8), 1 if fill > 0 else 0)
    whole, part = divmod(eighths, 8)
    return "█" * whole + _EIGHTHS[part].strip()


def chart(evaluation: Evaluation, palette: Palette = NOTEBOOK) -> alt.LayerChart:
    """A bar for each range of the surprisal; its length is the rows, or their weight."""
    import altair as alt

    shown = bars(evaluation)
    rows = [{"surprisal": bar.range, "fill": bar.fill, "rows": bar.amount} for bar in shown]
    base = alt.Chart(inline(rows)).encode(
        y=alt.Y(
            "surprisal:N",
            sort=[bar.range for bar in shown],
            title=f"surprisal in {evaluation.unit}",
            axis=names_axis(),
        ),
        x=alt.X("fill:Q", axis=None, scale=room_behind(110)),
    )
    drawn = base.mark_bar(color=palette.plain, height=16).encode(
        tooltip=tooltips("surprisal", "rows")
    )
    words = base.mark_text(align="left", dx=5).encode(text="rows:N")
    layers = layered(drawn, words)
    return layers.properties(width=WIDTH, height=STEP * len(rows))


def section(evaluation: Evaluation) -> Section | None:
    """Bars and quantiles."""
    if not evaluation.histogram:
        return None
    shown = [[Cell(bar.range), Cell(bar.amount)] for bar in bars(evaluation)]
    figure = Chart(
        "histogram",
        f"Rows by their surprisal, in {evaluation.unit}",
        lambda: spec(chart(evaluation, PAGE)),
        HtmlTable("Rows by their surprisal", [evaluation.unit, "rows"], shown),
    )
    quantiles = HtmlTable(
        "Quantiles of the surprisal",
        ["share of rows below", evaluation.unit, "95 % interval"],
        [
            [Cell(f"{100 * level:g} %"), amount(found.value), ranged(found)]
            for level, found in sorted(evaluation.quantiles.items())
        ],
    )
    half = evaluation.quantiles.get(0.5)
    says = (
        [f"Half of the rows cost less than {number(half.value)} {evaluation.unit}."] if half else []
    )
    return Section(
        "histogram",
        "Is it a few rows or many?",
        says,
        [figure],
        [quantiles] if evaluation.quantiles else [],
        terms=TERMS,
    )


TERMS = (
    (
        "surprisal",
        "−log q(y) of a row: 0 where the model was certain of what happened, 1 bit where it gave "
        "it one half, 10 bits one in about a thousand.",
    ),
    ("quantiles", "With intervals from order statistics (binomial bounds)."),
)
