"""The definitions once more, in mpmath, on the exact values that the arrays hold.

Nothing here comes from the library: a row states ``row / Σrow``, and that is what is summed. Equal
entries are taken together, so that a row of a million classes costs what its distinct entries do.
Values are in bits where a measure has a unit.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

from oracle_clusterings import (
    adjusted_mutual_information,
    completeness,
    contingency,
    homogeneity,
    v_measure,
)
from oracle_divergences import (
    alpha_divergence,
    bhattacharyya_coefficient,
    bhattacharyya_distance,
    chi_squared_divergence,
    cross_entropy,
    difference,
    f_divergence,
    hellinger_distance,
    jeffreys_divergence,
    js_distance,
    js_divergence,
    kl_divergence,
    population_stability_index,
    renyi_divergence,
    total_variation,
    tsallis_divergence,
)
from oracle_entropies import (
    binary_entropy,
    efficiency,
    entropy,
    event_surprisal,
    gini_impurity,
    hartley_entropy,
    log2_of,
    min_entropy,
    perplexity,
    renyi_entropy,
    shares,
    smoothing_cost,
    surprisal,
    tsallis_entropy,
)
from oracle_joint import (
    conditional_entropy,
    conditional_mutual_information,
    dual_total_correlation,
    interaction_information,
    joint_entropy,
    mutual_information,
    normalized_mutual_information,
    pointwise_mutual_information,
    total_correlation,
    variation_of_information,
)
from oracle_rows import CONTEXT, Number, bits, exact, is_log

__all__ = [
    "CONTEXT",
    "ORACLES",
    "bits",
    "contingency",
    "difference",
    "is_log",
    "log2_of",
    "relative_error",
    "shares",
    "surprisal",
]

#: By the measures' names. Called as ``f(kind, row, …)`` of one distribution, ``f(kinds, p_row,
#: q_row, …)`` of two (Jensen–Shannon of more), ``f(kind, table, …)`` of a joint table, ``f(a, b,
#: …)`` or ``f(table, …)`` of clusterings, ``f(x)`` of one event; parameters by keyword.
ORACLES: dict[str, Callable[..., Any]] = {
    "adjusted_mutual_information": adjusted_mutual_information,
    "alpha_divergence": alpha_divergence,
    "bhattacharyya_coefficient": bhattacharyya_coefficient,
    "bhattacharyya_distance": bhattacharyya_distance,
    "binary_entropy": binary_entropy,
    "chi_squared_divergence": chi_squared_divergence,
    "completeness": completeness,
    "conditional_entropy": conditional_entropy,
    "conditional_mutual_information": conditional_mutual_information,
    "cross_entropy": cross_entropy,
    "dual_total_correlation": dual_total_correlation,
    "efficiency": efficiency,
    "entropy": entropy,
    "f_divergence": f_divergence,
    "gini_impurity": gini_impurity,
    "hartley_entropy": hartley_entropy,
    "hellinger_distance": hellinger_distance,
    "homogeneity": homogeneity,
    "interaction_information": interaction_information,
    "jeffreys_divergence": jeffreys_divergence,
    "joint_entropy": joint_entropy,
    "js_distance": js_distance,
    "js_divergence": js_divergence,
    "kl_divergence": kl_divergence,
    "min_entropy": min_entropy,
    "mutual_information": mutual_information,
    "normalized_mutual_information": normalized_mutual_information,
    "perplexity": perplexity,
    "pointwise_mutual_information": pointwise_mutual_information,
    "population_stability_index": population_stability_index,
    "renyi_divergence": renyi_divergence,
    "renyi_entropy": renyi_entropy,
    "smoothing_cost": smoothing_cost,
    "surprisal": event_surprisal,
    "total_correlation": total_correlation,
    "total_variation": total_variation,
    "tsallis_divergence": tsallis_divergence,
    "tsallis_entropy": tsallis_entropy,
    "v_measure": v_measure,
    "variation_of_information": variation_of_information,
}


def relative_error(found: float, true: Number, absolute: float = 0.0) -> float:
    """|found − true| / |true|, where an error of ``absolute`` is forgiven.

    Zeros and infinities are either met exactly (error 0) or missed (infinite error).
    """
    if math.isnan(found):
        return math.inf
    if CONTEXT.isinf(true) or abs(true) > sys.float_info.max:
        return 0.0 if math.isinf(found) and (found > 0) == (true > 0) else math.inf
    if math.isinf(found):
        return math.inf
    if true == 0:
        return 0.0 if abs(found) <= absolute else math.inf
    excess = abs(exact(float(found)) - true) - absolute
    return float(excess / abs(true)) if excess > 0 else 0.0
