"""Measure, explain and reduce the surprise of probabilistic models, in bits."""

from unsurprised import errors, states
from unsurprised.errors import CallError, InputError, StateError, UnsurprisedError
from unsurprised.evaluation import Estimate, Evaluation, Evaluator, evaluate
from unsurprised.forms import Counts, Labels, Logits, LogProbs, Probs
from unsurprised.measures import cross_entropy, entropy, kl_divergence, surprisal

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
    "cross_entropy",
    "entropy",
    "errors",
    "evaluate",
    "kl_divergence",
    "states",
    "surprisal",
]
