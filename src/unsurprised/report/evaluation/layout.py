"""The order of a report, the same for plain text, terminals and notebooks."""

from __future__ import annotations

from unsurprised.evaluation.result import Evaluation
from unsurprised.report.evaluation.topics import confidence, confusion, slices
from unsurprised.report.tables import TextTable


def tables(evaluation: Evaluation) -> list[TextTable]:
    """The tables that the evaluation has, behind its figures and its histogram."""
    shown = [slices.table(evaluation, column) for column in evaluation.sliced_by]
    if evaluation.gaps_by_confidence:
        shown.append(confidence.table(evaluation))
    confused = confusion.table(evaluation)
    return shown if confused is None else [*shown, confused]
