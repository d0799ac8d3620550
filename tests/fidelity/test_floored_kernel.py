"""Rows with a floor: the kernel finds what the definitions find row by row, in any portions."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from floored_in_numpy import floored_facts

import unsurprised as us
from unsurprised.arrays.host import host_array
from unsurprised.language_models.pairs import PairFacts, pair_facts
from unsurprised.language_models.tokens import TokenScores

Rng = np.random.Generator
STEPS = 65535


def stated(scores: Any, *, floored: bool, dtype: Any = np.float32) -> TokenScores:
    """Log-probabilities in steps of their range, which a floor 16 nats below the top may end."""
    logs = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    top, least = logs.max(axis=1, keepdims=True), logs.min(axis=1, keepdims=True)
    floor = np.maximum(least, top - 16) if floored else least
    step = np.maximum(np.float32((top - floor) / STEPS), np.float32(1e-30))
    steps = np.clip(np.round((logs - floor) / step), 0, STEPS).astype(np.float32)
    values = np.float32(floor) + step * steps
    below = floored & (logs <= floor).any(axis=1)
    return TokenScores(host_array(values.astype(dtype), "scores"), below)


def whole(scores: Any, dtype: Any) -> TokenScores:
    return TokenScores(host_array(scores.astype(dtype), "scores"))


def zipf(rng: Rng, rows: int, classes: int) -> Any:
    return -1.5 * np.log(np.arange(1, classes + 1)) + 3 * rng.normal(size=(rows, classes))


#: By how much single precision may be off: a share of what is measured, and besides. A normaliser
#: is known to 1e-7, and so is the mass of what is listed, of which the rest is the tail's.
NARROW = {
    **dict.fromkeys(("kl", "reverse_kl", "js"), (5e-7, 5e-11)),
    "tv": (5e-7, 5e-8),
    **dict.fromkeys(("base_entropy", "other_entropy"), (5e-7, 5e-6)),
}


def is_narrow(*sides: TokenScores) -> bool:
    """Single precision is what long rows of no more than it are measured in."""
    return sides[0].vocabulary >= 64 and all(side.values.dtype != "float64" for side in sides)


def check(base: TokenScores, other: TokenScores, targets: Any) -> PairFacts:
    facts, narrow = pair_facts(base, other, targets), is_narrow(base, other)
    for row, wanted in enumerate(floored_facts(base, other, targets)):
        for name, value in wanted.items():
            share, besides = NARROW.get(name, (0.0, 3e-7)) if narrow else (1e-11, 1e-15)
            found = getattr(facts, name)[row]
            assert found == pytest.approx(value, rel=share, abs=besides), (name, row)
    return facts


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("classes", [1, 2, 15, 16, 17, 63, 64, 300, 513, 3000])
def test_of_two_that_are_stated(classes: int, dtype: Any) -> None:
    rng = np.random.default_rng(classes)
    scores, targets = zipf(rng, 5, classes), rng.integers(0, classes, 5)
    near = scores + 0.1 * rng.normal(size=scores.shape)
    for one in (True, False):
        for two in (True, False):
            base = stated(scores, floored=one, dtype=dtype)
            check(base, stated(near, floored=two, dtype=dtype), targets)


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
    base = stated(zipf(rng, 4, 3000), floored=True)
    facts = check(base, base, rng.integers(0, 3000, 4))
    assert base.floored is not None and base.floored.all()
    for found in (facts.kl, facts.reverse_kl, facts.js, facts.tv):
        assert (found == 0).all()
    assert facts.floored.all()


@pytest.mark.parametrize("floored", [True, False])
@pytest.mark.parametrize("steps", [1, 300])
def test_rows_some_steps_apart_keep_their_digits(steps: int, floored: bool) -> None:
    """Of entries that both list each difference is exact, however small it is."""
    rng = np.random.default_rng(steps)
    words = np.concatenate([[STEPS], rng.integers(1000, 60000, 498), [0]])
    moves = rng.integers(-steps, steps + 1, 500) * ((words > 0) & (words < STEPS))
    base, other = (
        TokenScores(host_array(of_words(w)[None], "scores"), np.array([floored]))
        for w in (words, words + moves)
    )
    facts = pair_facts(base, other, np.zeros(1, np.int64))
    for name, wanted in in_mpmath(base.row(0), other.row(0)).items():
        assert getattr(facts, name)[0] == pytest.approx(wanted, rel=4e-7, abs=0), name


def of_words(words: Any) -> Any:
    """The log-probabilities of a row that keeps 16 nats."""
    step = np.float32(16 / STEPS)
    least = np.float32(-np.log(np.exp(step * words.astype(float)).sum()))
    return least + step * words.astype(np.float32)


def in_mpmath(p_logs: Any, q_logs: Any) -> dict[str, float]:
    """Divergences of log-probabilities as they are, of terms that cannot be negative."""
    found = dict.fromkeys(("kl", "reverse_kl", "js", "tv"), mpmath.mpf(0))
    with mpmath.workdps(40):
        for pair in zip(p_logs.tolist(), q_logs.tolist(), strict=True):
            x, y = map(mpmath.mpf, pair)
            p, q = mpmath.exp(x), mpmath.exp(y)
            middle = mpmath.log((p + q) / 2)
            found["kl"] += (p * (x - y) + q - p) / mpmath.log(2)
            found["reverse_kl"] += (q * (y - x) + p - q) / mpmath.log(2)
            found["js"] += (p * (x - middle) + q * (y - middle)) / 2 / mpmath.log(2)
            found["tv"] += abs(p - q) / 2
    return {name: float(value) for name, value in found.items()}


def test_rows_with_what_is_all_but_impossible_are_told() -> None:
    """Masks of −65504 and of the lowest float, below the base's floor and above it."""
    rng = np.random.default_rng(6)
    scores, targets = zipf(rng, 3, 400), rng.integers(0, 400, 3)
    for mask, dtype in ((-65504.0, np.float16), (-1e9, np.float32), (-3.4e38, np.float32)):
        near = scores + 0.01 * rng.normal(size=scores.shape)
        near[:, 5::7] = mask
        for floored in (True, False):
            base, other = stated(scores, floored=floored), whole(near, dtype)
            check_in_double(base, other, targets)
            check_in_double(other, base, targets)


def check_in_double(base: TokenScores, other: TokenScores, targets: Any) -> None:
    """The same numbers as float64 have the same answers."""
    found = pair_facts(base, other, targets)
    sides = [TokenScores(host_array(s.values.as_float64(), "s"), s.floored) for s in (base, other)]
    wanted = pair_facts(*sides, targets)
    for name in PairFacts.__slots__:
        share, besides = NARROW.get(name, (0.0, 3e-7))
        close = pytest.approx(getattr(wanted, name), rel=share, abs=besides)
        assert getattr(found, name) == close, name


def test_rows_of_scores_that_are_no_distribution_are_refused() -> None:
    rng = np.random.default_rng(8)
    scores, targets = zipf(rng, 3, 300), rng.integers(0, 300, 3)
    base = stated(scores, floored=True)
    for dtype in (np.float32, np.float64):
        for wrong in (np.nan, np.inf, -np.inf):
            near = scores.copy()
            near[1, 7 if wrong != -np.inf else slice(None)] = wrong
            for turned in (False, True):
                sides = (whole(near, dtype), base) if turned else (base, whole(near, dtype))
                with pytest.raises(us.InputError) as raised:
                    pair_facts(*sides, targets)
                assert raised.value.place.row == (1,)


def test_portions_and_threads_change_no_byte() -> None:
    rng = np.random.default_rng(4)
    scores, targets = zipf(rng, 30, 1700), rng.integers(0, 1700, 30)
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


def test_of_entries_far_below_the_top() -> None:
    """Shares below the smallest float of single precision weigh nothing, and do no harm."""
    rng = np.random.default_rng(8)
    scores, targets = 12 * zipf(rng, 6, 700), rng.integers(0, 700, 6)
    near = scores + 0.1 * rng.normal(size=scores.shape)
    base, other = (stated(each, floored=False) for each in (scores, near))
    assert base.held.values.min() < -150
    check(base, other, targets)
    for floored in (True, False):
        check(stated(scores, floored=floored), whole(near, np.float32), targets)
        check(whole(scores, np.float32), stated(near, floored=floored), targets)


def test_of_stated_rows_that_hold_impossible_tokens() -> None:
    """An entry of −inf below a floor is nothing, and not what the floor stands for."""
    rng = np.random.default_rng(9)
    scores, targets = zipf(rng, 6, 700), rng.integers(0, 700, 6)
    base = stated(scores, floored=True)
    rows = base.held.values.copy()
    rows[:, ::7] = np.where(rows[:, ::7] < -15, -np.inf, rows[:, ::7])
    impossible = TokenScores(host_array(rows, "scores"), base.floored)
    single = pair_facts(impossible, impossible, targets)
    wide = TokenScores(host_array(rows.astype(np.float64), "scores"), base.floored)
    double = pair_facts(wide, wide, targets)
    for name in ("base_entropy", "other_entropy"):
        assert getattr(single, name) == pytest.approx(getattr(double, name), rel=1e-6)
