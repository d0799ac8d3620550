"""What the literature and other systems' documentation print, with its source."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from published import Cases, check

import unsurprised as us

E = math.e
#: Cover and Thomas, Elements of Information Theory, 2nd ed. (2006), example 2.2.1: p(x, y), a row
#: for each y.
COVER_THOMAS = np.array([[4, 2, 1, 1], [2, 4, 1, 1], [2, 2, 2, 2], [8, 0, 0, 0]]) / 32
#: The same, problem 2.12: p(x, y), a row for each x.
THIRDS = us.Counts([[1, 1], [0, 1]])
LOG_3 = math.log2(3)


#: Wikipedia, "Pointwise mutual information": p(x, y), a row for each x.
POINTWISE = [[0.1, 0.7], [0.15, 0.05]]


def channel(ones: float, noise: float) -> Any:
    """What goes in, a row each, and what comes out: 1 becomes 0 at 15 %, 0 becomes 1 by noise."""
    return [[(1 - ones) * (1 - noise), (1 - ones) * noise], [ones * 0.15, ones * 0.85]]


LITERATURE: Cases = {
    # Shannon, "A Mathematical Theory of Communication" (1948), section 10: four letters.
    "Shannon: four letters": (lambda: us.entropy([1 / 2, 1 / 4, 1 / 8, 1 / 8]), Fraction(7, 4)),
    # Cover and Thomas, example 1.1.2: a race of eight horses.
    "C&T: horses": (lambda: us.entropy([1 / 2, 1 / 4, 1 / 8, 1 / 16, *[1 / 64] * 4]), 2),
    "C&T 2.2.1: H(X)": (lambda: us.entropy(COVER_THOMAS.sum(axis=0)), Fraction(7, 4)),
    "C&T 2.2.1: H(Y)": (lambda: us.entropy(COVER_THOMAS.sum(axis=1)), 2),
    "C&T 2.2.1: H(X, Y)": (lambda: us.joint_entropy(COVER_THOMAS), Fraction(27, 8)),
    "C&T 2.2.1: H(X | Y)": (lambda: us.conditional_entropy(COVER_THOMAS), Fraction(11, 8)),
    "C&T 2.2.1: H(Y | X)": (
        lambda: us.conditional_entropy(COVER_THOMAS, given=-1),
        Fraction(13, 8),
    ),
    "C&T 2.4: I(X; Y)": (lambda: us.mutual_information(COVER_THOMAS), Fraction(3, 8)),
    # Problem 2.9: H(X | Y) + H(Y | X) is a metric; here of the table above.
    "C&T 2.9": (lambda: us.variation_of_information(COVER_THOMAS), 3),
    # Example 2.3.1, with r = 1/2 and s = 1/4.
    "C&T 2.3.1: D(p ‖ q)": (lambda: us.kl_divergence([0.5, 0.5], [0.75, 0.25]), 1 - LOG_3 / 2),
    "C&T 2.3.1: D(q ‖ p)": (lambda: us.kl_divergence([0.75, 0.25], [0.5, 0.5]), "0.1887"),
    "C&T 2.12: H(X)": (lambda: us.entropy(us.Counts([2, 1])), "0.918"),
    "C&T 2.12: H(X | Y)": (lambda: us.conditional_entropy(THIRDS, given=-1), Fraction(2, 3)),
    "C&T 2.12: H(Y | X)": (lambda: us.conditional_entropy(THIRDS), Fraction(2, 3)),
    "C&T 2.12: H(X, Y)": (lambda: us.joint_entropy(THIRDS), LOG_3),
    "C&T 2.12: I(X; Y)": (lambda: us.mutual_information(THIRDS), "0.251…"),
    # MacKay, Information Theory, Inference, and Learning Algorithms (2003), section 9.5: the
    # binary symmetric and the Z channel, f = 0.15, where 1 goes in one time in ten.
    "MacKay: H2(0.15)": (lambda: us.binary_entropy(0.15), "0.61"),
    "MacKay: H2(0.22)": (lambda: us.binary_entropy(0.22), "0.76"),
    "MacKay: a symmetric channel": (lambda: us.mutual_information(channel(0.1, 0.15)), "0.15"),
    "MacKay: a Z channel": (lambda: us.mutual_information(channel(0.1, 0)), "0.36"),
    # Kullback, Information Theory and Statistics (1959), example 2.1: a binomial (2, 0.4) beside
    # an even row. The closed forms are those of Wikipedia's "Kullback–Leibler divergence".
    "Kullback 2.1: D(P ‖ Q)": (
        lambda: us.kl_divergence(us.Counts([9, 12, 4]), us.Counts([1, 1, 1]), base=E),
        "0.0852996",
    ),
    "Kullback 2.1: D(Q ‖ P)": (
        lambda: us.kl_divergence(us.Counts([1, 1, 1]), us.Counts([9, 12, 4]), base=E),
        "0.097455",
    ),
    "Wikipedia: pmi(0; 0)": (lambda: us.pointwise_mutual_information(POINTWISE)[0, 0], -1),
    "Wikipedia: pmi(0; 1)": (
        lambda: us.pointwise_mutual_information(POINTWISE)[0, 1],
        "0.222392",
    ),
    "Wikipedia: pmi(1; 0)": (lambda: us.pointwise_mutual_information(POINTWISE)[1, 0], LOG_3),
    "Wikipedia: pmi(1; 1)": (lambda: us.pointwise_mutual_information(POINTWISE)[1, 1], -LOG_3),
    "Wikipedia: their mean": (lambda: us.mutual_information(POINTWISE), "0.2141709"),
    # Jurafsky and Martin, Speech and Language Processing, 3rd ed., section 3.3: ten even digits.
    "Jurafsky and Martin: digits": (lambda: us.perplexity(np.full(10, 0.1)), 10),
    # Hartley, "Transmission of Information" (1928): the logarithm of the possible sequences.
    "Hartley: two of ten digits": (lambda: us.hartley_entropy(np.full(100, 0.01), base=10), 2),
}

P, Q, R = (us.Counts(np.arange(low, low + 10)) for low in (1, 20, 30))
#: philentropy 0.10, https://drostlab.github.io/philentropy: the examples of its reference pages and
#: of its vignette "Information Theory". Its Hellinger distance is twice the usual one; its "mutual
#: information" (3.311973) is of three rows that are no table and its margins, and stands for
#: nothing.
PHILENTROPY: Cases = {
    "H": (lambda: us.entropy(P), "3.103643"),
    "JE": (lambda: us.joint_entropy(us.Counts(np.arange(1, 101).reshape(10, 10))), "6.372236"),
    "KL, log2": (lambda: us.kl_divergence(P, Q), "0.1392629"),
    "KL, log": (lambda: us.kl_divergence(P, Q, base=E), "0.09652967"),
    "KL, log10": (lambda: us.kl_divergence(P, Q, base=10), "0.0419223"),
    "JSD, log2": (lambda: us.js_divergence(P, Q), "0.03792749"),
    "JSD, log": (lambda: us.js_divergence(P, Q, base=E), "0.02628933"),
    "JSD, log10": (lambda: us.js_divergence(P, Q, base=10), "0.01141731"),
    "JSD of the first and third": (lambda: us.js_divergence(P, R), "0.0435852218"),
    "JSD of the second and third": (lambda: us.js_divergence(Q, R), "0.0002120578"),
    "gJSD, log2": (lambda: us.js_divergence(P, Q, R), "0.03512892"),
    "gJSD, log": (lambda: us.js_divergence(P, Q, R, base=E), "0.02434951"),
    "gJSD, log10": (lambda: us.js_divergence(P, Q, R, base=10), "0.01057486"),
    "gJSD, weighted": (lambda: us.js_divergence(P, Q, R, weights=[0.5, 0.25, 0.25]), "0.04081969"),
    "jeffreys": (lambda: us.jeffreys_divergence(P, Q), "0.3176107"),
    "jeffreys, in nats": (lambda: us.population_stability_index(P, Q) / math.log(2), "0.3176107"),
    "pearson_chi_sq": (lambda: us.chi_squared_divergence(P, Q), "0.1681442"),
    "fidelity": (lambda: us.bhattacharyya_coefficient(P, Q), "0.973124"),
    "bhattacharyya": (lambda: us.bhattacharyya_distance(P, Q), "0.03930448"),
    "hellinger": (lambda: 2 * us.hellinger_distance(P, Q), "0.3278782"),
    "squared_chord": (lambda: 2 * us.hellinger_distance(P, Q) ** 2, "0.05375205"),
    "manhattan": (lambda: 2 * us.total_variation(P, Q), "0.3525046"),
}


COIN, BIASED = [0.5, 0.5], [0.9, 0.1]
EVEN, ALMOST = [0.25] * 4, [0.2, 0.2, 0.2, 0.4]
#: SciPy 1.17: scipy.stats.entropy, scipy.spatial.distance.jensenshannon, which is a distance
#: and in nats.
SCIPY: Cases = {
    "entropy(pk)": (lambda: us.entropy(COIN), 1.0),
    "entropy(qk)": (lambda: us.entropy(BIASED), "0.46899559358928117"),
    "binary_entropy(0.1)": (lambda: us.binary_entropy(0.1), "0.46899559358928117"),
    "entropy(pk, qk)": (lambda: us.kl_divergence(COIN, BIASED), "0.7369655941662062"),
    "the sum of both": (lambda: us.cross_entropy(COIN, BIASED), "1.736965594166206"),
    "jensenshannon, apart": (lambda: us.js_distance([1.0, 0, 0], [0.0, 1, 0], base=2), 1.0),
    "jensenshannon": (lambda: us.js_distance([1.0, 0], [0.5, 0.5], base=E), "0.46450140402245893"),
    "jensenshannon, equal": (lambda: us.js_distance([1.0, 0, 0], [1.0, 0, 0], base=E), 0.0),
}

#: Phobos, the library of the D language: std.numeric, whose examples these are.
PHOBOS: Cases = {
    "kullbackLeiblerDivergence: sure": (lambda: us.kl_divergence([0.0, 0, 0, 1], EVEN), 2.0),
    "kullbackLeiblerDivergence: denied": (
        lambda: us.kl_divergence(EVEN, [0.0, 0, 0, 1]),
        math.inf,
    ),
    "kullbackLeiblerDivergence: p, q": (lambda: us.kl_divergence(EVEN, ALMOST), "0.0719281"),
    "kullbackLeiblerDivergence: q, p": (lambda: us.kl_divergence(ALMOST, EVEN), "0.0780719"),
    "jensenShannonDivergence: sure": (lambda: us.js_divergence(EVEN, [0.0, 0, 0, 1]), "0.548795"),
    "jensenShannonDivergence": (lambda: us.js_divergence(EVEN, ALMOST), "0.0186218"),
}


@pytest.mark.parametrize("case", LITERATURE)
def test_literature(case: str) -> None:
    check(LITERATURE[case])


@pytest.mark.parametrize("case", PHILENTROPY)
def test_philentropy(case: str) -> None:
    check(PHILENTROPY[case])


@pytest.mark.parametrize("case", SCIPY)
def test_scipy(case: str) -> None:
    check(SCIPY[case])


@pytest.mark.parametrize("case", PHOBOS)
def test_phobos(case: str) -> None:
    check(PHOBOS[case])


@pytest.mark.parametrize("rows", [(COIN, BIASED), (EVEN, ALMOST), (P, Q)], ids=["2", "4", "10"])
def test_what_the_families_hold(rows: tuple[Any, Any]) -> None:
    """Cichocki and Amari, "Families of Alpha- Beta- and Gamma-Divergences", Entropy 12 (2010);
    van Erven and Harremoës, "Rényi Divergence and Kullback-Leibler Divergence" (2014).
    """
    p, q = rows
    hellinger = us.hellinger_distance(p, q)
    identities = {
        "alpha 2": (us.alpha_divergence(p, q, 2), us.chi_squared_divergence(p, q) / 2),
        "alpha −1": (us.alpha_divergence(p, q, -1), us.chi_squared_divergence(q, p) / 2),
        "alpha ½": (us.alpha_divergence(p, q, 0.5), 4 * hellinger**2),
        "alpha 1": (us.alpha_divergence(p, q, 1), us.kl_divergence(p, q, base=E)),
        "alpha 0": (us.alpha_divergence(p, q, 0), us.kl_divergence(q, p, base=E)),
        "Rényi ½": (us.renyi_divergence(p, q, 0.5), 2 * us.bhattacharyya_distance(p, q)),
        "Rényi 1": (us.renyi_divergence(p, q, 1), us.kl_divergence(p, q)),
        "Rényi 2": (
            us.renyi_divergence(p, q, 2, base=E),
            math.log1p(us.chi_squared_divergence(p, q)),
        ),
        "Tsallis 2": (us.tsallis_divergence(p, q, 2), us.chi_squared_divergence(p, q)),
        "overlap": (us.bhattacharyya_coefficient(p, q), 1 - hellinger**2),
    }
    for name, (found, true) in identities.items():
        assert found == pytest.approx(true, rel=1e-13), name
