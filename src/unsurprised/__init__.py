"""Measure, explain and reduce the surprise of probabilistic models, in bits."""

from __future__ import annotations

from importlib import import_module

# Not that of typing, which alone takes longer to import than this module: checkers know the name.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from unsurprised import calibrators, coding, errors, estimate, states, testing
    from unsurprised.adapters.scikit_learn import CalibratedModel, cross_entropy_scorer
    from unsurprised.calibration.calibrate import calibrate
    from unsurprised.calibration.result import Calibration
    from unsurprised.column_ranking.mi import mi
    from unsurprised.column_ranking.result import InformationRanking
    from unsurprised.comparison.check import Check, check
    from unsurprised.comparison.compare import compare
    from unsurprised.comparison.result import Comparison
    from unsurprised.dataset_drift.base import DriftBase
    from unsurprised.dataset_drift.compare import drift
    from unsurprised.dataset_drift.plans import DriftPlan
    from unsurprised.dataset_drift.result import Drift
    from unsurprised.errors import CallError, InputError, StateError, UnsurprisedError
    from unsurprised.evaluation import Estimate, Evaluation, Evaluator
    from unsurprised.evaluation.evaluate import evaluate
    from unsurprised.evaluation.plans import Plan, plan
    from unsurprised.explanation import Explanation
    from unsurprised.explanation.explain import explain
    from unsurprised.forms import Counts, Labels, Logits, LogProbs, Probs
    from unsurprised.language_models.artefacts.lists import read_top_logprobs
    from unsurprised.language_models.measure import fidelity
    from unsurprised.language_models.meter import FidelityMeter
    from unsurprised.language_models.result import Fidelity
    from unsurprised.language_models.sampled_kl import sampled_kl
    from unsurprised.language_models.sampled_meter import SampledKLMeter
    from unsurprised.language_models.sampled_result import SampledKL
    from unsurprised.language_models.top_logprobs import TopLogProbs
    from unsurprised.measures import (
        add_pseudocounts,
        adjusted_mutual_information,
        alpha_divergence,
        bhattacharyya_coefficient,
        bhattacharyya_distance,
        binary_entropy,
        chi_squared_divergence,
        completeness,
        conditional_entropy,
        conditional_mutual_information,
        contingency,
        cross_entropy,
        dual_total_correlation,
        efficiency,
        entropy,
        explain_infinite,
        f_divergence,
        gini_impurity,
        hartley_entropy,
        hellinger_distance,
        homogeneity,
        interaction_information,
        jeffreys_divergence,
        joint_entropy,
        js_distance,
        js_divergence,
        kl_divergence,
        min_entropy,
        mutual_information,
        normalized_mutual_information,
        perplexity,
        pointwise_mutual_information,
        population_stability_index,
        renyi_divergence,
        renyi_entropy,
        smooth,
        smoothing_cost,
        surprisal,
        total_correlation,
        total_variation,
        tsallis_divergence,
        tsallis_entropy,
        v_measure,
        variation_of_information,
    )
    from unsurprised.merging import merge
    from unsurprised.threads import get_num_threads, set_num_threads

__version__ = "0.1.0"

__all__ = [
    "CalibratedModel",
    "Calibration",
    "CallError",
    "Check",
    "Comparison",
    "Counts",
    "Drift",
    "DriftBase",
    "DriftPlan",
    "Estimate",
    "Evaluation",
    "Evaluator",
    "Explanation",
    "Fidelity",
    "FidelityMeter",
    "InformationRanking",
    "InputError",
    "Labels",
    "LogProbs",
    "Logits",
    "Plan",
    "Probs",
    "Query",
    "SampledKL",
    "SampledKLMeter",
    "StateError",
    "TopLogProbs",
    "UnsurprisedError",
    "add_pseudocounts",
    "adjusted_mutual_information",
    "alpha_divergence",
    "bhattacharyya_coefficient",
    "bhattacharyya_distance",
    "binary_entropy",
    "calibrate",
    "calibrators",
    "check",
    "chi_squared_divergence",
    "coding",
    "compare",
    "completeness",
    "conditional_entropy",
    "conditional_mutual_information",
    "contingency",
    "cross_entropy",
    "cross_entropy_scorer",
    "drift",
    "dual_total_correlation",
    "efficiency",
    "entropy",
    "errors",
    "estimate",
    "evaluate",
    "explain",
    "explain_infinite",
    "f_divergence",
    "fidelity",
    "get_num_threads",
    "gini_impurity",
    "hartley_entropy",
    "hellinger_distance",
    "homogeneity",
    "interaction_information",
    "jeffreys_divergence",
    "joint_entropy",
    "js_distance",
    "js_divergence",
    "kl_divergence",
    "merge",
    "mi",
    "min_entropy",
    "mutual_information",
    "normalized_mutual_information",
    "perplexity",
    "plan",
    "pointwise_mutual_information",
    "population_stability_index",
    "read_top_logprobs",
    "renyi_divergence",
    "renyi_entropy",
    "sampled_kl",
    "set_num_threads",
    "smooth",
    "smoothing_cost",
    "states",
    "surprisal",
    "testing",
    "total_correlation",
    "total_variation",
    "tsallis_divergence",
    "tsallis_entropy",
    "v_measure",
    "variation_of_information",
]


#: Modules that are there without an import of their own.
_MODULES = frozenset(
    ("alone", "array_types", "arrays", "batches", "calibrators", "class_names", "coding", "copies",
     "errors", "estimate", "evaluation", "explanation", "float_errors", "forms", "inputs",
     "interpretation", "measures", "other_names", "portable", "reported", "states", "statistics",
     "testing", "threads", "units", "weights")
)  # fmt: skip

#: Where the public names stand, those aside that are measures. Each is imported when it is first
#: asked for: whoever asks for the version, or only measures, does not wait for the rest.
_HOMES = {
    "adapters.scikit_learn": ("CalibratedModel", "cross_entropy_scorer"),
    "calibration": ("Calibration", "calibrate"),
    "column_ranking.mi": ("mi",),
    "column_ranking.result": ("InformationRanking",),
    "comparison": ("Check", "Comparison", "check", "compare"),
    "dataset_drift.base": ("DriftBase",),
    "dataset_drift.compare": ("drift",),
    "dataset_drift.plans": ("DriftPlan",),
    "dataset_drift.result": ("Drift",),
    "errors": ("CallError", "InputError", "StateError", "UnsurprisedError"),
    "evaluation": ("Estimate", "Evaluation", "Evaluator", "evaluate"),
    "evaluation.plans": ("Plan", "plan"),
    "merging": ("merge",),
    "explanation": ("Explanation", "explain"),
    "forms": ("Counts", "Labels", "LogProbs", "Logits", "Probs"),
    "language_models.artefacts.lists": ("read_top_logprobs",),
    "language_models.measure": ("fidelity",),
    "language_models.meter": ("FidelityMeter",),
    "language_models.result": ("Fidelity",),
    "language_models.sampled_kl": ("sampled_kl",),
    "language_models.sampled_meter": ("SampledKLMeter",),
    "language_models.sampled_result": ("SampledKL",),
    "language_models.top_logprobs": ("TopLogProbs",),
    "sources.databases": ("Query",),
    "threads": ("get_num_threads", "set_num_threads"),
}
_HOME = dict.fromkeys(__all__, "measures") | {
    name: home for home, names in _HOMES.items() for name in names
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"unsurprised.{name}")  # which binds the name
    if name not in _HOME:
        from unsurprised.other_names import suggestion  # only needed to be helpful

        said = f"module 'unsurprised' has no attribute {name!r}{suggestion(name, __all__)}"
        raise AttributeError(said, name=name)  # without obj, Python adds no guess of its own
    found = globals()[name] = getattr(import_module(f"unsurprised.{_HOME[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
