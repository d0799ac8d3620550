"""How the surprisal of the rows is spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.evaluation.result import Evaluation
from unsurprised.report.drawing.palette import NOTEBOOK, Palette
from unsurprised.report.drawing.parts import (
    STEP,
    WIDTH,
    inline,
    layered,
    names_axis,
    room_behind,
    tooltips,
)
from unsurprised.report.evaluation.layout import bars

if TYPE_CHECKING:
    import altair as alt


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
