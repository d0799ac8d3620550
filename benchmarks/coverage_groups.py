"""Intervals of a ratio of sums over 30 documents: Student's, Hall's, and the ones that are given.

    python -m benchmarks.coverage_groups [--runs 4000]

How often each holds the truth, and how wide it is on average. Student's and Hall's have one degree
of freedom less than (Σ n)² / Σ n² for lengths n. Documents are drawn as their sums, whose truth is
known exactly: how long each is, and its mean.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.statistics.jackknife import Spread, student_t

Values = NDArray[np.float64]
Generator = np.random.Generator

DOCUMENTS = 30
RESULTS = Path(__file__).parent / "results" / "coverage_groups.md"


def alike(generator: Generator) -> Values:
    return generator.integers(50, 151, DOCUMENTS).astype(np.float64)


def uneven(generator: Generator) -> Values:
    return np.rint(np.exp(generator.uniform(np.log(20), np.log(700), DOCUMENTS)))


def normal(generator: Generator) -> tuple[Values, float]:
    return generator.standard_normal(DOCUMENTS), 0.0


def lognormal(spread: float) -> Callable[[Generator], tuple[Values, float]]:
    def means(generator: Generator) -> tuple[Values, float]:
        drawn = np.exp(spread * generator.standard_normal(DOCUMENTS))
        return drawn, float(np.exp(spread * spread / 2))

    return means


LENGTHS = {"50 to 150 tokens": alike, "20 to 700, short ones as many": uneven}
MEANS = {
    "normal": normal,
    **{f"lognormal, {spread:g}": lognormal(spread) for spread in (0.5, 0.8, 1.0, 1.5)},
}


def _degrees(sizes: Values) -> float:
    return max(1.0, portable.effective_count(sizes) - 1)


def _student(spread: Spread, value: float, sizes: Values) -> tuple[float, float]:
    half = spread.error * student_t(_degrees(sizes))
    return value - half, value + half


def _hall(spread: Spread, value: float, sizes: Values) -> tuple[float, float]:
    degrees = _degrees(sizes)
    return Spread(spread.error, spread.skewness, degrees, 0.0).interval(value)


def _given(spread: Spread, value: float, sizes: Values) -> tuple[float, float]:
    return spread.interval(value)


#: Each way's ends, of a spread by documents, a value and the lengths.
WAYS = {"Student's": _student, "Hall's": _hall, "given": _given}


def cells(lengths: str, means: str, runs: int) -> list[str]:
    """For each way its coverage in percent, and its mean width beside Student's."""
    generator = np.random.default_rng(17)
    held, width = dict.fromkeys(WAYS, 0), dict.fromkeys(WAYS, 0.0)
    for _ in range(runs):
        sizes = LENGTHS[lengths](generator)
        drawn, truth = MEANS[means](generator)
        sums = sizes * drawn
        value = float(sums.sum() / sizes.sum())
        spread = Spread.of(value, (sums.sum() - sums) / (sizes.sum() - sizes), sizes)
        assert spread is not None
        for name, way in WAYS.items():
            low, high = way(spread, value, sizes)
            held[name] += low <= truth <= high
            width[name] += high - low
    return [
        f"{100 * held[name] / runs:.1f} ({width[name] / width[next(iter(WAYS))]:.2f})"
        for name in WAYS
    ]


def markdown(runs: int) -> str:
    """The table."""
    lines = [
        f"Percent of {runs:,} sets of {DOCUMENTS} documents of which the interval holds the truth, "
        "and in brackets its mean width beside Student's:",
        "",
        "| lengths | means of documents | " + " | ".join(WAYS) + " |",
        "|---|---|" + "---|" * len(WAYS),
    ]
    lines += [
        f"| {lengths} | {means} | {' | '.join(cells(lengths, means, runs))} |"
        for lengths in LENGTHS
        for means in MEANS
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=4000)
    RESULTS.write_text(markdown(parser.parse_args().runs), encoding="utf-8")


if __name__ == "__main__":
    main()
