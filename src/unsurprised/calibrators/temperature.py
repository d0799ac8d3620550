"""Temperature scaling: one number that makes a model more or less sure of everything."""

from __future__ import annotations

from typing import Self

import numpy as np

from unsurprised import _kernels
from unsurprised.calibrators import _formulas
from unsurprised.calibrators._base import Calibrator, Parameters
from unsurprised.calibrators._newton import TOLERANCE
from unsurprised.calibrators._rows import FittingRows, Values, refuse_zeros_that_happened
from unsurprised.threads import get_num_threads

#: A model whose scores say nothing, or the opposite of the truth, is flattened up to here.
_HOTTEST = 1e6
_MOST_STEPS = 200
_ROWS_OF_A_GUESS = 4096


class TemperatureScaling(Calibrator):
    r"""Divide the scores by a temperature T.

    .. math:: q'_k \propto q_k^{1/T}

    T > 1 cures over-confidence, T < 1 the lack of it. The order of a row's scores never changes,
    and neither does its top class.

    T is that of least mean cross-entropy, which is convex in 1/T: a safeguarded Newton's method
    stops where its derivative is below 1e-10 nats a row. Where every row's label already has the
    largest score, the lower T the better, without end; then T is fitted as if one more row had been
    seen whose class is any alike, and a :class:`~unsurprised.errors.CalibrationWarning` says so.

    Attributes
    ----------
    temperature_ : float
        T.

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
    keeps_ranking = True
    #: Where the search for 1/T begins.
    _start: float | None = None

    @classmethod
    def near(cls, other: Self) -> Self:
        """One whose fit begins where that of nearly the same rows ended, which is soon done."""
        found = cls()
        found._start = float(other.parameters_["inverse_temperature"])
        return found

    @property
    def temperature_(self) -> float:
        """T."""
        self._check_fitted()
        return 1.0 / float(self.parameters_["inverse_temperature"])

    def _fitted(self, rows: FittingRows) -> tuple[Parameters, tuple[str, ...]]:
        refuse_zeros_that_happened(rows, "a temperature")
        notes: tuple[str, ...] = ()
        if _separable(rows):
            rows = rows.with_smoothed_truth()
            notes = (
                "every row's label has the largest score, so no temperature is the best (the lower "
                "the better); took the best as if one more row had been seen, of any class alike",
            )
        inverse = _best(rows, _first_guess(rows) if self._start is None else self._start)
        if inverse <= 1 / _HOTTEST:
            inverse = 1 / _HOTTEST
            notes = (
                *notes,
                "the scores tell nothing of what happened, so no temperature is the best (the "
                f"higher the better); took {_HOTTEST:.0g}",
            )
        return {"inverse_temperature": np.array(inverse)}, notes


def _separable(rows: FittingRows) -> bool:
    """Whether what happened always has the largest score, and somewhere the only largest."""
    largest = rows.log.max(axis=1)
    at = -rows.cross_entropies()
    if rows.shares is not None:
        at = np.where(rows.shares > 0, rows.log, np.inf).min(axis=1)
    return bool((at == largest).all() and (rows.log < largest[:, None]).any())


class _Slope:
    """Derivatives of the mean cross-entropy by 1/T."""

    def __init__(self, rows: FittingRows) -> None:
        self.log, self.weights = np.ascontiguousarray(rows.log), rows.weights
        self.truth = self._mean(-rows.cross_entropies())
        self._means, self._spreads = np.empty(rows.count), np.empty(rows.count)

    def _mean(self, values: Values) -> float:
        weighted = values if self.weights is None else values * self.weights
        return float(weighted.mean())

    def at(self, inverse: float) -> tuple[float, float]:
        """The first and the second derivative."""
        width, threads = self.log.shape[1], get_num_threads()
        _kernels.tempered(self.log, width, inverse, self._means, self._spreads, threads)
        return self._mean(self._means) - self.truth, self._mean(self._spreads)


def _first_guess(rows: FittingRows) -> float:
    """The 1/T of every so many rows, which saves most of the steps on all of them."""
    step = rows.count // _ROWS_OF_A_GUESS
    if step < 4:
        return 1.0
    some = rows.of(slice(None, None, step))
    return 1.0 if _separable(some) else max(_best(some, 1.0), 1 / _HOTTEST)


def _best(rows: FittingRows, guess: float) -> float:
    """The 1/T where the derivative vanishes, between ends where it has other signs."""
    slope = _Slope(rows)
    low, high, inverse = 0.0, np.inf, guess
    if slope.at(0.0)[0] >= 0:
        return 0.0
    for _ in range(_MOST_STEPS):
        first, second = slope.at(inverse)
        if abs(first) <= TOLERANCE / 4:
            break
        if first > 0:
            high = inverse
        else:
            low = inverse
        newton = inverse - first / second if second > 0 else np.nan
        if not low < newton < high:
            newton = (low + high) / 2 if np.isfinite(high) else 2 * inverse
        if newton == inverse or high - low <= 4e-16 * inverse:
            break
        # Far from the minimum a step may be absurdly long.
        inverse = min(max(newton, inverse / 8), inverse * 8)
    return inverse
