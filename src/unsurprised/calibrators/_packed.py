"""Rows laid out for the kernels that add up what fits of temperature and vector scaling ask for."""

from __future__ import annotations

from typing import Any

import numpy as np

from unsurprised import _kernels
from unsurprised.array_types import Values
from unsurprised.threads import get_num_threads

_LANES: int = _kernels.lanes
#: Of fewer numbers a second thread would begin when the first is done.
_FEW = 1 << 15


class PackedRows:
    """Log-probabilities of some rows, a few rows side by side, with weights that add up to one.

    Parameters
    ----------
    log : array, shape (n, K)
        Natural log-probabilities, −∞ where one is 0.
    weights : array, shape (n,), optional
        Importance of each row, of mean 1.
    """

    def __init__(self, log: Values, weights: Values | None) -> None:
        self.count, self.width = log.shape
        self.threads = get_num_threads() if log.size >= _FEW else 1
        self._room = -(-self.count // _LANES) * _LANES
        self.log = self._packed(log)
        self.weights = np.zeros(self._room)
        self.weights[: self.count] = 1.0 if weights is None else weights
        self.weights /= self.count

    def _packed(self, table: Values) -> Values:
        packed = np.empty(self._room * self.width)
        _kernels.pack(np.ascontiguousarray(table), self.width, packed, self.threads)
        return packed

    def truth(self, labels: Any, shares: Values | None) -> Values:
        """What happened, laid out likewise."""
        if shares is not None:
            return self._packed(shares)
        truth = np.zeros(self._room)
        truth[: self.count] = labels
        return truth

    def tempered(self, factor: float) -> tuple[float, float]:
        """The mean score, and the mean variance of scores, under shares ∝ exp(factor · score)."""
        sums = np.empty(2)
        _kernels.tempered_sums(self.log, self.weights, self.width, factor, sums, self.threads)
        return float(sums[0]), float(sums[1])

    def scaled(self, truth: Values, parameters: Values) -> tuple[float, Values]:
        """The mean cross-entropy under softmax(a ∘ x + b), and its derivatives by a and b."""
        sums = np.empty(1 + len(parameters))
        _kernels.scaled_sums(self.log, self.weights, truth, parameters, sums, self.threads)
        return float(sums[0]), sums[1:]

    def scaled_curvature(self, parameters: Values) -> Values:
        """Its second derivatives."""
        matrix = np.empty((len(parameters), len(parameters)))
        _kernels.scaled_curvature(self.log, self.weights, parameters, matrix, self.threads)
        return matrix

    def scaled_spread(self, direction: Values) -> float:
        """The most that a ∘ x + b differs between two possible classes of a row."""
        return _kernels.scaled_spread(self.log, self.weights, direction, self.count)
