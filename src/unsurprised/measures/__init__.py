"""The formulas, one family a file."""

from unsurprised.measures._contingency import contingency
from unsurprised.measures.clusterings import (
    adjusted_mutual_information,
    completeness,
    homogeneity,
    v_measure,
)
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
from unsurprised.measures.joint import (
    conditional_entropy,
    joint_entropy,
    mutual_information,
    normalized_mutual_information,
    pointwise_mutual_information,
    variation_of_information,
)
from unsurprised.measures.multivariate import (
    conditional_mutual_information,
    dual_total_correlation,
    interaction_information,
    total_correlation,
)
from unsurprised.measures.orders import (
    renyi_divergence,
    renyi_entropy,
    tsallis_divergence,
    tsallis_entropy,
)
from unsurprised.measures.smoothing import add_pseudocounts, smooth, smoothing_cost

__all__ = [
    "add_pseudocounts",
    "adjusted_mutual_information",
    "alpha_divergence",
    "bhattacharyya_coefficient",
    "bhattacharyya_distance",
    "binary_entropy",
    "chi_squared_divergence",
    "completeness",
    "conditional_entropy",
    "conditional_mutual_information",
    "contingency",
    "cross_entropy",
    "dual_total_correlation",
    "efficiency",
    "entropy",
    "explain_infinite",
    "f_divergence",
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
    "renyi_divergence",
    "renyi_entropy",
    "smooth",
    "smoothing_cost",
    "surprisal",
    "total_correlation",
    "total_variation",
    "tsallis_divergence",
    "tsallis_entropy",
    "v_measure",
    "variation_of_information",
]
