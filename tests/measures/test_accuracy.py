"""Every measure against mpmath, on rows of every condition and length."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import oracle
import pytest
from bounds import EPS, KINDS, RELATIVE, check_pair, check_row, relative_bound, widened

import unsurprised as us

Rng = np.random.Generator
LENGTHS = (1, 2, 3, 63, 64, 65)
FLOATS = {
    "float16": np.float16,
    "bfloat16": ml_dtypes.bfloat16,
    "float32": np.float32,
    "float64": np.float64,
}


def _sparse(rng: Rng, k: int) -> Any:
    row = np.where(rng.random(k) < 0.4, 0, rng.random(k))
    row[rng.integers(k)] = 0.3
    return row


def _peaked(rng: Rng, k: int) -> Any:
    row = 10.0 ** rng.integers(-300, -10) * rng.random(k)
    row[rng.integers(k)] = 1
    return row


def _denied(rng: Rng, k: int) -> Any:
    row = np.where(rng.random(k) < 0.4, -math.inf, 3 * rng.normal(size=k))
    row[rng.integers(k)] = 1
    return row


def _extremes(size: float, dtype: Any) -> Callable[[Rng, int], Any]:
    beside = np.nextafter(dtype(size), dtype(0))
    return lambda rng, k: rng.choice(np.array([size, beside, -size, 1, 0], dtype), size=k)


CONDITIONS: dict[str, tuple[str, Callable[[Rng, int], Any]]] = {
    **{
        f"probs of {name}": ("probs", lambda rng, k, t=t: (rng.dirichlet(np.ones(k))).astype(t))
        for name, t in FLOATS.items()
    },
    **{
        f"logits of {name}": ("logits", lambda rng, k, t=t: (5 * rng.normal(size=k)).astype(t))
        for name, t in FLOATS.items()
    },
    "log-probabilities": ("logprobs", lambda rng, k: np.log(rng.dirichlet(np.ones(k)))),
    "sparse": ("probs", _sparse),
    "peaked": ("probs", _peaked),
    "nearly even": ("probs", lambda rng, k: 1 + 1e-12 * rng.normal(size=k)),
    "from subnormal to 1": ("probs", lambda rng, k: 10 ** rng.uniform(-323, 0, k)),
    "from subnormal to huge": ("probs", lambda rng, k: 10 ** rng.uniform(-323, 305, k)),
    "all subnormal": ("probs", lambda rng, k: rng.integers(1, 1000, k) * 5e-324),
    "counts": ("counts", lambda rng, k: rng.integers(1, 2**53, k)),
    "few counts": ("counts", lambda rng, k: rng.multinomial(5, np.full(k, 1 / k))),
    "float64 logits far apart": ("logits", lambda rng, k: 200 * rng.normal(size=k)),
    "float32 logits far apart": (
        "logits",
        lambda rng, k: (200 * rng.normal(size=k)).astype(np.float32),
    ),
    "logits with −inf": ("logits", _denied),
    "float32 logits of ±1e4": ("logits", _extremes(1e4, np.float32)),
    "float64 logits of ±1e4": ("logits", _extremes(1e4, np.float64)),
    "float32 logits of ±2^24": ("logits", _extremes(2.0**24, np.float32)),
    "float64 logits of ±2^24": ("logits", _extremes(2.0**24, np.float64)),
    "logits of ±1e300": ("logits", _extremes(1e300, np.float64)),
}


@pytest.mark.parametrize("classes", LENGTHS)
@pytest.mark.parametrize("condition", CONDITIONS)
def test_rows(condition: str, classes: int) -> None:
    kind, make = CONDITIONS[condition]
    rng = np.random.default_rng(classes)
    row = make(rng, classes)
    check_row(kind, row)
    check_pair((kind, kind), row, make(rng, classes))
    check_pair((kind, kind), row, row)


@pytest.mark.parametrize("classes", LENGTHS)
@pytest.mark.parametrize("kinds", [(a, b) for a in KINDS for b in KINDS])
def test_every_pair_of_forms(kinds: tuple[str, str], classes: int) -> None:
    rng = np.random.default_rng(classes)

    def states(kind: str, scores: Any) -> Any:
        mass = np.exp(scores)
        if kind == "counts":
            return np.ceil(1000 * mass).astype(np.int64)
        return {
            "probs": mass / mass.sum(),
            "logits": scores,
            "logprobs": np.log(mass / mass.sum()),
        }[kind]

    p, q = 3 * rng.normal(size=(2, classes))
    check_pair(kinds, states(kinds[0], p), states(kinds[1], q))
    check_pair(kinds, states(kinds[0], p), states(kinds[1], p))
    check_pair(kinds, states(kinds[0], p), states(kinds[1], p * (1 + 1e-6 * rng.normal())))


@pytest.mark.parametrize("noise", [1e-3, 1e-6, 1e-9, 1e-12, 1e-15])
@pytest.mark.parametrize(
    "condition",
    ["probs of float64", "sparse", "peaked", "nearly even", "from subnormal to huge", "counts"],
)
def test_kl_of_masses_that_nearly_agree(condition: str, noise: float) -> None:
    kind, make = CONDITIONS[condition]
    rng = np.random.default_rng(7)
    for classes in LENGTHS:
        p = make(rng, classes).astype(np.float64)
        q = p * (1 + noise * rng.normal(size=classes))
        check_pair(("probs", "probs"), p, q)
        check_pair((kind, "probs"), p, 3 * q if condition != "from subnormal to huge" else q / 4)


@pytest.mark.parametrize("constant", [0, 0.1, -7.5, 300, 1e4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kl_of_logits_that_nearly_agree(dtype: Any, constant: float) -> None:
    rng = np.random.default_rng(11)
    for classes in LENGTHS:
        for noise in (1e-4, 1e-9):
            p = (4 * rng.normal(size=classes)).astype(dtype)
            q = (p + noise * rng.normal(size=classes) + constant).astype(dtype)
            check_pair(("logits", "logits"), p, q)
            check_pair(("logits", "logprobs"), q, p)


@pytest.mark.parametrize("classes", LENGTHS)
def test_mixed_forms_that_nearly_agree(classes: int) -> None:
    rng = np.random.default_rng(classes)
    for noise in (0, 1e-15, 1e-9, 1e-4):
        p = rng.dirichlet(np.ones(classes))
        z = np.log(p) + noise * rng.normal(size=classes) - 20
        check_pair(("probs", "logits"), p, z)
        check_pair(("logits", "probs"), z, p)


@pytest.mark.parametrize("factor", [3.0, 5.0, 7.0, 1 / 1024])
@pytest.mark.parametrize("classes", LENGTHS)
def test_kl_of_a_multiple_is_zero(classes: int, factor: float) -> None:
    """Sums of the multiples round otherwise than multiples of the sums."""
    rng = np.random.default_rng(classes)
    for _ in range(20):
        p = np.round(rng.random(classes) ** 3 * 2**49) * 2.0 ** rng.integers(-30, 30, classes)
        p[0] = 1
        assert us.kl_divergence(us.Counts(p), us.Counts(p * factor)) == 0.0
        z = np.round(2**20 * rng.normal(size=classes)) / 2**18
        assert us.kl_divergence(us.Logits(z), us.Logits(z + factor * 1024)) == 0.0


def test_a_thousand_classes() -> None:
    rng = np.random.default_rng(1000)
    p, q = rng.dirichlet(np.ones(1000), 2)
    check_row("probs", p)
    check_pair(("probs", "probs"), p, p * (1 + 1e-9 * rng.normal(size=1000)))
    check_pair(("probs", "logits"), p, np.log(q).astype(np.float32))
    check_pair(("logits", "logits"), np.log(p), np.log(q))


@pytest.mark.parametrize("classes", [100_000, 1_000_000])
def test_very_many_classes_in_closed_form(classes: int) -> None:
    even = float(oracle.log2_of(classes))
    for uniform in (us.Counts(np.ones(classes, np.uint8)), us.Logits(np.full(classes, -3.25))):
        assert us.entropy(uniform) == pytest.approx(even, rel=RELATIVE, abs=0)
        assert us.surprisal(uniform, at=classes - 1) == pytest.approx(even, rel=RELATIVE, abs=0)
    geometric = np.zeros(classes)
    geometric[:1000] = 0.5 ** np.arange(1, 1001)
    assert us.entropy(geometric) == pytest.approx(2, rel=RELATIVE, abs=0)


@pytest.mark.parametrize("classes", [100_000, pytest.param(1_000_000, marks=pytest.mark.thorough)])
def test_very_many_classes(classes: int) -> None:
    rng = np.random.default_rng(classes)
    masses = rng.choice(rng.random(20), size=classes)
    scores = rng.choice(4 * rng.normal(size=20), size=classes).astype(np.float32)
    check_row("probs", masses, [0])
    check_row("logits", scores, [0])
    check_pair(("probs", "probs"), masses, masses * rng.choice([1, 1 + 1e-9], size=classes))
    check_pair(
        ("logits", "logits"), scores, scores + np.float32(1e-4) * rng.integers(0, 3, classes)
    )
    check_pair(("probs", "logits"), masses, scores)


def test_differences_of_logits_beyond_the_doubles() -> None:
    huge = us.Logits([1e308, 1e308, -1e308])
    assert us.kl_divergence(huge, us.Logits([-1e308, -1e308, -math.inf])) == math.inf
    assert us.kl_divergence(huge, huge) == 0
    assert us.entropy(huge) == us.cross_entropy(huge, huge) == 1
    check_pair(("logits", "logits"), [1e308, 1e308], [-1e308, -1e308])
    check_pair(("logits", "logits"), [1e308, -1e308], [-1e308, 1e308])
    check_pair(("logits", "logits"), [8e307, -8e307, 0.0], [0.0, 8e307, 0.0])


def test_the_confident_answer_keeps_its_digits() -> None:
    assert us.surprisal(us.Logits([80, 0, 0.5]), at=0) == pytest.approx(
        6.896873269508109e-35, rel=RELATIVE, abs=0
    )
    assert us.surprisal([1, 1e-300], at=0) == pytest.approx(1e-300 / math.log(2), rel=1e-14, abs=0)
    check_row("probs", [1, 1e-300])
    check_row("probs", [1, 5e-324])
    check_row("logits", [700.0, 0, 0.5])
    check_pair(("probs", "probs"), [1, 1e-300], [1, 2e-300])
    check_pair(("logits", "probs"), [700.0, 0], [1, 1e-300])


def test_surprisals_of_events() -> None:
    events = [1.0, math.nextafter(1, 0), 0.75, 0.5, math.nextafter(0.5, 0), 1e-300, 5e-324]
    for event, found in zip(events, us.surprisal(events), strict=True):
        true = oracle.bits(-oracle.CONTEXT.log(oracle.CONTEXT.mpf(event)))
        assert oracle.relative_error(found, true) <= 4 * EPS
    assert us.surprisal(0.0) == us.surprisal(-0.0) == math.inf


def test_labels_on_either_side() -> None:
    row = [0.2, 0.5, 0.3, 0]
    for label in range(4):
        one_hot = np.eye(4)[label]
        true = float(oracle.surprisal("probs", row, label))
        for measure in (us.cross_entropy, us.kl_divergence):
            assert measure(us.Labels(label), row) == pytest.approx(true, rel=RELATIVE, abs=0)
            assert measure(us.Labels(label), us.Labels((label + 1) % 4)) == math.inf
            assert measure(row, us.Labels(label)) == math.inf
            assert measure(one_hot, us.Labels(label)) == 0


@pytest.mark.parametrize("smoothing", [1e-17, 1e-9, 0.1, 1.0])
def test_smoothed_labels_on_either_side(smoothing: float) -> None:
    share = smoothing / 4
    smooth = [share, share + (1 - smoothing), share, share]
    labels, row = us.Labels(1, smoothing=smoothing, classes=4), [0.2, 0.5, 0.25, 0.05]
    kinds = ("probs", "probs")
    for measure in ("cross_entropy", "kl_divergence"):
        ours, theirs = getattr(us, measure), getattr(oracle, measure)
        for found, true in (
            (ours(labels, row), theirs(kinds, smooth, row)),
            (ours(row, labels), theirs(kinds, row, smooth)),
        ):
            assert oracle.relative_error(found, true) <= RELATIVE
    assert oracle.relative_error(us.entropy(labels), oracle.entropy("probs", smooth)) <= RELATIVE


def test_infinite_where_the_model_denies_what_is_true() -> None:
    least = 5e-324
    for measure in (us.cross_entropy, us.kl_divergence):
        assert measure([1, least], [1.0, 0]) == math.inf
        assert measure([1, 0], [0.0, 1]) == math.inf
        assert measure(us.Logits([0, -1e300]), us.Logits([0, -math.inf])) == math.inf
        assert measure(us.Logits([0, -1e300]), [1.0, 0]) == math.inf
        assert math.isfinite(measure([1.0, 0], [1, least]))


def test_a_bound_widens_only_with_the_gap_of_logits() -> None:
    assert relative_bound("probs", widened([1, 1e-300])) == RELATIVE
    assert relative_bound("logits", [0.0, -64.0, -1e4]) == RELATIVE
    assert relative_bound("logits", [0.0, -640.0, -math.inf]) == 10 * RELATIVE
