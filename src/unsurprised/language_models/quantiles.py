"""Quantiles over tokens: values from a histogram, intervals by how shares differ by documents."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from unsurprised.array_types import Values
from unsurprised.language_models.result import FidelityQuantile
from unsurprised.language_models.totals import DOCUMENTS, NOTHING, Grounds
from unsurprised.states import ClassCounts, Histogram
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import Spread
from unsurprised.statistics.order_statistics import quantile_bounds

#: As llama.cpp's table has them.
LEVELS = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)


@dataclass(slots=True)
class KlQuantiles:
    """The quantiles of the KL of single tokens.

    Intervals are order statistics of as many independent tokens as tell as much of the share of
    tokens below a value (Woodruff, *J. Am. Stat. Assoc.* 47, 1952); how this share differs between
    sets of documents is known to an eighth of an octave of the value.
    """

    fine: Histogram
    groups: ClassCounts
    coarse_bits: int
    infinite: int
    grounds: Grounds

    def all(self) -> tuple[FidelityQuantile, ...]:
        """Those of ``LEVELS``."""
        low, high, weight = self.fine.bins()
        tokens = int(weight.sum()) + self.infinite
        found = []
        for level in LEVELS:
            rows = self._independent(level, tokens)
            ends = quantile_bounds((low, high, weight), level, max(rows, 2), self.infinite)
            if self.grounds.kind == NOTHING or rows < 2:
                ends = (ends[0], math.nan, math.nan)
            found.append(FidelityQuantile(level, Estimate(*ends, "bits", tokens)))
        return tuple(found)

    def _independent(self, level: float, tokens: int) -> int:
        """How many independent tokens tell as much of the share below a quantile."""
        if self.grounds.kind != DOCUMENTS:
            return tokens
        totals, without = self.groups.totals()
        reached = np.cumsum(totals)
        if not len(reached) or not reached[-1]:
            return tokens
        key = int(np.searchsorted(reached, level * reached[-1]))
        key = min(key, len(reached) - 1)
        sizes = reached[-1] - without.sum(axis=1)
        used = (sizes > 0) & (without.sum(axis=1) > 0)
        below = without[:, : key + 1].sum(axis=1) / np.maximum(without.sum(axis=1), 1)
        share = float(reached[key] / reached[-1])
        spread = Spread.of(share, below[used], sizes[used])
        if spread is None or spread.error == 0 or not 0 < share < 1:
            return tokens
        effective = share * (1 - share) / (spread.error * spread.error)
        return int(min(max(effective, 2.0), tokens))


def half_of_sum(fine: Histogram) -> float:
    """The smallest share of the tokens that holds half of the sum; NaN where there is nothing."""
    low, high, counts = fine.bins()
    middle = np.where(low > 0, low / 2 + high / 2, 0.0)
    sums: Values = (middle * counts)[::-1]
    reached = np.cumsum(sums)
    if not len(reached) or not reached[-1] > 0:
        return math.nan
    half = float(reached[-1]) / 2
    at = int(np.searchsorted(reached, half))
    before = float(reached[at - 1]) if at else 0.0
    tokens = float(counts[::-1][:at].sum()) + float(counts[::-1][at]) * (half - before) / float(
        sums[at]
    )
    return tokens / float(counts.sum())


def signed_quantiles(above: Histogram, below: Histogram) -> tuple[FidelityQuantile, ...]:
    """Quantiles of numbers of both signs, without intervals: of those above 0, and of the rest."""
    up, down = above.bins(), below.bins()
    middles = [np.where(low > 0, low / 2 + high / 2, 0.0) for low, high, _ in (down, up)]
    values = np.concatenate([-middles[0][::-1], middles[1]])
    reached = np.cumsum(np.concatenate([down[2][::-1], up[2]]))
    if not len(reached):
        return ()
    total = int(reached[-1])
    found = []
    for level in LEVELS:
        at = int(np.searchsorted(reached, level * total * (1 - 1e-12)))
        value = float(values[min(at, len(values) - 1)]) + 0.0
        estimate = Estimate(value, math.nan, math.nan, "", total)
        found.append(FidelityQuantile(level, estimate))
    return tuple(found)
