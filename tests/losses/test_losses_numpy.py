"""The reference against mpmath: every combination of options, loss and gradient."""

from __future__ import annotations

import math

import numpy as np
import oracle_losses as oracle
import pytest
from losses_cases import (
    LABELS,
    LOGITS,
    SAMPLE_WEIGHT,
    SHARES,
    TARGETS,
    WEIGHT,
    for_oracle,
    some_combinations,
)
from mpmath import mp
from numpy.testing import assert_allclose

from unsurprised.losses.numpy import cross_entropy_loss


@pytest.mark.parametrize("options", some_combinations(197), ids=str)
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
    loss, _ = cross_entropy_loss(images, shares)
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
