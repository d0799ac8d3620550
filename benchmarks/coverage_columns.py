"""How often intervals of the mutual information of columns of numbers hold the truth, and p-values
are below 0.05 by chance.

    python -m benchmarks.coverage_columns --runs 400

Prints a line for each distribution.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import unsurprised as us

Values = NDArray[Any]
Draw = Callable[[np.random.Generator, int], tuple[Values, ...]]


@dataclass(frozen=True)
class ColumnsScenario:
    """How columns are drawn, how many rows of them, and what they share in nats."""

    title: str
    draw: Draw
    rows: int
    truth: float


def of_rho(rho: float) -> float:
    """What two normal columns share, −½ ln(1 − ρ²)."""
    return -0.5 * math.log(1 - rho * rho)


def normal(rho: float) -> Draw:
    """Two normal columns of a correlation."""

    def draw(random: np.random.Generator, rows: int) -> tuple[Values, ...]:
        x, e = random.normal(size=(2, rows))
        return x, rho * x + math.sqrt(1 - rho * rho) * e

    return draw


def heavy(rho: float) -> Draw:
    """The same with tails like those of a log-normal."""

    def draw(random: np.random.Generator, rows: int) -> tuple[Values, ...]:
        x, y = normal(rho)(random, rows)
        return np.sinh(2 * x), np.exp(1.5 * y)

    return draw


def rounded(rho: float) -> Draw:
    """The same, rounded to 0.1."""
    return lambda random, rows: tuple(np.round(x, 1) for x in normal(rho)(random, rows))


def half_zeros(random: np.random.Generator, rows: int) -> tuple[Values, ...]:
    """Half of the rows are 0 in both columns."""
    zero = random.random(rows) < 0.5
    x, y = normal(0.9)(random, rows)
    return np.where(zero, 0, x), np.where(zero, 0, y)


def zeros_apart(random: np.random.Generator, rows: int) -> tuple[Values, ...]:
    """Zeros that are independent."""
    x, y = random.normal(size=(2, rows))
    return np.where(random.random(rows) < 0.3, 0, x), np.where(random.random(rows) < 0.4, 0, y)


def categories(count: int, step: float) -> Draw:
    """Categories, and numbers of which each category has its own mean."""

    def draw(random: np.random.Generator, rows: int) -> tuple[Values, ...]:
        x = random.integers(0, count, rows)
        return x, step * x + 2 * random.random(rows)

    return draw


def sum_of_uniform(random: np.random.Generator, rows: int) -> tuple[Values, ...]:
    """A uniform column, and its sum with another."""
    x, e = random.random((2, rows))
    return x, x + e


def zero_inflated_poisson(random: np.random.Generator, rows: int) -> tuple[Values, ...]:
    """A rate, and a Poisson count that is 0 in 15 % of the rows (Gao and others, 2017)."""
    x = random.exponential(size=rows)
    return x, np.where(random.random(rows) < 0.15, 0, random.poisson(x))


def cauchy(random: np.random.Generator, rows: int) -> tuple[Values, ...]:
    """Two independent columns, one of them with the heaviest tails."""
    return random.normal(size=rows), random.standard_cauchy(rows)


def within(count: int) -> Draw:
    """Two columns that share a category, and nothing beyond it."""

    def draw(random: np.random.Generator, rows: int) -> tuple[Values, ...]:
        z = random.integers(0, count, rows)
        x, y = random.normal(size=(2, rows)) + 2 * z
        return x, y, z

    return draw


def beside(random: np.random.Generator, rows: int) -> tuple[Values, ...]:
    """Two columns that share a number, and nothing beyond it."""
    z = random.normal(size=rows)
    x, y = 0.7 * random.normal(size=(2, rows)) + z
    return x, y, z


POISSON = 0.229775958542  # by quadrature

SCENARIOS = (
    ColumnsScenario("normal, independent", normal(0), 30, 0),
    ColumnsScenario("normal, independent", normal(0), 1000, 0),
    ColumnsScenario("rounded, independent", rounded(0), 200, 0),
    ColumnsScenario("Cauchy, independent", cauchy, 200, 0),
    ColumnsScenario("zeros, independent", zeros_apart, 200, 0),
    ColumnsScenario("10 categories, independent", categories(10, 0), 200, 0),
    ColumnsScenario("50 categories, independent", categories(50, 0), 300, 0),
    ColumnsScenario("two categories, independent", categories(2, 0), 40, 0),
    ColumnsScenario("shared within 3 categories", within(3), 300, 0),
    ColumnsScenario("shared within 20 categories", within(20), 300, 0),
    ColumnsScenario("shared with a number", beside, 300, 0),
    ColumnsScenario("normal, 0.3", normal(0.3), 100, of_rho(0.3)),
    ColumnsScenario("normal, 0.6", normal(0.6), 200, of_rho(0.6)),
    ColumnsScenario("normal, 0.9", normal(0.9), 50, of_rho(0.9)),
    ColumnsScenario("normal, 0.9", normal(0.9), 500, of_rho(0.9)),
    ColumnsScenario("normal, 0.9", normal(0.9), 3000, of_rho(0.9)),
    ColumnsScenario("normal, 0.99", normal(0.99), 300, of_rho(0.99)),
    ColumnsScenario("rounded, 0.9", rounded(0.9), 500, of_rho(0.9)),
    ColumnsScenario("heavy tails, 0.6", heavy(0.6), 300, of_rho(0.6)),
    ColumnsScenario("heavy tails, 0.6", heavy(0.6), 2000, of_rho(0.6)),
    ColumnsScenario("half of the rows 0", half_zeros, 200, math.log(2) + of_rho(0.9) / 2),
    ColumnsScenario("half of the rows 0", half_zeros, 2000, math.log(2) + of_rho(0.9) / 2),
    ColumnsScenario("5 categories", categories(5, 1), 100, math.log(5) - 0.8 * math.log(2)),
    ColumnsScenario("5 categories", categories(5, 1), 1000, math.log(5) - 0.8 * math.log(2)),
    ColumnsScenario("sum of uniform", sum_of_uniform, 300, 0.5),
    ColumnsScenario("zero-inflated Poisson", zero_inflated_poisson, 500, POISSON),
)


def figures(scenario: ColumnsScenario, runs: int) -> dict[str, float]:
    """The share of samples whose interval holds the truth, the bias, and of 0 the level."""
    random = np.random.default_rng(scenario.rows)

    def estimate(permutations: int) -> us.estimate.SampleEstimate:
        columns = scenario.draw(random, scenario.rows)
        return us.estimate.mutual_information(*columns, base=math.e, permutations=permutations)

    return coverage(estimate, scenario.truth, runs)


def coverage(
    estimate: Callable[[int], us.estimate.SampleEstimate], truth: float, runs: int
) -> dict[str, float]:
    """How often intervals of new samples hold the truth; of 0 also how often tests deny it.

    ``estimate`` draws a sample, and takes how many permutations its test rests on.
    """
    permutations = 0 if truth else 99
    held = rejected = 0
    total = 0.0
    for _ in range(runs):
        found = estimate(permutations)
        held += found.low - 1e-9 <= truth <= found.high + 1e-9
        rejected += permutations > 0 and (found.p_value or 1) <= 0.05
        total += found.value
    told = {"held": held / runs, "bias": total / runs - truth}
    return told | ({"p <= 0.05": rejected / runs} if permutations else {})


def lines(runs: int) -> Iterator[str]:
    """A line for each scenario."""
    for scenario in SCENARIOS:
        found = figures(scenario, runs)
        level = f"  p <= 0.05 {100 * found['p <= 0.05']:.1f}" if "p <= 0.05" in found else ""
        yield (
            f"{scenario.title}, {scenario.rows:,} rows: held {100 * found['held']:.1f}  "
            f"bias {found['bias']:+.4f} nats{level}"
        )


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=400, help="samples of each distribution")
    for line in lines(options.parse_args().runs):
        print(line, flush=True)
