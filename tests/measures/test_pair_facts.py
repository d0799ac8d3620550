"""All that is asked of two rows of scores at once, against mpmath: the bounds are those of the
measures themselves (bounds.py), since whoever asks for all may not get less."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import oracle
import pytest
from bounds import UNDERFLOW, bound_of_one, bound_of_two, widened

import unsurprised as us
from unsurprised.arrays.host import host_array
from unsurprised.language_models.pairs import PairFacts, RowFaultError, pair_facts
from unsurprised.language_models.tokens import TokenScores

Rng = np.random.Generator
TYPES = {
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
    "float32": np.float32,
    "float64": np.float64,
}
#: Around the ends of a step, of a tile, and of what goes across rows.
LENGTHS = (2, 63, 64, 65, 400, 1537)


def facts_of(p: Any, q: Any, targets: Any = None) -> PairFacts:
    sides = (TokenScores(host_array(side, "scores")) for side in (p, q))
    return pair_facts(*sides, None if targets is None else np.asarray(targets, dtype=np.int64))


def check(p: Any, q: Any, at: int = 0) -> PairFacts:
    """One pair of rows of scores."""
    facts = facts_of(p[None], q[None], [at])
    rows, kinds = (widened(p), widened(q)), ("logits", "logits")
    underflow = UNDERFLOW * len(p)
    wanted = {
        "kl": ("kl_divergence", rows),
        "reverse_kl": ("kl_divergence", rows[::-1]),
        "js": ("js_divergence", rows),
        "tv": ("total_variation", rows),
    }
    for name, (measure, pair) in wanted.items():
        true = oracle.ORACLES[measure](kinds, *pair)
        bound = bound_of_two(measure, kinds, p, q)
        near(name, getattr(facts, name)[0], true, bound, underflow)
    for side, given, row in (("base", p, rows[0]), ("other", q, rows[1])):
        bound = bound_of_one("entropy", "logits", given)
        found = getattr(facts, f"{side}_entropy")[0]
        near(f"{side} entropy", found, oracle.entropy("logits", row), bound, underflow)
        bound = bound_of_one("surprisal", "logits", given)
        top = int(getattr(facts, f"{side}_top")[0])
        assert top == row.index(max(row))
        for name, place in (("surprisal", at), ("top_surprisal", top)):
            found = getattr(facts, f"{side}_{name}")[0]
            near(name, found, oracle.surprisal("logits", row, place), bound, underflow)
    return facts


def near(name: str, found: float, true: Any, bound: float, underflow: float) -> None:
    error = oracle.relative_error(float(found), true, underflow if true != 0 else 0.0)
    assert error <= bound, f"{name}: {found!r}, not {float(true)!r}: {error:.2g} > {bound:.2g}"
    assert not np.signbit(found), f"{name} is {found!r}"


def _some(rng: Rng, k: int) -> Any:
    return 3 * rng.normal(size=k)


def _confident(rng: Rng, k: int) -> Any:
    row = rng.normal(size=k)
    row[rng.integers(k)] = 25
    return row


def _flat(rng: Rng, k: int) -> Any:
    return 1e-2 * rng.normal(size=k)


def _wide(rng: Rng, k: int) -> Any:
    return -100 * rng.random(k) + rng.normal()


CONDITIONS: dict[str, Callable[[Rng, int], Any]] = {
    made.__name__[1:]: made for made in (_some, _confident, _flat, _wide)
}


@pytest.mark.parametrize("classes", LENGTHS)
@pytest.mark.parametrize("name", TYPES)
def test_pairs_of_each_type(name: str, classes: int) -> None:
    rng = np.random.default_rng(classes)
    for make in CONDITIONS.values() if classes < 1000 else (_some, _confident):
        p, q = (make(rng, classes).astype(TYPES[name]) for _ in range(2))
        check(p, q, classes - 1)
        same = facts_of(p[None], p[None])
        assert same.kl[0] == same.reverse_kl[0] == same.js[0] == same.tv[0] == 0


@pytest.mark.parametrize("noise", [1e-1, 1e-3, 1e-6, 2e-7])
@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("name", ["float16", "float32"])
def test_pairs_that_nearly_agree(name: str, condition: str, noise: float) -> None:
    """Float16 moves by whole steps of its own, a few of them at a noise of 1e-6."""
    rng = np.random.default_rng(7)
    p = CONDITIONS[condition](rng, 600)
    q = p + noise * rng.normal(size=600)
    for offset in (0, 100) if name == "float32" else (0,):
        check(*(row.astype(TYPES[name]) for row in (p, q + offset)))


def test_a_million_small_differences_are_never_negative() -> None:
    """PyTorch's float32 is in 9 of 64 such rows."""
    rng = np.random.default_rng(1)
    p = 3 * rng.normal(size=(16, 20_000))
    q = p + 1e-6 * rng.normal(size=p.shape)
    facts = facts_of(p.astype(np.float16), q.astype(np.float16))
    for found in (facts.kl, facts.reverse_kl, facts.js, facts.tv):
        assert (found > 0).all()
    row = [widened(side[3].astype(np.float16)) for side in (p, q)]
    true = float(oracle.kl_divergence(("logits", "logits"), *row))
    assert facts.kl[3] == pytest.approx(true, rel=1e-6)


@pytest.mark.parametrize("mask", [-np.inf, np.float32(-3.4e38), -200.0])
def test_what_is_masked(mask: float) -> None:
    """In both rows, or in one, by some entries of a tile or by all."""
    rng = np.random.default_rng(4)
    for masked in (slice(3, 40), slice(0, 1600)):
        p, q = np.float32(3 * rng.normal(size=(2, 1800)))
        both = np.stack([p, q])
        both[:, masked] = mask
        one = p.copy()
        one[masked] = mask
        for pair in (both, (one, q), (p, one)):
            facts = check(*pair)
        assert np.isinf(facts.kl[0]) == np.isinf(mask)
        assert np.isfinite(facts.reverse_kl[0])


def test_one_entry_differs() -> None:
    rng = np.random.default_rng(2)
    for place in (0, 1000, 2048):
        p = np.float32(rng.normal(size=2049))
        q = p.copy()
        q[place] += np.float32(1e-3)
        check(p, q)


def test_scores_that_only_differ_in_what_weighs_nothing() -> None:
    p = np.float32(np.r_[np.zeros(70), np.full(70, -300)])
    q = p.copy()
    q[-1] -= 1
    check(p, q)


def test_mixed_types_are_those_of_the_separate_measures() -> None:
    rng = np.random.default_rng(3)
    p = rng.normal(size=(5, 100)).astype(np.float16)
    q = rng.normal(size=(5, 100))
    facts = facts_of(p, q)
    np.testing.assert_array_equal(facts.kl, us.kl_divergence(us.Logits(p), us.Logits(q)))
    np.testing.assert_array_equal(facts.reverse_kl, us.kl_divergence(us.Logits(q), us.Logits(p)))
    np.testing.assert_array_equal(facts.js, us.js_divergence(us.Logits(p), us.Logits(q)))
    np.testing.assert_array_equal(facts.tv, us.total_variation(us.Logits(p), us.Logits(q)))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_portions_and_threads_change_no_byte(dtype: Any) -> None:
    rng = np.random.default_rng(5)
    p = 3 * rng.normal(size=(40, 700))
    q = (p + 0.1 * rng.normal(size=p.shape)).astype(dtype)
    p = p.astype(dtype)
    targets = rng.integers(0, 700, 40)
    whole = facts_of(p, q, targets)
    before = us.get_num_threads()
    try:
        for threads in (1, 3):
            us.set_num_threads(threads)
            for size in (1, 7, 40):
                cuts = [slice(at, at + size) for at in range(0, 40, size)]
                parts = [facts_of(p[cut], q[cut], targets[cut]) for cut in cuts]
                for name in PairFacts.__slots__:
                    joined = np.concatenate([getattr(part, name) for part in parts])
                    assert joined.tobytes() == getattr(whole, name).tobytes(), name
    finally:
        us.set_num_threads(before)


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize(("fault", "said"), [(np.nan, "NaN"), (-np.inf, "−inf only")])
def test_a_faulty_row_is_told_with_its_side(dtype: Any, side: int, fault: float, said: str) -> None:
    rng = np.random.default_rng(6)
    pair = rng.normal(size=(2, 20, 130)).astype(dtype)
    pair[side, 13] = fault
    with pytest.raises(RowFaultError, match=said) as raised:
        facts_of(*pair)
    assert (raised.value.side, raised.value.number) == (side, 13)
