"""Evaluation of a model: estimates with intervals, from exact states."""

from unsurprised.evaluation.evaluate import evaluate
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.records import (
    Annotators,
    Brier,
    CalibrationBin,
    CalibrationCurve,
    ClassProbability,
    ConfidenceGap,
    HistogramBar,
    IfCalibrated,
    Ledger,
    Mixed,
    Recalibration,
    Slice,
    SlicedBy,
    WorstRow,
)
from unsurprised.evaluation.result import Evaluation
from unsurprised.statistics.estimate import Estimate

__all__ = [
    "Annotators",
    "Brier",
    "CalibrationBin",
    "CalibrationCurve",
    "ClassProbability",
    "ConfidenceGap",
    "Estimate",
    "Evaluation",
    "Evaluator",
    "HistogramBar",
    "IfCalibrated",
    "Ledger",
    "Mixed",
    "Recalibration",
    "Slice",
    "SlicedBy",
    "WorstRow",
    "evaluate",
]
