"""The reference against mpmath: every combination of options, loss and gradient."""

from __future__ import annotations

import math
from itertools import combinations, product

import numpy as np
import oracle_losses as oracle
import pytest
from losses_cases import (
    CHOICES,
    LABELS,
    LOGITS,
    PAIRS,
    SAMPLE_WEIGHT,
    SHARES,
    TARGETS,
    THREES,
    WEIGHT,
    for_oracle,
    some_combinations,
)
from mpmath import mp
from numpy.testing import assert_allclose

from unsurprised.errors import CallError
from unsurprised.losses.numpy import (
    LinearTeacher,
    TopK,
    cross_entropy_loss,
    distill_loss,
    linear_cross_entropy_loss,
    linear_distill_loss,
)


@pytest.mark.parametrize(("step", "together"), [(PAIRS, 2), (THREES, 3)])
def test_the_samples_hold_what_they_are_said_to(step, together):
    sizes = [len(choices) for choices in CHOICES.values()]
    sample = list(product(*map(range, sizes)))[::step]
    assert len(sample) == len(some_combinations(step))
    for some in combinations(range(len(sizes)), together):
        met = {tuple(chosen[option] for option in some) for chosen in sample}
        assert len(met) == math.prod(sizes[option] for option in some)


@pytest.mark.parametrize("options", some_combinations(), ids=str)
@pytest.mark.parametrize("kind", TARGETS)
def test_loss_and_gradient(kind, options):
    target = TARGETS[kind]
    loss, gradient = cross_entropy_loss(LOGITS, target, **options)
    truth = for_oracle(target)

    def expected(rows):
        return oracle.cross_entropy(rows, truth, **options)

    assert_allclose(loss, float(expected(oracle.exact(LOGITS))), rtol=1e-13)
    assert_allclose(gradient, oracle.gradient(expected, LOGITS), rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize("normalizer", ["weight", "rows", 2.5])
@pytest.mark.parametrize("kind", TARGETS)
def test_normalizers(kind, normalizer):
    options = {"weight": WEIGHT, "sample_weight": SAMPLE_WEIGHT, "normalizer": normalizer}
    loss, _ = cross_entropy_loss(LOGITS, TARGETS[kind], **options)
    truth = for_oracle(TARGETS[kind])
    expected = oracle.cross_entropy(oracle.exact(LOGITS), truth, **options)
    assert_allclose(loss, float(expected), rtol=1e-13)


def test_rows_of_their_own():
    losses, gradient = cross_entropy_loss(LOGITS, LABELS, reduction="none", weight=WEIGHT)
    assert losses.shape == (6,)
    assert losses[2] == 0
    total, same = cross_entropy_loss(LOGITS, LABELS, reduction="sum", weight=WEIGHT)
    assert_allclose(losses.sum(), total)
    assert_allclose(gradient, same)


def test_base():
    nats, by_nats = cross_entropy_loss(LOGITS, LABELS, z_loss=0.1, entropy_bonus=0.1)
    bits, by_bits = cross_entropy_loss(LOGITS, LABELS, z_loss=0.1, entropy_bonus=0.1, base=2)
    assert_allclose(bits * math.log(2), nats)
    assert_allclose(by_bits * math.log(2), by_nats)


def test_axes():
    images = np.stack([LOGITS, LOGITS + LOGITS[::-1]])  # (2, 6, 5)
    labels = np.stack([LABELS, LABELS[::-1]])
    loss, gradient = cross_entropy_loss(images, labels)
    for axis in (0, 1, -3):
        moved = np.moveaxis(images, -1, axis)
        other, by = cross_entropy_loss(moved, labels, axis=axis)
        assert other == loss
        assert_allclose(by, np.moveaxis(gradient, -1, axis))
    shares = np.stack([SHARES, SHARES[::-1]])
    loss, _ = cross_entropy_loss(images, shares, axis=-1)
    assert (
        cross_entropy_loss(np.moveaxis(images, -1, 0), np.moveaxis(shares, -1, 0), axis=0)[0]
        == loss
    )


def test_one_row_and_one_label():
    loss, gradient = cross_entropy_loss(LOGITS[0], 1)
    assert_allclose(loss, cross_entropy_loss(LOGITS[:1], [1]).loss)
    assert gradient.shape == (5,)


def test_impossible_classes():
    """−inf is a share of 0: nothing of it enters, and under a softcap it stays so."""
    padded = np.concatenate([LOGITS, np.full((6, 3), -np.inf)], axis=1)
    for options in (
        {},
        {"softcap": 3.0},
        {"entropy_bonus": 0.3, "z_loss": 0.1, "temperature": 2.0},
    ):
        loss, gradient = cross_entropy_loss(padded, LABELS, **options)
        short, by = cross_entropy_loss(LOGITS, LABELS, **options)
        assert_allclose(loss, short)
        assert_allclose(gradient[:, :5], by)
        assert (gradient[:, 5:] == 0).all()
    assert cross_entropy_loss([[0.0, -np.inf]], [1]).loss == np.inf


@pytest.mark.parametrize("gap", [1e-3, 1.0, 30.0, 80.0, 300.0])
def test_a_certain_answer_keeps_its_digits(gap):
    row = [[gap, 0.0, 0.5]]
    for options in ({}, {"focal_gamma": 1.5}):

        def expected(rows, options=options):
            return oracle.cross_entropy(rows, [0], **options)

        loss, gradient = cross_entropy_loss(row, [0], **options)
        with mp.workdps(300):
            assert_allclose(loss, float(expected(oracle.exact(row))), rtol=1e-13)
            assert_allclose(gradient, oracle.gradient(expected, row), rtol=1e-11, atol=0)


@pytest.mark.parametrize("chunk", ["auto", 1, 4])
@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_a_linear_layer(kind, chunk, reduction):
    generator = np.random.default_rng(1)
    hidden, layer, bias = (generator.normal(size=shape) for shape in ((6, 4), (5, 4), (5,)))
    options = {"z_loss": 0.1, "entropy_bonus": 0.1, "reduction": reduction, "softcap": 4.0}
    found = linear_cross_entropy_loss(
        hidden, layer, TARGETS[kind], bias=bias, chunk=chunk, class_weight=WEIGHT, **options
    )
    loss, by = cross_entropy_loss(hidden @ layer.T + bias, TARGETS[kind], weight=WEIGHT, **options)
    assert_allclose(found.loss, loss, rtol=1e-13)
    assert_allclose(found.hidden, by @ layer, rtol=1e-11, atol=1e-15)
    assert_allclose(found.weight, by.T @ hidden, rtol=1e-11, atol=1e-15)
    assert_allclose(found.bias, by.sum(axis=0), rtol=1e-11, atol=1e-15)


def test_what_is_said_of_a_layer():
    hidden, layer, labels = np.zeros((2, 4)), np.zeros((3, 4)), [0, 1]
    for given, options, message in (
        ((hidden, layer.T, labels), {}, r"hidden of shape \(2, 4\) and weight of shape \(4, 3\)"),
        ((hidden, layer, labels), {"bias": [1.0]}, r"bias of shape \(1,\) for a weight of shape"),
        ((hidden.astype(int), layer, labels), {}, "hidden of type int64; expected a floating type"),
        ((hidden, layer, labels), {"budget": 23}, "budget=23 bytes; one row of logits over 3 "),
        ((hidden, layer, labels), {"chunk": 0}, "chunk=0; expected 'auto' or how many rows"),
    ):
        with pytest.raises(CallError, match=f"^{message}"):
            linear_cross_entropy_loss(*given, **options)


@pytest.mark.parametrize("chunk", ["auto", 4])
@pytest.mark.parametrize("form", ["logits", "top k", "layer"])
def test_distilling_a_linear_layer(form, chunk):
    generator = np.random.default_rng(2)
    hidden, layer, bias, others = (
        generator.normal(size=shape) for shape in ((6, 4), (5, 4), (5,), (6, 3))
    )
    teacher = {
        "logits": LOGITS,
        "top k": TopK(np.log(np.full((6, 2), 0.3)), np.tile([4, 1], (6, 1))),
        "layer": LinearTeacher(others, layer[:, :3]),
    }[form]
    whole = others @ layer[:, :3].T if form == "layer" else teacher
    options = {"kind": "jsd", "temperature": 2.0, "sample_weight": SAMPLE_WEIGHT}
    found = linear_distill_loss(hidden, layer, teacher, bias=bias, chunk=chunk, **options)
    loss, by = distill_loss(hidden @ layer.T + bias, whole, **options)
    assert_allclose(found.loss, loss, rtol=1e-12)
    assert_allclose(found.hidden, by @ layer, rtol=1e-10, atol=1e-15)
    assert_allclose(found.weight, by.T @ hidden, rtol=1e-10, atol=1e-15)
    assert_allclose(found.bias, by.sum(axis=0), rtol=1e-10, atol=1e-15)
    wrong = LinearTeacher(others[:2], layer[:, :3])
    with pytest.raises(CallError, match=r"^a teacher of logits of shape \(2, 5\) for logits of "):
        linear_distill_loss(hidden, layer, wrong)
