"""Names that the field has for public functions and figures, for errors about missing names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_EVALUATED = "evaluate(y_true, y_pred)"
_FIGURE = f"{_EVALUATED}.{{}}".format

#: Expressions of the public names, and what is asked for by those who want them.
_OTHERWISE = {
    _FIGURE("cross_entropy"): """
        log_loss logloss nll neg_log_likelihood negative_log_likelihood cross_entropy_score
        log_score logarithmic_score ignorance_score bits_per_token
    """,
    "surprisal(y_pred, at=y_true)": """
        nll log_loss neg_log_likelihood negative_log_likelihood pointwise_log_loss
    """,
    "surprisal": "self_information information_content information log_prob neg_log_prob",
    "entropy": "shannon shannon_entropy h",
    "drift": """
        data_drift detect_drift covariate_shift dataset_shift ks_drift compare_datasets
    """,
    "mi": """
        rank_features feature_ranking feature_selection select_k_best information_ranking
        mutual_info_ranking
    """,
    "estimate.entropy": """
        entropy_estimate estimate_entropy miller_madow nsb chao_shen chao_wang_jost grassberger
    """,
    "estimate.mutual_information": """
        mutual_info_regression mutual_info_classif ksg ross frenzel_pompe estimate_mi
        conditional_mutual_info
    """,
    "estimate.transfer_entropy": "te directed_information granger_causality",
    "estimate.active_information_storage": "ais active_info",
    _FIGURE("perplexity"): "perplexity_score ppl",
    "perplexity": "hill_number effective_number",
    _FIGURE("calibration[0].error"): "ece expected_calibration_error calibration_error",
    _FIGURE("plot.calibration()"): "reliability_diagram reliability_curve calibration_curve",
    _FIGURE("brier.score"): "brier brier_score brier_score_loss quadratic_score",
    _FIGURE("accuracy"): "accuracy accuracy_score",
    _FIGURE("information_gained_share"): "d2 d2_log_loss d2_log_loss_score skill_score pseudo_r2",
    _FIGURE("ledger"): "ledger decomposition score_decomposition",
    _FIGURE("ledger.discrimination"): "discrimination resolution refinement dsc",
    _FIGURE("ledger.miscalibration"): "miscalibration reliability calibration_loss mcb",
    _FIGURE("expected_surprisal"): "predictive_entropy mean_entropy sharpness",
    _FIGURE("confidence_gap"): "overconfidence over_confidence underconfidence",
    "evaluate": "score metrics report",
    "kl_divergence": "kl kld kldiv kl_div rel_entr relative_entropy kullback_leibler",
    "js_divergence": "js jsd jensen_shannon jensen_shannon_divergence information_radius",
    "js_distance": "jensen_shannon jensenshannon jensen_shannon_distance",
    "jeffreys_divergence": "jeffreys symmetric_kl j_divergence",
    "population_stability_index": "psi stability_index",
    "chi_squared_divergence": "chi2 chi_square chi_squared chi2_divergence pearson_divergence",
    "hellinger_distance": "hellinger",
    "total_variation": "tv tvd total_variation_distance statistical_distance",
    "bhattacharyya_distance": "bhattacharyya",
    "bhattacharyya_coefficient": "bhattacharyya",
    "renyi_divergence": "renyi",
    "renyi_entropy": "renyi collision_entropy",
    "tsallis_entropy": "tsallis",
    "gini_impurity": "gini gini_simpson simpson",
    "efficiency": "normalized_entropy normalised_entropy evenness",
    "mutual_information": """
        mutual_info mutual_info_score information_gain info_gain transinformation
    """,
    "normalized_mutual_information": """
        nmi normalized_mutual_info normalized_mutual_info_score normalised_mutual_information
    """,
    "adjusted_mutual_information": "ami adjusted_mutual_info adjusted_mutual_info_score",
    "conditional_mutual_information": "cmi conditional_mutual_info",
    "pointwise_mutual_information": "pmi pointwise_mutual_info",
    "variation_of_information": "vi voi",
    "total_correlation": "multi_information multiinformation",
    "homogeneity": "homogeneity_score",
    "completeness": "completeness_score",
    "v_measure": "v_measure_score",
    "contingency": "contingency_table contingency_matrix crosstab",
    "smooth": "smoothing label_smoothing mix",
    "add_pseudocounts": "laplace_smoothing additive_smoothing",
    "calibrators.TemperatureScaling": "temperature_scaling",
    "calibrators.PlattScaling": "platt_scaling platt",
    "calibrators.IsotonicCalibration": "isotonic_regression isotonic isotonic_calibration",
    "calibrators.VectorScaling": "vector_scaling",
    "calibrators.load": "load load_calibrator",
    "CalibratedModel": "calibrated_classifier calibrated_classifier_cv",
    "coding.encode": "encode compress",
    "coding.decode": "decode decompress",
}  # fmt: skip


def suggestion(name: str, public: Iterable[str]) -> str:
    """The end of an error's sentence that names what is meant by ``name``; empty if unknown."""
    return _suggestion(name, _OTHERWISE, public)


def figure_suggestion(name: str, fields: Iterable[str]) -> str:
    """The end of a sentence that names the figure of a result by its fields; empty if unknown."""
    known, figures = {*fields, "plot"}, {}
    for one, names in _OTHERWISE.items():
        path = one.removeprefix(_FIGURE(""))
        if path != one and path.split(".")[0].split("[")[0] in known:
            figures[path] = names
    return _suggestion(name, figures, fields)


def _suggestion(name: str, otherwise: Mapping[str, str], known: Iterable[str]) -> str:
    if name.startswith("_"):
        return ""
    plain = _plain(name)
    meant = [one for one, names in otherwise.items() if plain in map(_plain, names.split())]
    if not meant:
        from difflib import get_close_matches  # only needed to be helpful

        by_plain = {_plain(one): one for one in known}
        meant = [by_plain[one] for one in get_close_matches(plain, by_plain, n=2, cutoff=0.75)]
    if not meant:
        return ""
    return f"; did you mean {' or '.join(map(repr, meant))}?"


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
