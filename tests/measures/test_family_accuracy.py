"""Every measure of the registry against mpmath, on rows of every condition."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import numpy as np
import oracle
import pytest
from bounds import EPS, FORMS, RELATIVE, UNDERFLOW, bound_of_one, bound_of_two
from family_cases import shown

import unsurprised as us
from unsurprised.measures.registry import MEASURES

Rng = np.random.Generator
CLASSES = (1, 2, 3, 64, 300)
#: Long rows show how sums are rounded, which every fifth pair of them does: some of each kind of
#: rows, and some as far apart as each of the others.
FEW_FROM, EACH = 100, 5

#: A generator that its caller wrote loses digits in it where P is close to Q.
GIVEN = "f_divergence"

ONE = [(name, at) for name, m in MEASURES.items() if m.family == "one" for at in m.parameters]
TWO = [(name, at) for name, m in MEASURES.items() if m.family == "two" for at in m.parameters]
MORE: dict[str, list[Mapping[str, Any]]] = {
    "renyi_entropy": [{"order": x} for x in (1e-9, 0.3, 1 + 1e-15, 1 - 1e-15, 3, 100, 1e300)],
    "tsallis_entropy": [{"order": x} for x in (1e-9, 0.3, 1 + 1e-15, 1 - 1e-15, 3, 100)],
    "renyi_divergence": [{"order": x} for x in (1e-9, 0.3, 1 + 1e-15, 3, 20)],
    "tsallis_divergence": [{"order": x} for x in (1e-9, 0.3, 1 + 1e-15, 3)],
    "alpha_divergence": [{"alpha": x} for x in (-3, -1e-9, 0.3, 5)],
    "js_divergence": [{"weights": (0.25, 0.75)}, {"weights": (1 - 2**-30, 2**-30)}],
}
ONE += [(name, at) for name, _ in ONE for at in MORE.pop(name, [])]
TWO += [(name, at) for name, _ in TWO for at in MORE.pop(name, [])]


def exponent(at: Mapping[str, Any]) -> float:
    """By how much a power magnifies the rounding error of its base."""
    number = at.get("order", at.get("alpha", 1))
    return max(1.0, min(abs(number), 1e3)) if math.isfinite(number) else 1.0


def rows(rng: Rng, classes: int) -> Iterator[tuple[str, Any]]:
    yield "probs", rng.dirichlet(np.ones(classes))
    sparse = np.where(rng.random(classes) < 0.4, 0, rng.random(classes))
    sparse[rng.integers(classes)] = 0.3
    yield "probs", sparse
    peaked = 10 ** rng.uniform(-290, -5, classes)
    peaked[rng.integers(classes)] = 1
    yield "probs", peaked
    yield "probs", rng.dirichlet(np.ones(classes)).astype(np.float32)
    yield "counts", rng.integers(1, 1000, classes)
    yield "logits", 5 * rng.normal(size=classes)
    yield "logits", (30 * rng.normal(size=classes)).astype(np.float32)
    certain = 3 * rng.normal(size=classes)
    certain[0] += 200
    yield "logits", certain


def pairs(rng: Rng, classes: int) -> Iterator[tuple[str, Any, Any]]:
    for kind, p in rows(rng, classes):
        others = dict(rows(rng, classes))
        yield kind, p, others[kind]
        wide = np.asarray(p, np.float64)
        for noise in (1e-3, 1e-9, 1e-14):
            shift = noise * rng.normal(size=classes)
            yield (kind, wide, wide + shift if kind == "logits" else wide * (1 + shift))
    halves = np.arange(classes) % 2
    if classes > 1:
        yield "probs", halves + 0.0, 1.0 - halves


def check(name: str, at: Mapping[str, Any], kind: str, *given: Any) -> None:
    kinds: Any = kind if len(given) == 1 else (kind, kind)
    exact = [np.asarray(row).astype(np.float64).tolist() for row in given]
    true = oracle.ORACLES[name](kinds, *exact, **at)
    found = MEASURES[name].function(*(FORMS[kind](row) for row in given), **at)
    assert isinstance(found, float)
    assert not math.isnan(found)
    assert math.copysign(1, found) == 1
    of_two = len(given) == 2
    bound = bound_of_two(name, kinds, *given) if of_two else bound_of_one(name, kind, *given)
    bound *= exponent(at)
    underflow = UNDERFLOW * len(exact[0]) * exponent(at)
    if MEASURES[name].high == "√log 2" or name == "hellinger_distance":
        underflow = math.sqrt(underflow)
    error = oracle.relative_error(found, true, underflow if true != 0 else 0.0)
    said = f"{name} {dict(at)} of {kind} {[row[:4] for row in exact]}"
    assert error <= bound, f"{said}: {found!r}, not {float(true)!r}; {error:.2g} > {bound:.2g}"


@pytest.mark.parametrize(("name", "at"), ONE, ids=shown)
def test_of_one_distribution(name: str, at: Mapping[str, Any]) -> None:
    for classes in CLASSES:
        for kind, row in rows(np.random.default_rng(classes), classes):
            check(name, at, kind, row)


@pytest.mark.parametrize(("name", "at"), TWO, ids=shown)
def test_between_two(name: str, at: Mapping[str, Any]) -> None:
    for classes in CLASSES:
        each = EACH if classes >= FEW_FROM else 1
        for kind, p, q in islice(pairs(np.random.default_rng(classes), classes), None, None, each):
            apart = np.abs(np.asarray(p, np.float64) - q).max() / np.abs(p).max()
            if name == GIVEN and apart < 0.01:
                continue
            check(name, at, kind, p, q)


@pytest.mark.parametrize(("name", "at"), [one for one in TWO if one[0] != GIVEN], ids=shown)
def test_shares_below_the_normal_floats(name: str, at: Mapping[str, Any]) -> None:
    """Their logarithms, some 745 in size, are right to half a unit of the last place."""
    rng = np.random.default_rng(3)
    for classes in (2, 30):
        p, q = 10 ** rng.uniform(-320, 0, (2, classes))
        true = oracle.ORACLES[name](("probs", "probs"), p.tolist(), q.tolist(), **at)
        found = MEASURES[name].function(FORMS["probs"](p), FORMS["probs"](q), **at)
        bound = 745 * EPS * exponent(at)
        assert oracle.relative_error(found, true, UNDERFLOW * classes) <= bound


def test_order_zero_counts_what_is_impossible() -> None:
    p, q = [0.5, 0, 0.5, 0], [0.25, 0.5, 0.125, 0.125]
    assert MEASURES["tsallis_divergence"].function(p, q, 0) == 0.625
    found = MEASURES["renyi_divergence"].function(p, q, 0)
    assert found == pytest.approx(-math.log2(0.375), rel=4 * EPS)
    tiny = MEASURES["renyi_divergence"].function([1, 0], [1, 1e-300], 0)
    assert tiny == pytest.approx(1e-300 / math.log(2), rel=4 * EPS, abs=0)


MANY = [("js_divergence", {}), ("hellinger_distance", {}), ("renyi_divergence", {"order": 2})]


@pytest.mark.parametrize(("name", "at"), MANY)
def test_a_hundred_thousand_classes(name: str, at: Mapping[str, Any]) -> None:
    rng = np.random.default_rng(1)
    p = rng.choice(rng.random(30), 100_000)
    for q in (rng.choice(rng.random(30), 100_000), p * rng.choice([1, 1 + 1e-9, 0.5], 100_000)):
        check(name, at, "probs", p, q)


@pytest.mark.parametrize("name", [name for name, m in MEASURES.items() if m.family == "events"])
def test_of_events(name: str) -> None:
    near = [0.5, math.nextafter(0.5, 0), math.nextafter(0.5, 1), math.nextafter(1, 0), 5e-324]
    events = [0.0, 1.0, 0.25, 1e-300, 1 - 1e-9, 1e-9, *near, *np.random.default_rng(0).random(50)]
    for event, found in zip(events, MEASURES[name].function(events), strict=True):
        true = oracle.ORACLES[name](float(event))
        assert oracle.relative_error(float(found), true, UNDERFLOW) <= 4 * EPS
        assert math.copysign(1, found) == 1


TABLES = [
    (name, at)
    for name, m in MEASURES.items()
    if m.family == "joint" and name != "pointwise_mutual_information"
    for at in m.parameters
]
SEVERAL = ("total_correlation", "dual_total_correlation", "interaction_information")
THREE = ("conditional_mutual_information", *SEVERAL)


def tables(rng: Rng, shape: tuple[int, ...]) -> Iterator[tuple[str, Any]]:
    cells = math.prod(shape)
    yield "probs", rng.dirichlet(np.ones(cells)).reshape(shape)
    yield "counts", rng.integers(0, 5, shape)
    yield "probs", np.where(rng.random(shape) < 0.5, 0, rng.random(shape)) + np.eye(*shape[-2:])
    yield "probs", 10 ** rng.uniform(-200, 0, shape)
    marginals = [rng.dirichlet(np.ones(size)) for size in shape]
    apart = marginals[0]
    for marginal in marginals[1:]:
        apart = np.multiply.outer(apart, marginal)
    for noise in (1e-3, 1e-6, 1e-9, 1e-12):
        yield "probs", apart * (1 + noise * rng.normal(size=shape))
    yield "probs", np.eye(*shape[-2:]) * rng.random(shape) + 1e-14 * rng.random(shape)


@pytest.mark.parametrize(("name", "at"), TABLES, ids=shown)
def test_of_joint_tables(name: str, at: Mapping[str, Any]) -> None:
    rng = np.random.default_rng(7)
    shapes = [(2, 3, 4), (3, 2, 2)] if name in THREE else [(2, 2), (5, 3), (1, 4), (20, 30)]
    for shape in shapes:
        for kind, table in tables(rng, shape):
            true = oracle.ORACLES[name](kind, table, **at)
            found = MEASURES[name].function(FORMS[kind](table), **at)
            absolute = UNDERFLOW * table.size
            if name == "interaction_information":  # a difference of two others
                parts = oracle.ORACLES["total_correlation"](kind, table)
                absolute += 1e-13 * float(parts)
            error = oracle.relative_error(found, true, absolute)
            assert error <= 10 * RELATIVE, (name, kind, shape, found, float(true), error)
            assert math.copysign(1, found) == 1 or name == "interaction_information"


def test_independent_to_the_last_digits() -> None:
    """Mutual information of 1e-18 and less keeps its digits, and 0 is 0."""
    rng = np.random.default_rng(9)
    for noise in (1e-6, 1e-9, 1e-12):
        table = np.outer(*rng.dirichlet(np.ones(6), 2)) * (1 + noise * rng.normal(size=(6, 6)))
        true = oracle.ORACLES["mutual_information"]("probs", table)
        found = MEASURES["mutual_information"].function(FORMS["probs"](table))
        assert 0 < true < noise**2 * 10
        assert oracle.relative_error(found, true) <= 1e-12
    counts = np.outer([1, 2, 30, 4000], [7, 11, 13])
    assert MEASURES["mutual_information"].function(FORMS["counts"](counts)) == 0.0


def test_every_measure_is_checked() -> None:
    families = {"one", "two", "events", "joint", "labels"}
    assert {m.family for m in MEASURES.values()} == families
    assert set(MEASURES) <= set(oracle.ORACLES)
    assert sys.float_info.epsilon == EPS


def test_what_only_logits_can_hold() -> None:
    """Shares below the floats still have their logarithms."""
    far = us.Logits([800.0, 0]), us.Logits([800.0, -900]), us.Logits([800.0, -1])
    assert us.renyi_divergence(*far[:2], 3) == pytest.approx(721.34752044448, rel=1e-12)
    assert us.renyi_divergence(far[0], far[2], math.inf) == pytest.approx(1 / math.log(2))
    crossed = us.Logits([0, 1600.0]), us.Logits([1600.0, 0])
    assert us.bhattacharyya_distance(*crossed) == pytest.approx(799.3068528194400 / math.log(2))
    pointwise = us.pointwise_mutual_information(us.Logits([[0, -1.0], [-1, -1000]]))
    assert pointwise[1, 1] == pytest.approx(-1439.0140842530714, rel=1e-12)
    small = np.array([7e198, 6.5e-296 * 7e198])
    assert us.total_variation(FORMS["probs"](small), FORMS["probs"](small * [1, 1.5])) > 0


def test_a_slice_that_hardly_ever_comes() -> None:
    """Products of its masses are below the floats; what its variables share is not."""
    table = [[[8e-55, 0], [6e-153, 1]], [[5e-212, 0], [8e-280, 0]]]
    found = us.conditional_mutual_information(FORMS["probs"](table))
    true = oracle.ORACLES["conditional_mutual_information"]("probs", np.array(table))
    assert oracle.relative_error(found, true) <= 1e-12
