"""Calibration curves, their errors, and the Brier score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.evaluation.records import CalibrationCurve
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
from unsurprised.report.drawing.parts import inline, layered, short, tooltips
from unsurprised.report.evaluation import sentences
from unsurprised.report.numbers import interval, number, share
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import (
    Cell,
    Chart,
    HtmlTable,
    Section,
    counting,
    percent,
    ranged,
)

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


def section(evaluation: Evaluation) -> Section | None:
    """The curve of the top class and of each class."""
    if not evaluation.calibration:
        return None
    curves = chosen(evaluation)
    top = curves[0]
    says = [
        f"What the model gave to its top class and how often that happened are "
        f"{share(top.error)} apart on average; {share(top.error_if_calibrated)} would be chance "
        "if it were calibrated.",
        sentences.sampled(evaluation),
    ]
    figure = Chart(
        "calibration",
        "What the model gave, and how often it happened",
        lambda: spec(chart(evaluation, PAGE)),
        _bins(top),
        choice="curve",
        shape="square",
    )
    return Section(
        "calibration",
        "Do its probabilities come true?",
        [*(line for line in says if line), *_brier(evaluation)],
        [figure],
        [_errors(evaluation, curves)],
        terms=TERMS,
    )


def _brier(evaluation: Evaluation) -> list[str]:
    brier = evaluation.brier
    if brier is None:
        return []
    return [
        f"Brier score: {number(brier.score.value)} ({interval(brier.score, 'number')}) = "
        f"uncertainty {number(brier.uncertainty)} − discrimination "
        f"{number(brier.discrimination)} + miscalibration {number(brier.miscalibration)}."
    ]


def _bins(curve: CalibrationCurve) -> HtmlTable:
    header = ["given", "rows", "happened", "95 % interval", "if calibrated"]
    rows = [
        [
            percent(part.predicted),
            counting(part.rows),
            percent(part.observed.value),
            ranged(part.observed, "share"),
            Cell(f"{share(part.band_low)} to {share(part.band_high)}"),
        ]
        for part in curve.bins
    ]
    return HtmlTable("The curve of the top class", header, rows, names=0)


def _errors(evaluation: Evaluation, curves: list[CalibrationCurve]) -> HtmlTable:
    header = ["curve", "calibration error", "debiased", "if calibrated", "bins"]
    rows = [
        [
            Cell(name(curve)),
            percent(curve.error),
            percent(curve.error_debiased),
            percent(curve.error_if_calibrated),
            counting(len(curve.bins)),
        ]
        for curve in curves
    ]
    left = len(evaluation.calibration) - len(curves)
    note = f"{left:,} classes nearer to calibrated are in the JSON." if left else ""
    return HtmlTable("Expected calibration error", header, rows, note, sortable=True)


TERMS = (
    (
        "curve",
        "Rows are put into at most 15 bins of equal weight by the probability given. A point has "
        "the mean of what was given and how often it happened, with a 95 % interval.",
    ),
    (
        "grey band",
        "Where a point lies 95 % of the time if the model is calibrated. A point outside of it is "
        "more than chance.",
    ),
    (
        "calibration error",
        "Mean |given − happened| over the bins, by weight (ECE). Debiased: less what the noise of "
        "the frequencies adds (Kumar, Liang and Ma, 2019). If calibrated: what chance alone "
        "would show on these very rows.",
    ),
    (
        "Brier score",
        "Mean squared error of the probabilities; of more than two classes summed over them. Its "
        "parts are those of an isotonic fit of each class, in sample (Dimitriadis, Gneiting and "
        "Jordan, 2021).",
    ),
)
