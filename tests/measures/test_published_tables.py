"""What dit and scikit-learn document of joint tables and clusterings."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from published import Cases, check

import unsurprised as us

E = math.e


def modular(variables: int, modulus: int) -> Any:
    """dit's ``n_mod_m``: variables that sum to zero by the modulus, all else being even."""
    table = np.zeros((modulus,) * variables)
    for cell in itertools.product(range(modulus), repeat=variables):
        table[cell] = sum(cell) % modulus == 0
    return us.Counts(table)


def giant_bit(variables: int) -> Any:
    """One fair bit that all the variables show."""
    table = np.zeros((2,) * variables)
    table[(0,) * variables] = table[(1,) * variables] = 0.5
    return table


BINOMIAL = [math.comb(15, k) * 0.4**k * 0.6 ** (15 - k) for k in range(16)]
RED_BLUE, BLUE_GREEN, BLUE_YELLOW = [2, 2, 0, 0], [0, 2, 2, 0], [0, 2, 0, 2]
COLOURS = tuple(us.Counts(row) for row in (RED_BLUE, BLUE_GREEN, BLUE_YELLOW))
COINS = np.array([[1, 1], [0, 2]]) / 4  # dit's HH, HT, TT
#: dit 2.3, the pages of https://dit.readthedocs.io/en/latest/measures named in each key. Its
#: interaction information is (−1)ⁿ times its co-information, whose values the page gives.
DIT: Cases = {
    "entropy: H(second | first)": (lambda: us.conditional_entropy(COINS), 0.5),
    "entropy: H(first)": (lambda: us.entropy(COINS.sum(axis=1)), 1.0),
    "entropy: H": (lambda: us.joint_entropy(COINS), 1.5),
    "cross_entropy: p, p": (lambda: us.cross_entropy([0.5, 0.5], [0.5, 0.5]), 1.0),
    "cross_entropy: p, q": (lambda: us.cross_entropy([0.5, 0.5], [0.75, 0.25]), 1.207518749639422),
    "cross_entropy: q, p": (lambda: us.cross_entropy([0.75, 0.25], [0.5, 0.5]), 1.0),
    "kullback_leibler_divergence": (
        lambda: us.kl_divergence([0.75, 0.25], [0.5, 0.5]),
        "0.18872187554086717",
    ),
    "jensen_shannon: two": (lambda: us.js_divergence(*COLOURS[:2]), 0.5),
    "jensen_shannon: two, weighted": (
        lambda: us.js_divergence(*COLOURS[:2], weights=[0.75, 0.25]),
        0.40563906222956647,
    ),
    "jensen_shannon: three": (lambda: us.js_divergence(*COLOURS), 0.79248125036057782),
    "jensen_shannon: three, weighted": (
        lambda: us.js_divergence(*COLOURS, weights=[0.5, 0.25, 0.25]),
        0.75,
    ),
    "perplexity": (lambda: us.perplexity(us.Counts([1, 1, 1, 1])), 4.0),
    "renyi_entropy: 3": (lambda: us.renyi_entropy(BINOMIAL, 3), "2.6611840717104625"),
    "renyi_entropy: 0": (lambda: us.renyi_entropy(BINOMIAL, 0), 4.0),
    "renyi_entropy: 1": (lambda: us.renyi_entropy(BINOMIAL, 1), "2.9688513169509623"),
    "renyi_entropy: 2": (lambda: us.renyi_entropy(BINOMIAL, 2), "2.7607270851693615"),
    "renyi_entropy: ∞": (lambda: us.renyi_entropy(BINOMIAL, math.inf), "2.275104563096674"),
    "min_entropy": (lambda: us.min_entropy(BINOMIAL), "2.275104563096674"),
    "tsallis_entropy": (lambda: us.tsallis_entropy(np.full(27, 1 / 27), 4), "0.33331639824552489"),
    "total_correlation: parity of 3 by 3": (
        lambda: us.total_correlation(modular(3, 3)),
        math.log2(3),
    ),
    "total_correlation: parity of 3 by 4": (lambda: us.total_correlation(modular(3, 4)), 2.0),
    "dual_total_correlation: giant bit": (lambda: us.dual_total_correlation(giant_bit(3)), 1.0),
    "dual_total_correlation: parity": (lambda: us.dual_total_correlation(modular(3, 2)), 2.0),
    "coinformation: Xor": (lambda: us.interaction_information(modular(3, 2)), 1.0),
    "coinformation: parity of 4": (lambda: us.interaction_information(modular(4, 2)), 1.0),
    "Xor given its third": (lambda: us.conditional_mutual_information(modular(3, 2)), 1.0),
    **{
        f"total_correlation: giant bit of {n}": (
            lambda n=n: us.total_correlation(giant_bit(n)),
            n - 1.0,
        )
        for n in range(2, 6)
    },
    **{
        f"total_correlation: parity of {n}": (lambda n=n: us.total_correlation(modular(n, 2)), 1.0)
        for n in range(3, 6)
    },
    **{
        f"coinformation: giant bit of {n}": (
            lambda n=n: (-1) ** n * us.interaction_information(giant_bit(n)),
            1.0,
        )
        for n in range(2, 6)
    },
}

TRUTH, SPLIT, PURE = [0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 2, 2]
APART = [0, 1, 2, 0, 3, 4, 5, 1], [1, 1, 0, 0, 2, 2, 2, 2]
THREES = [1] * 6 + [2] * 6 + [3] * 5, [1, 1, 1, 1, 2, 1, 2, 2, 2, 2, 3, 1, 3, 3, 3, 2, 2]
PAIRS = [0, 0, 1, 1, 2, 2], [0, 0, 1, 2, 2, 2]
#: scikit-learn 1.9: the docstrings of sklearn.metrics, its user guide (section "Clustering
#: performance evaluation", whose adjusted information was over the larger entropy until 0.21), and
#: the known values of its test test_adjusted_mutual_info_score.
SCIKIT_LEARN: Cases = {
    "mutual_info_score": (
        lambda: us.mutual_information([0, 1, 1, 0, 1, 0], [0, 1, 0, 0, 1, 1], base=E),
        "0.0566",
    ),
    "mutual_info_score: equal": (lambda: us.mutual_information(TRUTH, TRUTH, base=E), "0.69…"),
    "mutual_info_score: known": (lambda: us.mutual_information(*THREES, base=E), "0.41022"),
    "adjusted: user guide": (
        lambda: us.adjusted_mutual_information(TRUTH, SPLIT, normalization="max"),
        "0.22504…",
    ),
    "adjusted: renamed": (
        lambda: us.adjusted_mutual_information(TRUTH, [1, 1, 0, 0, 3, 3], normalization="max"),
        "0.22504…",
    ),
    "adjusted: apart": (
        lambda: us.adjusted_mutual_information(*APART, normalization="max"),
        "-0.10526…",
    ),
    "adjusted: known": (lambda: us.adjusted_mutual_information(*THREES), "0.27821"),
    "adjusted: known, many times": (
        lambda: us.adjusted_mutual_information(*(110 * labels for labels in THREES)),
        "0.38",
    ),
    "adjusted: equal": (lambda: us.adjusted_mutual_information([0, 0, 1, 1], [1, 1, 0, 0]), 1.0),
    "adjusted: all apart": (
        lambda: us.adjusted_mutual_information([0, 0, 0, 0], [0, 1, 2, 3]),
        0.0,
    ),
    "normalized: equal": (
        lambda: us.normalized_mutual_information([0, 0, 1, 1], [1, 1, 0, 0]),
        1.0,
    ),
    "normalized: all apart": (
        lambda: us.normalized_mutual_information([0, 0, 0, 0], [0, 1, 2, 3]),
        0.0,
    ),
    "normalized: the v-measure": (
        lambda: us.normalized_mutual_information(TRUTH, SPLIT),
        "0.51…",
    ),
    "homogeneity: user guide": (lambda: us.homogeneity(TRUTH, SPLIT), "0.66…"),
    "completeness: user guide": (lambda: us.completeness(TRUTH, SPLIT), "0.42…"),
    "v_measure: user guide": (lambda: us.v_measure(TRUTH, SPLIT), "0.51…"),
    "homogeneity: pure": (lambda: us.homogeneity(TRUTH, PURE), 1.0),
    "completeness: pure": (lambda: us.completeness(TRUTH, PURE), "0.68…"),
    "v_measure: pure": (lambda: us.v_measure(TRUTH, PURE), "0.81…"),
    "homogeneity: docstring": (lambda: us.homogeneity(*PAIRS), "0.71"),
    "completeness: docstring": (lambda: us.completeness(*PAIRS), "0.771…"),
    "v_measure: docstring": (lambda: us.v_measure(*PAIRS), "0.74"),
    "v_measure: fine": (lambda: us.v_measure([0, 1, 2, 3], [0, 0, 1, 1]), "0.67"),
    "v_measure: 0.8": (lambda: us.v_measure([0, 0, 1, 2], [0, 0, 1, 1]), 0.8),
    "log_loss": (
        lambda: np.mean(
            us.cross_entropy(
                us.Labels(["spam", "ham", "ham", "spam"], classes=["ham", "spam"]),
                [[0.1, 0.9], [0.9, 0.1], [0.8, 0.2], [0.35, 0.65]],
                base=E,
            )
        ),
        "0.21616",
    ),
}


@pytest.mark.parametrize("case", DIT)
def test_dit(case: str) -> None:
    check(DIT[case])


@pytest.mark.parametrize("case", SCIKIT_LEARN)
def test_scikit_learn(case: str) -> None:
    check(SCIKIT_LEARN[case])
