"""Reliability before and after, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from unsurprised.calibration.result import Calibration
from unsurprised.evaluation.records import CalibrationCurve
from unsurprised.report.numbers import counted, share
from unsurprised.report.pages.parts import Section
from unsurprised.report.pages.reliability import TERMS, diagrams, errors


def before_and_after(calibration: Calibration) -> dict[str, Sequence[CalibrationCurve]]:
    """The curves by what the predictions went through; before alone where nothing helps."""
    found = {"before": calibration.reliability_before}
    if calibration.reliability_after:
        found[f"after {calibration.method}"] = calibration.reliability_after
    return {name: curves for name, curves in found.items() if curves}


def section(calibration: Calibration) -> Section | None:
    """The diagrams of the top class, or of a class that is chosen, and the error of each."""
    models = before_and_after(calibration)
    if not models:
        return None
    return Section(
        "reliability",
        "Do its probabilities come true?",
        [_says(calibration)],
        diagrams(models),
        [errors(models)],
        terms=TERMS,
    )


def _says(calibration: Calibration) -> str:
    before = share(calibration.reliability_before[0].error)
    rows = counted(calibration.fitted_rows, "row")
    if not calibration.reliability_after:
        return f"The expected calibration error (ECE) of the top class is {before}, of {rows}."
    after = calibration.reliability_after[0]
    method = str(calibration.method)
    return (
        f"{method[0].upper()}{method[1:]} takes the expected calibration error (ECE) of the "
        f"top class from {before} to {share(after.error)}; {share(after.error_if_calibrated)} "
        f"would be chance. Of {rows}, each by a fit to folds that it is not in."
    )
