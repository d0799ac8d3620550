"""Numbers on their scale: which are atoms, what noise gives them digits, what divides them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.array_types import Values

Codes = NDArray[np.int64]

SCALES = ("auto", "spread", "sd", "rank")
_IQR_OF_LOGISTIC = 2.1972245773362196
#: Interquartile ranges from the median beyond which a column has heavy tails.
_HEAVY = 10.0
#: Noise that parts equal numbers, by the spread of their column.
_PARTS_TIES = 1e-10


@dataclass(frozen=True)
class NumberSettings:
    """What was asked for of columns of numbers; see ``mutual_information``."""

    k: int
    noise: float | None
    scale: str | None
    seed: int
    #: Whether all numbers are continuous, integers and repeated ones too.
    all_numbers: bool = False
    #: Whether none are: a method for categories was named.
    no_numbers: bool = False
    #: Which of the columns it is, "x", "y" or "given": each has noise of its own.
    place: str = "x"


@dataclass(frozen=True)
class DistinctNumbers:
    """The distinct numbers of a column, ascending, and how often each occurs."""

    distinct: Values
    times: Codes

    @classmethod
    def of(cls, numbers: Values) -> DistinctNumbers:
        """Those of some numbers."""
        ordered = np.sort(numbers)
        is_new = ordered[1:] != ordered[:-1]
        if is_new.all():
            return cls(ordered, np.ones(len(ordered), dtype=np.int64))
        starts = np.flatnonzero(np.append(True, is_new))
        return cls(ordered[starts], np.diff(np.append(starts, len(ordered))))

    @property
    def rows(self) -> int:
        """How many numbers there are."""
        return int(self.times.sum())

    @property
    def has_ties(self) -> bool:
        """Whether any number occurs twice."""
        return len(self.distinct) < self.rows

    def atoms(self, settings: NumberSettings) -> Values:
        """Values that repeat more than max(k, 1 % n) times; of rounded ones, those that stick out.

        A value of a rounded column is an atom where it is twice as frequent as either neighbour and
        four standard deviations more; unless there is nothing between atoms at all.
        """
        if settings.all_numbers or not self.has_ties:
            return np.empty(0)
        often = self.times > max(settings.k, self.rows // 100)
        if often.all() or self.step is None:
            return self.distinct[often]
        beside = np.append(0, np.append(self.times, 0))
        most = np.maximum(beside[:-2], beside[2:])
        found: Values = self.distinct[often & (self.times > 2 * most + 4 * np.sqrt(self.times))]
        return found

    @property
    def step(self) -> float | None:
        """What numbers with ties are all multiples of, as rounded ones are; None where nothing."""
        if not self.has_ties or len(self.distinct) < 2:
            return None
        least = float(np.diff(self.distinct).min())
        largest = max(abs(float(self.distinct[0])), abs(float(self.distinct[-1])))
        if not least > max(1e-12 * largest, 1e-290):
            return None
        tenth = float(f"1e{math.floor(math.log10(least) + 0.5)}")
        for step, start in ((least, self.distinct[0]), (tenth, 0.0), (tenth / 10, 0.0)):
            places = (self.distinct - start) / step
            if (np.abs(places - np.rint(places)) < 1e-4).all():
                return float(step)
        return None

    @property
    def middle(self) -> float:
        """The upper median."""
        return self._quantile(self.rows // 2)

    def _quantile(self, place: int) -> float:
        return float(self.distinct[np.searchsorted(np.cumsum(self.times), place, side="right")])

    @property
    def has_heavy_tails(self) -> bool:
        """Whether an end is more than ten interquartile ranges from the median."""
        ends = self.distinct[[0, -1]] - self.middle
        return bool(np.abs(ends).max() > _HEAVY * self.spread(None))

    def spread(self, scale: str | None) -> float:
        """The interquartile range, or the standard deviation where that is 0 or asked for."""
        quarter = self.rows // 4
        found = self._quantile(self.rows - 1 - quarter) - self._quantile(quarter)
        if scale != "sd" and found > 0:
            # What is divided by it stays finite.
            return max(found, 1e-290 * float(self.distinct[-1] - self.distinct[0]))
        weights = self.times / self.rows
        large = max(abs(float(self.distinct[0])), abs(float(self.distinct[-1])), 1e-300)
        away: Values = (self.distinct - float((weights * self.distinct).sum())) / large
        sd: float = large * math.sqrt(float((weights * np.square(away)).sum()))
        return sd if sd > 0 else 1.0


@dataclass(frozen=True)
class OnScale:
    """Numbers on their scale, what noise says of them, and what to tell."""

    values: Values
    kind: str
    notes: tuple[str, ...]


def on_scale(
    runs: DistinctNumbers,
    numbers: Values,
    settings: NumberSettings,
    name: str,
    *,
    continuous: NDArray[np.bool_],
    dimension: int = 0,
) -> OnScale:
    """Numbers with their noise, centred and on the scale of those that are continuous."""
    width, kind, notes = _noise_of(runs, name, settings)
    if settings.scale is None and width == 0:
        return OnScale(numbers, kind, notes)
    centred = numbers if settings.scale is None else numbers - runs.middle
    if width:
        centred = centred + width * _uniform(len(numbers), dimension, settings)
    if settings.scale is None:
        return OnScale(centred, kind, notes)
    is_heavy = settings.scale == "auto" and runs.has_heavy_tails
    if settings.scale != "rank" and not is_heavy:
        return OnScale(centred / runs.spread(settings.scale), kind, notes)
    if is_heavy:
        notes = (*notes, f"{name} has heavy tails: its ranks are taken")
    values = np.zeros(len(numbers))
    values[continuous] = _log_odds_of_ranks(centred[continuous])
    return OnScale(values, kind, notes)


def _noise_of(
    runs: DistinctNumbers, name: str, settings: NumberSettings
) -> tuple[float, str, tuple[str, ...]]:
    """How wide the noise is, what that says of the column, and what to tell."""
    tied = int((runs.times - 1).sum())
    equal = f"{name}: {tied:,} numbers equal another"
    if settings.noise is not None:
        notes = (f"{equal}, and noise=0 leaves them so",) if tied and not settings.noise else ()
        return settings.noise * runs.spread(settings.scale), "", notes
    if not tied:
        return 0.0, "", ()
    step = runs.step
    if step is None:
        width = _PARTS_TIES * runs.spread(settings.scale)
        return width, "", (f"{equal}; noise of {_PARTS_TIES:g} of the spread parts them",)
    told = f"{name} is rounded to {step:g}: noise within that cell gives it digits again"
    return step, f", rounded to {step:g}", (told,)


def _uniform(rows: int, dimension: int, settings: NumberSettings) -> Values:
    """Numbers of −½ … ½ by a fixed hash of the row, the column's place and the seed."""
    hashes = np.empty(rows, dtype=np.uint64)
    place = ("x", "y", "given").index(settings.place) + 1
    _kernels.hash_range(0, (settings.seed << 16) | (dimension << 2) | place, hashes)
    places = (hashes >> np.uint64(11)).astype(np.float64)
    return np.asarray(places * 2.0**-53 - 0.5)


def _log_odds_of_ranks(numbers: Values) -> Values:
    """Logarithm of r / (n + 1 − r) of ranks r, by its interquartile range; equal ones share theirs.

    Its tails are those of an exponential, where ranks themselves would end at an edge, which
    neighbours do not know of.
    """
    _, where, times = np.unique(numbers, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(times) - (times - 1) / 2)[where]
    found: Values = portable.log(ranks / (len(numbers) + 1 - ranks)) / _IQR_OF_LOGISTIC
    return found
