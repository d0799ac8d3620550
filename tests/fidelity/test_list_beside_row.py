"""A list beside a whole row: ends that no completion passes, and that two completions attain."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from fidelity_data import kld_row, log_softmax
from scipy.optimize import minimize
from top_list_cases import completed, cut, models

import unsurprised as us
from unsurprised.arrays.host import HostArray
from unsurprised.language_models.list_beside_row import NAMES, CutList, KnownRow, ends
from unsurprised.language_models.list_row_facts import list_row_facts
from unsurprised.language_models.tokens import TokenScores


def divergences(p: Any, q: Any) -> dict[str, Any]:
    """Of whole rows, in nats."""
    with np.errstate(divide="ignore"):
        return {
            "kl": us.kl_divergence(p, q, base=np.e),
            "reverse_kl": us.kl_divergence(q, p, base=np.e),
            "js": us.js_divergence(p, q, base=np.e),
            "tv": np.abs(np.asarray(p) - q).sum(axis=-1) / 2,
        }


def case(seed: int, width: int = 6, k: int = 2, apart: float = 1.0) -> tuple[Any, Any, CutList]:
    """A row of each model, and the list that the first is cut to."""
    generator = np.random.default_rng(seed)
    p, q = (side[0] for side in models(generator, 1, width, apart))
    tokens = np.argsort(-p)[:k]
    mass = 1 - p[tokens].sum()
    # Nearer to the least that has room than to the entry: so caps bind.
    cap = max(p[tokens].min() * generator.uniform(0.3, 1), mass / (width - k) * 1.05)
    return p, q, CutList(tokens, np.log(p[tokens]), mass, mass, min(cap, mass))


def known(q: Any) -> KnownRow:
    with np.errstate(divide="ignore"):
        return KnownRow(np.asarray(q), np.log(q))


@pytest.mark.parametrize("seed", range(12))
def test_the_most_is_the_largest_of_all_vertices(seed: int) -> None:
    """A convex function is largest at a vertex, and these are few: each is tried."""
    p, q, listed = case(seed)
    others = [token for token in range(6) if token not in listed.tokens]
    full, rest = divmod(listed.most, listed.cap)
    shares = [listed.cap] * int(full) + [rest] + [0.0] * (len(others) - int(full) - 1)
    rows = []
    for order in set(permutations(shares[: len(others)])):
        row = p.copy()
        row[others] = order
        rows.append(row / row.sum())
    tried = divergences(np.array(rows), np.tile(q, (len(rows), 1)))
    high = ends(listed, known(q)).high
    for name in NAMES:
        assert high[name] == pytest.approx(tried[name].max(), rel=1e-9), name


# SLSQP of older versions of SciPy passes a bound by a rounding, says so and clips what it tried.
@pytest.mark.filterwarnings("ignore:Values in x were outside bounds:RuntimeWarning")
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("apart", [0.3, 3.0])
def test_the_least_is_what_a_solver_finds(seed: int, apart: float) -> None:
    p, q, listed = case(seed, 9, 3, apart)
    others = np.setdiff1d(np.arange(9), listed.tokens)

    def row(x: Any) -> Any:
        found = p.copy()
        found[others] = x
        return found

    def gap(x: Any) -> float:
        whole = row(np.maximum(x, 1e-300))
        return float((whole * np.log(whole / q)).sum())

    solved = minimize(
        gap,
        np.full(len(others), listed.most / len(others)),
        method="SLSQP",
        bounds=[(1e-12, listed.cap)] * len(others),
        constraints={"type": "eq", "fun": lambda x: x.sum() - listed.most},
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert solved.success
    low, found = ends(listed, known(q)).low, divergences(row(solved.x), q)
    for name in ("kl", "reverse_kl", "js"):  # one completion is the least divergent by all
        assert low[name] == pytest.approx(found[name], rel=1e-5, abs=1e-9), name
        assert low[name] <= found[name] * (1 + 1e-9) + 1e-12, name


@pytest.mark.parametrize("rows", [500, pytest.param(10_000, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("apart", [0.01, 1.0, 4.0])
@pytest.mark.parametrize("turned", [False, True])
def test_no_completion_passes_the_ends(rows: int, apart: float, turned: bool) -> None:
    generator = np.random.default_rng(11)
    p, q = models(generator, rows, 40, apart)
    lists, whole = cut(p, 4), TokenScores(HostArray(np.log(q), "float64"))
    found = list_row_facts(*((whole, lists) if turned else (lists, whole)), None)
    for row in (p, completed(generator, lists, 40), completed(generator, lists, 40)):
        true = divergences(q, row) if turned else divergences(row, q)
        for name in NAMES:
            nats = 1.0 if name == "tv" else np.log(2)
            low, high = getattr(found.facts, name) * nats, found.most[name] * nats
            assert (low <= true[name] * (1 + 1e-9) + 1e-12).all(), name
            assert (true[name] <= high * (1 + 1e-9) + 1e-12).all(), name
    finite = np.isfinite(found.most["reverse_kl" if turned else "kl"])
    assert finite.all()
    assert np.isinf(found.most["kl" if turned else "reverse_kl"]).all()
    assert found.facts.floored.all()


def test_a_list_of_all_but_one_is_a_row() -> None:
    """What is left has one place, so that both ends meet, KL the other way too."""
    p, q = (side[0] for side in models(np.random.default_rng(2), 1, 8))
    tokens = np.argsort(-p)[:7]
    mass = 1 - p[tokens].sum()
    found = ends(CutList(tokens, np.log(p[tokens]), mass, mass, mass), known(q))
    for name, value in divergences(p, q).items():
        assert found.low[name] == pytest.approx(value, rel=1e-9), name
        assert found.high[name] == pytest.approx(value, rel=1e-9), name


def test_where_the_row_rules_tokens_out() -> None:
    """What q holds impossible takes P's tail only where there is no other room."""
    q = np.array([0.5, 0.5, 0.0, 0.0])
    listed = CutList(np.array([0]), np.log([0.5]), 0.5, 0.5, 0.5)
    found = ends(listed, known(q))
    assert [found.low["kl"], found.high["kl"]] == [pytest.approx(0, abs=1e-15), np.inf]
    assert [found.low["tv"], found.high["tv"]] == [pytest.approx(0, abs=1e-15), 0.5]
    tight = ends(CutList(np.array([0]), np.log([0.5]), 0.5, 0.5, 0.3), known(q))
    assert tight.low["kl"] == np.inf
    assert tight.low["tv"] == pytest.approx(0.2)
    # q (0.5, 0.5, 0, 0) beside p (0.5, 0.3, 0.2, 0): half of ln 2 for what is apart.
    middle = 0.5 * (0.3 * np.log(0.3 / 0.4) + 0.5 * np.log(0.5 / 0.4)) + 0.1 * np.log(2)
    assert tight.low["js"] == pytest.approx(middle)


@pytest.mark.parametrize("spread", [2.0, 8.0])
def test_beside_a_row_with_a_floor(spread: float) -> None:
    """The row of a kld file: its own model's list is 0 from it, another's between the ends."""
    generator = np.random.default_rng(int(spread))
    logits = (spread * generator.normal(size=(40, 300))).astype(np.float32)
    other = logits + generator.normal(size=logits.shape).astype(np.float32)
    words = np.stack([np.frombuffer(kld_row(row)[8:], dtype="<u2") for row in logits])
    heads = np.stack([np.frombuffer(kld_row(row)[:8], dtype="<f4") for row in logits])
    values = heads[:, 1:] + heads[:, :1] * words.astype(np.float32)
    floored = np.abs(heads[:, 0] * 65535 - 16) < 1e-3
    assert floored.any() == (spread == 8.0)
    row = TokenScores(HostArray(values, "float32"), floored)
    exact = np.exp(log_softmax(logits))
    same = list_row_facts(cut(exact, 10), row, None)
    assert same.facts.kl.max() < 1e-7
    p = np.exp(log_softmax(other))
    found, true = list_row_facts(cut(p, 10), row, None), divergences(p, exact)
    for name in NAMES:
        nats = 1.0 if name == "tv" else np.log(2)
        low, high = getattr(found.facts, name) * nats, found.most[name] * nats
        assert (low <= true[name] + 1e-4).all(), name
        assert (true[name] <= high + 1e-4).all(), name
        assert (low > true[name] * 0.1).mean() > 0.8, name
    assert np.isinf(found.most["kl"]).sum() == floored.sum()
