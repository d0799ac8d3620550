"""Reliability diagrams on a page: of one model, or side by side with one choice of the class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from unsurprised.evaluation.records import CalibrationCurve
from unsurprised.report.drawing.palette import PAGE
from unsurprised.report.drawing.reliability import CHOICE, chart, chosen, name_of
from unsurprised.report.numbers import printable, share
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import (
    NAME,
    Cell,
    Chart,
    HtmlTable,
    counting,
    percent,
    ranged,
)


def diagram(
    curves: Sequence[CalibrationCurve],
    key: str,
    label: str,
    choice: str = "Curve of ",
) -> Chart:
    """A diagram, below which the curve is chosen; its table has the numbers of the top class."""
    return Chart(
        key,
        label,
        lambda: spec(chart(curves, PAGE, choice)),
        _bins(curves[0], label),
        choice=CHOICE if choice and len(curves) > 1 else "",
        shape="square",
    )


def diagrams(models: Mapping[str, Sequence[CalibrationCurve]]) -> list[Chart]:
    """A diagram for each model; the choice below the first is that of all."""
    made: list[Chart] = []
    for name, curves in zip(models, chosen(*models.values()), strict=True):
        label = f"{printable(name, NAME)}: ECE {share(curves[0].error)}"
        choice = "" if made else "Curves of "
        made.append(diagram(curves, f"reliability-{len(made)}", label, choice))
    return [made[0], *(replace(each, follows=made[0].id) for each in made[1:])]


def errors(models: Mapping[str, Sequence[CalibrationCurve]]) -> HtmlTable:
    """The expected calibration error of each curve, model by model; those drawn."""
    kept = chosen(*models.values())
    names = [printable(name, NAME) for name in models]
    header = ["ECE of", *names, f"{names[-1]}, if calibrated"]
    rows = [
        [
            Cell(name_of(curves[0])),
            *(percent(curve.error) for curve in curves),
            percent(curves[-1].error_if_calibrated),
        ]
        for curves in zip(*kept, strict=True)
    ]
    left = min(map(len, models.values())) - len(kept[0])
    note = f"{left:,} classes nearer to calibrated are in the JSON." if left else ""
    title = "Expected calibration error (ECE)"
    return HtmlTable(title, header, rows, note, sortable=True, keeps=3)


def _bins(curve: CalibrationCurve, label: str) -> HtmlTable:
    header = ["predicted", "observed", "95 % interval", "if calibrated", "rows"]
    rows = [
        [
            percent(part.predicted),
            percent(part.observed.value),
            ranged(part.observed, "share"),
            Cell(f"{share(part.band_low)} to {share(part.band_high)}"),
            counting(part.rows),
        ]
        for part in curve.bins
    ]
    return HtmlTable(f"{label}, top class", header, rows, names=0, keeps=2)


TERMS = (
    (
        "reliability diagram (calibration curve)",
        "Rows are put into at most 15 bins of equal weight by the predicted probability. A point "
        "has its mean across and how often the class happened up, with a 95 % interval.",
    ),
    (
        "grey band",
        "Where a point lies 95 % of the time if the model is calibrated. A point outside of it is "
        "more than chance.",
    ),
    (
        "expected calibration error (ECE)",
        "Mean |predicted − observed| over the bins, by weight. Debiased: less what the noise of "
        "the frequencies adds (Kumar, Liang and Ma, 2019). If calibrated: what chance alone "
        "would show on these very rows.",
    ),
)
