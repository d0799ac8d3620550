"""The oracle itself, against closed forms and counting that share no code with it."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import oracle
import pytest
from oracle import CONTEXT, ORACLES

from unsurprised.measures.registry import MEASURES

NAT = 1 / math.log(2)
HALVES = [0.5, 0.25, 0.125, 0.125]
MASS = ("probs", "probs")
LOGS = ("logits", "logits")


def close(found: Any, true: float | Fraction, rel: float = 1e-15) -> None:
    """To the digits that the closed form has in floats: all but a few, unless it cancels."""
    assert float(found) == pytest.approx(float(true), rel=rel, abs=0)


def one(name: str, row: Any, kind: str = "probs", **parameters: Any) -> Any:
    return ORACLES[name](kind, row, **parameters)


def two(name: str, p: Any, q: Any, kinds: tuple[str, str] = MASS, **parameters: Any) -> Any:
    return ORACLES[name](kinds, p, q, **parameters)


@pytest.mark.parametrize("classes", [1, 2, 3, 100, 100_000])
def test_uniform_rows(classes: int) -> None:
    for kind, row in (("counts", np.full(classes, 3)), ("logits", np.full(classes, -7.5))):
        for name in ("entropy", "hartley_entropy", "min_entropy"):
            close(one(name, row, kind), math.log2(classes))
        for order in (0, 0.5, 1, 1 + 1e-9, 2, 7, math.inf):
            close(one("renyi_entropy", row, kind, order=order), math.log2(classes))
        close(one("perplexity", row, kind), classes)
        close(one("efficiency", row, kind), 1)
        close(one("gini_impurity", row, kind), 1 - Fraction(1, classes))
        close(one("tsallis_entropy", row, kind, order=2), 1 - Fraction(1, classes))
        close(one("tsallis_entropy", row, kind, order=0), classes - 1)
        close(one("tsallis_entropy", row, kind, order=1), math.log(classes))
        assert one("tsallis_entropy", row, kind, order=math.inf) == 0


def test_powers_of_one_half() -> None:
    close(one("entropy", HALVES), Fraction(7, 4))
    close(one("perplexity", HALVES), 2**1.75)
    close(one("min_entropy", HALVES), 1)
    close(one("hartley_entropy", [*HALVES, 0, 0]), 2)
    close(one("efficiency", HALVES), Fraction(7, 8))
    close(one("gini_impurity", HALVES), Fraction(21, 32))
    close(one("renyi_entropy", HALVES, order=2), -math.log2(11 / 32))
    close(one("renyi_entropy", HALVES, order=0), 2)
    close(one("renyi_entropy", HALVES, order=math.inf), 1)
    close(one("tsallis_entropy", HALVES, order=3), Fraction(1, 2) * (1 - Fraction(74, 512)))
    close(one("entropy", [0.5**i for i in range(1, 1001)]), 2)  # geometric; 2^-990 is left over
    close(oracle.surprisal("probs", HALVES, 2), 3)
    close(oracle.surprisal("counts", [1, 1, 2], 0), 2)
    assert [float(x) for x in oracle.shares("counts", [1, 0, 3])] == [0.25, 0, 0.75]


def test_a_row_states_itself_over_its_sum() -> None:
    close(one("entropy", [4.0, 2.0, 1.0, 1.0]), Fraction(7, 4))
    close(one("entropy", [4, 2, 1, 1], "counts"), Fraction(7, 4))
    close(two("kl_divergence", [3, 3], [1e300, 1e300]), 0)
    close(two("kl_divergence", [2, 0], [7, 7]), 1)
    assert float(one("entropy", [7, 7e15, 0.1])) == float(one("entropy", [7, 7e15, 0.1], "counts"))


def test_logarithms_of_huge_and_tiny_numbers() -> None:
    for kind in ("logits", "logprobs"):
        close(oracle.surprisal(kind, [1000, 0], 1), 1000 * NAT)
        close(oracle.surprisal(kind, [500, 0], 0), math.exp(-500) * NAT)
        close(oracle.surprisal(kind, [0, -1e308, -math.inf], 1), 1e308 * NAT)
        assert oracle.surprisal(kind, [0, -math.inf], 1) == CONTEXT.inf
        close(one("entropy", [700, 0], kind), 701 * math.exp(-700) * NAT)
    close(one("entropy", [1, 5e-324]), 5e-324 * (1074 + NAT))
    close(one("gini_impurity", [1, 1e-300]), 2e-300)
    close(one("renyi_entropy", [0, -2000], "logits", order=0.25), math.exp(-500) / 0.75 * NAT)


def test_events() -> None:
    close(ORACLES["surprisal"](0.125), 3)
    close(ORACLES["surprisal"](5e-324), 1074)
    close(ORACLES["surprisal"](1 - 2.0**-53), math.log1p(2.0**-53) * NAT)
    assert ORACLES["surprisal"](0) == CONTEXT.inf and ORACLES["surprisal"](1) == 0
    close(ORACLES["binary_entropy"](0.5), 1)
    close(ORACLES["binary_entropy"](0.25), 2 - 0.75 * math.log2(3))
    close(ORACLES["binary_entropy"](2.0**-1000), 2.0**-1000 * (1000 + NAT))
    assert ORACLES["binary_entropy"](0.0) == ORACLES["binary_entropy"](1) == 0
    close(ORACLES["smoothing_cost"](0.75), 2)
    close(ORACLES["smoothing_cost"](1e-300), 1e-300 * NAT)
    assert ORACLES["smoothing_cost"](0) == 0 and ORACLES["smoothing_cost"](1) == CONTEXT.inf


def test_orders_go_smoothly_into_shannon() -> None:
    row, mean = HALVES, 7 / 4
    variance = sum(p * (-math.log2(p) - mean) ** 2 for p in row) / NAT
    for step in (1e-9, -1e-9, 2.0**-52):
        change = float(one("renyi_entropy", row, order=1 + step) - CONTEXT.mpf(7) / 4)
        assert change / ((1 + step) - 1) == pytest.approx(-variance / 2, rel=1e-7)
    close(two("renyi_divergence", row, row[::-1], order=1), Fraction(7, 8))


#: P = (½, ½), Q = (1 − q, q): what each divergence is in closed form.
BERNOULLI: dict[str, Any] = {
    "kl_divergence": lambda q: -0.5 * math.log2(4 * q * (1 - q)),
    "cross_entropy": lambda q: -0.5 * math.log2(q * (1 - q)),
    "jeffreys_divergence": lambda q: (0.5 - q) * math.log2((1 - q) / q),
    "population_stability_index": lambda q: (0.5 - q) * math.log((1 - q) / q),
    "chi_squared_divergence": lambda q: (0.5 - q) ** 2 / (q * (1 - q)),
    "total_variation": lambda q: 0.5 - q,
    "bhattacharyya_coefficient": lambda q: (math.sqrt(q) + math.sqrt(1 - q)) / math.sqrt(2),
    "bhattacharyya_distance": lambda q: 0.5 - math.log2(math.sqrt(q) + math.sqrt(1 - q)),
    "hellinger_distance": lambda q: math.sqrt(1 - (math.sqrt(q) + math.sqrt(1 - q)) / math.sqrt(2)),
}


@pytest.mark.parametrize("name", BERNOULLI)
@pytest.mark.parametrize("q", [0.25, 0.125, 2.0**-20])
def test_coins(name: str, q: float) -> None:
    found = two(name, [0.5, 0.5], [1 - q, q])
    assert float(found) == pytest.approx(BERNOULLI[name](q), rel=1e-14, abs=0)


def test_js_of_two_sure_answers_is_what_tells_them_apart() -> None:
    sure = [1, 0, 0], [0, 1, 0], [0, 0, 1]
    js = ORACLES["js_divergence"]
    close(js(MASS, *sure[:2]), 1)
    close(js(("probs",) * 3, *sure), math.log2(3))
    close(js(("probs",) * 3, *sure, weights=[0.5, 0.25, 0.25]), 1.5)
    close(js(("probs",) * 3, *sure, weights=[0.5, 0.5, 0]), 1)
    close(ORACLES["js_distance"](("probs",) * 3, *sure, weights=[2, 1, 1]), math.sqrt(1.5))
    assert js(MASS, *sure[:2], weights=[1, 0]) == 0
    # ½ KL((1, 0) | (¾, ¼)) + ½ KL((½, ½) | (¾, ¼))
    close(js(MASS, [1, 0], [0.5, 0.5]), 0.75 * (2 - math.log2(3)) - 0.5 + 0.5 * math.log2(2))


def test_powers_of_a_ratio() -> None:
    p, q = [0.5, 0.5], [0.25, 0.75]
    squares = Fraction(1) + Fraction(1, 3)  # Σ P² / Q
    close(two("renyi_divergence", p, q, order=2), math.log2(squares))
    close(two("tsallis_divergence", p, q, order=2), squares - 1)
    close(two("alpha_divergence", p, q, alpha=2), (squares - 1) / 2)
    close(two("alpha_divergence", p, q, alpha=-1), Fraction(1, 2) * (Fraction(5, 4) - 1))
    close(two("renyi_divergence", p, q, order=math.inf), 1)
    root = math.sqrt(1 / 8) + math.sqrt(3 / 8)  # Σ √(P Q)
    close(two("renyi_divergence", p, q, order=0.5), -2 * math.log2(root), 1e-14)
    close(two("tsallis_divergence", p, q, order=0.5), 2 * (1 - root), 1e-14)
    close(two("alpha_divergence", p, q, alpha=0.5), 4 * (1 - root), 1e-14)
    forth, back = math.log(4 / 3) / 2, 0.75 * math.log(1.5) - 0.25 * math.log(2)
    close(two("alpha_divergence", p, q, alpha=1), forth, 1e-14)
    close(two("alpha_divergence", p, q, alpha=0), back, 1e-14)
    close(two("alpha_divergence", p, q, alpha=1e-300), back, 1e-14)
    close(two("tsallis_divergence", p, q, order=1), forth, 1e-14)
    assert two("tsallis_divergence", p, q, order=math.inf) == CONTEXT.inf


#: With P = (½, ½, 0) and Q = (0, ¼, ¾).
APART: dict[str, float] = {
    "kl_divergence": math.inf,
    "cross_entropy": math.inf,
    "jeffreys_divergence": math.inf,
    "population_stability_index": math.inf,
    "chi_squared_divergence": math.inf,
    "total_variation": 0.75,
    "bhattacharyya_coefficient": math.sqrt(1 / 8),
    "bhattacharyya_distance": 1.5,
    "hellinger_distance": math.sqrt(1 - math.sqrt(1 / 8)),
}
APART_AT: dict[tuple[str, str, float], float] = {
    ("renyi_divergence", "order", 0): 2,
    ("renyi_divergence", "order", 0.5): 3,
    ("renyi_divergence", "order", 1): math.inf,
    ("renyi_divergence", "order", 2): math.inf,
    ("renyi_divergence", "order", math.inf): math.inf,
    ("tsallis_divergence", "order", 0): 0.75,
    ("tsallis_divergence", "order", 0.5): 2 * (1 - math.sqrt(1 / 8)),
    ("tsallis_divergence", "order", 2): math.inf,
    ("alpha_divergence", "alpha", -1): math.inf,
    ("alpha_divergence", "alpha", 0): math.inf,
    ("alpha_divergence", "alpha", 0.5): 4 * (1 - math.sqrt(1 / 8)),
    ("alpha_divergence", "alpha", 1): math.inf,
    ("alpha_divergence", "alpha", 2): math.inf,
}


def test_supports_that_differ() -> None:
    p, q = [0.5, 0.5, 0], [0, 0.25, 0.75]
    for name, true in APART.items():
        close(two(name, p, q), true)
        logs = [[math.log(x) if x else -math.inf for x in row] for row in (p, q)]
        assert float(two(name, *logs, LOGS)) == pytest.approx(true, rel=1e-15)
    for (name, parameter, order), true in APART_AT.items():
        close(two(name, p, q, **{parameter: order}), true)
    assert two("renyi_divergence", [1, 0], [0, 1], order=0) == CONTEXT.inf
    assert two("renyi_divergence", [1, 0], [0, 1], order=0.5) == CONTEXT.inf
    assert two("alpha_divergence", [1, 0], [0.5, 0.5], alpha=-1) == CONTEXT.inf
    close(two("alpha_divergence", [1, 0], [0.5, 0.5], alpha=2), Fraction(1, 2))
    close(two("kl_divergence", [1, 0], [0.5, 0.5]), 1)
    apart = [two(f"bhattacharyya_{kind}", [1, 0], [0, 1]) for kind in ("distance", "coefficient")]
    assert apart == [CONTEXT.inf, 0]


GENERATORS: dict[str, tuple[Any, float, float, str, float]] = {
    # name: (f, f(0), the limit of f(u)/u, the measure that it gives, how much of it)
    "total variation": (lambda u: abs(u - 1) / 2, 0.5, 0.5, "total_variation", 1),
    "chi-squared": (lambda u: (u - 1) ** 2, 1, math.inf, "chi_squared_divergence", 1),
    "KL": (lambda u: u * CONTEXT.log(u), 0, math.inf, "kl_divergence", NAT),
    "root": (lambda u: 1 - CONTEXT.sqrt(u), 1, 0, "tsallis_divergence", 2),
}


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize(
    "rows", [([0.5, 0.5, 0], [0, 0.25, 0.75]), ([0.5, 0.5, 0], [0.5, 0.25, 0.25])]
)
def test_f_divergences(name: str, rows: Any) -> None:
    generator, at_zero, slope, measure, factor = GENERATORS[name]
    found = two("f_divergence", *rows, generator=generator, at_zero=at_zero, slope=slope)
    orders = {"order": 0.5} if measure == "tsallis_divergence" else {}
    assert float(found * factor) == pytest.approx(float(two(measure, *rows, **orders)), rel=1e-15)
    if rows[1][0] == 0:
        with pytest.raises(ValueError, match="slope"):
            two("f_divergence", *rows, generator=generator, at_zero=at_zero)


@pytest.mark.parametrize("step", [1e-3, 1e-9, 1e-15, 2.0**-52])
def test_rows_that_nearly_agree(step: float) -> None:
    """P = (½, ½) and Q = (½, ½ + δ): series in ε = δ / (1 + δ)."""
    p, q = [0.5, 0.5], [0.5, 0.5 + step]
    delta = Fraction(q[1]) - Fraction(1, 2)
    half = Fraction(delta / (1 + delta)) / 2  # Q = (½ − half, ½ + half)
    rel = max(1e-14, 3 * step)
    for name, true in {
        "kl_divergence": 2 * half**2 * Fraction(NAT),
        "jeffreys_divergence": 4 * half**2 * Fraction(NAT),
        "population_stability_index": 4 * half**2,
        "js_divergence": half**2 / 2 * Fraction(NAT),
        "chi_squared_divergence": 4 * half**2,
        "total_variation": half,
        "bhattacharyya_distance": half**2 / 2 * Fraction(NAT),
        "hellinger_distance": half * Fraction(math.sqrt(0.5)),
        "js_distance": half * Fraction(math.sqrt(NAT / 2)),
    }.items():
        assert float(two(name, p, q)) == pytest.approx(float(true), rel=rel, abs=0)
    for order in (0.5, 1 + 1e-9, 2, 3):
        found = two("renyi_divergence", p, q, order=order)
        assert float(found) == pytest.approx(order * 2 * float(half) ** 2 * NAT, rel=rel * 4, abs=0)


def test_the_smallest_differences_of_logits() -> None:
    for step in (1e-9, 1e-100, 1e-160):
        close(two("total_variation", [0, 0], [0, step], LOGS), step / 4)
        found = two("kl_divergence", [0, 0], [0, step], LOGS) * CONTEXT.mpf(10) ** 300
        assert float(found) == pytest.approx(step**2 / 8 * NAT * 1e300, rel=1e-15)


def test_logits_that_are_far_apart() -> None:
    """Their distance is no loss of what is added to it."""
    for far in (-1e16, -1e300):
        p, q = [0, 0, far], [0, -50, far]
        ratio = math.log(2) - math.log1p(math.exp(-50))
        close(two("renyi_divergence", q, p, LOGS, order=math.inf), ratio * NAT)
        close(two("alpha_divergence", [0, far], [0, 2 * far], LOGS, alpha=2), Fraction(1, 2))
        close(two("js_divergence", [far, 0], [0, far], LOGS), 1)


def test_equal_rows_are_zero_exactly() -> None:
    zero_if_equal = set(BERNOULLI) - {"cross_entropy", "bhattacharyya_coefficient"}
    rows = [([0.1, 0.7], [0.3, 2.1], MASS, False), ([3, 5], [6, 10], MASS, True)]
    rows += [([1.5, -2], [11.5, 8], LOGS, True), ([0, 0], [7, 7], ("logits", "counts"), True)]
    for p, q, kinds, equal in rows:
        for name in [*zero_if_equal, "js_divergence", "js_distance"]:
            assert (two(name, p, q, kinds) == 0) is equal
        for order in (0.5, 1, 3, math.inf):
            assert (two("renyi_divergence", p, q, kinds, order=order) == 0) is equal
            assert (two("tsallis_divergence", p, q, kinds, order=order) == 0) is equal


def test_every_measure_has_an_oracle() -> None:
    assert MEASURES.keys() <= ORACLES.keys()


def test_errors_are_relative() -> None:
    third = CONTEXT.mpf(1) / 3
    assert oracle.relative_error(1 / 3, third) < 2**-53
    assert oracle.relative_error(1 / 3 + 1e-10, third) == pytest.approx(3e-10, rel=1e-5)
    assert oracle.relative_error(1 / 3 + 1e-10, third, absolute=1e-9) == 0
    assert oracle.relative_error(math.nan, third) == math.inf
    assert oracle.relative_error(5e-324, CONTEXT.mpf(0)) == math.inf
    infinite = [oracle.relative_error(x, CONTEXT.inf) for x in (math.inf, -math.inf)]
    assert infinite == [0, math.inf]
