"""Metrics of an evaluation for trainers."""

from __future__ import annotations

from unsurprised.evaluation import Evaluation


def metrics(result: Evaluation) -> dict[str, float]:
    """The numbers to log."""
    gap, accuracy = result.confidence_gap, result.accuracy
    found = {"cross_entropy": result.cross_entropy.value}
    if gap is not None:
        found["confidence_gap"] = gap.value
    if accuracy is not None:
        found["accuracy"] = accuracy.value
    return found
