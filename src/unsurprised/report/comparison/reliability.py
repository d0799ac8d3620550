"""The reliability of the models, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from unsurprised.comparison.result import Comparison
from unsurprised.evaluation.records import CalibrationCurve
from unsurprised.report.pages.parts import Section
from unsurprised.report.pages.reliability import TERMS, diagrams, errors

#: Diagrams of more models would bury each other; the JSON has all.
_MOST_MODELS = 4


def curves_by_model(
    comparison: Comparison, new: str | None = None
) -> dict[str, Sequence[CalibrationCurve]]:
    """The curves of the models that have some, the base first, or of the base and one other."""
    return {
        model.name: model.calibration
        for place, model in enumerate(comparison.models)
        if model.calibration and (new is None or not place or model.name == new)
    }


def section(comparison: Comparison) -> Section | None:
    """The diagrams of the top class, or of a class that is chosen, and the errors of each."""
    found = curves_by_model(comparison)
    models = dict(list(found.items())[:_MOST_MODELS])
    if not models:
        return None
    left = len(found) - len(models)
    return Section(
        "reliability",
        "Do their probabilities come true?",
        [f"{left} models more are in the JSON."] if left else [],
        diagrams(models),
        [errors(models)],
        terms=TERMS,
    )
