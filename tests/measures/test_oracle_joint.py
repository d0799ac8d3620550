"""The oracle of joint tables and clusterings, against closed forms and counting by hand."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import oracle
import pytest
from oracle import CONTEXT, ORACLES

NAT = 1 / math.log(2)


def close(found: Any, true: float | Fraction) -> None:
    """To the digits that the closed form has in floats: all but a few."""
    assert float(found) == pytest.approx(float(true), rel=1e-15, abs=0)


#: Two fair bits and their exclusive or.
XOR = np.array([[[1, 0], [0, 1]], [[0, 1], [1, 0]]])
#: One fair bit, three times.
GIANT = np.array([[[1, 0], [0, 0]], [[0, 0], [0, 1]]])
#: Two independent fair bits, and the first of them once more.
COPY = np.array([[[1, 0], [1, 0]], [[0, 1], [0, 1]]])
TRIPLES: dict[str, tuple[Any, dict[str, float]]] = {
    "xor": (
        XOR,
        {
            "joint_entropy": 2,
            "total_correlation": 1,
            "dual_total_correlation": 2,
            "interaction_information": 1,
            "conditional_mutual_information": 1,
        },
    ),
    "giant bit": (
        GIANT,
        {
            "joint_entropy": 1,
            "total_correlation": 2,
            "dual_total_correlation": 1,
            "interaction_information": -1,
            "conditional_mutual_information": 0,
        },
    ),
    "a copy": (
        COPY,
        {
            "joint_entropy": 2,
            "total_correlation": 1,
            "dual_total_correlation": 1,
            "interaction_information": 0,
            "conditional_mutual_information": 0,
        },
    ),
    "independent bits": (
        np.ones((2, 2, 2)),
        {
            "joint_entropy": 3,
            "total_correlation": 0,
            "dual_total_correlation": 0,
            "interaction_information": 0,
            "conditional_mutual_information": 0,
        },
    ),
}


@pytest.mark.parametrize("name", TRIPLES)
def test_three_bits(name: str) -> None:
    table, values = TRIPLES[name]
    with np.errstate(divide="ignore"):
        logits = np.log(table.astype(float)) - 7
    for measure, true in values.items():
        for kind, states in (("counts", table), ("probs", table / table.sum()), ("logits", logits)):
            close(ORACLES[measure](kind, states), true)


def test_variables_by_their_axes() -> None:
    table = np.moveaxis(COPY, 0, 1)  # the second bit, the first bit, the first bit
    cmi, cond = ORACLES["conditional_mutual_information"], ORACLES["conditional_entropy"]
    close(cmi("counts", table, given=0), 1)
    close(cmi("counts", table, given=0, axis=(1, 2)), 1)
    close(cmi("counts", table, given=-1), 0)
    close(cond("counts", table, given=0, axis=(0, 1, 2)), 1)
    close(cond("counts", table, given=(0, 1), axis=((0, 1), 2)), 0)
    close(ORACLES["mutual_information"]("counts", table, axis=(1, (0, 2))), 1)
    close(ORACLES["total_correlation"]("counts", table, axis=((1, 0), 2)), 1)
    with pytest.raises(ValueError, match="not all 3 axes"):
        ORACLES["mutual_information"]("counts", table)


def test_two_variables() -> None:
    table = np.array([[2, 1], [0, 1]])  # ½ ¼ 0 ¼
    rows, columns = 2 - 0.75 * math.log2(3), 1.0
    shared = rows + columns - 1.5
    found = {
        name: ORACLES[name]("counts", table)
        for name in ORACLES
        if "information" in name
        and name not in ("adjusted_mutual_information", "conditional_mutual_information")
    }
    close(found["mutual_information"], shared)
    close(found["interaction_information"], shared)
    close(found["variation_of_information"], 3 - rows - columns)
    close(ORACLES["conditional_entropy"]("counts", table), 1.5 - rows)
    close(ORACLES["conditional_entropy"]("counts", table, given=-1), 0.5)
    for normalization, mean in {
        "min": rows,
        "max": columns,
        "arithmetic": (rows + columns) / 2,
        "geometric": math.sqrt(rows * columns),
        "joint": 1.5,
    }.items():
        nmi = ORACLES["normalized_mutual_information"]
        close(nmi("counts", table, normalization=normalization), shared / mean)
    pointwise = found["pointwise_mutual_information"]
    close(pointwise[0, 0], math.log2(4 / 3))
    close(pointwise[0, 1], math.log2(2 / 3))
    close(pointwise[1, 1], 1)
    assert pointwise[1, 0] == CONTEXT.ninf
    padded = ORACLES["pointwise_mutual_information"]("counts", [[2, 0, 1], [0, 0, 1]])
    assert padded[0, 1] == padded[1, 1] == 0


def test_quotients_of_tiny_numbers() -> None:
    """All but sure of one cell: I and H(Y) are both about ε, here ε log(1/ε) and more."""
    for tiny in (2.0**-300, 2.0**-900):
        entropy = tiny * (-math.log2(tiny) + NAT)
        both = [[1, 0], [0, tiny]]
        close(ORACLES["normalized_mutual_information"]("probs", both, normalization="min"), 1)
        close(ORACLES["mutual_information"]("probs", both), entropy)
        found = ORACLES["normalized_mutual_information"](
            "probs", [[1, tiny], [0, tiny]], normalization="min"
        )
        # H(X) = ε log(1/ε) + ε/ln 2 of ε, H(Y) of 2 ε, I = H(X) − H(X | Y = 1) 2 ε.
        close(found, (entropy - 2 * tiny) / entropy)


def test_constants_share_everything_or_nothing() -> None:
    nmi = ORACLES["normalized_mutual_information"]
    for normalization in ("min", "max", "arithmetic", "geometric", "joint"):
        assert nmi("counts", [[3, 0], [0, 0]], normalization=normalization) == 1
        assert nmi("counts", [[3, 1], [0, 0]], normalization=normalization) == 0
        close(nmi("counts", [[0, 1], [5, 0]], normalization=normalization), 1)


@pytest.mark.parametrize("step", [1e-6, 1e-9, 1e-12])
def test_nearly_independent_tables(step: float) -> None:
    """¼ (1 ± ε): I = ½ [(1 + ε) log(1 + ε) + (1 − ε) log(1 − ε)] = ε² / 2 + ε⁴ / 12 + …."""
    step = math.ldexp(round(math.ldexp(step, 52)), -52)  # so that 1 ± ε are exact
    table = np.array([[1 + step, 1 - step], [1 - step, 1 + step]])
    true = (step**2 / 2 + step**4 / 12) * NAT
    for name in ("mutual_information", "total_correlation", "dual_total_correlation"):
        close(ORACLES[name]("probs", table), true)
    assert ORACLES["mutual_information"]("counts", np.outer([1, 2, 5], [3, 0, 4])) == 0
    assert ORACLES["mutual_information"]("logits", np.add.outer([1.5, -2], [0.25, 300])) == 0


def _expected_by_dealing(a: list[int], b: list[int]) -> float:
    """The mean of the information over every order of the second labels, one by one."""
    total, orders = 0.0, list(itertools.permutations(b))
    for order in orders:
        table = oracle.contingency(a, list(order))
        n = len(a)
        total += math.fsum(
            table[i, j] / n * math.log(n * table[i, j] / (table[i].sum() * table[:, j].sum()))
            for i, j in np.argwhere(table)
        )
    return total / len(orders)


def test_adjusted_information_by_dealing_in_every_order() -> None:
    ami = ORACLES["adjusted_mutual_information"]
    for a, b in (([0, 0, 1, 1, 2, 2, 2], [0, 0, 1, 2, 2, 2, 0]), ([0, 1, 1, 1], [0, 0, 1, 1])):
        table = oracle.contingency(a, b)
        sizes = [-math.fsum(p * math.log(p) for p in table.sum(axis) / len(a)) for axis in (1, 0)]
        shared = float(ORACLES["mutual_information"]("counts", table)) / NAT
        expected = _expected_by_dealing(a, b)
        true = (shared - expected) / (sum(sizes) / 2 - expected)
        assert float(ami(a, b)) == pytest.approx(true, rel=1e-12)
        assert ami(table) == ami(a, b)
        true = (shared - expected) / (max(sizes) - expected)
        assert float(ami(a, b, normalization="max")) == pytest.approx(true, rel=1e-12)


def test_clusterings_without_choice() -> None:
    ami = ORACLES["adjusted_mutual_information"]
    close(ami(["x", "x", "y", "y"], [1, 1, 0, 0]), 1)
    assert ami([0, 0, 0, 0], [0, 1, 2, 3]) == 0
    for normalization in ("min", "max", "arithmetic", "geometric", "joint"):
        assert ami([0, 0, 1, 1], [0, 1, 2, 3], normalization=normalization) == 0
    assert ami([0, 1, 2, 3], [3, 1, 0, 2]) == ami([0, 0], [1, 1]) == ami([7], [5]) == 1


def test_homogeneity_and_completeness() -> None:
    a, b = [0, 0, 1, 1], [0, 0, 1, 2]
    h, c, v = (ORACLES[name] for name in ("homogeneity", "completeness", "v_measure"))
    close(h(a, b), 1)
    close(c(a, b), Fraction(2, 3))
    close(v(a, b), Fraction(4, 5))
    close(v(a, b, beta=0.5), Fraction(6, 7))
    close(v(oracle.contingency(a, b), beta=0.5), Fraction(6, 7))
    close(h(b, a), Fraction(2, 3))
    assert h([0, 0], [0, 1]) == c([0, 1], [0, 0]) == 1
    assert h([0, 1], [0, 0]) == v([0, 1], [0, 0]) == v([0, 0, 1, 1], [0, 1, 0, 1]) == 0
