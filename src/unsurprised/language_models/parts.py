"""Tokens by a range of confidence or of positions, and by the slices that were asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from unsurprised.evaluation.bins import Bins
from unsurprised.evaluation.slicing import slice_of
from unsurprised.language_models.columns import CONFIDENCES
from unsurprised.language_models.result import TokenRange, TokenSlice
from unsurprised.language_models.totals import DOCUMENTS, Grounds, kl_of_part, without_interval
from unsurprised.states.sums import Cell
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.in_unit import InUnit
from unsurprised.statistics.jackknife import share_interval, standing_out
from unsurprised.statistics.ratios import Columns, MeanRatio
from unsurprised.statistics.totals import Totals, totals_of

if TYPE_CHECKING:
    from unsurprised.language_models.meter import FidelityMeter


@dataclass(frozen=True, slots=True)
class _Excess:
    """The mean KL of some tokens less that of all others."""

    def __call__(self, sums: Columns) -> object:
        """That of each set of sums."""
        rest = sums["all_kl"] - sums["kl"]
        return sums["kl"] / sums["weight"] - rest / (sums["all_weight"] - sums["weight"])


class _Part:
    """The figures of the tokens of a cell."""

    def __init__(self, meter: FidelityMeter, name: str, cell: Cell, grounds: Grounds) -> None:
        refused = grounds.kind != DOCUMENTS or not meter.cell_documents.suffice((name, *cell))
        self._whole, self._grounds = meter.states["tokens"], grounds
        self.totals = totals_of(meter.states[name], None, cell, refused=refused)

    @property
    def tokens(self) -> int:
        """How many there are."""
        return self.totals.rows

    def kl(self) -> Estimate:
        """Their mean KL, in bits."""
        return kl_of_part(self.totals, self._grounds)

    def agreement(self) -> Estimate:
        """On which share of them the tops are the same."""
        return share_interval(*self.totals.with_spread(MeanRatio("agree"), ""))

    def share_of_kl(self) -> float:
        """Which part of the sum of the KL of all tokens is theirs."""
        whole = self._whole.totals()["kl"]
        return self.totals.totals["kl"] / whole if whole > 0 else math.nan

    def difference(self) -> Estimate | None:
        """By how much the other is more surprised at their targets, in bits."""
        sums = self.totals.totals
        if not sums["targets"]:
            return None
        up, down = sums["above"], sums["below"]
        if up or down:
            value = math.nan if up and down else math.inf if up else -math.inf
            return Estimate(value, value, value, "bits", int(sums["targets"]))
        found = self.totals.of(MeanRatio("difference", "targets"))
        return replace(found, rows=int(sums["targets"]))

    def excess(self) -> tuple[Estimate | None, float | None]:
        """Their mean KL above that of the others, and how often chance alone makes as much."""
        whole = totals_of(self._whole, None)
        if whole.totals["infinite"] or whole.rows == self.tokens:
            return None, None
        both: Totals = self.totals.beside(whole)
        both.keep(self.totals.groups)
        found, spread = both.with_spread(_Excess())
        if self.tokens < self._grounds.fewest_tokens:
            return without_interval(found), None
        return found, None if spread is None else spread.p_value(found.value)


def by_confidence(meter: FidelityMeter, grounds: Grounds, unit: InUnit) -> tuple[TokenRange, ...]:
    """By the base's probability of its top token."""
    ends = (*CONFIDENCES, 1.0)
    return _ranges(meter, "confidence", list(pairwise(ends)), grounds, unit)


def by_position(meter: FidelityMeter, grounds: Grounds, unit: InUnit) -> tuple[TokenRange, ...]:
    """By the position in the document, in octaves."""
    ends = [(0.0, 1.0), *((2.0 ** (k - 1), 2.0**k) for k in range(1, 64))]
    return _ranges(meter, "position", ends, grounds, unit)


def _ranges(
    meter: FidelityMeter,
    kind: str,
    ends: list[tuple[float, float]],
    grounds: Grounds,
    unit: InUnit,
) -> tuple[TokenRange, ...]:
    sums = meter.states["parts"]
    cells = sorted((cell for cell in sums.cells() if cell[0] == kind), key=lambda c: int(c[1]))
    found = []
    for cell in cells:
        part = _Part(meter, "parts", cell, grounds)
        found.append(
            TokenRange(
                *ends[int(cell[1])],
                part.tokens,
                unit(part.kl()),
                part.agreement(),
                part.share_of_kl(),
                unit(part.difference()),
            )
        )
    return tuple(found)


def slices_of(meter: FidelityMeter, grounds: Grounds, unit: InUnit) -> tuple[TokenSlice, ...]:
    """The slices of each column: names by their part of the KL, numbers in their order."""
    sums = meter.states["slices"]
    found: list[TokenSlice] = []
    for name in meter.by or ():
        cells = [cell for cell in sums.cells() if cell[0] == name]
        held = [_slice(_Part(meter, "slices", cell, grounds), cell, unit) for cell in cells]
        found += _ordered(held, meter.bins.get(name))
    hits = standing_out(one.p_value for one in found)
    return tuple(replace(one, stands_out=hit) for one, hit in zip(found, hits, strict=True))


def _slice(part: _Part, cell: Cell, unit: InUnit) -> TokenSlice:
    column, value = slice_of(cell)
    excess, p_value = part.excess()
    return TokenSlice(
        column,
        value,
        part.tokens,
        unit(part.kl()),
        part.agreement(),
        part.share_of_kl(),
        unit(part.difference()),
        unit(excess),
        p_value,
        stands_out=False,
    )


def _ordered(slices: list[TokenSlice], bins: Bins | None) -> list[TokenSlice]:
    """Numbers ascending, names by their part of the KL; those without a value last."""
    if bins is not None and bins.edges is not None:
        places = {name: float(place) for place, name in enumerate(bins.names())}
    else:
        places = _numbers([one.value for one in slices if one.value is not None])
    return sorted(slices, key=lambda one: _order(one, places))


def _order(one: TokenSlice, places: Mapping[str, float]) -> tuple[float, float, str]:
    place = math.inf if one.value is None else places.get(one.value, 0.0)
    return (place, 0.0 if math.isnan(one.part) else -one.part, one.value or "")


def _numbers(values: list[str]) -> dict[str, float]:
    """The values as numbers, if all are."""
    try:
        numbers = {value: float(value) for value in values}
    except ValueError:
        return {}
    return {value: math.inf if math.isnan(one) else one for value, one in numbers.items()}
