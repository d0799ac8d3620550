"""What each calibrator that was tried saves on rows that it was not fitted on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.calibration.result import Calibration
from unsurprised.report.drawing.palette import NOTEBOOK, Palette
from unsurprised.report.drawing.parts import (
    STEP,
    WIDTH,
    bits_axis,
    inline,
    known,
    layered,
    names_axis,
    tooltips,
)
from unsurprised.report.numbers import interval, number

if TYPE_CHECKING:
    import altair as alt


def chart(calibration: Calibration, palette: Palette = NOTEBOOK) -> alt.LayerChart:
    """A point with its interval for each; left of zero a calibrator does harm."""
    import altair as alt

    names = [trial.method for trial in calibration.trials]
    rows = [
        {
            "method": trial.method,
            "saved": trial.saved.value,
            "low": trial.saved.low,
            "high": trial.saved.high,
            "kind": "to take" if trial.method == calibration.method else "tried",
            "saves": f"{number(trial.saved.value)} {calibration.unit} a row",
            "interval": interval(trial.saved, "information"),
        }
        for trial in calibration.trials
    ]
    kinds = ["to take", "tried"]
    legend = alt.Legend(title=None, orient="top")
    encoded = alt.Chart().encode(
        y=alt.Y("method:N", sort=names, title=None, axis=names_axis()),
        color=alt.Color(
            "kind:N",
            scale=alt.Scale(domain=kinds, range=[palette.less, palette.plain]),
            legend=legend,
        ),
    )
    ends = (
        encoded.properties(data=inline(known(rows, "low", "high")))
        .mark_rule(strokeWidth=2)
        .encode(x=bits_axis("low:Q", f"saves so many {calibration.unit} a row"), x2="high:Q")
    )
    dots = (
        encoded.properties(data=inline(known(rows, "saved")))
        .mark_point(filled=True, size=90, opacity=1)
        .encode(
            x="saved:Q",
            shape=alt.Shape(
                "kind:N", scale=alt.Scale(domain=kinds, range=["diamond", "circle"]), legend=legend
            ),
            tooltip=tooltips("method", "saves", "interval"),
        )
    )
    zero = alt.Chart(inline([{"at": 0.0}])).mark_rule(color=palette.muted).encode(x="at:Q")
    layers = layered(zero, ends, dots)
    return layers.properties(width=WIDTH, height=STEP * len(rows))
