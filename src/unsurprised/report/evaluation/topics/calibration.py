"""Reliability diagrams, their errors, and the Brier score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.evaluation.records import CalibrationCurve
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.drawing import reliability
from unsurprised.report.evaluation import definitions, sentences
from unsurprised.report.numbers import in_brackets, number, share
from unsurprised.report.pages.parts import Cell, HtmlTable, Section, counting, percent
from unsurprised.report.pages.reliability import TERMS, diagram

if TYPE_CHECKING:
    import altair as alt


def chart(evaluation: Evaluation) -> alt.LayerChart:
    """The reliability diagram of the top class, or of a class that is chosen below the chart."""
    (curves,) = reliability.chosen(evaluation.calibration)
    return reliability.chart(curves)


def section(evaluation: Evaluation) -> Section | None:
    """The curve of the top class and of each class."""
    if not evaluation.calibration:
        return None
    (curves,) = reliability.chosen(evaluation.calibration)
    top = curves[0]
    says = [
        f"What the model predicts for its top class and how often that happens are "
        f"{share(top.error)} apart on average: the expected calibration error (ECE). "
        f"{share(top.error_if_calibrated)} would be chance if it were calibrated.",
        sentences.sampled(evaluation),
    ]
    figure = diagram(curves, "calibration", "Reliability diagram: predicted and observed")
    return Section(
        "calibration",
        "Do its probabilities come true?",
        [*(line for line in says if line), *_brier(evaluation)],
        [figure],
        [_errors(evaluation, curves)],
        terms=(*TERMS, *definitions.terms("brier")),
    )


def _brier(evaluation: Evaluation) -> list[str]:
    brier = evaluation.brier
    if brier is None:
        return []
    return [
        f"Brier score: {number(brier.score.value)}{in_brackets(brier.score, 'number')} = "
        f"uncertainty {number(brier.uncertainty)} − discrimination "
        f"{number(brier.discrimination)} + miscalibration {number(brier.miscalibration)}."
    ]


def _errors(evaluation: Evaluation, curves: list[CalibrationCurve]) -> HtmlTable:
    header = ["curve", "ECE", "debiased", "if calibrated", "bins"]
    rows = [
        [
            Cell(reliability.name_of(curve)),
            percent(curve.error),
            percent(curve.error_debiased),
            percent(curve.error_if_calibrated),
            counting(len(curve.bins)),
        ]
        for curve in curves
    ]
    left = len(evaluation.calibration) - len(curves)
    note = f"{left:,} classes nearer to calibrated are in the JSON." if left else ""
    title = "Expected calibration error (ECE)"
    return HtmlTable(title, header, rows, note, sortable=True, keeps=2)
