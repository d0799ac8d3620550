"""Explanations of an entropy, a divergence or a surprisal, outcome by outcome."""

from unsurprised.explanation.explain import explain
from unsurprised.explanation.result import Explanation, Outcome, Smoothing

__all__ = ["Explanation", "Outcome", "Smoothing", "explain"]
