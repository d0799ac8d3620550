"""What is asked of a model: estimates with intervals, from exact states."""

from unsurprised.evaluation.estimate import Estimate
from unsurprised.evaluation.evaluate import evaluate
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.result import Annotators, Evaluation, HistogramBar, WorstRow

__all__ = [
    "Annotators",
    "Estimate",
    "Evaluation",
    "Evaluator",
    "HistogramBar",
    "WorstRow",
    "evaluate",
]
