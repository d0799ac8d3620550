"""Measure, explain and reduce the surprise of probabilistic models, in bits."""

from unsurprised import errors, states
from unsurprised.errors import CallError, InputError, StateError, UnsurprisedError
from unsurprised.evaluation import Estimate, Evaluation, Evaluator, evaluate
from unsurprised.forms import Counts, Labels, Logits, LogProbs, Probs
from unsurprised.measures import *  # noqa: F403 -- the names are listed where they are defined
from unsurprised.measures import __all__ as _measures

__version__ = "0.1.0"

__all__ = [
    "CallError",
    "Counts",
    "Estimate",
    "Evaluation",
    "Evaluator",
    "InputError",
    "Labels",
    "LogProbs",
    "Logits",
    "Probs",
    "StateError",
    "UnsurprisedError",
    "errors",
    "evaluate",
    "states",
    *_measures,
]
