"""Temperature scaling: one number that makes a model more or less sure of everything."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np

from unsurprised.calibrators import _formulas
from unsurprised.calibrators._base import Calibrator, Parameters
from unsurprised.calibrators._loss import TOLERANCE
from unsurprised.calibrators._parameters import Parameter
from unsurprised.calibrators._refusals import refuse_zeros_that_happened
from unsurprised.calibrators._rows import FittingRows

#: A model whose scores say nothing, or the opposite of the truth, is flattened by so much; by more
#: where its scores lie more than 1 nat apart.
_HOTTEST = 1e6
_MOST_STEPS = 200
#: So many rows make a guess, where there are so many times more.
_ROWS_OF_A_GUESS, _MANY_TIMES = 4096, 4


class TemperatureScaling(Calibrator):
    r"""Temperature scaling: scores divided by a temperature T.

    .. math:: q'_k \propto q_k^{1/T}

    T > 1 cures over-confidence, T < 1 the lack of it. The order of a row's scores never changes,
    and neither does its top class.

    T is that of least mean cross-entropy, which is convex in 1/T: a safeguarded Newton's method
    stops where its derivative is below 1e-10 nats a row. Where every row's label already has the
    largest score, the lower T the better, without end; then T is fitted as if one more row had been
    seen whose class is any alike, and a :class:`~unsurprised.errors.CalibrationWarning` says so.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks" (ICML 2017).

    Examples
    --------
    >>> import numpy as np
    >>> sure = np.array([[0.99, 0.01]] * 4)
    >>> calibrator = TemperatureScaling().fit(sure, [0, 0, 0, 1])  # right in three of four
    >>> calibrator.transform(sure[0]).round(4)
    array([0.75, 0.25])
    >>> round(calibrator.temperature_, 4)  # ln 99 / ln 3
    4.1827
    """

    title = "temperature scaling"
    formula = staticmethod(_formulas.temperature)
    holds: ClassVar = {"inverse_temperature": Parameter(0, above=0.0)}
    keeps_ranking = True
    #: Where the search for 1/T begins.
    _start: float | None = None

    def near(self) -> Self:
        """One whose fit begins where that of nearly the same rows ended, which is soon done."""
        found = type(self)()
        found._start = float(self.parameters_["inverse_temperature"])
        return found

    @property
    def temperature_(self) -> float:
        """T."""
        self._check_fitted()
        return 1.0 / float(self.parameters_["inverse_temperature"])

    def _fitted(self, rows: FittingRows) -> tuple[Parameters, tuple[str, ...]]:
        refuse_zeros_that_happened(rows, "a temperature")
        inverse, notes = best_inverse(rows, self._start)
        return {"inverse_temperature": np.array(inverse)}, notes


def rough_inverse(rows: FittingRows) -> float:
    """About the 1/T of least cross-entropy, for a search to begin at: that of some of many rows."""
    some = _some(rows)
    # What some rows tell apart without an error leads astray.
    return best_inverse(rows if some is None or _separable(some) else some)[0]


def best_inverse(rows: FittingRows, start: float | None = None) -> tuple[float, tuple[str, ...]]:
    """The 1/T of least cross-entropy, or one by a stated rule and a note where there is none."""
    notes: tuple[str, ...] = ()
    if not _any_uneven(rows):
        return 1.0, (
            "in every row all classes that are possible have the same probability, which no "
            "temperature changes; took 1",
        )
    if _separable(rows):
        rows = rows.with_smoothed_truth()
        notes = (
            "every row's label has the largest score, so no temperature is the best (the lower "
            "the better); took the best as if one more row had been seen, of any class alike",
        )
    inverse = _best(rows, _first_guess(rows) if start is None else start)
    if inverse > 0:
        return inverse, notes
    hottest = min(_HOTTEST * max(1.0, _widest_gap(rows)), sys.float_info.max)
    return 1 / hottest, (
        *notes,
        "the scores tell nothing of what happened, so no temperature is the best (the "
        f"higher the better); took {hottest:.3g}",
    )


def _widest_gap(rows: FittingRows) -> float:
    """The most by which two possible classes of a row differ, in nats."""
    lowest = np.where(np.isneginf(rows.log), np.inf, rows.log).min(axis=1)
    return float((rows.log.max(axis=1) - lowest).max())


def _parts(rows: FittingRows) -> Iterator[FittingRows]:
    """Some rows after others: mostly the first tell what is asked of all."""
    for start in range(0, rows.count, _ROWS_OF_A_GUESS):
        yield rows.of(slice(start, start + _ROWS_OF_A_GUESS))


def _any_uneven(rows: FittingRows) -> bool:
    """Whether in some row two classes that are possible have different probabilities."""
    for part in _parts(rows):
        lower = part.log < part.log.max(axis=1, keepdims=True)
        if (lower & ~np.isneginf(part.log)).any():
            return True
    return False


def _separable(rows: FittingRows) -> bool:
    """Whether what happened always has the largest score; scores of some row differ."""
    for part in _parts(rows):
        at = -part.cross_entropies()
        if part.shares is not None:
            at = np.where(part.shares > 0, part.log, np.inf).min(axis=1)
        if not (at == part.log.max(axis=1)).all():
            return False
    return True


class _Slope:
    """Derivatives of the mean cross-entropy by 1/T."""

    def __init__(self, rows: FittingRows) -> None:
        self.packed = rows.packed
        # By weights that add up to one, for a sum of scores may be more than a float holds.
        self.truth = -float((rows.cross_entropies() * self.packed.weights[: rows.count]).sum())

    def at(self, inverse: float) -> tuple[float, float]:
        """The first and the second derivative."""
        first, second = self.packed.tempered(inverse)
        return first - self.truth, second


def _some(rows: FittingRows) -> FittingRows | None:
    """Every so many of many rows, that stand for all; None of fewer."""
    step = rows.count // _ROWS_OF_A_GUESS
    return None if step < _MANY_TIMES else rows.of(slice(None, None, step))


def _first_guess(rows: FittingRows) -> float:
    """The 1/T of every so many rows, which saves most of the steps on all of them."""
    some = _some(rows)
    if some is None:
        return 1.0
    guess = 0.0 if _separable(some) else _best(some, 1.0)
    return guess if guess > 0 else 1.0


def _best(rows: FittingRows, guess: float) -> float:
    """The 1/T where the derivative vanishes, between ends where it has other signs; or 0."""
    slope = _Slope(rows)
    low, high, inverse = -np.inf, np.inf, guess
    known: list[tuple[float, float, float]] = []
    for _ in range(_MOST_STEPS):
        first, second = slope.at(inverse)
        # By 1/T and by its logarithm: of scores that are close together the first says little.
        if abs(first) * max(1.0, inverse) <= TOLERANCE / 4:
            break
        known.append((inverse, first, second))
        if first > 0:
            high = inverse
        else:
            low = inverse
        further = _next(known)
        if low < 0 and not further > 0:  # is there a minimum above 0 at all?
            if slope.at(0.0)[0] >= 0:
                return 0.0
            low = 0.0
        if not max(low, 0.0) < further < high:
            further = 2 * inverse if np.isinf(high) else (low + high) / 2 if low > 0 else high / 8
        if further == inverse or high - low <= 4e-16 * inverse:
            break
        # Far from the minimum a step may be absurdly long.
        inverse = min(max(further, inverse / 8), inverse * 8)
    return inverse


def _next(known: list[tuple[float, float, float]]) -> float:
    """Where the derivative should vanish, by Newton's step, or by both of the last two places.

    Of these it is the cubic through 1/T as a function of its derivative (inverse Hermite
    interpolation), whose error shrinks faster than Newton's.
    """
    at, first, second = known[-1]
    if not second > 0:
        return np.nan
    newton = at - first / second
    if len(known) == 1:
        return newton
    before, first_before, second_before = known[-2]
    width = first - first_before
    if not second_before > 0 or abs(first) > abs(first_before) / 8 or width == 0:
        return newton
    t = -first_before / width
    rest = 1 - t
    return float(
        (1 + 2 * t) * rest * rest * before
        + t * rest * rest * width / second_before
        + t * t * (3 - 2 * t) * at
        - t * t * rest * width / second
    )
