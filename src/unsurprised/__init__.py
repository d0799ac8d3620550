"""Measure, explain and reduce the surprise of probabilistic models, in bits."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from unsurprised import coding, errors, states
from unsurprised.errors import CallError, InputError, StateError, UnsurprisedError
from unsurprised.evaluation import Estimate, Evaluation, Evaluator, evaluate
from unsurprised.explanation import Explanation, explain
from unsurprised.forms import Counts, Labels, Logits, LogProbs, Probs
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
from unsurprised.other_names import suggestion
from unsurprised.threads import get_num_threads, set_num_threads

if TYPE_CHECKING:
    from unsurprised import calibrators, testing
    from unsurprised.adapters.scikit_learn import CalibratedModel, cross_entropy_scorer
    from unsurprised.calibration.calibrate import calibrate
    from unsurprised.calibration.result import Calibration
    from unsurprised.comparison.check import Check, check
    from unsurprised.comparison.compare import compare
    from unsurprised.comparison.result import Comparison
    from unsurprised.language_models.artefacts.lists import read_top_logprobs
    from unsurprised.language_models.measure import fidelity
    from unsurprised.language_models.meter import FidelityMeter
    from unsurprised.language_models.result import Fidelity
    from unsurprised.language_models.sampled_kl import SampledKL, sampled_kl
    from unsurprised.language_models.top_logprobs import TopLogProbs

__version__ = "0.1.0"

#: What is imported when it is asked for: whoever only measures does not wait for it.
_LATER = {
    "CalibratedModel": "unsurprised.adapters.scikit_learn",
    "Calibration": "unsurprised.calibration",
    "Check": "unsurprised.comparison",
    "Comparison": "unsurprised.comparison",
    "Fidelity": "unsurprised.language_models.result",
    "FidelityMeter": "unsurprised.language_models.meter",
    "SampledKL": "unsurprised.language_models.sampled_kl",
    "TopLogProbs": "unsurprised.language_models.top_logprobs",
    "calibrate": "unsurprised.calibration",
    "calibrators": "",
    "check": "unsurprised.comparison",
    "compare": "unsurprised.comparison",
    "cross_entropy_scorer": "unsurprised.adapters.scikit_learn",
    "fidelity": "unsurprised.language_models.measure",
    "read_top_logprobs": "unsurprised.language_models.artefacts.lists",
    "sampled_kl": "unsurprised.language_models.sampled_kl",
    "testing": "",
}

__all__ = [
    "CalibratedModel",
    "Calibration",
    "CallError",
    "Check",
    "Comparison",
    "Counts",
    "Estimate",
    "Evaluation",
    "Evaluator",
    "Explanation",
    "Fidelity",
    "FidelityMeter",
    "InputError",
    "Labels",
    "LogProbs",
    "Logits",
    "Probs",
    "SampledKL",
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
    "dual_total_correlation",
    "efficiency",
    "entropy",
    "errors",
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
    "min_entropy",
    "mutual_information",
    "normalized_mutual_information",
    "perplexity",
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


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        said = f"module 'unsurprised' has no attribute {name!r}{suggestion(name, __all__)}"
        raise AttributeError(said, name=name)  # without obj, Python adds no guess of its own
    module = _LATER[name]
    found = getattr(import_module(module), name) if module else import_module(f"unsurprised.{name}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
