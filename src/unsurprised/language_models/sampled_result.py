"""What sampled tokens tell of two models: an immutable record, made of a meter's sums."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from unsurprised.copies import Record
from unsurprised.language_models.totals import DOCUMENTS, NOTHING, TOKENS, Grounds, meter_totals
from unsurprised.states import Product
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.in_unit import InUnit
from unsurprised.statistics.jackknife import mean_interval, share_interval
from unsurprised.statistics.ratios import Columns, MeanRatio

#: How far from 1 the ratio of two probabilities may be to be within a band; the last is where
#: proximal policy optimisation clips it.
BANDS = (0.001, 0.01, 0.05, 0.2)


def _nothing() -> Estimate:
    return Estimate(math.nan, math.nan, math.nan, "", 0)


@dataclass(frozen=True, slots=True)
class SampledKL(Record):
    """Estimates of KL(base‖other) from tokens that the base has sampled; each by documents.

    They hold for tokens drawn at temperature 1, neither truncated (top-k, top-p) nor penalised.
    """

    tokens: int
    documents: int
    #: The mean log-ratio: unbiased, of either sign.
    k1: Estimate
    #: The mean of q/p − 1 + log p/q: never below 0; unbiased where the base holds possible whatever
    #: the other one does.
    k3: Estimate
    #: Of lists: what both list exactly, and k3 of tokens outside; as k3, with less noise.
    listed_and_k3: Estimate | None
    #: The share of the tokens whose ratio q/p is within so much of 1.
    ratios_within: Mapping[float, Estimate]
    #: Tokens without a log-probability under one of the two, or with one above 0.
    unknown_tokens: int
    above_zero: int
    missing: Mapping[str, str] = field(default_factory=dict)
    #: (Σρ)² / (n Σρ²) of the ratios ρ = q/p: the share of the tokens that would tell as much of the
    #: other model, had it drawn them itself.
    effective_sample: Estimate = field(default_factory=_nothing)
    #: Tokens that the other one rules out: each makes KL infinite.
    infinite_tokens: int = 0
    #: The largest log q/p of a token, of either sign, in the unit.
    largest_log_ratio: float = 0.0
    #: Tokens that a mask left out.
    masked: int = 0


@dataclass(frozen=True, slots=True)
class EffectiveShare:
    """Kish's effective sample size of the ratios, as a share of the tokens."""

    def __call__(self, sums: Columns) -> Any:
        """That of each set of sums."""
        return sums["ratio"] * sums["ratio"] / (sums["rows"] * sums["ratio_squared"])


def sampled_result(states: Product, unit: InUnit, counts: Mapping[str, Any]) -> SampledKL:
    """All figures of a meter's states; ``counts`` are what is counted beside them."""
    keyed = states["documents"]
    grounds = Grounds.of(keyed.count())
    totals = meter_totals(states["tokens"], states["moments"], keyed, grounds)
    infinite = int(totals.totals["infinite"])

    def mean(column: str, *, signed: bool = False) -> Estimate:
        if infinite:
            return Estimate(np.inf, np.inf, np.inf, unit.unit, totals.rows)
        found, spread = totals.with_spread(MeanRatio(column))
        return unit(found if signed else mean_interval(found, spread))

    missing = {}
    if grounds.kind in (TOKENS, NOTHING) and grounds.reason:
        name = "intervals" if grounds.kind == NOTHING else "intervals by document"
        missing[name] = grounds.reason
    k3 = mean("k3")
    if grounds.kind == DOCUMENTS and math.isnan(k3.low):
        missing["interval of k3"] = "a few documents have nearly all of it"
    return SampledKL(
        totals.rows,
        grounds.documents,
        mean("k1", signed=True),
        k3,
        mean("listed") if not totals.totals["unlisted"] else None,
        {
            band: share_interval(*totals.with_spread(MeanRatio(f"within {number}"), ""))
            for number, band in enumerate(BANDS)
        },
        int(counts["unknown"]),
        int(counts["above"]),
        missing,
        mean_interval(*totals.with_spread(EffectiveShare(), ""), 1.0),
        infinite,
        math.inf if infinite else float(counts["largest"]) * unit.per_bit,
        int(counts["masked"]),
    )
