"""Intervals of a ratio of sums over 30 documents: Student's, Hall's, and the ones that are given.

    python -m benchmarks.coverage_groups [--runs 4000]

How often each holds the truth, and how wide it usually is. Student's and Hall's have one degree
of freedom less than (Σ n)² / Σ n² for lengths n; those of clusters are what ``evaluate`` gives, and
those of documents what ``fidelity`` gives, where tokens of one document are alike and a mean of
what is never negative reaches as far as its size asks. The root that this takes was chosen on the
gamma and Weibull families, and not on the lognormal ones. Documents are drawn as their sums, whose
truth is known exactly: how long each is, and its mean.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import Spread, effective_groups, mean_interval, student_t

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


def gamma(shape: float) -> Callable[[Generator], tuple[Values, float]]:
    return lambda generator: (generator.gamma(shape, size=DOCUMENTS), shape)


def weibull(shape: float) -> Callable[[Generator], tuple[Values, float]]:
    return lambda generator: (generator.weibull(shape, DOCUMENTS), math.gamma(1 + 1 / shape))


def lognormal(spread: float) -> Callable[[Generator], tuple[Values, float]]:
    def means(generator: Generator) -> tuple[Values, float]:
        drawn = np.exp(spread * generator.standard_normal(DOCUMENTS))
        return drawn, float(np.exp(spread * spread / 2))

    return means


LENGTHS = {"50 to 150 tokens": alike, "20 to 700, short ones as many": uneven}
#: Means of either sign.
SIGNED = "normal"
MEANS = {
    SIGNED: normal,
    **{f"gamma, {shape:g}": gamma(shape) for shape in (1.0, 0.4, 0.25)},
    **{f"Weibull, {shape:g}": weibull(shape) for shape in (0.6, 0.5)},
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


def _clusters(spread: Spread, value: float, sizes: Values) -> tuple[float, float]:
    return spread.interval(value)


def _alike(spread: Spread, sizes: Values) -> Spread:
    return replace(spread, degrees=max(1.0, effective_groups(sizes, alike=True) - 1))


def _documents(spread: Spread, value: float, sizes: Values) -> tuple[float, float]:
    return _alike(spread, sizes).interval(value)


def _never_negative(spread: Spread, value: float, sizes: Values) -> tuple[float, float]:
    alike = _alike(spread, sizes)
    found = mean_interval(Estimate(value, *alike.interval(value), "", DOCUMENTS), alike)
    return found.low, found.high


#: Each way's ends, of a spread by documents, a value and the lengths.
WAYS = {
    "Student's": _student,
    "Hall's": _hall,
    "of clusters": _clusters,
    "of documents": _documents,
    "of documents, never negative": _never_negative,
}


def cells(lengths: str, means: str, runs: int) -> list[str]:
    """For each way its coverage in percent, and its median width beside Student's."""
    generator = np.random.default_rng(17)
    ends = np.empty((len(WAYS), runs, 2))
    for run in range(runs):
        sizes = LENGTHS[lengths](generator)
        drawn, truth = MEANS[means](generator)
        sums = sizes * drawn
        value = float(sums.sum() / sizes.sum())
        spread = Spread.of(value, (sums.sum() - sums) / (sizes.sum() - sizes), sizes)
        assert spread is not None
        ends[:, run] = [way(spread, value, sizes) for way in WAYS.values()]
    given: NDArray[np.bool_] = np.isfinite(ends[..., 0])
    held = ((ends[..., 0] <= truth) & (truth <= ends[..., 1])).sum(axis=1) / given.sum(axis=1)
    widths = [np.median(own[there]) for own, there in zip(np.ptp(ends, axis=2), given, strict=True)]
    found = [
        f"{100 * share:.1f} ({width / widths[0]:.2f})"
        for share, width in zip(held, widths, strict=True)
    ]
    return [*found[:-1], "–"] if means == SIGNED else found


def markdown(runs: int) -> str:
    """The table."""
    lines = [
        f"Percent of {runs:,} sets of {DOCUMENTS} documents of which the interval holds the truth, "
        "and in brackets its median width beside Student's:",
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
