"""How often ``us.mi`` and ``us.drift`` find what is not there: shares of p-values up to 0.05.

    python -m benchmarks.levels --runs 3000 --write

With 3,000 runs a share is known to 0.8 points (two standard deviations at 5 %). Prints a table in
Markdown; ``--write`` also puts it into ``benchmarks/results/levels.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import unsurprised as us
from benchmarks.coverage_drift import ColumnScenario, columns, even, falling, level
from benchmarks.printed import print_table

RESULTS = Path(__file__).parent / "results" / "levels.md"
_PERMUTATIONS = 199
_RATE = 0.05

Random = np.random.Generator
Draw = Callable[[Random, int], tuple[Any, ...]]


@dataclass(frozen=True)
class NothingShared:
    """Columns x, y (and one that is given) that share nothing, and how many rows they have."""

    title: str
    draw: Draw
    rows: int


def _categories(one: Any, other: Any) -> Draw:
    return lambda random, n: tuple(
        random.choice(len(shares), n, p=shares) for shares in (one, other)
    )


def _numbers(kind: Callable[[Random, int], Any]) -> Draw:
    return lambda random, n: (kind(random, n), kind(random, n))


def _with_nulls(random: Random, n: int) -> tuple[Any, ...]:
    missing = random.random((2, n)) < 0.2
    return pa.array(random.normal(size=n), mask=missing[0]), random.integers(0, 3, n)


def _given_category(random: Random, n: int) -> tuple[Any, ...]:
    z = random.integers(0, 4, n)
    return (z + random.integers(0, 3, n)) % 5, (z * 2 + random.integers(0, 3, n)) % 7, z


MI = (
    NothingShared("2 × 2", _categories(even(2), even(2)), 50),
    NothingShared("2 × 2, 5 % beside 5 %", _categories([0.95, 0.05], [0.95, 0.05]), 200),
    NothingShared("10 × 10", _categories(even(10), even(10)), 200),
    NothingShared("30 × 30 of 300 rows", _categories(even(30), even(30)), 300),
    NothingShared("2 × 200 like 1/k", _categories(even(2), falling(200)), 500),
    NothingShared("100 × 100 of 100,000 rows", _categories(even(100), even(100)), 100_000),
    NothingShared("normal", _numbers(lambda random, n: random.normal(size=n)), 100),
    NothingShared("Cauchy", _numbers(lambda random, n: random.standard_cauchy(n)), 100),
    NothingShared("rounded", _numbers(lambda random, n: random.normal(size=n).round(1)), 100),
    NothingShared(
        "half zeros",
        _numbers(lambda random, n: random.exponential(size=n) * (random.random(n) < 0.5)), 100,
    ),
    NothingShared(
        "categories beside numbers",
        lambda random, n: (random.normal(size=n), random.integers(0, 4, n)), 100,
    ),
    NothingShared("nulls beside categories", _with_nulls, 100),
    NothingShared("given a category", _given_category, 200),
)  # fmt: skip


def of_mi(scenario: NothingShared, runs: int) -> float:
    """The share of samples whose p-value is 0.05 or less."""
    random = np.random.default_rng([scenario.rows, *scenario.title.encode()])
    rejected = 0
    for _ in range(runs):
        found = us.estimate.mutual_information(
            *scenario.draw(random, scenario.rows), permutations=_PERMUTATIONS
        )
        rejected += (found.p_value or 1) <= _RATE
    return rejected / runs


def of_drift() -> Iterator[ColumnScenario]:
    """One size of each kind of column, in turn."""
    every = list(columns())
    kinds = list(dict.fromkeys(each.title for each in every))
    for place, title in enumerate(kinds):
        sizes = [each for each in every if each.title == title]
        yield sizes[place % len(sizes)]


def lines(runs: int) -> Iterator[str]:
    """The table."""
    yield f"p-values up to 0.05 where there is nothing, in {runs:,} samples of each:\n"
    yield "| what | columns | rows | p ≤ 0.05 |"
    yield "|---|---|---|---|"
    for one in MI:
        few = max(runs // 10, 1) if one.rows >= 100_000 else runs
        note = "" if few == runs else f" ({few:,} samples)"
        share = 100 * of_mi(one, few)
        yield f"| `mi` | {one.title} | {one.rows:,}{note} | {share:.1f} % |"
    for other in of_drift():
        share = 100 * level(other, runs)
        rows = f"{other.base:,} and {other.new:,}"
        yield f"| `drift` | {other.title} | {rows} | {share:.1f} % |"


if __name__ == "__main__":
    print_table(__doc__, lines, 3000, RESULTS, "# Levels of tests\n\n")
