"""How much of its past a series remembers: histories by the information that they store."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from unsurprised.array_types import Values
from unsurprised.errors import CallError
from unsurprised.estimate.embedding import Past, Windows, embedded
from unsurprised.estimate.mixed import Estimators, information
from unsurprised.estimate.series import Series
from unsurprised.estimate.strata import Strata
from unsurprised.estimate.surrogates import stream_of
from unsurprised.estimate.time_parts import variance_in_time
from unsurprised.estimate.variables import Columns
from unsurprised.units import as_integer

#: The longest history that is tried, and the largest step.
_LONGEST = 5
_WIDEST = 5
#: Shuffles whose mean is what words of categories seem to tell by chance.
_SHUFFLES = 20


@dataclass(frozen=True)
class AskedPast:
    """A history and a step as they were asked for, and what the arguments are called."""

    history: Any
    step: Any
    first: int = 1
    names: tuple[str, str] = ("history", "step")


def past_of(series: Series, asked: AskedPast, way: Estimators) -> tuple[Past, tuple[str, ...]]:
    """A past as it was asked for, or the one that stores most, and what to tell of it.

    The active information storage of all candidates is estimated from the same windows, and freed
    of its bias: that of categories by the mean over shuffles. The largest is what JIDT's embedding
    by MAX_CORR_AIS takes (Lizier, *JIDT*, Front. Robot. AI 1, 2014; Garland, James and Bradley,
    *Leveraging Information Storage to Select Forecast-Optimal Parameters*, Phys. Rev. E 93, 2016);
    here it is the shortest of those that fall short of it by less than the standard error of the
    difference (Breiman and others, *Classification and Regression Trees*, 1984, section 3.4.3), or
    chance would choose among all that store the same.
    """
    names, first = asked.names, asked.first
    least = 0 if names[0] == "history" else 1
    histories = _candidates(asked.history, names[0], least, _LONGEST)
    steps = _candidates(asked.step, names[1], 1, _WIDEST)
    if len(histories) == len(steps) == 1:
        return Past(histories[0], steps[0], first), ()
    if not series.values.is_discrete and not series.values.is_continuous:
        if len(histories) == 1:
            return Past(histories[0], steps[0], first), ()
        return Past(1, 1, first), (f"{names[0]} 1: {series.name} is {series.values.kind}",)
    # A history of one has no steps.
    tried = [Past(h, s) for h in histories for s in (steps if h > 1 else steps[:1])]
    windows = Windows.of([(series, past) for past in tried], series)
    if windows.rows <= way.k + 1:
        raise CallError(
            f"{names[0]}={asked.history!r}, {names[1]}={asked.step!r}, and {windows.rows} windows "
            f"of {series.name} that hold all candidates; expected a longer series, or numbers"
        )
    stored = [_stored(series, past, windows, way) for past in tried]
    most, local = max(stored, key=lambda one: one[0])
    best = next(
        past
        for past, (value, own) in zip(tried, stored, strict=True)
        if most - value <= math.sqrt(variance_in_time(local - own) / windows.rows)
    )
    note = (
        f"{series.name}: {names[0]} {best.history}, {names[1]} {best.step}, of {len(tried)} that "
        "were tried the first that stores the most, up to a standard error"
    )
    return Past(best.history, best.step, first), (note,)


def _candidates(asked: Any, name: str, least: int, most: int) -> range:
    if isinstance(asked, str) and asked == "auto":
        return range(1, most + 1)
    number = as_integer(asked)
    if not least <= number <= 1 << 20:
        raise CallError(f"{name}={asked!r}; expected 'auto' or an integer from {least} on")
    return range(number, number + 1)


def _stored(series: Series, past: Past, windows: Windows, way: Estimators) -> tuple[float, Values]:
    """Active information storage, less what shuffled windows seem to store; and what rows say."""
    then = embedded(series, past, windows.times)
    assert then is not None
    of = Columns(then, series.at(windows.times), None)
    found = information(of, way)
    if found.has_numbers or of.y.is_constant:
        return found.value, found.local
    every = np.array([0, of.rows], dtype=np.int64)
    shuffles = Strata(np.arange(of.rows), every, stream_of(0, of.x.codes, of.y.codes))
    chance = [
        information(of.with_y_at(shuffles.order(number)), way).plugin for number in range(_SHUFFLES)
    ]
    return found.plugin - math.fsum(chance) / _SHUFFLES, found.local
