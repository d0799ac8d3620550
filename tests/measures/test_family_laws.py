"""The laws that each measure declares in the registry, for all of them."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from bounds import EPS, FORMS
from family_cases import shown

import unsurprised as us
from unsurprised.measures.registry import MEASURES

At = Mapping[str, Any]
KINDS = ("probs", "logits", "logprobs", "counts")
CASES = [(name, at) for name, m in MEASURES.items() for at in m.parameters]
OF_ONE = [case for case in CASES if MEASURES[case[0]].family == "one"]
OF_TWO = [case for case in CASES if MEASURES[case[0]].family == "two"]
OF_ROWS = OF_ONE + OF_TWO
OF_TABLES = [case for case in CASES if MEASURES[case[0]].family == "joint"]
THREE = (
    "conditional_mutual_information",
    "total_correlation",
    "dual_total_correlation",
    "interaction_information",
)


def highest(name: str, classes: int) -> float:
    bound = MEASURES[name].high
    if isinstance(bound, float):
        return bound
    return {
        "log K": math.log2(classes),
        "log 2": 1.0,
        "√log 2": 1.0,
        "K": float(classes),
        "K − 1": classes - 1.0,
        "1 − 1/K": 1 - 1 / classes,
    }[bound]


def stated(kind: str, seed: int, shape: tuple[int, ...]) -> Any:
    """Rows of many magnitudes, with impossible classes, equal rows and certain ones among them."""
    rng = np.random.default_rng(seed)
    scores = rng.choice([0.0, 1e-9, 1.0, 30.0, 200.0], size=(*shape[:-1], 1)) * rng.normal(
        size=shape
    )
    denied = rng.random(shape) < rng.choice([0.0, 0.3], size=(*shape[:-1], 1))
    denied[..., 0] = False
    scores = np.where(denied, -math.inf, np.clip(scores, -300, 300))
    if kind in ("logits", "logprobs"):
        return scores
    mass = np.exp(scores)
    return np.ceil(np.clip(mass, 0, 1e6)).astype(np.int64) if kind == "counts" else mass


def forms(name: str, kind: str, shape: tuple[int, ...]) -> list[Any]:
    count = 2 if MEASURES[name].family == "two" else 1
    return [FORMS[kind](stated(kind, seed, shape)) for seed in range(count)]


@pytest.mark.parametrize(("name", "at"), OF_ROWS, ids=shown)
@pytest.mark.parametrize("kind", KINDS)
def test_range_and_sign(name: str, at: At, kind: str) -> None:
    measure = MEASURES[name]
    for classes in (1, 2, 3, 64, 70):
        found = measure.function(*forms(name, kind, (40, classes)), **at)
        assert found.shape == (40,)
        assert found.dtype == np.float64
        assert not np.isnan(found).any()
        assert not np.signbit(found).any()
        assert (found >= measure.low).all()
        # Sums of K terms, rounded: the largest possible value may be passed by a few last places.
        assert (found <= highest(name, classes) * (1 + 16 * EPS)).all()


@pytest.mark.parametrize(("name", "at"), OF_TWO, ids=shown)
def test_symmetry_is_as_declared(name: str, at: At) -> None:
    p, q = [0.2, 0.5, 0.3], [0.1, 0.1, 0.8]
    forth, back = (MEASURES[name].function(*rows, **at) for rows in ((p, q), (q, p)))
    symmetric = (
        MEASURES[name].symmetric
        or at.get("alpha") == 0.5
        or at.get("order")
        in (
            0.5,
            math.inf,
        )
    )
    if symmetric and math.isinf(at.get("order", 0)) and forth != back:
        return  # Rényi's of order ∞ is not symmetric, Tsallis's is infinite both ways
    assert (forth == pytest.approx(back, rel=1e-14)) is symmetric


@pytest.mark.parametrize(
    ("name", "at"), [one for one in OF_TWO if MEASURES[one[0]].zero_iff_equal], ids=shown
)
@pytest.mark.parametrize("kind", KINDS)
def test_zero_exactly_for_equal_rows(name: str, at: At, kind: str) -> None:
    function = MEASURES[name].function
    for classes in (1, 2, 3, 70):
        row = stated(kind, 5, (30, classes))
        assert not function(FORMS[kind](row), FORMS[kind](row.copy()), **at).any()
    if kind == "counts":
        row = stated(kind, 6, (30, 9))
        assert not function(us.Counts(row), us.Counts(3 * row), **at).any()
    if kind == "logits":
        row = np.array([0.5, -3.25, 2.0])
        assert function(us.Logits(row), us.Logits(row + 1024), **at) == 0


@pytest.mark.parametrize(
    ("name", "at"), [one for one in OF_TWO if MEASURES[one[0]].zero_iff_equal], ids=shown
)
def test_the_smallest_difference_is_not_zero(name: str, at: At) -> None:
    p, q = np.array([0.5, 0.25, 0.25]), np.array([0.5, 0.25, np.nextafter(0.25, 1)])
    assert MEASURES[name].function(p, q, **at) > 0


@pytest.mark.parametrize(("name", "at"), OF_ROWS, ids=shown)
@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_classes_does_not_matter(name: str, at: At, kind: str) -> None:
    order = np.random.default_rng(1).permutation(9)
    given = [stated(kind, seed, (30, 9)) for seed in range(2)]
    given = given[: len(forms(name, kind, (1, 9)))]
    here = MEASURES[name].function(*(FORMS[kind](row) for row in given), **at)
    there = MEASURES[name].function(*(FORMS[kind](row[:, order]) for row in given), **at)
    scale = max(1.0, min(at.get("order", at.get("alpha", 1)), 10))
    np.testing.assert_allclose(there, here, rtol=1e-13 * scale, atol=1e-300)


@pytest.mark.parametrize(
    ("name", "at"), [one for one in OF_TWO if MEASURES[one[0]].data_processing], ids=shown
)
def test_merging_classes_never_raises_it(name: str, at: At) -> None:
    p, q = (stated("probs", seed, (200, 8)) for seed in range(2))
    merged = [np.add.reduceat(row, [0, 1, 4], axis=-1) for row in (p, q)]
    function = MEASURES[name].function
    before = function(FORMS["probs"](p), FORMS["probs"](q), **at)
    after = function(*(FORMS["probs"](row) for row in merged), **at)
    # Merging rounds, which the largest log-ratio feels in first order.
    rounding = 1e-14 if math.isinf(at.get("order", 0)) else 1e-30
    assert (after <= before * (1 + 1e-12) + rounding).all()


@pytest.mark.parametrize(("name", "at"), OF_ROWS, ids=shown)
def test_axes_and_broadcasting(name: str, at: At) -> None:
    function = MEASURES[name].function
    p, q = stated("probs", 1, (2, 1, 4, 5)), stated("probs", 2, (3, 1, 5))
    given = (p, q)[: len(forms(name, "probs", (1, 2)))]
    whole = function(*(FORMS["probs"](row) for row in given), **at)
    assert whole.shape == np.broadcast_shapes(*(row.shape[:-1] for row in given))
    for index in np.ndindex(whole.shape):
        rows = [np.broadcast_to(row, (*whole.shape, 5))[index] for row in given]
        assert function(*(FORMS["probs"](row) for row in rows), **at) == whole[index]
    for axis in (0, 1, -2):
        moved = [np.moveaxis(np.broadcast_to(row, (*whole.shape, 5)), -1, axis) for row in given]
        turned = function(*(FORMS["probs"](row) for row in moved), axis=axis, **at)
        np.testing.assert_array_equal(turned, whole)
    nothing = function(*(np.empty((0, 3)) for _ in given), **at)
    assert nothing.shape == (0,)


@pytest.mark.parametrize(("name", "at"), OF_ROWS, ids=shown)
def test_forms_agree(name: str, at: At) -> None:
    counts = [np.array([[7, 1, 56], [2, 2, 4]]), np.array([[1, 8, 7], [4, 2, 2]])]
    counts = counts[: len(forms(name, "probs", (1, 2)))]
    function = MEASURES[name].function
    expected = function(*map(us.Counts, counts), **at)
    shares = [row / row.sum(-1, keepdims=True) for row in counts]
    for other in (
        shares,
        map(us.LogProbs, map(np.log, shares)),
        map(us.Logits, map(np.log, counts)),
    ):
        np.testing.assert_allclose(function(*other, **at), expected, rtol=1e-13)
    for dtype in (np.float16, np.float32):
        narrow = [row.astype(dtype) for row in counts]
        np.testing.assert_array_equal(function(*map(us.Counts, narrow), **at), expected)


@pytest.mark.parametrize(("name", "at"), OF_TWO, ids=shown)
def test_labels_are_one_hot_rows(name: str, at: At) -> None:
    function, rows = MEASURES[name].function, np.array([[0.2, 0.5, 0.3], [0.25, 0.25, 0.5]])
    hot = np.eye(3)[[1, 2]]
    labels = us.Labels([1, 2])
    np.testing.assert_allclose(function(labels, rows, **at), function(hot, rows, **at), rtol=1e-14)
    np.testing.assert_array_equal(function(rows, labels, **at), function(rows, hot, **at))
    both = function(labels, us.Labels([1, 0]), **at)
    np.testing.assert_array_equal(both, function(hot, np.eye(3)[[1, 0]], **at))


@pytest.mark.parametrize("name", MEASURES)
def test_a_base_where_there_is_a_unit(name: str) -> None:
    measure, at = MEASURES[name], MEASURES[name].parameters[0]
    table = np.array([[[0.1, 0.2], [0.05, 0.15]], [[0.2, 0.1], [0.1, 0.1]]])
    given: tuple[Any, ...] = {
        "one": ([0.2, 0.5, 0.3],),
        "two": ([0.2, 0.5, 0.3], [0.1, 0.1, 0.8]),
        "events": (0.3,),
        "joint": (table if name in THREE else table[0] / table[0].sum(),),
        "labels": ([0, 0, 1], [1, 1, 0]),
    }[measure.family]
    assert ("base" in inspect.signature(measure.function).parameters) is measure.unit
    if not measure.unit:
        with pytest.raises(us.CallError, match=rf"^{name} has no unit to choose, so base=2"):
            measure.function(*given, base=2, **at)
        with pytest.raises(TypeError, match="unexpected keyword argument 'bases'"):
            measure.function(*given, bases=2, **at)
        return
    bits = np.asarray(measure.function(*given, **at))
    power = 0.5 if name == "js_distance" else 1.0  # the root of so many bits
    for base in (math.e, 10, 2.5):
        found = measure.function(*given, base=base, **at)
        np.testing.assert_allclose(found * math.log2(base) ** power, bits, rtol=1e-14)
    for base in (1, 0, -2, math.inf, math.nan, None, "2"):
        with pytest.raises(us.CallError, match="no base of a logarithm"):
            measure.function(*given, base=base, **at)


def tables(shape: tuple[int, ...]) -> np.ndarray:
    rng = np.random.default_rng(len(shape))
    table = np.where(rng.random(shape) < 0.2, 0, rng.random(shape))
    return table / table.sum()


@pytest.mark.parametrize(("name", "at"), OF_TABLES, ids=shown)
def test_tables_turned_and_stacked(name: str, at: At) -> None:
    function = MEASURES[name].function
    table = tables((3, 4, 2) if name in THREE else (3, 4))
    axes = tuple(range(-table.ndim, 0))
    named = {"axis": axes} if name != "conditional_mutual_information" else {}
    whole = function(table, **at, **named)
    stack = np.stack([table, table[::-1]])
    at = {key: axes[value] if key == "given" else value for key, value in at.items()}
    stacked = function(stack, **at, **named)
    np.testing.assert_array_equal(stacked[0], whole)
    if name == "pointwise_mutual_information":
        # Sums run in the order of the cells, so only the same order has the same bits.
        np.testing.assert_array_equal(stacked[1], function(table[::-1]))
        np.testing.assert_allclose(stacked[1], whole[::-1], rtol=1e-14)
        np.testing.assert_array_equal(
            function(np.moveaxis(stack, 0, -1), axis=(0, 1))[..., 0], whole
        )
        return
    np.testing.assert_allclose(stacked[1], whole, rtol=1e-14)
    counts = us.Counts(np.round(table * 1000).astype(int))
    shares = us.Probs(counts.array.values / 1000, normalize=True)
    np.testing.assert_allclose(
        function(counts, **at, **named), function(shares, **at, **named), rtol=1e-13
    )


def test_identities() -> None:
    p, q = (FORMS["probs"](stated("probs", seed, (100, 7))) for seed in range(2))
    same = {"rtol": 1e-13, "atol": 1e-300}
    close = np.testing.assert_allclose
    entropy, kl = us.entropy(p), us.kl_divergence(p, q)
    close(us.renyi_entropy(p, 1), entropy, **same)
    close(us.renyi_entropy(p, 0), us.hartley_entropy(p), **same)
    close(us.renyi_entropy(p, math.inf), us.min_entropy(p), **same)
    close(us.tsallis_entropy(p, 2), us.gini_impurity(p), **same)
    close(us.perplexity(p), 2**entropy, **same)
    close(us.efficiency(p), entropy / math.log2(7), **same)
    close(us.alpha_divergence(p, q, 1) / math.log(2), kl, **same)
    close(us.alpha_divergence(q, p, 0) / math.log(2), kl, **same)
    close(2 * us.alpha_divergence(p, q, 2), us.chi_squared_divergence(p, q), rtol=1e-12)
    close(us.alpha_divergence(p, q, 0.5), 4 * us.hellinger_distance(p, q) ** 2, **same)
    close(us.bhattacharyya_distance(p, q), us.renyi_divergence(p, q, 0.5) / 2, **same)
    close(us.jeffreys_divergence(p, q), kl + us.kl_divergence(q, p), **same)
    nats = us.jeffreys_divergence(p, q, base=math.e)
    close(us.population_stability_index(p, q), nats, **same)
    close(us.js_distance(p, q) ** 2, us.js_divergence(p, q), **same)
    orders = (0, 1e-3, 0.5, 1, 1.5, 2, 30, math.inf)
    falling = np.array([us.renyi_entropy(p, order) for order in orders])
    assert (np.diff(falling, axis=0) <= 1e-14).all()
    rising = np.array([us.renyi_divergence(p, q, order) for order in orders])
    with np.errstate(invalid="ignore"):
        assert not (np.diff(rising, axis=0) < -1e-12).any()


def test_js_is_the_information_on_where_a_draw_came_from() -> None:
    rows = [FORMS["probs"](stated("probs", seed, (6,))).array.values for seed in (3, 8, 9)]
    rows = [row / row.sum() for row in rows]
    weights = [0.5, 0.2, 0.3]
    joint = np.array([weight * row for weight, row in zip(weights, rows, strict=True)])
    found = us.js_divergence(*rows, weights=weights)
    assert found == pytest.approx(us.mutual_information(us.Probs(joint, normalize=True)), rel=1e-12)


def test_identities_of_tables() -> None:
    table = tables((3, 4))
    x, y = us.entropy(table.sum(1)), us.entropy(table.sum(0))
    shared = us.mutual_information(table)
    assert us.joint_entropy(table) == pytest.approx(x + y - shared, rel=1e-13)
    assert us.conditional_entropy(table, given=0) == pytest.approx(y - shared, rel=1e-12)
    assert us.conditional_entropy(table, given=1) == pytest.approx(x - shared, rel=1e-12)
    assert us.variation_of_information(table) == pytest.approx(x + y - 2 * shared, rel=1e-12)
    pointwise = us.pointwise_mutual_information(table)
    some = table > 0
    assert (table[some] * pointwise[some]).sum() == pytest.approx(shared, rel=1e-12)
    three = tables((3, 4, 2))
    total, dual = us.total_correlation(three), us.dual_total_correlation(three)
    known = us.conditional_mutual_information(three)
    both = us.mutual_information(three.sum(2))
    assert us.interaction_information(three) == pytest.approx(known - both, rel=1e-12)
    grouped = us.mutual_information(three, axis=((0, 1), 2))
    assert total == pytest.approx(grouped + both, rel=1e-12)
    assert dual == pytest.approx(grouped + known, rel=1e-12)
    assert total / 2 <= dual <= 2 * total
    for two in (us.total_correlation, us.dual_total_correlation, us.interaction_information):
        assert two(table) == pytest.approx(shared, rel=1e-13)
    assert us.joint_entropy(three, axis=((0, 1), 2)) == us.joint_entropy(three)
