"""What each calibrator minimises, written down once more with nothing of the library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Loss:
    """Mean cross-entropy in nats of rows, and the scores that parameters make of them."""

    logits: Floats
    truth: Floats  # rows of shares
    weights: Floats
    scores: Callable[[Floats, Floats], Floats]
    penalty: Callable[[Floats], float] = lambda parameters: 0.0

    def __call__(self, parameters: Any) -> float:
        x = log_softmax(self.logits, axis=1)
        q = log_softmax(self.scores(x, np.asarray(parameters)), axis=1)
        rows = -np.where(self.truth > 0, self.truth * q, 0.0).sum(axis=1)
        return float(self.weights @ rows / self.weights.sum()) + self.penalty(parameters)


def temperature(x: Floats, parameters: Floats) -> Floats:
    return x * parameters[0]


def vector(x: Floats, parameters: Floats) -> Floats:
    width = x.shape[1]
    return x * parameters[:width] + parameters[width:]


def matrix(x: Floats, parameters: Floats) -> Floats:
    width = x.shape[1]
    return x @ parameters[: width * width].reshape(width, width).T + parameters[width * width :]


def platt(x: Floats, parameters: Floats) -> Floats:
    odds = parameters[0] * (x[:, 1] - x[:, 0]) + parameters[1]
    return np.stack([np.zeros_like(odds), odds], axis=1)


def beta(x: Floats, parameters: Floats) -> Floats:
    odds = parameters[0] * x[:, 1] - parameters[1] * x[:, 0] + parameters[2]
    return np.stack([np.zeros_like(odds), odds], axis=1)


def mixing(x: Floats, parameters: Floats) -> Floats:
    return np.log((1 - parameters[0]) * np.exp(x) + parameters[0] / x.shape[1])


def off_diagonal(strength: float, width: int) -> Callable[[Floats], float]:
    """λ Σ W_kj² over k ≠ j."""

    def penalty(parameters: Floats) -> float:
        table = np.asarray(parameters)[: width * width].reshape(width, width)
        return float(strength * (np.square(table).sum() - np.square(np.diag(table)).sum()))

    return penalty


def structured(rows: int, width: int) -> Callable[[Floats], float]:
    """K/n (Σ b² + Σ M_kk²) + K (K − 1)/n Σ M_kj², of W = I + M and b."""

    def penalty(parameters: Floats) -> float:
        table = np.asarray(parameters)[: width * width].reshape(width, width) - np.eye(width)
        shift = np.asarray(parameters)[width * width :]
        own, all_of_it = np.square(np.diag(table)).sum(), np.square(table).sum()
        strength = width / rows
        return float(
            strength * (np.square(shift).sum() + own) + strength * (width - 1) * (all_of_it - own)
        )

    return penalty


def slope(loss: Callable[[Floats], float], at: Any, step: float = 1e-5) -> Floats:
    """The gradient by differences of fourth order."""
    at = np.asarray(at, dtype=np.float64)
    found = np.empty(len(at))
    for k in range(len(at)):
        unit = np.zeros(len(at))
        unit[k] = step * max(1.0, abs(at[k]))
        far, near = loss(at + 2 * unit) - loss(at - 2 * unit), loss(at + unit) - loss(at - unit)
        found[k] = (8 * near - far) / (12 * unit[k])
    return found
