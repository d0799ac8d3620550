"""The most that divergences can be where lists are cut off, as means over tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.alone import alone, beside
from unsurprised.array_types import Values
from unsurprised.language_models.meter import hashes_of_names
from unsurprised.language_models.totals import Grounds, meter_totals
from unsurprised.states import KeyedSums, Moments, Product, Sums
from unsurprised.states.serial import ByBytes, pack, sensible, unpack
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.in_unit import InUnit
from unsurprised.statistics.jackknife import mean_interval
from unsurprised.statistics.ratios import MeanRatio

#: Figures of a result, the names of facts that they are of, and the most that there is.
FIGURES = {
    "kl_divergence": ("kl", np.inf),
    "reverse_kl_divergence": ("reverse_kl", np.inf),
    "js_divergence": ("js", 1.0),
    "total_variation": ("tv", 1.0),
}


class MostMeter(ByBytes):
    """Sums of upper bounds; what is infinite for one token is so for all."""

    def __init__(self) -> None:
        names = [name for name, _ in FIGURES.values()]
        columns = ("rows", "weight", *names, *(f"{name} infinite" for name in names))
        self._states = Product(
            {
                "sums": Sums(columns),
                "documents": KeyedSums(columns),
                "moments": Moments(columns[2:]),
            }
        )

    @alone
    def update(
        self, most: dict[str, Values], names: Sequence[str], documents: NDArray[np.int64]
    ) -> None:
        """Add tokens: bounds in bits by the names of facts; those that are absent are infinite."""
        size = len(documents)
        columns: dict[str, Any] = {"rows": None, "weight": None}
        for name, _ in FIGURES.values():
            values = most.get(name, np.full(size, np.inf))
            columns[name] = np.where(np.isinf(values), 0.0, values)
            columns[f"{name} infinite"] = np.isinf(values)
        groups = np.ascontiguousarray(hashes_of_names(names)[documents])
        states = self._states
        states["sums"].update(groups, columns)
        states["documents"].update(names, documents, columns)
        states["moments"].update({name: columns[name] for name in columns if name not in
                                  ("rows", "weight")}, rows=size)  # fmt: skip

    @alone
    def merge(self, other: MostMeter) -> MostMeter:
        """Add another meter's tokens; associative and commutative to the bit."""
        with beside(self, other):
            self._states.merge(other._states)
        return self

    @alone
    def to_bytes(self) -> bytes:
        """The state as bytes; equal for equal tokens in any order and any portions."""
        return pack("MostMeter", {}, [self._states.to_bytes()])

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> MostMeter:
        """The state that :meth:`to_bytes` wrote."""
        _, (part,) = unpack(data, "MostMeter")
        meter = cls()
        meter._states.merge(Product.from_bytes(part))
        return meter

    def result(self, unit: InUnit) -> dict[str, Estimate]:
        """The finite ones, by the names of figures."""
        states = self._states
        grounds = Grounds.of(states["documents"].count())
        totals = meter_totals(states["sums"], states["moments"], states["documents"], grounds)
        found = {}
        for figure, (name, most) in FIGURES.items():
            if not totals.totals[f"{name} infinite"]:
                plain = name == "tv"
                ratio = MeanRatio(name)
                mean = mean_interval(*totals.with_spread(ratio, "" if plain else "bits"), most)
                found[figure] = mean if plain else unit(mean)
        return found
