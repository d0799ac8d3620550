"""What is to be known of intervals: which are lacking, which rest on little, and why."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from unsurprised.evaluation.slicing import slice_of
from unsurprised.language_models.columns import CONFIDENCES
from unsurprised.language_models.result import FidelityQuantile
from unsurprised.language_models.totals import DOCUMENTS, NOTHING, Grounds, kl_of_part
from unsurprised.states.sums import Cell
from unsurprised.statistics.jackknife import FEWEST_CLUSTERS, mean_interval
from unsurprised.statistics.ratios import MeanRatio
from unsurprised.statistics.totals import Totals, totals_of

if TYPE_CHECKING:
    from unsurprised.language_models.meter import FidelityMeter

#: Intervals that rest on fewer documents of one length, or on fewer tokens, are said to be weak.
WEAK, WEAK_TOKENS = 5.0, 100
_NAMED = 3
#: Why there is no interval of what has enough documents and tokens.
DIFFERING = "a few documents have nearly all of the KL, which has no interval"

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
        found["all"] = _of_all(whole, grounds)
        cells = meter.states["parts"].cells()
        for kind, name in (("confidence", _confidence), ("position", _position)):
            own = [cell for cell in cells if cell[0] == kind]
            found[f"by_{kind}"] = _of_parts(meter, "parts", own, name, grounds)
        cells = meter.states["slices"].cells()
        found["slices"] = _of_parts(meter, "slices", cells, _slice, grounds)
    if grounds.kind != NOTHING:
        found["kl_quantiles"] = _of_quantiles(quantiles)
    return {name: why for name, why in found.items() if why}


def _of_all(whole: Totals, grounds: Grounds) -> str:
    """What is to be known of the figures of all tokens."""
    whole_kl = mean_interval(*whole.with_spread(MeanRatio("kl")))
    if math.isnan(whole_kl.low) and not whole.totals["infinite"]:
        return DIFFERING
    if whole.rows < grounds.fewest_tokens:
        return f"intervals rest on little: {_long_tail(grounds)}"
    # How many tokens there are is said anyway.
    return f"intervals rest on little: {_documents(whole)}" if whole.effective_groups < WEAK else ""


def _long_tail(grounds: Grounds) -> str:
    tokens = math.ceil(grounds.fewest_tokens)
    return f"the KL has so long a tail that its mean needs {tokens:,} tokens"


def _of_parts(
    meter: FidelityMeter, table: str, cells: Sequence[Cell], name: CellName, grounds: Grounds
) -> str:
    enough = [cell for cell in cells if meter.cell_documents.suffice((table, *cell))]
    said = []
    if len(enough) < len(cells):
        said.append(f"parts of fewer than {FEWEST_CLUSTERS} documents have no interval")
    held = [(name(cell), totals_of(meter.states[table], None, cell)) for cell in enough]
    short = [part for part, totals in held if totals.rows < grounds.fewest_tokens]
    if short:
        said.append(f"{_long_tail(grounds)}, and no interval is of {_named(short)}")
    held = [(part, totals) for part, totals in held if part not in short]
    apart = [part for part, totals in held if math.isnan(kl_of_part(totals, grounds).low)]
    if apart:
        said.append(f"{DIFFERING}: {_named(apart)}")
    little = [(part, _little(totals)) for part, totals in held if part not in apart]
    weak = [(part, why) for part, why in little if why]
    told = [f"{part} {'' if k else 'rests '}on {why}" for k, (part, why) in enumerate(weak)]
    if len(told) > _NAMED:
        told[_NAMED:] = [f"{len(told) - _NAMED:,} more on as little"]
    if told:
        said.append(", ".join(told))
    return "; ".join(said)


def _named(parts: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = [f"{len(parts) - _NAMED:,} more"] if len(parts) > _NAMED else []
    return ", ".join([*parts[:_NAMED], *more])


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
