"""Where the bits go: one distribution, two, or what happened, outcome by outcome."""

from unsurprised.explanation.explain import explain
from unsurprised.explanation.result import Explanation, Outcome, Smoothing

__all__ = ["Explanation", "Outcome", "Smoothing", "explain"]
