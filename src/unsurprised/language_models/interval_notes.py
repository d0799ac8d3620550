"""What is to be known of intervals: which are lacking, which rest on little, and why."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from unsurprised.evaluation.slicing import slice_of
from unsurprised.language_models.columns import CONFIDENCES
from unsurprised.language_models.result import FidelityQuantile
from unsurprised.language_models.totals import DOCUMENTS, NOTHING, Grounds
from unsurprised.states.sums import Cell
from unsurprised.statistics.jackknife import FEWEST_CLUSTERS
from unsurprised.statistics.totals import Totals, totals_of

if TYPE_CHECKING:
    from unsurprised.language_models.meter import FidelityMeter

#: Intervals that rest on fewer documents of one length, or on fewer tokens, are said to be weak.
WEAK, WEAK_TOKENS = 5.0, 100
_NAMED = 3

CellName = Callable[[Cell], str]


def interval_notes(
    meter: FidelityMeter,
    whole: Totals,
    grounds: Grounds,
    quantiles: Sequence[FidelityQuantile],
) -> dict[str, str]:
    """Why intervals are lacking or weak, by the field of the result that they are in.

    Parameters
    ----------
    meter : FidelityMeter
        The tokens.
    whole : Totals
        The sums of all of them.
    grounds : Grounds
        What intervals rest on.
    quantiles : sequence of FidelityQuantile
        Of the KL, with their intervals.
    """
    found = {}
    if grounds.kind == DOCUMENTS:
        if whole.effective_groups < WEAK:  # how many tokens there are is said anyway
            found["all"] = f"intervals rest on little: {_documents(whole)}"
        cells = meter.states["parts"].cells()
        for kind, name in (("confidence", _confidence), ("position", _position)):
            own = [cell for cell in cells if cell[0] == kind]
            found[f"by_{kind}"] = _of_parts(meter, "parts", own, name)
        found["slices"] = _of_parts(meter, "slices", meter.states["slices"].cells(), _slice)
    if grounds.kind != NOTHING:
        found["kl_quantiles"] = _of_quantiles(quantiles)
    return {name: why for name, why in found.items() if why}


def _of_parts(meter: FidelityMeter, table: str, cells: Sequence[Cell], name: CellName) -> str:
    enough = [cell for cell in cells if meter.cell_documents.suffice((table, *cell))]
    said = []
    if len(enough) < len(cells):
        said.append(f"parts of fewer than {FEWEST_CLUSTERS} documents have no interval")
    little = [(name(cell), _little(totals_of(meter.states[table], None, cell))) for cell in enough]
    weak = [(part, why) for part, why in little if why]
    told = [f"{part} {'' if k else 'rests '}on {why}" for k, (part, why) in enumerate(weak)]
    if len(told) > _NAMED:
        told[_NAMED:] = [f"{len(told) - _NAMED:,} more on as little"]
    if told:
        said.append(", ".join(told))
    return "; ".join(said)


def _little(totals: Totals) -> str:
    """How little the intervals of some tokens rest on; nothing of those that suffice."""
    if totals.rows < WEAK_TOKENS:
        return f"{totals.rows} tokens"
    if totals.effective_groups < WEAK:
        return _documents(totals)
    return ""


def _documents(totals: Totals) -> str:
    return f"as much as {totals.effective_groups:.1f} documents of one length"


def _confidence(cell: Cell) -> str:
    low, high = (*CONFIDENCES, 1.0)[int(cell[1]) : int(cell[1]) + 2]
    return f"{100 * low:g} to {100 * high:g} %"


def _position(cell: Cell) -> str:
    octave = int(cell[1])
    if octave < 2:
        return f"position {octave}"
    return f"positions {1 << (octave - 1):,} to {(1 << octave) - 1:,}"


def _slice(cell: Cell) -> str:
    column, value = slice_of(cell)
    return f"{column} = {'(none)' if value is None else value}"


def _of_quantiles(quantiles: Sequence[FidelityQuantile]) -> str:
    ends = [f"{100 * one.level:g} %" for one in quantiles if math.isnan(one.value.low)]
    beyond = f"too few tokens, or those of too few documents, lie beyond {', '.join(ends)}"
    return beyond if ends else ""
