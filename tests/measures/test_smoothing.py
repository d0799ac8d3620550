"""Smoothing: every entry against exact arithmetic, and what it costs against what it promises."""

from __future__ import annotations

import math
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from bounds import FORMS, KINDS
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle_rows import CONTEXT, Stated

import unsurprised as us
from unsurprised.measures.smoothing import add_pseudocounts, smooth, smoothing_cost

INF, NAN = math.inf, math.nan
HALF = [0.5, 0.5]

#: From nothing to everything; 5e-324 and its neighbours are where a share underflows.
EPSILONS = (0.0, 5e-324, 1e-300, 1e-17, 1e-9, 0.1, 0.5, math.nextafter(1, 0), 1.0)
#: Two steps of the smallest float, for entries that have no digits left.
UNDERFLOW = 2 * 5e-324


def laws(examples: int = 100) -> Any:
    return settings(max_examples=examples, deadline=None, derandomize=True)


@st.composite
def rows(draw: st.DrawFn, kind: str, classes: int) -> Any:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    spread = draw(st.sampled_from([0.0, 1e-9, 1.0, 30.0, 250.0]))
    scores = np.clip(spread * rng.normal(size=classes), -350, 350)
    scores[1:][rng.random(classes - 1) < draw(st.sampled_from([0.0, 0.4]))] = -INF
    if kind == "counts":
        return np.where(np.isinf(scores), 0, np.ceil(np.exp(np.clip(scores, -35, 35)))).astype(int)
    return scores if kind in ("logits", "logprobs") else np.exp(scores)


def shares(kind: str, row: Any) -> list[Any]:
    CONTEXT.prec = 2400
    entries = [float(x) for x in np.asarray(row).astype(float)]
    stated = Stated(kind, entries)
    return [stated.share(x) for x in entries]


def entries(form: us.Probs) -> Any:
    assert type(form) is us.Probs and not form.normalize
    return form.array.values


def check(found: Any, p: list[Any], towards: list[Any], epsilon: float) -> None:
    exact = CONTEXT.mpf(epsilon)
    assert found.dtype == np.float64
    for value, a, b in zip(found, p, towards, strict=True):
        true = (1 - exact) * a + exact * b
        assert abs(CONTEXT.mpf(float(value)) - true) <= 1e-15 * true + UNDERFLOW
        assert math.copysign(1, value) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry(kind: str) -> None:
    @laws(60)
    @given(st.data(), st.sampled_from([1, 2, 3, 64, 129]), st.sampled_from(EPSILONS))
    def holds(data: st.DataObject, classes: int, epsilon: float) -> None:
        row = data.draw(rows(kind, classes))
        uniform = [CONTEXT.mpf(1) / classes] * classes
        check(entries(smooth(FORMS[kind](row), epsilon)), shares(kind, row), uniform, epsilon)

    holds()


@pytest.mark.parametrize("other", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_towards_a_prior(kind: str, other: str) -> None:
    @laws(15)
    @given(st.data(), st.sampled_from([1, 2, 7, 65]), st.sampled_from(EPSILONS))
    def holds(data: st.DataObject, classes: int, epsilon: float) -> None:
        p, prior = data.draw(rows(kind, classes)), data.draw(rows(other, classes))
        found = smooth(FORMS[kind](p), epsilon, towards=FORMS[other](prior))
        check(entries(found), shares(kind, p), shares(other, prior), epsilon)

    holds()


def test_many_classes_lose_no_digits() -> None:
    rng = np.random.default_rng(5)
    row = rng.choice(rng.random(20), size=100_000)
    at = [0, 5, 99_999]
    CONTEXT.prec = 200
    stated = Stated("probs", row.tolist())
    found = entries(smooth(FORMS["probs"](row), 0.25))[at]
    uniform = [CONTEXT.mpf(1) / 100_000] * 3
    check(found, [stated.share(float(row[i])) for i in at], uniform, 0.25)


def test_a_sum_that_always_rounds_down_loses_no_digits() -> None:
    """Pairwise, each of 17 sums 1 + 2^-53 is 1."""
    row = np.zeros(2**17)
    row[0] = 1
    row[2 ** np.arange(17)] = 2.0**-53
    total = 1 + 17 * CONTEXT.mpf(2) ** -53
    found = entries(smooth(row, 0.0))
    assert abs(CONTEXT.mpf(float(found[0])) - 1 / total) <= 4e-16


def test_logits_far_apart_keep_their_digits() -> None:
    row = np.array([0.1, -640.3, -708.25, -3.3e-16])
    check(entries(smooth(us.Logits(row), 0.0)), shares("logits", row), [CONTEXT.mpf(0.25)] * 4, 0.0)
    wide = us.Logits([1e308, -1e308, -INF])
    assert entries(smooth(wide, 0.0)).tolist() == [1, 0, 0]
    assert entries(smooth(wide, 0.75)).tolist() == [0.5, 0.25, 0.25]


def test_nothing_and_everything_are_exact() -> None:
    row = [0.5, 0.125, 0.375, 0.0]
    assert entries(smooth(row, 0)).tolist() == row
    assert entries(smooth(row, 1)).tolist() == [0.25] * 4
    assert entries(smooth([0.25] * 4, 1, towards=row)).tolist() == row
    assert us.kl_divergence(smooth([0.3, 0.3, 0.4], 1), [1 / 3] * 3) == 0
    assert entries(smooth(us.Counts([1, 2]), 0.0)).tolist() == [1 / 3, 2 / 3]


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32])
def test_half_precision_is_widened(dtype: Any) -> None:
    row = np.array([0.25, 0.5, 0.2501]).astype(dtype)
    found = entries(smooth(row, 0.1))
    check(found, shares("probs", row), [CONTEXT.mpf(1) / 3] * 3, 0.1)
    assert abs(found.sum() - 1) <= 4e-16


@laws(30)
@given(st.data(), st.sampled_from(KINDS), st.integers(-3, 2))
def test_axes_and_broadcasting_are_a_loop(data: st.DataObject, kind: str, axis: int) -> None:
    p = np.stack([data.draw(rows(kind, 5)) for _ in range(6)]).reshape(2, 3, 5)
    prior = np.stack([data.draw(rows("logits", 5)) for _ in range(3)])
    epsilon = np.array([[0.0], [0.25]])
    whole = smooth(
        FORMS[kind](np.moveaxis(p, -1, axis)),
        epsilon,
        towards=us.Logits(np.moveaxis(np.broadcast_to(prior, (2, 3, 5)), -1, axis)),
        axis=axis,
    )
    found = np.moveaxis(entries(whole), axis, -1)
    for i, j in np.ndindex(2, 3):
        one = smooth(FORMS[kind](p[i, j]), epsilon[i, 0], towards=us.Logits(prior[j]))
        np.testing.assert_array_equal(found[i, j], entries(one))


def test_one_row_with_several_epsilons_and_priors() -> None:
    found = entries(smooth([1.0, 0.0], [0.0, 0.5, 1.0]))
    np.testing.assert_array_equal(found, [[1, 0], [0.75, 0.25], [0.5, 0.5]])
    found = entries(smooth([1.0, 0.0], 0.5, towards=[[[0.25, 0.75]], [[0.0, 1.0]]]))
    np.testing.assert_array_equal(found, [[[0.625, 0.375]], [[0.5, 0.5]]])
    along = smooth(np.eye(2), [0.0, 0.5], towards=[0.25, 0.75], axis=0)
    np.testing.assert_array_equal(entries(along), [[1, 0.125], [0, 0.875]])


def test_blocks_of_rows_are_rows() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(7000, 5)).astype(np.float32)[::-1]
    whole = entries(smooth(us.Logits(z), 0.125))
    np.testing.assert_array_equal(whole[6000:], entries(smooth(us.Logits(z[6000:]), 0.125)))
    np.testing.assert_array_equal(whole[3], entries(smooth(us.Logits(z[3]), 0.125)))
    assert entries(smooth(np.ones((0, 4)), 0.5)).shape == (0, 4)


@laws(40)
@given(st.integers(1, 9), st.sampled_from(EPSILONS), st.integers(0, 8))
def test_smoothed_labels_are_the_same_rows(classes: int, epsilon: float, label: int) -> None:
    labels = np.array([label % classes, 0])
    found = smooth(us.Labels(labels, classes=classes), epsilon)
    stated = us.Labels(labels, smoothing=epsilon, classes=classes)
    model = us.Logits(np.linspace(-2, 1, classes))
    np.testing.assert_allclose(
        us.cross_entropy(found, model), us.cross_entropy(stated, model), rtol=1e-15, atol=1e-323
    )
    prior = np.full(classes, 1 / classes)
    towards = smooth(us.Labels(labels), epsilon, towards=prior)
    np.testing.assert_allclose(entries(towards), entries(found), rtol=1e-15)
    first = smooth(us.Labels(labels, classes=classes), epsilon, axis=0)
    np.testing.assert_array_equal(entries(first).T, entries(found))


@pytest.mark.parametrize("kind", KINDS)
def test_what_it_costs_and_what_it_buys(kind: str) -> None:
    @laws(60)
    @given(st.data(), st.sampled_from([1, 2, 3, 20]), st.floats(0, 1), st.booleans())
    def holds(data: st.DataObject, classes: int, epsilon: float, uniform: bool) -> None:
        model = FORMS[kind](data.draw(rows(kind, classes)))
        truth = FORMS["probs"](data.draw(rows("probs", classes)))
        prior = None if uniform else FORMS["probs"](data.draw(rows("probs", classes)))
        smoothed = smooth(model, epsilon, towards=prior)
        before = us.surprisal(us_rows(model, classes), at=np.arange(classes))
        after = us.surprisal(us_rows(smoothed, classes), at=np.arange(classes))
        # Each surprisal is right to 1e-14 (log scores: to their gap, below 11 · 64 nats), and an
        # entry that is off by 1e-15 of itself moves it by 1.5e-15 bits.
        allowance = 2e-15 + 1.2e-13 * np.where(np.isinf(before), 0, before)
        assert (after <= before + smoothing_cost(epsilon) + allowance).all()
        if uniform and epsilon > 1e-300:
            assert np.isfinite(us.kl_divergence(truth, smoothed))
            assert (after <= math.log2(classes) + us.surprisal(epsilon) + 1e-12).all()

    holds()


def us_rows(form: Any, classes: int) -> Any:
    """One row for each of its classes."""
    values = form.array.values
    return FORMS[form.kind](np.broadcast_to(values, (classes, *values.shape)))


def test_the_cure_for_an_infinite_divergence() -> None:
    truth, model = [0.5, 0.5, 0.0], [0.0, 0.25, 0.75]
    assert us.kl_divergence(truth, model) == INF
    assert us.kl_divergence(truth, smooth(model, 0.03)) == pytest.approx(
        0.5 * math.log2(0.5 / 0.01) + 0.5 * math.log2(0.5 / 0.2525), rel=1e-14
    )
    # A prior that rules out what happens cures nothing.
    assert us.kl_divergence(truth, smooth(model, 0.03, towards=[0.0, 0.5, 0.5])) == INF


@pytest.mark.parametrize("epsilon", [*EPSILONS, 2.0**-53, 1e-8, 0.75, 0.999999])
@pytest.mark.parametrize("base", [2, math.e, 10])
def test_the_cost_keeps_its_digits(epsilon: float, base: float) -> None:
    CONTEXT.prec = 2400
    found = smoothing_cost(epsilon, base=base)
    assert isinstance(found, float) and math.copysign(1, found) == 1
    if epsilon == 1:
        assert found == INF
    else:
        true = -CONTEXT.log(1 - CONTEXT.mpf(epsilon)) / CONTEXT.log(CONTEXT.mpf(base))
        assert abs(CONTEXT.mpf(found) - true) <= 1e-15 * true + UNDERFLOW


def test_costs_of_an_array() -> None:
    found = smoothing_cost([[0.0, 0.5], [0.75, 1.0]])
    assert found.dtype == np.float64
    assert found.tolist() == [[0, 1], [2, INF]]
    assert smoothing_cost(np.float32(0.5)) == smoothing_cost(np.array(0.5)) == 1.0


@pytest.mark.parametrize(
    ("pseudocount", "added"), [("laplace", 1), ("jeffreys", 0.5), ("krichevsky-trofimov", 0.5)]
)
def test_pseudocounts_by_name(pseudocount: str, added: float) -> None:
    found = add_pseudocounts([[3, 1, 0], [0, 0, 0]], pseudocount)
    assert type(found) is us.Counts
    assert found.array.values.tolist() == [[3 + added, 1 + added, added], [added] * 3]


def test_pseudocounts_of_any_shape_and_type() -> None:
    counts = np.array([[255, 0], [1, 2]], np.uint8)
    for values in (counts, us.Counts(counts), counts.tolist()):
        assert add_pseudocounts(values, 1).array.values.tolist() == [[256, 1], [2, 3]]
    assert add_pseudocounts(counts, [0.25, 2]).array.values.tolist() == [[255.25, 2], [1.25, 4]]
    assert add_pseudocounts([1, 0], [[1, 1], [0, 3]]).array.values.tolist() == [[2, 1], [1, 3]]
    assert add_pseudocounts([1.5, 0.0], 0).array.values.tolist() == [1.5, 0]
    assert us.surprisal(add_pseudocounts([7, 0], "krichevsky-trofimov"), at=1) == 4.0


@laws()
@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any),
    st.floats(1e-6, 1e6) | st.sampled_from([0.5, 1.0]),
)
def test_pseudocounts_are_a_mixture_with_the_uniform(counts: list[int], added: float) -> None:
    total, classes = sum(counts), len(counts)
    epsilon = added * classes / (total + added * classes)
    by_counts = us.surprisal(
        us.Counts([add_pseudocounts(counts, added).array.values] * classes), at=range(classes)
    )
    mixed = us.surprisal(
        us.Probs([entries(smooth(us.Counts(counts), epsilon))] * classes), at=range(classes)
    )
    # ε was rounded, and 1 − ε is what is left of it.
    np.testing.assert_allclose(by_counts, mixed, rtol=1e-13, atol=1e-9 if epsilon > 0.99 else 1e-13)
    bound = math.log2(1 + added * classes / total)
    assert smoothing_cost(epsilon) == pytest.approx(bound, rel=1e-9)
    before = us.surprisal(us.Counts([counts] * classes), at=range(classes))
    assert (by_counts <= before + bound + 1e-13 * (1 + np.where(np.isinf(before), 0, before))).all()
