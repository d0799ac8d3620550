"""Metrics of an evaluation for trainers."""

from __future__ import annotations

from unsurprised.evaluation import Evaluation
from unsurprised.language_models.sampled_result import SampledKL

#: Where proximal policy optimisation clips the ratio of two probabilities.
_CLIP = 0.2


def metrics(result: Evaluation) -> dict[str, float]:
    """The numbers to log."""
    gap, accuracy = result.confidence_gap, result.accuracy
    found = {"cross_entropy": result.cross_entropy.value}
    if gap is not None:
        found["confidence_gap"] = gap.value
    if accuracy is not None:
        found["accuracy"] = accuracy.value
    return found


def mismatch_metrics(result: SampledKL) -> dict[str, float]:
    """The numbers to log of an engine's and a trainer's log-probabilities."""
    return {
        "k1": result.k1.value,
        "k3": result.k3.value,
        f"outside_{_CLIP:g}": 1 - result.ratios_within[_CLIP].value,
        "effective_sample": result.effective_sample.value,
    }
