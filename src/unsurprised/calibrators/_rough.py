"""What roughly undoes the curvature of matrix scaling, and so shortens the way of a solver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unsurprised.array_types import Values

Product = Callable[[Any, Any], Any]

#: The bridge takes as long as the fourth power of the classes.
_MOST_BRIDGED = 256


def of_factors_and_shifts(x: Values, shares: Values, weights: Values, product: Product) -> Values:
    """The curvature by a factor and a shift of each class."""
    width = shares.shape[1]
    both = np.concatenate([shares * x, shares], axis=1)
    matrix: Values = -product(both.T, both * weights[:, None])
    ones = product(weights, shares)
    both[:, :width] *= x
    squares = product(weights, both[:, :width])
    cross = product(weights, shares * x)
    scale, shift = np.arange(width), np.arange(width) + width
    matrix[scale, scale] += squares
    matrix[scale, shift] += cross
    matrix[shift, scale] += cross
    matrix[shift, shift] += ones
    return matrix


class RoughCurvature:
    """The second derivatives by a matrix W and shifts b, as blocks that are cheap to undo.

    The mean of products is taken for the product of means (Martens and Grosse, "Optimizing Neural
    Networks with Kronecker-factored Approximate Curvature", 2015), which is good for entries off
    the diagonal, and they alone have their own penalty there. The diagonal and the shifts, which
    are penalised by less and whose classes are sure when their scores are high, get their own
    penalty by Woodbury's identity, and their own curvature in a second term (additive Schwarz).
    """

    def __init__(
        self, x: Values, shares: Values, weights: Values, penalty: Values, *, held: bool
    ) -> None:
        width = shares.shape[1]
        longer = np.column_stack([x, np.ones(len(x))])
        by_class = np.diag(weights @ shares) - shares.T @ (shares * weights[:, None])
        by_entry = longer.T @ (longer * weights[:, None])
        first, self.turn = np.linalg.eigh(by_class)
        second, self.twist = np.linalg.eigh(by_entry)
        off = 2 * float(penalty[0, 1])
        self.sizes = np.outer(first, second)
        self.sizes += off + 1e-9 * float(self.sizes.max())
        diagonal = np.arange(width) * (width + 1) + np.arange(width)
        #: Where factors and shifts of each class stand.
        self.own = np.concatenate([diagonal, np.arange(width) * (width + 1) + width])
        least = 2 * penalty.ravel()[self.own]
        if held:  # no penalty holds the shifts, but another term does
            least[width:] = np.maximum(least[width:], off)
        self.inside = _inverse(of_factors_and_shifts(x, shares, weights, np.matmul), least)
        self.bridge = self._bridge(off - least) if width <= _MOST_BRIDGED else None

    def undo(self, residual: Values) -> Values:
        """The direction whose curvature is about this residual."""
        undone = self._undone(residual)
        if self.bridge is not None:
            undone += self._undone(self._put(self.bridge @ undone[self.own]))
        undone[self.own] += self.inside @ residual[self.own]
        return undone

    def _undone(self, residual: Values) -> Values:
        table = residual.reshape(self.sizes.shape)
        turned = (self.turn.T @ table @ self.twist) / self.sizes
        undone: Values = self.turn @ turned @ self.twist.T
        return undone.ravel()

    def _put(self, values: Values) -> Values:
        put = np.zeros(self.sizes.size)
        put[self.own] = values
        return put

    def _bridge(self, less: Values) -> Values:
        """From what is undone with ``less`` penalty too much on the own entries to what is not."""
        width, own = len(self.turn), np.zeros((len(less), len(less)))
        for of_class, sizes in zip(self.turn.T, self.sizes, strict=True):
            pairs = np.outer(of_class, of_class)
            entries = (self.twist / sizes) @ self.twist.T
            own[:width, :width] += pairs * entries[:width, :width]
            own[:width, width:] += pairs * entries[:width, width:]
            own[width:, width:] += pairs * entries[width, width]
        own[width:, :width] = own[:width, width:].T
        bridge: Values = less[:, None] * np.linalg.inv(np.eye(len(less)) - own * less)
        return bridge


def _inverse(matrix: Values, penalty: Values) -> Values:
    """Of the matrix with this penalty; a little of the identity keeps it regular."""
    whole = matrix + np.diag(penalty)
    whole[np.diag_indices_from(whole)] += 1e-9 * float(np.abs(np.diag(whole)).max()) + 1e-300
    inverse = np.linalg.inv(whole)
    return np.asarray((inverse + inverse.T) / 2)
