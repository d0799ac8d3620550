"""The sums of a meter as estimates: by documents, where there are enough of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.states import KeyedSums, Moments, Sums
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import FEWEST_CLUSTERS, Spread, mean_interval, share_interval
from unsurprised.statistics.ratios import MeanRatio
from unsurprised.statistics.totals import Totals, totals_of

if TYPE_CHECKING:
    from unsurprised.language_models.meter import FidelityMeter

#: A mean KL of a part has an interval where that of as many independent tokens, whose KL vary as
#: those of all, has at most this relative error: beyond, its end is more than four times the mean.
LARGEST_ERROR = 0.5

DOCUMENTS, TOKENS, NOTHING = "documents", "tokens", "nothing"


@dataclass(frozen=True, slots=True)
class Grounds:
    """What intervals rest on, and why there are none or others than expected."""

    kind: str
    documents: int
    reason: str | None = None
    #: How many tokens a part needs for an interval of its mean KL.
    fewest_tokens: float = 0.0

    @classmethod
    def of_meter(cls, meter: FidelityMeter) -> Grounds:
        """By how many documents a meter has, and how their tokens' KL vary."""
        found = cls.of(meter.states["documents"].count())
        return replace(found, fewest_tokens=_fewest_tokens(meter))

    @classmethod
    def of(cls, documents: int) -> Grounds:
        """By how many documents there are."""
        if documents == 1:
            return cls(TOKENS, 1, "of one document: its tokens are taken for independent")
        if documents < FEWEST_CLUSTERS:
            return cls(
                NOTHING,
                documents,
                f"need at least {FEWEST_CLUSTERS} documents, or one; found {documents}",
            )
        return cls(DOCUMENTS, documents)


def _fewest_tokens(meter: FidelityMeter) -> float:
    """How many independent tokens have a mean KL of the largest relative error."""
    tokens = totals_of(meter.states["tokens"], meter.states["token_moments"])
    mean, spread = tokens.with_spread(MeanRatio("kl"))
    if spread is None or not mean.value > 0:
        return 0.0
    share = spread.error / (LARGEST_ERROR * mean.value)
    return tokens.rows * share * share


def meter_totals(sums: Sums, moments: Moments, keyed: KeyedSums, grounds: Grounds) -> Totals:
    """The totals of all tokens of a table, and how they differ between sets of documents."""
    if grounds.kind == TOKENS:
        return totals_of(sums, moments)
    if grounds.kind == DOCUMENTS and keyed.complete:
        return totals_by_document(sums.totals(), keyed.totals())
    return totals_of(sums, None, refused=grounds.kind == NOTHING)


def kl_of_part(totals: Totals, grounds: Grounds) -> Estimate:
    """The mean KL of some of the tokens, in bits.

    A part that lacks the tail shows both a small mean and a small spread; that of all tokens is
    known better. So it is taken to vary, for its size, no less than as many of all tokens.
    """
    if totals.totals["infinite"]:
        return Estimate(math.inf, math.inf, math.inf, "bits", totals.rows)
    found, spread = totals.with_spread(MeanRatio("kl"))
    if totals.rows < grounds.fewest_tokens:
        return without_interval(found)
    share = LARGEST_ERROR * math.sqrt(grounds.fewest_tokens / totals.rows)
    return mean_interval(found, spread, error=share * found.value)


def without_interval(estimate: Estimate) -> Estimate:
    """The value alone."""
    return replace(estimate, low=math.nan, high=math.nan)


def totals_by_document(totals: dict[str, float], each: dict[str, Values]) -> Totals:
    """Totals whose groups are the documents themselves."""
    return _DocumentTotals(totals, {name: totals[name] - values for name, values in each.items()})


class _DocumentTotals(Totals):
    """Totals whose groups are documents, whose tokens are alike."""

    alike = True


@dataclass(slots=True)
class Means:
    """Means of the columns of a table, infinite where a token's value is."""

    totals: Totals

    @classmethod
    def of(cls, meter: FidelityMeter, which: str, grounds: Grounds) -> Means:
        """Of the table of all tokens, or of targets."""
        states, one = meter.states, which.removesuffix("s")
        keyed = states["documents" if which == "tokens" else "document_targets"]
        return cls(meter_totals(states[which], states[f"{one}_moments"], keyed, grounds))

    def count(self, column: str) -> int:
        """How many tokens are counted in a column."""
        return int(self.totals.totals[column])

    def mean(
        self,
        column: str,
        *,
        infinite: str | None = None,
        most: float = float("inf"),
        unit: str = "bits",
    ) -> Estimate:
        """The mean of a column that is never negative."""
        if infinite is not None and self.count(infinite):
            return self._endless(float("inf"))
        return mean_interval(*self.totals.with_spread(MeanRatio(column), unit), most)

    def signed(self, column: str, above: str, below: str, unit: str = "bits") -> Estimate:
        """The mean of a difference."""
        up, down = self.count(above), self.count(below)
        if up or down:
            value = float("nan") if up and down else float("inf") if up else -float("inf")
            return self._endless(value)
        return self.totals.of(MeanRatio(column), unit)

    def plain(self, column: str) -> Estimate:
        """The mean of a column without a unit."""
        return self.totals.of(MeanRatio(column), "")

    def share(self, column: str) -> Estimate:
        """The share of the tokens that are counted in a column."""
        return share_interval(*self.totals.with_spread(MeanRatio(column), ""))

    def spread(self, column: str) -> Spread | None:
        """How a mean differs between sets of documents."""
        return self.totals.with_spread(MeanRatio(column))[1]

    def _endless(self, value: float) -> Estimate:
        return Estimate(value, value, value, "bits", self.totals.rows)


def as_power(estimate: Estimate) -> Estimate:
    """Two to the power of an estimate in bits: a perplexity, or a ratio of two."""
    ends = (estimate.value, estimate.low, estimate.high)
    value, low, high = (float(portable.exp2(end)) for end in ends)
    return Estimate(value, low, high, "", estimate.rows)


def as_root(estimate: Estimate) -> Estimate:
    """The root of an estimate that is never negative."""
    low = max(estimate.low, 0.0) if estimate.low == estimate.low else estimate.low
    return replace(
        estimate, value=estimate.value**0.5, low=low**0.5, high=max(estimate.high, 0.0) ** 0.5
    )
