"""Mergeable accumulators: ``update``, ``merge``, ``to_bytes`` and ``from_bytes``, ``result``.

Each is made of integers or of a choice that does not depend on order, so any batches, any number of
threads, any order and any machine give the same bytes.
"""

from unsurprised.states.categories import CategoryCounts
from unsurprised.states.counts import ClassCounts, Confusion, Histogram
from unsurprised.states.distinct import Distinct
from unsurprised.states.extremes import Extremes
from unsurprised.states.keyed import KeyedSums
from unsurprised.states.moments import Moments
from unsurprised.states.product import Product
from unsurprised.states.sample import Sample
from unsurprised.states.sums import Sums, exact_sum
from unsurprised.states.topk import Entry, TopK

__all__ = [
    "CategoryCounts",
    "ClassCounts",
    "Confusion",
    "Distinct",
    "Entry",
    "Extremes",
    "Histogram",
    "KeyedSums",
    "Moments",
    "Product",
    "Sample",
    "Sums",
    "TopK",
    "exact_sum",
]
