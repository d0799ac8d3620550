"""How often the intervals of divergences of counts hold the truth, and p-values are below 0.05.

    python -m benchmarks.coverage_divergences --runs 2000

Prints a line for each pair of distributions. A star says that in more than a tenth of the runs the
reference lacked a category of the new rows, where the interval of KL has no upper end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import unsurprised as us
from benchmarks.coverage_estimates import Values, even, falling
from benchmarks.printed import print_table

RESULTS = Path(__file__).parent / "results" / "coverage_divergences.md"


@dataclass(frozen=True)
class PairScenario:
    """Two distributions, and how many rows are drawn from each."""

    title: str
    new: Values
    reference: Values
    rows: tuple[int, int]


def tilted(shares: Values, by: float) -> Values:
    """Shares that move from the last categories to the first."""
    moved = shares * np.exp(by * np.linspace(1, -1, len(shares)))
    return moved / moved.sum()


SCENARIOS = (
    PairScenario("a coin, the same", even(2), even(2), (100, 100)),
    PairScenario("a coin of 5 %, the same", np.array([0.95, 0.05]), np.array([0.95, 0.05]),
                 (200, 300)),
    PairScenario("a coin, 50 % to 60 %", np.array([0.6, 0.4]), even(2), (200, 200)),
    PairScenario("10 even, the same", even(10), even(10), (200, 200)),
    PairScenario("10 even, tilted", tilted(even(10), 0.5), even(10), (150, 300)),
    PairScenario("10 like 1/k, the same", falling(10), falling(10), (100, 1000)),
    PairScenario("10 like 1/k, tilted", tilted(falling(10), 1.0), falling(10), (400, 400)),
    PairScenario("100 even, the same", even(100), even(100), (1000, 2000)),
    PairScenario("100 even, tilted", tilted(even(100), 0.3), even(100), (2000, 2000)),
    PairScenario("100 like 1/k, tilted", tilted(falling(100), 0.3), falling(100), (1000, 5000)),
    PairScenario("1,000 like 1/k, the same", falling(1000), falling(1000), (3000, 3000)),
    PairScenario("far apart", np.array([0.7, 0.2, 0.1]), np.array([0.1, 0.2, 0.7]), (60, 60)),
)  # fmt: skip


def coverage(scenario: PairScenario, runs: int) -> tuple[float, float, float, bool]:
    """The shares of KL and JS, that of p-values up to 0.05, and whether KL often had no end."""
    random = np.random.default_rng(1)
    p, q = scenario.new, scenario.reference
    kl, js = float(us.kl_divergence(p, q)), float(us.js_divergence(p, q))
    hits, open_ended = np.zeros(3), 0
    for _ in range(runs):
        counts = [us.Counts(random.multinomial(rows, shares))
                  for rows, shares in zip(scenario.rows, (p, q), strict=True)]  # fmt: skip
        found = us.estimate.kl_divergence(*counts)
        other = us.estimate.js_divergence(*counts, permutations=199)
        open_ended += np.isinf(found.high)
        hits += [found.low <= kl <= found.high, other.low <= js <= other.high,
                 (other.p_value or 0) <= 0.05]  # fmt: skip
    shares = hits / runs
    return shares[0], shares[1], shares[2], open_ended > runs / 10


_SAID = """How often intervals of divergences of counts hold the truth, in percent of {:,} pairs of
samples; and where both are samples of one distribution, how many p-values are up to 0.05.
A star: in more than a tenth of the runs the interval of KL has no upper end, for the reference
lacked a category.

"""


def lines(runs: int) -> Iterator[str]:
    """A table in Markdown."""
    yield "| two samples | rows | KL covers | JS covers | p ≤ 0.05 |"
    yield "|---|---|---|---|---|"
    for scenario in SCENARIOS:
        kl, js, low, is_open = coverage(scenario, runs)
        rows = " and ".join(f"{count:,}" for count in scenario.rows)
        same = np.array_equal(scenario.new, scenario.reference)
        told = f"{100 * low:.1f} %" if same else "–"
        star = "*" if is_open else ""
        yield f"| {scenario.title} | {rows} | {100 * kl:.1f} %{star} | {100 * js:.1f} % | {told} |"


if __name__ == "__main__":
    print_table(__doc__, lines, 2000, RESULTS, _SAID)
