"""How often drift's intervals hold the truth, and how often nothing is taken for drift.

    python -m benchmarks.coverage_drift --runs 1000

Prints a line for each pair of distributions, with the share of samples whose 95 % interval holds
their Jensen–Shannon divergence; then a line for each kind of column without drift, with the share
of pairs of samples whose p-value is 0.05 or less.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

import unsurprised as us
from unsurprised.dataset_drift.cells import cells_of
from unsurprised.dataset_drift.column_state import ColumnState
from unsurprised.estimate.two_samples import divergence_of

Values = NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Any]

_PERMUTATIONS = 199
_SIZES = ((100, 100), (1000, 1000), (1000, 200), (200, 5000))


@dataclass(frozen=True)
class ShiftScenario:
    """Shares of the base and of the new data."""

    title: str
    base: Values
    new: Values


@dataclass(frozen=True)
class ColumnScenario:
    """A column without drift, and how many rows both data sets have."""

    title: str
    draw: Draw
    base: int
    new: int


def falling(categories: int) -> Values:
    """Shares that fall like the reciprocal of the rank."""
    shares = 1 / np.arange(1.0, categories + 1)
    return shares / shares.sum()


def even(categories: int) -> Values:
    return np.full(categories, 1 / categories)


def tilted(shares: Values, by: float) -> Values:
    """Shares times e^(by · x), x from −1 to 1 over the categories."""
    moved = shares * np.exp(by * np.linspace(-1, 1, len(shares)))
    return moved / moved.sum()


def shifts() -> Iterator[ShiftScenario]:
    """From none to nearly all of a bit."""
    for categories in (2, 10, 100):
        for by in (0.0, 0.1, 0.3, 0.7, 1.5, 3.0):
            shares = even(categories)
            yield ShiftScenario(f"{categories} even, e^{by:g}", shares, tilted(shares, by))
    for by in (0.0, 0.3, 1.5):
        yield ShiftScenario(f"30 like 1/k, e^{by:g}", falling(30), tilted(falling(30), by))
    yield ShiftScenario("one of 10 vanished", even(10), np.append(even(9), 0.0))
    yield ShiftScenario("one of 11 is new", np.append(even(10), 0.0), even(11))
    yield ShiftScenario("2 to 4 % nulls", np.array([0.98, 0.02]), np.array([0.96, 0.04]))
    yield ShiftScenario("2 to 20 % nulls", np.array([0.98, 0.02]), np.array([0.8, 0.2]))
    yield ShiftScenario("half new", np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.25, 0.5]))


def columns() -> Iterator[ColumnScenario]:
    """Columns of every kind, of equal and of unequal sizes."""
    letters = np.array(list("abcdefghij"))
    names = np.array([f"name {k}" for k in range(100)])
    draws: dict[str, Draw] = {
        "normal": lambda random, n: random.normal(size=n),
        "Cauchy": lambda random, n: random.standard_cauchy(n),
        "log-normal, σ = 3": lambda random, n: random.lognormal(0, 3, n),
        "rounded to 0.1": lambda random, n: np.round(random.normal(size=n), 1),
        "half zeros": lambda random, n: random.exponential(size=n) * (random.random(n) < 0.5),
        "Poisson of 2": lambda random, n: random.poisson(2, n),
        "Poisson of 500": lambda random, n: random.poisson(500, n),
        "10 categories": lambda random, n: random.choice(letters, n),
        "100 categories": lambda random, n: random.choice(names, n),
        "100 like 1/k": lambda random, n: random.choice(names, n, p=falling(100)),
        "1 % yes": lambda random, n: random.random(n) < 0.01,
        "20 % nulls": lambda random, n: pa.array(
            random.normal(size=n), mask=random.random(n) < 0.2
        ),
        "one huge outlier": lambda random, n: np.append(random.normal(size=n - 1), 1e12),
    }
    for title, draw in draws.items():
        for base, new in _SIZES:
            yield ColumnScenario(title, draw, base, new)


def coverage(scenario: ShiftScenario, base: int, new: int, runs: int) -> float:
    """The share of pairs of samples whose interval holds the divergence."""
    truth = float(us.js_divergence(scenario.base, scenario.new))
    random = np.random.default_rng(base + 7 * new)
    held = 0
    for _ in range(runs):
        counts = [random.multinomial(n, shares).astype(np.int64)
                  for n, shares in ((base, scenario.base), (new, scenario.new))]  # fmt: skip
        kept = counts[0] + counts[1] > 0
        drift = divergence_of(counts[0][kept], counts[1][kept], _PERMUTATIONS).drift
        held += drift.low - 1e-9 <= truth <= drift.high + 1e-9
    return held / runs


def level(scenario: ColumnScenario, runs: int) -> float:
    """The share of pairs of samples whose p-value is 0.05 or less."""
    random = np.random.default_rng([scenario.base, scenario.new, *scenario.title.encode()])
    rejected = 0
    for _ in range(runs):
        states = [ColumnState("column").update(pa.array(scenario.draw(random, n)))
                  for n in (scenario.base, scenario.new)]  # fmt: skip
        cells = cells_of(states[0], states[1], nulls=True)
        rejected += divergence_of(cells.base, cells.new, _PERMUTATIONS).p_value <= 0.05
    return rejected / runs


def lines(runs: int) -> Iterator[str]:
    """A line for each scenario."""
    for shift in shifts():
        told = "  ".join(
            f"{base:,} and {new:,} rows {100 * coverage(shift, base, new, runs):.1f}"
            for base, new in _SIZES
        )
        yield f"holds the truth: {shift.title}: {told}"
    for column in columns():
        share = 100 * level(column, runs)
        yield f"p <= 0.05: {column.title}, {column.base:,} and {column.new:,} rows: {share:.1f}"


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=1000, help="pairs of samples of each")
    for line in lines(options.parse_args().runs):
        print(line, flush=True)
