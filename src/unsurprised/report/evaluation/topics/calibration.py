"""Calibration curves, their errors, and the Brier score."""

from __future__ import annotations

from unsurprised.evaluation.records import CalibrationCurve
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.drawing.palette import PAGE
from unsurprised.report.evaluation.tables import sampled
from unsurprised.report.evaluation.topics import calibration_chart as calibration
from unsurprised.report.numbers import interval, number, share
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import (
    Cell,
    Chart,
    Section,
    Table,
    counting,
    percent,
    ranged,
)


def section(evaluation: Evaluation) -> Section | None:
    """The curve of the top class and of each class."""
    if not evaluation.calibration:
        return None
    curves = calibration.chosen(evaluation)
    top = curves[0]
    says = [
        f"What the model gave to its top class and how often that happened are "
        f"{share(top.error)} apart on average; {share(top.error_if_calibrated)} would be chance "
        "if it were calibrated.",
        sampled(evaluation),
    ]
    chart = Chart(
        "calibration",
        "What the model gave, and how often it happened",
        spec(calibration.chart(evaluation, PAGE)),
        _bins(top),
        choice="curve",
        shape="square",
    )
    return Section(
        "calibration",
        "Do its probabilities come true?",
        [*(line for line in says if line), *_brier(evaluation)],
        [chart],
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


def _bins(curve: CalibrationCurve) -> Table:
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
    return Table("The curve of the top class", header, rows, names=0)


def _errors(evaluation: Evaluation, curves: list[CalibrationCurve]) -> Table:
    header = ["curve", "calibration error", "debiased", "if calibrated", "bins"]
    rows = [
        [
            Cell(calibration.name(curve)),
            percent(curve.error),
            percent(curve.error_debiased),
            percent(curve.error_if_calibrated),
            counting(len(curve.bins)),
        ]
        for curve in curves
    ]
    left = len(evaluation.calibration) - len(curves)
    note = f"{left:,} classes nearer to calibrated are in the JSON." if left else ""
    return Table("Expected calibration error", header, rows, note, sortable=True)


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
