"""What a text costs: by token, word, byte and character, in all and by document."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from unsurprised.array_types import Values
from unsurprised.evaluation.records import DocumentScore, TextScores, UnitScore
from unsurprised.evaluation.states import States
from unsurprised.evaluation.text_states import UNKNOWN, rate, rated
from unsurprised.states import KeyedSums, Sums
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.in_unit import InUnit
from unsurprised.statistics.jackknife import (
    FEWEST_CLUSTERS,
    Spread,
    estimated,
    too_few_clusters,
    within,
)
from unsurprised.statistics.ratios import MeanRatio
from unsurprised.statistics.totals import Totals

_MOST_LISTED = 1000


def text_of(states: States, rows: int, skipped: int, unit: InUnit) -> TextScores | None:
    """The figures, where the rows are tokens or documents with units."""
    if not states.settings.units:
        return None
    sums, keyed = states.product["text"], states.product["documents"]
    documents = _count(states, rows)
    text = _Text.of(sums, keyed, documents, unit)
    totals = text.totals
    units = [name for name in states.settings.units if name != UNKNOWN]
    unknown = totals.totals[UNKNOWN] if UNKNOWN in totals else skipped
    return TextScores(
        surprisal=math.inf if totals.infinite else totals.totals["surprisal"] * unit.per_bit,
        documents=documents,
        unknown_tokens=int(unknown),
        per_unit={name: text.score(name) for name in units},
        by_document=text.by_document(units),
    )


def _count(states: States, rows: int) -> int:
    """How many documents there are: clusters, or rows."""
    keyed: KeyedSums = states.product["documents"]
    return keyed.count() if keyed.complete or states.settings.clustered else rows


def reason(states: States, rows: int) -> str | None:
    """Why there are no intervals of a text."""
    if not states.settings.units:
        return None
    documents = _count(states, rows)
    if documents < FEWEST_CLUSTERS:
        return f"need at least {FEWEST_CLUSTERS} documents; found {documents}"
    return None


@dataclass(frozen=True, slots=True)
class _Text:
    totals: Totals
    keyed: KeyedSums
    count: int
    refused: bool
    unit: InUnit

    @classmethod
    def of(cls, sums: Sums, keyed: KeyedSums, documents: int, unit: InUnit) -> _Text:
        """By documents where all are kept, else by groups of them."""
        refused = too_few_clusters(documents) is not None
        totals, without = sums.totals(), sums.without_each_group()
        if keyed.complete:
            held = keyed.totals()
            held["weight"] = np.ones(len(held["rows"]))  # a document tells as much as any
            totals = {**totals, "weight": float(len(held["rows"]))}
            without = {name: totals[name] - values for name, values in held.items()}
            totals = {name: totals[name] for name in held}
        return cls(Totals(totals, without, refused=refused), keyed, documents, refused, unit)

    def score(self, name: str) -> UnitScore:
        """One unit's."""
        return UnitScore(
            self.totals.totals[name],
            self._told(self._micro(name), name),
            None if (macro := self._macro(name)) is None else self._told(macro, name),
        )

    def _told(self, found: Estimate, name: str) -> Estimate:
        scaled = found.scaled(self.unit.per_bit, self.unit.unit)
        return Estimate(
            scaled.value, scaled.low, scaled.high, f"{scaled.unit}/{ONE[name]}", self.count
        )

    def _micro(self, name: str) -> Estimate:
        if self.totals.infinite:
            return self._endless()
        return within(self.totals.of(MeanRatio("surprisal", name)), 0.0, math.inf)

    def _macro(self, name: str) -> Estimate | None:
        if self.totals.infinite:
            return self._endless()
        if not self.keyed.complete:
            if rate(name) not in self.totals:
                return None
            return within(self.totals.of(MeanRatio(rate(name), rated(name))), 0.0, math.inf)
        own = _ratios(self.keyed.totals(), name)
        own = own[~np.isnan(own)]
        count, total = len(own), float(own.sum())
        value = total / count if count else math.nan
        spread = None
        if count > 1 and not self.refused:
            spread = Spread.of(value, (total - own) / (count - 1))
        return within(estimated(value, spread, "bits", self.totals.rows), 0.0, math.inf)

    def _endless(self) -> Estimate:
        return Estimate(math.inf, math.inf, math.inf, "bits", self.totals.rows)

    def by_document(self, units: list[str]) -> tuple[DocumentScore, ...]:
        """Those that cost most by the first unit."""
        totals, per_bit = self.keyed.totals(), self.unit.per_bit
        costs = [_ratios(totals, name) * per_bit for name in units]
        surprisal = np.where(totals["infinite"] > 0, math.inf, totals["surprisal"]) * per_bit
        found = [
            DocumentScore(
                name,
                int(totals["rows"][k]),
                float(surprisal[k]),
                tuple(float(cost[k]) for cost in costs),
            )
            for k, name in enumerate(self.keyed.names())
        ]
        first = units.index("bytes") if "bytes" in units else 0
        found.sort(key=lambda one: (-np.nan_to_num(one.costs[first], nan=-1.0), one.name))
        return tuple(found[:_MOST_LISTED])


#: One of each unit.
ONE = {"tokens": "token", "words": "word", "bytes": "byte", "characters": "character"}


def _ratios(totals: Mapping[str, Values], name: str) -> Values:
    """Each document's surprisal by unit, NaN of one that has none."""
    amounts = totals[name]
    there = amounts > 0
    endless = np.where(totals["infinite"] > 0, math.inf, totals["surprisal"])
    found: Values = np.where(there, endless / np.where(there, amounts, 1.0), math.nan)
    return found
