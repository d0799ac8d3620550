"""A second run of the base: what chance alone makes of two runs of one model."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from unsurprised.language_models.result import Fidelity, NoiseFloor
from unsurprised.language_models.totals import DOCUMENTS, Grounds, totals_by_document
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.in_unit import InUnit
from unsurprised.statistics.jackknife import mean_interval
from unsurprised.statistics.ratios import MeanRatio

if TYPE_CHECKING:
    from unsurprised.language_models.meter import FidelityMeter


def noise_floor(
    other: FidelityMeter, second: FidelityMeter, beside: Fidelity, base: float
) -> NoiseFloor:
    """Whether the other is farther from the base than a second run, document by document.

    Parameters
    ----------
    other, second : FidelityMeter
        Of the model in question and of the second run, beside the same base.
    beside : Fidelity
        What the second run's meter tells.
    base : float
        The unit's base.
    """
    excess = InUnit(base)(_excess(other, second))
    above = None if math.isnan(excess.low) else excess.low > 0
    return NoiseFloor(beside.other.name, beside.kl_divergence, beside.top_agreement, excess, above)


def _excess(other: FidelityMeter, second: FidelityMeter) -> Estimate:
    """The mean of the difference of the two KL, in bits."""
    sums, noise = other.states["tokens"].totals(), second.states["tokens"].totals()
    rows = int(sums["rows"])
    if sums["infinite"] or noise["infinite"]:
        value = math.inf if not noise["infinite"] else math.nan
        return Estimate(value, value, value, "bits", rows)
    keyed, beside = other.states["documents"], second.states["documents"]
    grounds = Grounds.of(keyed.count())
    totals = {**sums, "noise": noise["kl"]}
    if grounds.kind != DOCUMENTS or not keyed.complete or keyed.names() != beside.names():
        return Estimate((sums["kl"] - noise["kl"]) / rows, math.nan, math.nan, "bits", rows)
    each = {**keyed.totals(), "noise": beside.totals()["kl"]}
    found, spread = totals_by_document(totals, each).with_spread(MeanRatio("kl", less="noise"))
    # What is above the noise varies with its size, as a KL does.
    further = mean_interval(found, spread) if found.low > 0 else found
    return found if math.isnan(further.low) else further
