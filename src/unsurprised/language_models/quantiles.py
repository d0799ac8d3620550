"""Quantiles over tokens: values from a histogram, intervals by how shares differ by documents."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from unsurprised.array_types import Values
from unsurprised.language_models.result import FidelityQuantile
from unsurprised.language_models.totals import NOTHING, TOKENS, Grounds
from unsurprised.states import ClassCounts, Histogram
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import NORMAL, Spread, student_t
from unsurprised.statistics.order_statistics import quantile_bounds, rank_bounds

#: As llama.cpp's table has them.
LEVELS = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)

#: Of documents: with fewer tokens than this beyond a quantile it has no interval.
FEWEST_IN_TAIL = 10


@dataclass(slots=True)
class KlQuantiles:
    """The quantiles of the KL of single tokens.

    Intervals are order statistics of as many independent tokens as tell as much of the share of
    tokens below a value (Woodruff, *J. Am. Stat. Assoc.* 47, 1952). By how much documents make that
    fewer, the design effect, is known to an eighth of an octave of the value; it is the larger one
    of that at the quantile and that where the tail beyond is twice as full: few tokens of few
    documents lie in a tail, and by chance alone they often look as if documents did not differ.
    Where so few tokens tell that an end lies beyond them all, or so few are expected beyond a
    quantile that documents cannot be told apart by them, there is no interval.
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
        totals, without = self.groups.totals()
        shares = np.cumsum(totals), np.cumsum(without, axis=1)
        found = []
        for level in LEVELS:
            rows = self._independent(level, tokens, shares)
            ends = quantile_bounds((low, high, weight), level, max(rows, 2), self.infinite)
            first, last = rank_bounds(max(rows, 2), level)
            # So few tokens that an end lies beyond them all tell nothing of it.
            if first < 1 or last > rows:
                ends = (ends[0], math.nan, math.nan)
            found.append(FidelityQuantile(level, Estimate(*ends, "bits", tokens)))
        return tuple(found)

    def _independent(self, level: float, tokens: int, shares: tuple[Values, Values]) -> int:
        """How many independent tokens tell as much of the share below a quantile; 0: nothing."""
        tail = min(level, 1 - level)
        if self.grounds.kind == TOKENS:
            return tokens
        if self.grounds.kind == NOTHING or tail * tokens < FEWEST_IN_TAIL * (1 - 1e-12):
            return 0
        fuller = min(2 * tail, 0.5)
        effects = design_effects(*shares, (level, fuller if level < 0.5 else 1 - fuller))
        return int(min(max(tokens / max(1.0, *effects), 2.0), tokens))


def design_effects(reached: Values, kept: Values, levels: tuple[float, float]) -> list[float]:
    """By how much documents, and how few they are, make tokens count for less at some levels.

    Each is of the shares below the two ends of its bin, as far as these are no whole ones.

    Parameters
    ----------
    reached, kept : array, shape (bins,) and (groups, bins)
        How many tokens are in a bin or below it: of all, and of all but each group of documents.
    levels : pair of float
        Shares of the tokens.
    """
    if not len(reached) or not reached[-1]:
        return [1.0]
    tokens, sizes = float(reached[-1]), reached[-1] - kept[:, -1]
    used = (sizes > 0) & (kept[:, -1] > 0)
    keys = {int(np.searchsorted(reached, level * tokens)) - k for level in levels for k in (0, 1)}
    found = [1.0]
    for key in keys:
        share = float(reached[key] / tokens) if 0 <= key < len(reached) else 0.0
        if not 0 < share < 1:
            continue
        spread = Spread.of(share, kept[used, key] / kept[used, -1], sizes[used])
        if spread is not None:
            error = spread.error * student_t(spread.degrees) / NORMAL
            found.append(error * error * tokens / (share * (1 - share)))
    return found


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
