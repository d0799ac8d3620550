"""The formulas, one family a file."""

from unsurprised.measures.divergences import (
    cross_entropy,
    jeffreys_divergence,
    js_distance,
    js_divergence,
    kl_divergence,
    population_stability_index,
)
from unsurprised.measures.entropies import (
    binary_entropy,
    efficiency,
    entropy,
    gini_impurity,
    hartley_entropy,
    min_entropy,
    perplexity,
    surprisal,
)
from unsurprised.measures.f_divergences import (
    alpha_divergence,
    bhattacharyya_coefficient,
    bhattacharyya_distance,
    chi_squared_divergence,
    explain_infinite,
    f_divergence,
    hellinger_distance,
    total_variation,
)
from unsurprised.measures.orders import (
    renyi_divergence,
    renyi_entropy,
    tsallis_divergence,
    tsallis_entropy,
)

__all__ = [
    "alpha_divergence",
    "bhattacharyya_coefficient",
    "bhattacharyya_distance",
    "binary_entropy",
    "chi_squared_divergence",
    "cross_entropy",
    "efficiency",
    "entropy",
    "explain_infinite",
    "f_divergence",
    "gini_impurity",
    "hartley_entropy",
    "hellinger_distance",
    "jeffreys_divergence",
    "js_distance",
    "js_divergence",
    "kl_divergence",
    "min_entropy",
    "perplexity",
    "population_stability_index",
    "renyi_divergence",
    "renyi_entropy",
    "surprisal",
    "total_variation",
    "tsallis_divergence",
    "tsallis_entropy",
]
