"""Estimates of KL from sampled tokens: their means over all tokens, exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from top_list_cases import cut, models

import unsurprised as us
from unsurprised.language_models.sampled import k1, k3, listed_and_k3
from unsurprised.language_models.top_lists import TopLists

WIDTH = 30


def means(p: Any, q: Any, estimate: Any) -> tuple[Any, Any]:
    """Mean and variance of an estimate over tokens drawn from P."""
    values = np.stack([estimate(np.full(len(p), x)) for x in range(WIDTH)], axis=1)
    mean = (p * values).sum(axis=1)
    return mean, (p * values**2).sum(axis=1) - mean**2


@pytest.mark.parametrize("apart", [1e-4, 0.3, 2.0])
def test_means_are_kl(apart: float) -> None:
    p, q = models(np.random.default_rng(1), 50, WIDTH, apart)
    exact, rows = us.kl_divergence(p, q, base=np.e), np.arange(50)
    lists = cut(p, 5), cut(q, 7)

    def sides(x: Any) -> tuple[Any, Any]:
        return np.log(p[rows, x]), np.log(q[rows, x])

    first, _ = means(p, q, lambda x: k1(*sides(x)))
    third, spread = means(p, q, lambda x: k3(*sides(x)))
    better, less = means(p, q, lambda x: listed_and_k3(*lists, x, *sides(x)))
    np.testing.assert_allclose(first, exact, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(third, exact, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(better, exact, rtol=1e-9, atol=1e-13)
    assert less.sum() < spread.sum()  # not in every row


def test_never_negative() -> None:
    p, q = models(np.random.default_rng(2), 500, WIDTH, 1e-7)
    assert (k3(np.log(p[:, 0]), np.log(q[:, 0])) >= 0).all()


def test_the_sampled_entry_is_no_part_of_the_list() -> None:
    """A server that adds what happened to its list would otherwise bias the sum."""
    p, q = models(np.random.default_rng(3), 20, WIDTH, 1.0)
    exact, rows = us.kl_divergence(p, q, base=np.e), np.arange(20)

    def estimate(x: Any) -> Any:
        sides = np.log(p[rows, x]), np.log(q[rows, x])
        lists = [with_happened(side, x) for side in (p, q)]
        return listed_and_k3(*lists, x, *sides)

    mean, _ = means(p, q, estimate)
    np.testing.assert_allclose(mean, exact, rtol=1e-9)


def with_happened(whole: Any, x: Any) -> TopLists:
    """The three likely tokens, and the one that came, as vLLM writes them."""
    lists = cut(whole, 3)
    rows, starts = np.arange(len(whole)), lists.starts
    lacking = ~(lists.tokens.reshape(-1, 3) == x[:, None]).any(axis=1)
    at = starts[1:][lacking]
    return TopLists(
        starts + np.concatenate([[0], np.cumsum(lacking)]),
        np.insert(lists.tokens, at, x[lacking]),
        np.insert(lists.logprobs, at, np.log(whole[rows, x])[lacking]),
        lists.caps,
        ranked=np.insert(np.ones(len(lists.tokens), bool), at, False),
    )
