"""What the page computes is what the library computes of the probabilities that the page shows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import mpmath
import numpy as np
import pytest
from playground_page import Playground, address

import unsurprised as us

Row = Any
Open = Callable[..., Playground]


def close(found: float, expected: float, scale: float = 0.0) -> bool:
    """Right to 12 digits, or to 12 of ``scale``; infinite exactly where it should be.

    Below 1e-308 there are no 12 digits to be had.
    """
    return found == expected or abs(found - expected) <= max(
        1e-12 * abs(expected), 1e-12 * scale, 1e-320
    )


def assert_library(values: dict[str, float], p: Row, q: Row) -> None:
    """Each measure, code length and contribution that the page says of ``p`` and ``q``."""
    bill = {
        "entropy": us.entropy(p),
        "cross-entropy": us.cross_entropy(p, q),
        "kl": us.kl_divergence(p, q),
        "kl-back": us.kl_divergence(q, p),
    }
    for name, expected in bill.items():
        assert close(values[name], expected), (name, values[name], expected, p, q)
        assert values[name] >= 0
    for index in range(len(p)):
        assert close(values[f"length-p-{index}"], us.surprisal(p, at=index))
        assert close(values[f"length-q-{index}"], us.surprisal(q, at=index))
    for column, (name, expected) in zip(
        ("adds-h", "adds-ce", "adds-kl", "adds-kl-back"), bill.items(), strict=True
    ):
        parts = [values[f"{column}-{index}"] for index in range(len(p))]
        assert close(math.fsum(parts), expected, sum(map(abs, parts))), (name, parts, expected)


def contribution(p: Row, q: Row, index: int) -> float:
    """What an outcome adds to KL, by mpmath."""
    with mpmath.workdps(60):
        share, belief = (mpmath.mpf(r[index]) / mpmath.fsum(map(mpmath.mpf, r)) for r in (p, q))
        if share == 0:
            return 0.0
        return float(share * mpmath.log(share / belief, 2)) if belief else math.inf


def random_rows(kind: str, count: int) -> Iterator[tuple[Row, Row]]:
    """Pairs of rows that a visitor's hands, or links, may make."""
    draw = np.random.default_rng(sum(map(ord, kind)))
    for _ in range(count):
        outcomes = int(draw.integers(2, 7))
        p, q = draw.dirichlet(np.full(outcomes, 0.6), size=2)
        if kind == "nearly equal":
            p = draw.dirichlet(np.full(outcomes, 3.0))
            shift = draw.uniform(-1, 1, outcomes)
            q = p * (1 + 10.0 ** draw.integers(-12, -1) * (shift - shift.mean()))
            q /= q.sum()
        elif kind == "zeros":
            p[draw.integers(outcomes)] = q[draw.integers(outcomes)] = 0
            p, q = (row / row.sum() if row.sum() else np.eye(outcomes)[0] for row in (p, q))
        elif kind == "far apart":
            p, q = (row / row.sum() for row in 10.0 ** draw.uniform(-40, 0, (2, outcomes)))
        elif kind == "tiniest":
            p[0], q[-1] = draw.choice([5e-324, 1e-310, 1e-300, 1e-16], size=2)
            p, q = p / p.sum(), q / q.sum()
        yield p, q


@pytest.mark.parametrize("count", [40, pytest.param(120, marks=pytest.mark.thorough)])
@pytest.mark.parametrize("kind", ["any", "nearly equal", "zeros", "far apart", "tiniest"])
def test_random_links(opened: Open, kind: str, count: int) -> None:
    page = opened()
    for p, q in random_rows(kind, count):
        values = page.go(address(p, q))
        shown = [[values[f"{side}-{index}"] for index in range(len(p))] for side in "pq"]
        assert shown == [p.tolist(), q.tolist()]  # taken to the last digit
        assert_library(values, p, q)
        for index in range(len(p)):
            found, expected = values[f"adds-kl-{index}"], contribution(p, q, index)
            # The last places of the two sums are parts of the answer, and of its error.
            assert close(found, expected, 1e-3 * p[index]), (found, expected, p, q)


PAIRS = {
    "fair coin, taken for a loaded one": ([0.5, 0.5], [0.1, 0.9]),
    "equal": ([0.2, 0.3, 0.5], [0.2, 0.3, 0.5]),
    "a billionth apart": ([0.3, 0.7], [0.300000001, 0.699999999]),
    "one place apart": ([0.5, 0.5], [0.5 + 2**-52, 0.5 - 2**-52]),
    "certain": ([1, 0], [1, 0]),
    "as good as certain": ([1 - 1e-12, 1e-12], [1 - 1e-15, 1e-15]),
    "ruled out": ([0.5, 0.5], [0, 1]),
    "disjoint": ([1, 0], [0, 1]),
    "never, by both": ([0.5, 0, 0.5], [0.25, 0, 0.75]),
    "sums a little off": ([0.3, 0.7 + 9e-10], [0.3 + 5e-10, 0.7]),
}


@pytest.mark.parametrize("name", PAIRS)
def test_pairs(opened: Open, name: str) -> None:
    p, q = PAIRS[name]
    page = opened(address(p, q))
    assert page.rows() == (p, q)
    assert_library(page.values(), p, q)


def test_equal_ones_have_no_divergence(opened: Open) -> None:
    p = [0.1, 0.2, 0.7]
    values = opened(address(p, p)).values()
    assert values["kl"] == values["kl-back"] == 0


@pytest.mark.parametrize("epsilon", [0, 1e-9, 0.01, 0.3, 1])
def test_smoothing(opened: Open, epsilon: float) -> None:
    page = opened()
    for p, q in random_rows("zeros", 12):
        values = page.go(address(p, q, smooth=epsilon))
        used = [values[f"q-{index}-used"] for index in range(len(q))]
        assert used == pytest.approx(us.smooth(q, epsilon).array.values, rel=1e-14, abs=0)
        assert_library(values, p, used)
        assert close(values["kl-without"], us.kl_divergence(p, q))
        assert close(values["smoothing-cost"], us.smoothing_cost(epsilon))


PRESETS = {
    "Fair coin, believed loaded": ([0.5, 0.5], [0.1, 0.9], "0.7370"),
    "Biased coin, believed fair": ([0.99, 0.01], [0.5, 0.5], "0.9192"),
    "Impossible belief": ([0.5, 0.5], [0, 1], "∞"),
    "Nearly the same": ([0.3, 0.7], [0.300000001, 0.699999999], "3.43e−18"),
    "Cat, taken for a cat": ([1, 0], [0.9, 0.1], "0.1520"),
    "Cat, taken for a dog": ([1, 0], [0.1, 0.9], "3.3219"),
    "Weather": ([0.5, 0.25, 0.125, 0.125], [0.25] * 4, "0.2500"),
}


def test_presets(opened: Open) -> None:
    page = opened()
    titles = page.page.locator("#presets button").all_inner_texts()
    assert titles == list(PRESETS)
    for title, (p, q, shown) in PRESETS.items():
        page.page.get_by_role("button", name=title).click()
        assert page.rows() == (p, q)
        assert page.text("kl") == shown
        assert_library(page.values(), p, q)


def test_four_decimals(opened: Open) -> None:
    page = opened(address([0.5, 0.5], [0.1, 0.9]))
    assert [page.text(name) for name in ("entropy", "kl", "cross-entropy", "kl-back")] == [
        "1.0000",
        "0.7370",
        "1.7370",
        "0.5310",
    ]


def test_infinity_names_who_is_to_blame(opened: Open) -> None:
    names = ["sun", "rain", "snow"]
    page = opened(address([0.25, 0.5, 0.25], [0, 1, 0], names=names))
    assert page.values()["kl"] == page.values()["cross-entropy"] == math.inf
    assert page.values()["kl-back"] == us.kl_divergence([0, 1, 0], [0.25, 0.5, 0.25])
    assert "Q gives nothing to “sun” and “snow”" in page.text("meaning")
    assert "with probability 0.5000" in page.text("meaning")
    assert page.page.locator(".blamed").all_inner_texts()[0].startswith("sun")
    assert page.page.locator(".blamed").count() == 2
