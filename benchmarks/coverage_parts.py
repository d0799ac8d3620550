"""Intervals of the mean KL of a few tokens of each of 30 documents, whose tail is long.

    python -m benchmarks.coverage_parts [--runs 1000]

How often they hold the truth, by themselves and where the part is taken to vary no less, for its
size, than all tokens, as ``fidelity`` has it; and how many have an interval then. Tokens and
documents are of gamma and Weibull families, on which the bound was chosen.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unsurprised.language_models.totals import LARGEST_ERROR
from unsurprised.states.sums import GROUPS
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import Spread, mean_interval

Values = NDArray[np.float64]
Generator = np.random.Generator
Draw = Callable[[Generator, int], Values]

DOCUMENTS = 30
RESULTS = Path(__file__).parent / "results" / "coverage_parts.md"


def gamma(shape: float) -> Draw:
    return lambda generator, size: generator.gamma(shape, size=size) / shape


def weibull(shape: float) -> Draw:
    return lambda generator, size: generator.weibull(shape, size) / math.gamma(1 + 1 / shape)


#: The squared coefficient of variation of each, and how it is drawn; means are 1.
TOKENS: dict[str, tuple[float, Draw]] = {
    **{f"gamma, {shape:g}": (1 / shape, gamma(shape)) for shape in (1.0, 0.1, 0.05)},
    **{
        f"Weibull, {shape:g}": (math.gamma(1 + 2 / shape) / math.gamma(1 + 1 / shape) ** 2 - 1,
                                weibull(shape))
        for shape in (0.5, 0.4, 0.3)
    },
}  # fmt: skip
#: Of the means of documents, a gamma distribution of shape 2.
DOCUMENT_VARIANCE, DOCUMENT = 0.5, gamma(2.0)
TOKENS_EACH = (1, 2, 4, 8)


def interval(values: Values, groups: NDArray[np.int64], error: float) -> Estimate:
    """That of the mean of some tokens in groups of documents, of a known relative error."""
    ones = np.ones(len(values))
    sums, sizes = (np.bincount(groups, what, minlength=GROUPS) for what in (values, ones))
    sums, sizes = sums[sizes > 0], sizes[sizes > 0]
    value = float(sums.sum() / sizes.sum())
    spread = Spread.of(value, (sums.sum() - sums) / (sizes.sum() - sizes), sizes)
    assert spread is not None
    found = Estimate(value, *spread.interval(value), "bits", len(values))
    return mean_interval(found, spread, error=error * value)


def cells(name: str, each: int, runs: int) -> list[str]:
    """Tokens by their squared variation, coverage without and with, and how many have it."""
    generator = np.random.default_rng(19)
    squared, draw = TOKENS[name]
    held, given = [0, 0], 0
    for _ in range(runs):
        lengths = generator.integers(50, 151, DOCUMENTS)
        of = np.repeat(np.arange(DOCUMENTS), lengths)
        kl = draw(generator, len(of)) * DOCUMENT(generator, DOCUMENTS)[of]
        chosen = np.arange(len(of)) - np.repeat(np.cumsum(lengths) - lengths, lengths) < each
        groups = generator.integers(0, GROUPS, DOCUMENTS)[of[chosen]]
        error = float(kl.std(ddof=1) / kl.mean()) / math.sqrt(chosen.sum())
        plain = interval(kl[chosen], groups, 0.0)
        held[0] += plain.low <= 1 <= plain.high
        if error <= LARGEST_ERROR:
            wide = interval(kl[chosen], groups, error)
            held[1] += wide.low <= 1 <= wide.high
            given += 1
    ratio = DOCUMENTS * each / ((1 + squared) * (1 + DOCUMENT_VARIANCE) - 1)
    told = f"{100 * held[1] / given:.1f}" if given > runs / 100 else "–"
    return [f"{ratio:.1f}", f"{100 * held[0] / runs:.1f}", told, f"{100 * given / runs:.0f}"]


def markdown(runs: int) -> str:
    """The table."""
    lines = [
        f"Percent of {runs:,} sets of {DOCUMENTS} documents of which the interval of the mean KL "
        "of some tokens of each holds the truth: by itself; and of those that have it, where it is "
        "as wide for its size as that of as many of all tokens; c² is the squared coefficient of "
        "variation.",
        "",
        "| KL of tokens | tokens | tokens / c² | by itself | beside all | have it |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {DOCUMENTS * each} | {' | '.join(cells(name, each, runs))} |"
        for name in TOKENS
        for each in TOKENS_EACH
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    RESULTS.write_text(markdown(parser.parse_args().runs), encoding="utf-8")


if __name__ == "__main__":
    main()
