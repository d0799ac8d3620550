"""Estimates of what a sample was drawn from: entropy, mutual information and divergence of data.

The measures themselves (:func:`unsurprised.entropy`, …) take distributions as they are; here rows
that were drawn from one are given, and how much is known of it is part of the answer.
"""

from unsurprised.estimate.count_divergences import js_divergence
from unsurprised.estimate.densities import differential_entropy, kl_divergence
from unsurprised.estimate.entropy import entropy
from unsurprised.estimate.mutual_information import mutual_information
from unsurprised.estimate.ranking import RankedColumn, rank_columns
from unsurprised.estimate.result import SampleEstimate
from unsurprised.estimate.series_estimate import SeriesEstimate
from unsurprised.estimate.transfer import active_information_storage, transfer_entropy

__all__ = [
    "RankedColumn",
    "SampleEstimate",
    "SeriesEstimate",
    "active_information_storage",
    "differential_entropy",
    "entropy",
    "js_divergence",
    "kl_divergence",
    "mutual_information",
    "rank_columns",
    "transfer_entropy",
]
