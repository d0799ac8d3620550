"""Altair's charts as the page embeds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unsurprised.report.drawing.palette import PAGE

if TYPE_CHECKING:
    import altair as alt


def spec(chart: alt.LayerChart, *, fills: bool = True) -> dict[str, Any]:
    """The description of a chart, with the page's colours and as wide as there is room.

    Parameters
    ----------
    chart : altair.LayerChart
        Drawn with the page's palette.
    fills : bool
        Whether it takes the width that it is given.
    """
    # Altair made it, so it is valid; to check it again would take longer than to draw it.
    found: dict[str, Any] = chart.to_dict(validate=False)
    del found["$schema"]  # else a newer Vega-Lite complains
    found["config"] = PAGE.config()
    if fills:
        found["width"] = "container"
    return found
