"""How often the intervals of ``us.estimate`` hold the truth, and p-values are below 0.05 by chance.

    python -m benchmarks.coverage_estimates --runs 400

Prints a line for each distribution, with the share of samples for each method.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import unsurprised as us

Values = NDArray[np.float64]

METHODS = ("auto", "plugin", "miller_madow", "grassberger2003", "jackknife", "chao_shen",
           "chao_wang_jost", "shrinkage", "dirichlet_mean", "nsb")  # fmt: skip


@dataclass(frozen=True)
class SampleScenario:
    """Shares of categories, or of pairs, and how many rows are drawn from them."""

    title: str
    shares: Values
    rows: int


def falling(categories: int, power: float = 1.0) -> Values:
    """Shares that fall like a power of the rank."""
    shares = np.arange(1.0, categories + 1) ** -power
    return shares / shares.sum()


def even(categories: int) -> Values:
    return np.full(categories, 1 / categories)


def diagonal(categories: int, noise: float) -> Values:
    """Pairs that are equal, but for a share of independent ones."""
    return (1 - noise) * np.eye(categories) / categories + noise / categories**2


_HALVES = 0.5 ** np.arange(1, 60)

ENTROPIES = (
    SampleScenario("a fair coin", even(2), 100),
    SampleScenario("a coin of 10 %", np.array([0.9, 0.1]), 30),
    SampleScenario("a coin of 0.1 %", np.array([0.999, 0.001]), 500),
    SampleScenario("10 even categories", even(10), 30),
    SampleScenario("10 even categories", even(10), 200),
    SampleScenario("100 even categories", even(100), 100),
    SampleScenario("1,000 even categories", even(1000), 1000),
    SampleScenario("10,000 even categories", even(10000), 1000),
    SampleScenario("20, like 1/k", falling(20), 50),
    SampleScenario("20, like 1/k", falling(20), 400),
    SampleScenario("1,000, like 1/k", falling(1000), 300),
    SampleScenario("1,000, like 1/k", falling(1000), 3000),
    SampleScenario("10,000, like 1/k", falling(10000), 1000),
    SampleScenario("1,000, like 1/k²", falling(1000, 2.0), 200),
    SampleScenario("each half the one before", _HALVES / _HALVES.sum(), 15),
    SampleScenario("each half the one before", _HALVES / _HALVES.sum(), 50),
    SampleScenario("two rare beside one", np.array([0.9, 0.05, 0.05]), 20),
)
TABLES = (
    SampleScenario("2 × 2, independent", np.outer(even(2), even(2)), 50),
    SampleScenario("10 × 10, independent", np.outer(even(10), even(10)), 200),
    SampleScenario("20 × 20 like 1/k, independent", np.outer(falling(20), falling(20)), 300),
    SampleScenario("2 × 200 like 1/k, independent", np.outer(even(2), falling(200)), 500),
    SampleScenario("30 × 30, independent", np.outer(even(30), even(30)), 300),
    SampleScenario("100 × 100, independent", np.outer(even(100), even(100)), 60),
    SampleScenario("100 × 100 like 1/k, independent", np.outer(falling(100), falling(100)), 60),
    SampleScenario("2 × 2, nine of ten equal", diagonal(2, 0.2), 30),
    SampleScenario("2 × 2, nine of ten equal", diagonal(2, 0.2), 50),
    SampleScenario("2 × 2, nearly independent", np.array([[0.27, 0.23], [0.23, 0.27]]), 1000),
    SampleScenario("2 × 2, rare cells", np.array([[0.96, 0.01], [0.01, 0.02]]), 200),
    SampleScenario("2 × 2, rare cells", np.array([[0.9, 0.02], [0.03, 0.05]]), 50),
    SampleScenario("5 × 5, half equal", diagonal(5, 0.5), 100),
    SampleScenario("10 × 10, most equal", diagonal(10, 0.3), 200),
    SampleScenario("10 × 10, all equal", diagonal(10, 0.0), 100),
    SampleScenario("50 × 50, half equal", diagonal(50, 0.5), 500),
)


def coverage(
    scenario: SampleScenario, runs: int, methods: Sequence[str] = METHODS
) -> dict[str, float]:
    """The share of samples whose interval holds the truth, by method; of tables also the level."""
    table = scenario.shares.ndim == 2
    truth: Any = (us.mutual_information if table else us.entropy)(scenario.shares)
    estimator: Any = us.estimate.mutual_information if table else us.estimate.entropy
    generator = np.random.default_rng(scenario.rows)
    held = dict.fromkeys(methods, 0)
    rejected = 0
    for _ in range(runs):
        drawn = generator.multinomial(scenario.rows, scenario.shares.ravel())
        counts = us.Counts(drawn.reshape(scenario.shares.shape))
        for method in methods:
            found = estimator(counts, method=method)
            held[method] += found.low - 1e-9 <= truth <= found.high + 1e-9
        if table and truth < 1e-12:
            rejected += (estimator(counts, method="plugin", permutations=99).p_value) <= 0.05
    shares = {method: hits / runs for method, hits in held.items()}
    return shares | ({"p <= 0.05": rejected / runs} if table and truth < 1e-12 else {})


def lines(runs: int) -> Iterator[str]:
    """A line for each scenario."""
    for scenario in (*ENTROPIES, *TABLES):
        shares = coverage(scenario, runs)
        told = "  ".join(f"{method} {100 * share:.1f}" for method, share in shares.items())
        yield f"{scenario.title}, {scenario.rows:,} rows: {told}"


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=400, help="samples of each distribution")
    for line in lines(options.parse_args().runs):
        print(line, flush=True)
