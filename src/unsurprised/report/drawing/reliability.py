"""Reliability diagrams: how often what was predicted happened, of one model or of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from unsurprised.evaluation.records import CalibrationCurve
from unsurprised.report.drawing.palette import NOTEBOOK, Palette
from unsurprised.report.drawing.parts import Row, inline, layered, short

if TYPE_CHECKING:
    import altair as alt

#: Curves of classes that a chart has; those furthest from calibrated beyond chance come first.
MOST_CLASSES = 24
_SIDE = 340
#: What is said of a point besides its rows, as shares.
_SHARES = ("predicted", "observed", "low", "high", "band low", "band high")
#: What the choice of a curve is called within a chart.
CHOICE = "curve"


def chosen(*models: Sequence[CalibrationCurve]) -> list[list[CalibrationCurve]]:
    """Of each model the curve of the top class, then those of the same classes, in their order."""
    classes = range(1, min(map(len, models)))

    def excess(place: int) -> float:
        return max(curves[place].error - curves[place].error_if_calibrated for curves in models)

    kept = sorted(sorted(classes, key=excess, reverse=True)[:MOST_CLASSES])
    return [[curves[place] for place in (0, *kept)] for curves in models]


def name_of(curve: CalibrationCurve) -> str:
    """Whose curve it is."""
    return "the top class" if curve.predicted is None else f"class {short(curve.predicted)}"


def chart(
    curves: Sequence[CalibrationCurve], palette: Palette = NOTEBOOK, choice: str = "Curve of "
) -> alt.LayerChart:
    """A curve with its band; which one is chosen below the chart.

    Parameters
    ----------
    curves : sequence of CalibrationCurve
        Those to choose from.
    palette : Palette
        Its colors.
    choice : str
        What stands before the choice; "" where another chart says which curve it is.
    """
    return _layers(curves, palette).add_params(_choice(curves, choice))


def beside(models: Mapping[str, Sequence[CalibrationCurve]]) -> alt.HConcatChart:
    """A diagram for each model, side by side, whose curves are chosen together."""
    import altair as alt

    kept = chosen(*models.values())
    charts = [
        _layers(curves, NOTEBOOK).properties(title=short(name))
        for name, curves in zip(models, kept, strict=True)
    ]
    return alt.hconcat(*charts).add_params(_choice(kept[0], "Curves of "))


def _choice(curves: Sequence[CalibrationCurve], name: str) -> alt.Parameter:
    import altair as alt

    if not name or len(curves) == 1:
        return alt.param(name=CHOICE, value=0)
    # By number: two names may be equal once they are cut.
    names = [name_of(curve) for curve in curves]
    select = alt.binding_select(options=list(range(len(curves))), labels=names, name=name)
    return alt.param(name=CHOICE, value=0, bind=select)


def _layers(curves: Sequence[CalibrationCurve], palette: Palette) -> alt.LayerChart:
    import altair as alt

    scale = alt.Scale(domain=[0, 1])
    base = (
        alt.Chart(inline(_rows(curves)))
        .transform_filter(f"datum.curve == {CHOICE}")
        .encode(x=alt.X("predicted:Q", title="predicted probability", scale=scale))
    )
    band = base.mark_area(color=palette.muted, opacity=0.3).encode(
        y=alt.Y("band low:Q", title="observed frequency", scale=scale), y2="band high:Q"
    )
    ideal = (
        alt.Chart(inline([{"predicted": end, "observed": end} for end in (0.0, 1.0)]))
        .mark_line(color=palette.muted, strokeDash=[4, 4])
        .encode(x="predicted:Q", y="observed:Q")
    )
    line = base.mark_line(color=palette.plain).encode(y="observed:Q")
    ends = base.mark_rule(color=palette.plain).encode(y="low:Q", y2="high:Q")
    dots = base.mark_circle(color=palette.plain, size=60, opacity=1).encode(
        y="observed:Q",
        tooltip=[
            alt.Tooltip("rows:Q", format=","),
            *(alt.Tooltip(f"{name}:Q", format=".2%") for name in _SHARES),
        ],
    )
    layers = layered(band, ideal, line, ends, dots)
    return layers.properties(width=_SIDE, height=_SIDE)


def _rows(curves: Sequence[CalibrationCurve]) -> list[Row]:
    return [
        {
            "curve": index,
            "rows": part.rows,
            "predicted": part.predicted,
            "observed": part.observed.value,
            "low": part.observed.low,
            "high": part.observed.high,
            "band low": part.band_low,
            "band high": part.band_high,
        }
        for index, curve in enumerate(curves)
        for part in curve.bins
    ]
