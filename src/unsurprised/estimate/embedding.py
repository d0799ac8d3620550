"""Windows of series: what was, and what came next; none crosses the end of a trial, or a gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from unsurprised.errors import CallError
from unsurprised.estimate.groups import Codes, both_groups
from unsurprised.estimate.series import Series
from unsurprised.estimate.variables import Columns, Variable

Times = NDArray[np.int64]


@dataclass(frozen=True)
class Past:
    """Some times before the present: ``history`` of them, ``step`` apart, the latest ``first``."""

    history: int
    step: int = 1
    first: int = 1

    @property
    def lags(self) -> Times:
        """How long ago each is."""
        return self.first + self.step * np.arange(self.history, dtype=np.int64)


@dataclass(frozen=True)
class Windows:
    """The times whose pasts are known, one trial after the other."""

    times: Times
    #: Where each trial begins among them, and their end.
    starts: Times

    @classmethod
    def of(cls, pasts: Sequence[tuple[Series, Past]], target: Series) -> Windows:
        """Those at which the target and all pasts have values within one trial."""
        lengths = np.array(target.lengths)
        begins = np.repeat(np.cumsum(lengths) - lengths, lengths)
        every = np.arange(len(begins))
        is_known = target.places >= 0
        for series, past in pasts:
            for lag in past.lags.tolist():
                is_known &= every - lag >= begins
                is_known &= series.places[np.maximum(every - lag, 0)] >= 0
        starts = np.searchsorted(np.flatnonzero(is_known), np.cumsum(np.append(0, lengths)))
        return cls(np.flatnonzero(is_known), starts.astype(np.int64))

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.times)

    @property
    def sizes(self) -> Times:
        """How many of each trial, of those that have any."""
        sizes = np.diff(self.starts)
        return sizes[sizes > 0]


def refuse_lengths(first: Series, others: Sequence[Series]) -> None:
    """Say that series do not run beside each other."""
    for other in others:
        if len(first.lengths) != len(other.lengths):
            raise CallError(
                f"{first.name} has {_trials(first)}, {other.name} {_trials(other)}; expected the "
                "same trials of both"
            )
        for number, (one, two) in enumerate(zip(first.lengths, other.lengths, strict=True)):
            if one != two:
                trial = f" in trial {number}" if len(first.lengths) > 1 else ""
                raise CallError(
                    f"{first.name} has {one:,} times{trial}, {other.name} {two:,}; expected series "
                    "of the same times"
                )


def _trials(series: Series) -> str:
    count = len(series.lengths)
    return "one trial" if count == 1 else f"{count:,} trials"


def embedded(series: Series, past: Past, times: Times) -> Variable | None:
    """The past of each time as one variable: a word of categories, or numbers of more dimensions.

    None where it is empty, so that nothing is known.
    """
    parts = [series.at(times - lag) for lag in past.lags.tolist()]
    if len(parts) < 2:
        return parts[0] if parts else None
    if series.values.is_discrete:
        return Variable(_words(parts), -1, None, "discrete")
    if not series.values.is_continuous:
        raise CallError(
            f"{series.name} is {series.values.kind}, with a history of {past.history}; expected a "
            "history of 1 for such a mixture, method='ksg1', which takes all of its values as "
            "numbers, or integers, which are categories"
        )
    numbers = np.concatenate([part.numbers for part in parts], axis=1)
    codes = np.zeros(len(times), dtype=np.int64)
    return Variable(codes, 0, numbers, f"continuous, {numbers.shape[1]} dimensions")


def _words(parts: Sequence[Variable]) -> Codes:
    """A code for each row of codes."""
    words: Codes | None = reduce(both_groups, (part.codes for part in parts), None)
    assert words is not None
    return words


def beside(x: Variable, y: Variable, first: Variable | None, second: Variable | None) -> Columns:
    """Both, and what is known beside them: the past of the target, and that of another series.

    Numbers beside categories are numbers within categories.
    """
    known = [part for part in (first, second) if part is not None]
    if len(known) < 2:
        return Columns(x, y, known[0] if known else None)
    if all(part.is_discrete for part in known):
        return Columns(x, y, Variable(_words(known), -1, None, "discrete"))
    if all(part.is_continuous for part in known):
        numbers = np.concatenate([part.numbers for part in known], axis=1)
        codes = np.zeros(len(numbers), dtype=np.int64)
        return Columns(x, y, Variable(codes, 0, numbers, "continuous"))
    discrete = [part for part in known if part.is_discrete]
    if not discrete:
        raise CallError(
            f"the past of target is {known[0].kind}, given {known[1].kind}; expected one of them "
            "to hold numbers or categories alone: method='ksg1' takes all as numbers"
        )
    other = known[1] if known[0].is_discrete else known[0]
    return Columns(x, y, other, within=discrete[0].codes)
