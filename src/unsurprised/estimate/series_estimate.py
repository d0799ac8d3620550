"""What series say of each other: the estimate of columns, with an interval for rows in time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.errors import CallError
from unsurprised.estimate.embedding import Windows
from unsurprised.estimate.methods import METHODS
from unsurprised.estimate.mixed import Estimators, Information, information
from unsurprised.estimate.mixed_estimate import (
    dimension_notes,
    interval,
    method_name,
    refuse_few,
)
from unsurprised.estimate.result import SampleEstimate
from unsurprised.estimate.series import Series
from unsurprised.estimate.time_parts import parts_of, variance_in_time
from unsurprised.estimate.variables import Columns, Variable

PValue = Callable[[Information, Estimators], float]


@dataclass(frozen=True, slots=True)
class SeriesEstimate(SampleEstimate):
    """An estimate of what time series tell, with the pasts that were looked at.

    Parameters
    ----------
    history, step : int
        How many values of the target's past were taken as known, and how far apart.
    source_history, source_step : int
        The same of the source; 0 where there is none.
    delay : int
        How long before the target's present the latest value of the source lies; 0 without one.
    trials : int
        How many trials had windows.

    Examples
    --------
    >>> SeriesEstimate(0.5, 0.4, 0.6, "bits", 99, "miller_madow", history=1, trials=1)
    SeriesEstimate(0.5 bits, 0.4 to 0.6, 99 rows, miller_madow)
    """

    history: int = 0
    step: int = 1
    source_history: int = 0
    source_step: int = 1
    delay: int = 0
    trials: int = 1

    def __repr__(self) -> str:
        return SampleEstimate.__repr__(self).replace("SampleEstimate(", "SeriesEstimate(", 1)

    @classmethod
    def of(cls, found: SampleEstimate, **embedding: Any) -> SeriesEstimate:
        """An estimate with what was embedded."""
        kept = {field.name: getattr(found, field.name) for field in fields(SampleEstimate)}
        return cls(**kept, **embedding)


def estimators_of(method: str, k: int) -> Estimators:
    """How windows are estimated, by the name of the method."""
    return Estimators(k, method == "ksg2", method if method in METHODS else "auto")


def series_estimate(
    of: Columns, windows: Windows, method: str, way: Estimators, p_value: PValue | None
) -> SampleEstimate:
    """The estimate in nats of windows in the order of time, without notes on the series."""
    refuse_few(of, way.k)
    name = method_name(of, method)
    kinds = tuple(part.kind for part in of.all)
    if of.x.is_constant or of.y.is_constant:
        tested = None if p_value is None else 1.0
        told = ("a series is constant: nothing is told",)
        end = 0.0 if of.rows > 1 else math.nan
        return SampleEstimate(
            0.0, end, end, "nats", of.rows, name, math.nan, end, tested, told, kinds
        )
    if method == "auto":
        _refuse_distinct(of)
    found = information(of, way)
    spread, parts = found.sd_of(variance_in_time(found.local)), len(parts_of(of.rows)) - 1
    low, high, growth = interval(found, of, way, (spread, parts))
    if math.isnan(low):
        growth = ("too few windows for an interval",)
    tested = None if p_value is None else p_value(found, way)
    if method == "auto" and not found.has_numbers:
        name = found.parts[0].method
    plugin = math.nan if found.has_numbers else found.plugin
    notes = (*found.notes, *growth, *dimension_notes(of))
    return SampleEstimate(
        found.value, low, high, "nats", of.rows, name, plugin, spread, tested, notes, kinds
    )


def _refuse_distinct(of: Columns) -> None:
    """Say that words are so long, or names so many, that none comes twice."""
    for told, part in (("the past", of.x), ("the present", of.y), ("what is known", of.given)):
        if part is not None and part.is_discrete and _seen(part) == part.rows > 1:
            raise CallError(
                f"{told} is another in each of {part.rows:,} windows, so the series say nothing of "
                "what is told; expected shorter histories, a longer series, or numbers as floats"
            )


def _seen(part: Variable) -> int:
    return len(np.unique(part.codes))


def series_notes(series: tuple[Series, ...], windows: Windows) -> tuple[str, ...]:
    """What columns have to tell, and what was left out."""
    notes = [note for one in series for note in one.values.notes]
    notes += [
        f"{one.name}: {one.gaps:,} times without a value; no window crosses them"
        for one in series
        if one.gaps
    ]
    trials = len(series[0].lengths)
    if len(windows.sizes) < trials:
        left = trials - len(windows.sizes)
        notes.append(f"{left:,} of {trials:,} trials are too short for a window")
    return tuple(dict.fromkeys(notes))


def refuse_no_windows(windows: Windows, series: Series) -> None:
    """Say that no window fits."""
    if not windows.rows:
        raise CallError(
            f"no window fits into {series.name}: the longest of {len(series.lengths):,} trials has "
            f"{max(series.lengths):,} times; expected shorter histories, steps and delay, or fewer "
            "gaps"
        )


def trial_starts(series: Series) -> NDArray[np.int64]:
    """Where each trial's known values begin among all, and their end."""
    ends = np.cumsum(series.lengths)
    known = np.cumsum(series.places >= 0)
    return np.append(0, known[ends - 1]).astype(np.int64)
