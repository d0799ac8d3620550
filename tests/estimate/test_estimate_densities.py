"""Differential entropy and divergence by neighbours: brute force, true values, bad input."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import oracle_neighbours as oracle
import pytest

import unsurprised as us
from unsurprised.estimate import differential_entropy, kl_divergence

MP = oracle.MP


def nearest(rows: Any, others: Any, k: int, skip: bool) -> list[Any]:
    """The distance of each row to its k-th neighbour among others, itself not counted."""
    found = []
    for a, row in enumerate(rows):
        distances = [
            oracle.apart(tuple(row), tuple(other))
            for b, other in enumerate(others)
            if not (skip and a == b)
        ]
        found.append(MP.mpf(sorted(distances)[k - 1]))
    return found


@pytest.mark.parametrize("dimensions", [1, 2, 3, 5, 9])
@pytest.mark.parametrize("k", [1, 3, 6])
def test_by_brute_force(dimensions: int, k: int) -> None:
    random = np.random.default_rng(dimensions)
    x, y = random.normal(size=(40, dimensions)), random.normal(size=(30, dimensions)) * 2
    rho, nu = nearest(x, x, k, True), nearest(x, y, k, False)
    entropy = oracle.digamma(40) - oracle.digamma(k)
    entropy += dimensions * oracle.mean([MP.log(2 * r) for r in rho])
    found = differential_entropy(x, k=k, base=math.e)
    assert found.value == pytest.approx(float(entropy), rel=1e-12)
    shared = (y.max(axis=0) - y.min(axis=0)).tolist()
    x, y = x / shared, y / shared
    rho, nu = nearest(x, x, k, True), nearest(x, y, k, False)
    logs = [MP.log(b / a) for a, b in zip(rho, nu, strict=True)]
    truth = dimensions * oracle.mean(logs) + MP.log(MP.mpf(30) / 39)
    found = kl_divergence(x * shared, y * shared, k=k, base=math.e)
    assert found.value == pytest.approx(float(truth), rel=1e-9)


def test_true_values() -> None:
    random = np.random.default_rng(1)
    found = differential_entropy(random.normal(size=5000), base=math.e)
    assert found.low <= 0.5 * math.log(2 * math.pi * math.e) <= found.high
    assert found.high - found.low < 0.15
    moved = kl_divergence(random.normal(size=3000) + 1, random.normal(size=4000), base=math.e)
    assert moved.low <= 0.5 <= moved.high
    same = kl_divergence(random.normal(size=500), random.normal(size=400))
    assert same.low <= 0 <= same.high


def test_rounded_numbers_have_noise() -> None:
    found = differential_entropy(np.round(np.random.default_rng(2).normal(size=2000), 1))
    assert found.kinds == ("continuous, rounded to 0.1",)
    assert abs(found.value - 2.047) < 0.1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: differential_entropy([0.5, 1.0, 2.0]),
            "k=3 and 3 rows of x; expected more rows than k",
        ),
        (
            lambda: differential_entropy([0.0] * 30 + [float(k) / 7 for k in range(30)]),
            "x is atom at 0 and continuous; expected numbers of which none repeats much, for "
            "others have no density: us.estimate.entropy is of categories",
        ),
        (
            lambda: kl_divergence([0.5, 1.0, 2.5, 3.0], list("abcd")),
            "reference is discrete; expected numbers of which none repeats much, for others have "
            "no density: us.estimate.entropy is of categories",
        ),
        (
            lambda: kl_divergence(np.eye(5)[:, :2] * 1.5, np.arange(5.0)),
            "new has 2 numbers a row, reference has 1; expected as many",
        ),
        (
            lambda: kl_divergence([0.5, 1.0, 2.5, 3.5], [0.5, math.nan, 1.0, 2.0]),
            "reference, row 1: found NaN in a column of numbers; expected numbers of at most 2¹⁰⁰⁰ "
            "in size; leave such rows out, or pass None for what is missing: nulls are a category",
        ),
    ],
)
def test_bad_input(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(us.UnsurprisedError) as caught:
        call()
    assert str(caught.value) == message
