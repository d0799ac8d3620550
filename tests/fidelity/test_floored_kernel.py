"""Rows with a floor: the kernel finds what the definitions find row by row, in any portions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from floored_in_numpy import floored_facts

import unsurprised as us
from unsurprised.arrays.host import host_array
from unsurprised.language_models.pairs import PairFacts, pair_facts
from unsurprised.language_models.tokens import TokenScores

Rng = np.random.Generator
STEPS = 65535


def stated(scores: Any, *, floored: bool) -> TokenScores:
    """Log-probabilities in steps of their range, which a floor 16 nats below the top may end."""
    logs = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    top, least = logs.max(axis=1, keepdims=True), logs.min(axis=1, keepdims=True)
    floor = np.maximum(least, top - 16) if floored else least
    step = np.maximum(np.float32((top - floor) / STEPS), np.float32(1e-30))
    steps = np.clip(np.round((logs - floor) / step), 0, STEPS).astype(np.float32)
    values = np.float32(floor) + step * steps
    below = floored & (logs <= floor).any(axis=1)
    return TokenScores(host_array(values, "scores"), below)


def whole(scores: Any, dtype: Any) -> TokenScores:
    return TokenScores(host_array(scores.astype(dtype), "scores"))


def zipf(rng: Rng, rows: int, classes: int) -> Any:
    return -1.5 * np.log(np.arange(1, classes + 1)) + 3 * rng.normal(size=(rows, classes))


def check(base: TokenScores, other: TokenScores, targets: Any) -> PairFacts:
    facts = pair_facts(base, other, targets)
    for row, wanted in enumerate(floored_facts(base, other, targets)):
        for name, value in wanted.items():
            found = getattr(facts, name)[row]
            assert found == pytest.approx(value, rel=1e-11, abs=1e-15), (name, row)
    return facts


@pytest.mark.parametrize("classes", [1, 2, 15, 16, 17, 300, 513, 3000])
def test_of_two_that_are_stated(classes: int) -> None:
    rng = np.random.default_rng(classes)
    scores, targets = zipf(rng, 5, classes), rng.integers(0, classes, 5)
    near = scores + 0.1 * rng.normal(size=scores.shape)
    for one in (True, False):
        for two in (True, False):
            check(stated(scores, floored=one), stated(near, floored=two), targets)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_beside_whole_rows(dtype: Any) -> None:
    rng = np.random.default_rng(1)
    scores, targets = zipf(rng, 6, 2000), rng.integers(0, 2000, 6)
    near = scores + 0.1 * rng.normal(size=scores.shape)
    for floored in (True, False):
        check(stated(scores, floored=floored), whole(near + 5, dtype), targets)
        check(whole(near + 5, dtype), stated(scores, floored=floored), targets)


def test_where_whole_rows_hold_tokens_impossible() -> None:
    rng = np.random.default_rng(2)
    scores, targets = zipf(rng, 4, 900), rng.integers(0, 900, 4)
    near = scores.copy()
    near[:, ::3] = -np.inf
    facts = check(stated(scores, floored=True), whole(near, np.float32), targets)
    assert np.isinf(facts.kl).all()
    assert np.isfinite(facts.reverse_kl).all()
    check(whole(near, np.float32), stated(scores, floored=True), targets)


def test_the_same_rows_are_the_same() -> None:
    rng = np.random.default_rng(3)
    base = stated(zipf(rng, 4, 1000), floored=True)
    facts = check(base, base, rng.integers(0, 1000, 4))
    assert base.floored is not None and base.floored.all()
    for found in (facts.kl, facts.reverse_kl, facts.js, facts.tv):
        assert (found == 0).all()
    assert facts.floored.all()


def test_portions_and_threads_change_no_byte() -> None:
    rng = np.random.default_rng(4)
    scores, targets = zipf(rng, 30, 700), rng.integers(0, 700, 30)
    base, other = stated(scores, floored=True), whole(scores[::-1], np.float16)
    expected, before = pair_facts(base, other, targets), us.get_num_threads()
    try:
        for threads in (1, 3):
            us.set_num_threads(threads)
            for size in (1, 7, 30):
                cuts = [slice(at, at + size) for at in range(0, 30, size)]
                parts = [pair_facts(base.part(c), other.part(c), targets[c]) for c in cuts]
                for name in PairFacts.__slots__:
                    joined = np.concatenate([getattr(part, name) for part in parts])
                    assert joined.tobytes() == getattr(expected, name).tobytes(), name
    finally:
        us.set_num_threads(before)
