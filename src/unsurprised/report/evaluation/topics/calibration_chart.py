"""Calibration curves: what the model gave, how often that happened, and where chance puts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.evaluation.records import CalibrationCurve
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.drawing.palette import NOTEBOOK, Palette
from unsurprised.report.drawing.parts import inline, layered, short, tooltips
from unsurprised.report.numbers import interval, share

if TYPE_CHECKING:
    import altair as alt

#: Curves of classes that a chart has; those furthest from calibrated beyond chance come first.
MOST_CLASSES = 24
_SIDE = 340


def chosen(evaluation: Evaluation) -> list[CalibrationCurve]:
    """The curve of the top class, then those of classes, in their order."""
    top, *others = evaluation.calibration
    worst = sorted(others, key=lambda curve: curve.error_if_calibrated - curve.error)
    kept = {id(curve) for curve in worst[:MOST_CLASSES]}
    return [top, *(curve for curve in others if id(curve) in kept)]


def chart(evaluation: Evaluation, palette: Palette = NOTEBOOK) -> alt.LayerChart:
    """A curve with its band; which one is chosen below the chart."""
    import altair as alt

    curves = chosen(evaluation)
    names = [name(curve) for curve in curves]
    choice = alt.binding_select(
        options=list(range(len(curves))), labels=names, name="Curve of "
    )  # by number: two names may be equal once they are cut
    curve = alt.param(name="curve", value=0, bind=choice)
    base = (
        alt.Chart(inline(_rows(curves)))
        .transform_filter("datum.curve == curve")
        .encode(x=alt.X("predicted:Q", title="probability given", scale=_scale()))
    )
    band = base.mark_area(color=palette.muted, opacity=0.3).encode(
        y=alt.Y("band low:Q", title="how often it happened", scale=_scale()), y2="band high:Q"
    )
    ideal = (
        alt.Chart(inline([{"predicted": end, "observed": end} for end in (0.0, 1.0)]))
        .mark_line(color=palette.muted, strokeDash=[4, 4])
        .encode(x="predicted:Q", y="observed:Q")
    )
    line = base.mark_line(color=palette.plain).encode(y="observed:Q")
    ends = base.mark_rule(color=palette.plain).encode(y="low:Q", y2="high:Q")
    dots = base.mark_circle(color=palette.plain, size=60, opacity=1).encode(
        y="observed:Q", tooltip=tooltips("rows", "given", "happened", "interval", "if calibrated")
    )
    layers = layered(band, ideal, line, ends, dots)
    return layers.add_params(curve).properties(width=_SIDE, height=_SIDE)


def name(curve: CalibrationCurve) -> str:
    """Whose curve it is."""
    return "the top class" if curve.predicted is None else f"class {short(curve.predicted)}"


def _scale() -> alt.Scale:
    import altair as alt

    return alt.Scale(domain=[0, 1])


def _rows(curves: list[CalibrationCurve]) -> list[dict[str, object]]:
    return [
        {
            "curve": index,
            "predicted": part.predicted,
            "observed": part.observed.value,
            "low": part.observed.low,
            "high": part.observed.high,
            "band low": part.band_low,
            "band high": part.band_high,
            "rows": f"{part.rows:,}",
            "given": share(part.predicted),
            "happened": share(part.observed.value),
            "interval": interval(part.observed, "share"),
            "if calibrated": f"{share(part.band_low)} to {share(part.band_high)}",
        }
        for index, curve in enumerate(curves)
        for part in curve.bins
    ]
