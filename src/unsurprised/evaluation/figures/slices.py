"""Slices of the rows: what each costs, and which stand out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from unsurprised.evaluation.bins import Bins
from unsurprised.evaluation.records import Slice, SlicedBy
from unsurprised.evaluation.slicing import slice_of
from unsurprised.evaluation.states import States
from unsurprised.states.sums import Cell
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import (
    FEWEST_UNITS,
    standing_out,
)
from unsurprised.statistics.totals import Totals, totals_of

Scaled = Callable[[Estimate], Estimate]


def sliced_by(states: States) -> tuple[SlicedBy, ...]:
    """The columns that slice the rows, in the order in which they were asked for."""
    return tuple(
        SlicedBy(name, None if bins is None else bins.edges, None if bins is None else bins.looked)
        for name, bins in states.settings.slicing.items()
    )


def slices_of(states: States, whole: Totals, scaled: Scaled, refused: bool) -> tuple[Slice, ...]:
    """The slices of each column: names by what they could save, numbers in their order."""
    found: list[Slice] = []
    for name, bins in states.settings.slicing.items():
        cells = [cell for cell in states.sums.cells() if cell and cell[0] == name]
        held = [_slice(states, cell, whole, scaled, refused) for cell in cells]
        found += sorted(held, key=_order_of(bins))
    return _judged(found)


def _order_of(bins: Bins | None) -> Callable[[Slice], tuple[float, str]]:
    if bins is None or bins.edges is None:
        if bins is None:
            return lambda part: (-(part.saving or 0.0), part.value or "")
        return lambda part: (_number(part.value), part.value or "")
    places = {name: place for place, name in enumerate(bins.names())}
    return lambda part: (places.get(part.value or "", math.inf), part.value or "")


def _number(text: str | None) -> float:
    value = math.inf if text is None else float(text)
    return math.inf if math.isnan(value) else value


def _slice(states: States, cell: Cell, whole: Totals, scaled: Scaled, refused: bool) -> Slice:
    part = totals_of(states.sums, states.moments, cell, refused=refused)
    column, value = slice_of(cell)
    gap = part.mean_surprisal(less="expected") if "expected" in part else None
    excess, p_value = _excess(part, whole)
    weight = part.totals["weight"]
    return Slice(
        column=column,
        value=value,
        rows=part.rows,
        weight=weight,
        infinite_rows=int(part.totals["infinite_rows"]),
        cross_entropy=scaled(part.mean_surprisal()),
        contribution=scaled(_contribution(part, whole)),
        share=_share(part, whole),
        confidence_gap=None if gap is None else scaled(gap),
        accuracy=part.share("correct"),
        excess=None if excess is None else scaled(excess),
        saving=None if excess is None else scaled(excess).value * weight / whole.totals["weight"],
        p_value=p_value,
        stands_out=False,
    )


def _contribution(part: Totals, whole: Totals) -> Estimate:
    if part.infinite:
        return Estimate(math.inf, math.inf, math.inf, "bits", part.rows)
    return part.beside(whole).mean_of("surprisal", "all_weight", "bits")


def _share(part: Totals, whole: Totals) -> Estimate | None:
    if whole.infinite or not whole.totals["surprisal"] > 0:
        return None
    return part.beside(whole).mean_of("surprisal", "all_surprisal", "", most=1.0)


def _excess(part: Totals, whole: Totals) -> tuple[Estimate | None, float | None]:
    """The mean above that of the other rows, and whether chance alone makes such a difference."""
    if part.blurs("surprisal"):
        return None, None
    found, spread, units = part.excess(whole)
    if math.isnan(found.value) or math.isinf(found.value):
        return None, None
    if spread is None or units < FEWEST_UNITS:
        return found, None
    return found, spread.p_value(found.value)


def _judged(slices: list[Slice]) -> tuple[Slice, ...]:
    """The slices, those that stand out marked."""
    hits = standing_out(part.p_value for part in slices)
    return tuple(replace(part, stands_out=hit) for part, hit in zip(slices, hits, strict=True))
