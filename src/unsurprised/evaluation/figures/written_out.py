"""What states hold by number, written out as a result has it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.evaluation.records import HistogramBar
from unsurprised.evaluation.states import States
from unsurprised.later import Later

_LOWEST_BAR = -6
#: The largest power of two is that of this.
_MOST_POWER = 1023


def of_the_classes(states: States, weights: Values) -> Later:
    """What grows with the classes, by field, from what does not change with the states.

    Of a vocabulary it takes longer to write out than to find, and few ask for it.
    """
    names, confusion = states.settings.classes, states.confusion
    table = None if confusion is None else confusion.snapshot()

    def written_out() -> dict[str, Any]:
        total = weights.sum()
        shares = tuple((weights / total).tolist()) if total > 0 else None
        return {
            "classes": None if names is None else tuple(names),
            "class_frequencies": shares,
            "confusion": None if table is None else tuple(map(tuple, table().tolist())),
        }

    return Later(written_out)


def bars_of(bins: tuple[Values, Values, Values], per_bit: float) -> tuple[HistogramBar, ...]:
    """Bars that double, from 2⁻⁶ bits on: surprisals span many orders of magnitude."""
    low, high, weight = bins
    if not len(low):
        return ()
    # A bin of the state never straddles a power of two.
    last = max(_LOWEST_BAR, math.ceil(float(portable.log2(high[-1]))))
    ends = np.append(0.0, np.ldexp(1.0, np.arange(_LOWEST_BAR, min(last, _MOST_POWER) + 1)))
    if last > _MOST_POWER:
        ends = np.append(ends, np.finfo(np.float64).max)  # where floats end
    held = np.searchsorted(ends, low, side="right") - 1
    heights = np.bincount(held, weights=weight, minlength=len(ends) - 1)
    ends *= per_bit
    return tuple(
        HistogramBar(float(ends[i]), float(ends[i + 1]), float(heights[i]))
        for i in range(len(ends) - 1)
    )
