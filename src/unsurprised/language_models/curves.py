"""Shares of the tokens along a curve: above each KL, and within each change of probability."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from unsurprised.array_types import Values
from unsurprised.language_models.columns import SHIFTS
from unsurprised.language_models.result import KlExceedance, ShiftRange
from unsurprised.language_models.totals import DOCUMENTS, TOKENS, Grounds
from unsurprised.states import ClassCounts
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import Spread, share_interval


@dataclass(slots=True)
class TokenShares:
    """Shares of tokens with intervals: of all, and of those without each group of documents."""

    grounds: Grounds
    tokens: float
    without: Values

    def of(self, counted: float, counted_without: Values) -> Estimate:
        """The share of the tokens that are counted."""
        value = float(counted) / self.tokens
        share = Estimate(value, math.nan, math.nan, "", int(self.tokens))
        return share_interval(share, self._spread(value, counted_without))

    def _spread(self, value: float, counted: Values) -> Spread | None:
        chance = math.sqrt(value * (1 - value) / self.tokens)
        if self.grounds.kind == TOKENS:  # of which there is no difference but chance
            return Spread(chance, 0.0, max(self.tokens - 1, 1.0), 0.0)
        if self.grounds.kind != DOCUMENTS:
            return None
        used = (self.without > 0) & (self.without < self.tokens)
        sizes = self.tokens - self.without[used]
        found = Spread.of(value, counted[used] / self.without[used], sizes)
        # Tokens of one document are no less alike than independent ones: where a few are counted,
        # their groups differ less than chance alone would have it only by chance.
        return None if found is None else replace(found, error=max(found.error, chance))


def survival(
    groups: ClassCounts,
    coarse_bits: int,
    infinite: tuple[float, Values],
    grounds: Grounds,
    per_bit: float,
) -> tuple[KlExceedance, ...]:
    """The share of the tokens whose KL reaches each of two values an octave.

    Parameters
    ----------
    groups : ClassCounts
        Tokens of a finite KL by its leading bits, in groups of documents.
    coarse_bits : int
        How many of the bits are of the fraction.
    infinite : (float, array)
        Tokens of an infinite KL, of all and of all but each group.
    grounds : Grounds
        What intervals rest on.
    per_bit : float
        The unit of the KL, as so many to a bit.
    """
    totals, without = groups.totals()
    shares = TokenShares(
        grounds, float(totals.sum()) + infinite[0], without.sum(axis=1) + infinite[1]
    )
    met = np.flatnonzero(totals[1:]) + 1  # no logarithm has a place for 0
    if not len(met):
        return ()
    step = 1 << (coarse_bits - 1)
    first, last = int(met[0]) // step * step, -(-int(met[-1] + 1) // step) * step
    above = totals[::-1].cumsum()[::-1]
    above_without = without[:, ::-1].cumsum(axis=1)[:, ::-1]
    found = []
    for key in range(first, min(last, len(totals) - 1) + 1, step):
        value = float((np.array([key]) << (52 - coarse_bits)).view(np.float64)[0]) * per_bit
        share = shares.of(above[key] + infinite[0], above_without[:, key] + infinite[1])
        if math.isfinite(value) and share.value > 0:
            found.append(KlExceedance(value, share))
    return tuple(found)


def shift_ranges(counts: ClassCounts, grounds: Grounds) -> tuple[ShiftRange, ...]:
    """How many targets became likelier or less likely by how much."""
    totals, without = counts.totals()
    shares = TokenShares(grounds, float(totals.sum()), without.sum(axis=1))
    ends = zip(SHIFTS[:-1], SHIFTS[1:], totals, without.T, strict=True)
    return tuple(
        ShiftRange(low, high, int(held), shares.of(held, held_without))
        for low, high, held, held_without in ends
    )
