"""Comparison: models on the same rows, and checks that one is no worse than another."""

from unsurprised.comparison.check import Check, Finding, check
from unsurprised.comparison.compare import compare
from unsurprised.comparison.result import (
    ComparedModel,
    Comparison,
    Difference,
    RowDifference,
    SliceDifference,
)

__all__ = [
    "Check",
    "ComparedModel",
    "Comparison",
    "Difference",
    "Finding",
    "RowDifference",
    "SliceDifference",
    "check",
    "compare",
]
