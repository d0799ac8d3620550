"""KL from sampled tokens' log-probabilities, with intervals by document."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from top_list_cases import models

import unsurprised as us
from unsurprised import CallError


def drawn(seed: int, documents: int = 30, length: int = 200) -> tuple[Any, Any, Any, Any]:
    """Tokens drawn from P: its rows, Q's, the tokens and their documents."""
    generator = np.random.default_rng(seed)
    p, q = models(generator, documents * length, 20, 0.3)
    came = (p.cumsum(axis=1) > generator.random((len(p), 1))).argmax(axis=1)
    return p, q, came, np.repeat(np.arange(documents), length)


def test_estimates_are_those_of_kl() -> None:
    p, q, came, documents = drawn(0)
    rows = np.arange(len(p))
    exact = us.kl_divergence(p, q).mean()
    found = us.sampled_kl(np.log(p[rows, came]), np.log(q[rows, came]), document=documents)
    for one in (found.k1, found.k3):
        assert one.low <= exact <= one.high
        assert one.unit == "bits"
    assert found.k3.high - found.k3.low < found.k1.high - found.k1.low
    assert (found.tokens, found.documents) == (6000, 30)


def test_lists_have_less_noise() -> None:
    p, q, came, documents = drawn(1)
    rows, exact = np.arange(len(p)), us.kl_divergence(p, q).mean()
    sides = []
    for whole in (p, q):
        order = np.argsort(-whole, axis=1)[:, :5]
        sides.append(
            us.TopLogProbs(
                order,
                np.log(np.take_along_axis(whole, order, 1)),
                targets=came,
                target_logprobs=np.log(whole[rows, came]),
                document=documents,
            )
        )
    found = us.sampled_kl(*sides)
    listed = found.listed_and_k3
    assert listed.low <= exact <= listed.high
    assert listed.high - listed.low < found.k3.high - found.k3.low


def test_what_is_left_out_is_counted() -> None:
    found = us.sampled_kl([-1.0, np.nan, -1.0, 0.001, -2.0], [-1.0, -1.0, -9999.0, -1.0, -2.001])
    assert (found.tokens, found.unknown_tokens, found.above_zero) == (2, 3, 1)
    assert found.ratios_within[0.001].value == 1
    assert "taken for independent" in found.missing["intervals by document"]


def test_ruled_out() -> None:
    assert us.sampled_kl([-1.0, -1.0], [-1.0, -np.inf]).k3.value == np.inf


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: us.sampled_kl([-1.0], [-1.0, -2.0]), "found 1 and 2 tokens"),
        (lambda: us.sampled_kl(["a"], [-1.0]), "no numbers"),
        (lambda: us.sampled_kl([np.nan], [-1.0]), "no token has"),
        (lambda: us.sampled_kl([[-1.0]], [-1.0]), "expected one axis"),
        (lambda: us.sampled_kl(us.TopLogProbs([{1: -1.0}]), [-1.0]), "the same of both"),
    ],
)
def test_bad_calls(call: Any, said: str) -> None:
    with pytest.raises(CallError, match=said):
        call()
