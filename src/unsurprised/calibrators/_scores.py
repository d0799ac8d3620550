"""The scores that are linear in their parameters: one factor a class, a matrix, log-odds."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.calibrators._loss import no_gauge
from unsurprised.calibrators._rough import Product, RoughCurvature, of_factors_and_shifts
from unsurprised.calibrators._steps import MOST_DENSE


class VectorScores:
    """z = a ∘ x + b; the parameters are a, then b; the search starts at a = ``scale``, b = 0."""

    def __init__(self, width: int, scale: float = 1.0) -> None:
        self.width = width
        self.start = np.concatenate([np.full(width, scale), np.zeros(width)])
        self.centre = self.start
        self.penalty = np.zeros(2 * width)
        # The same shift of every class changes nothing.
        self.gauge = np.concatenate([np.zeros(width), np.full(width, 1 / math.sqrt(width))])[
            None, :
        ]

    def scores(self, x: Values, parameters: Values) -> Values:
        return x * parameters[: self.width] + parameters[self.width :]

    push = scores

    def pull(self, x: Values, by_score: Values) -> Values:
        return np.concatenate([(by_score * x).sum(axis=0), by_score.sum(axis=0)])

    def curvature(self, x: Values, shares: Values, weights: Values) -> Values:
        return of_factors_and_shifts(x, shares, weights, portable.matmul)

    def preconditioner(
        self, x: Values, shares: Values, weights: Values
    ) -> Callable[[Values], Values]:
        """Each class by itself: blocks of two by two."""
        spread = shares * (1 - shares)
        ones, cross, squares = (
            portable.matmul(weights, each) for each in (spread, spread * x, spread * x * x)
        )
        floor = 1e-9 * max(float(squares.max()), 1e-300)
        squares, ones = squares + floor, ones + floor
        determinant = np.maximum(squares * ones - cross**2, 1e-12 * squares * ones)

        def undo(residual: Values) -> Values:
            scale, shift = residual[: self.width], residual[self.width :]
            return np.concatenate(
                [
                    (ones * scale - cross * shift) / determinant,
                    (squares * shift - cross * scale) / determinant,
                ]
            )

        return undo


class MatrixScores:
    """z = W x + b; the parameters are the rows of (W | b).

    Parameters
    ----------
    width : int
        The number of classes.
    off_diagonal, diagonal, shift : float
        λ of the penalty λ (θ − θ₀)² on entries of W − I and of b, in nats a row.
    scale : float
        The search starts at W = ``scale`` I, b = 0.
    """

    def __init__(
        self, width: int, off_diagonal: float, diagonal: float, shift: float, scale: float = 1.0
    ) -> None:
        self.width = width
        # Of many classes products are what takes long; a BLAS is twice as fast.
        many = width * (width + 1) > MOST_DENSE
        self.product: Product = np.matmul if many else portable.matmul
        penalty = np.full((width, width + 1), off_diagonal)
        penalty[np.diag_indices(width)] = diagonal
        penalty[:, width] = shift
        self.penalty = penalty.ravel()
        self.centre = np.eye(width, width + 1).ravel()
        self.start = scale * self.centre
        gauge = np.zeros((width, width + 1))
        gauge[:, width] = 1 / math.sqrt(width)
        self.gauge = gauge.reshape(1, -1) if not shift else no_gauge(gauge.size)

    def scores(self, x: Values, parameters: Values) -> Values:
        table = parameters.reshape(self.width, self.width + 1)
        return np.asarray(self.product(x, table[:, :-1].T)) + table[:, -1]

    push = scores

    def pull(self, x: Values, by_score: Values) -> Values:
        return np.column_stack([self.product(by_score.T, x), by_score.sum(axis=0)]).ravel()

    def curvature(self, x: Values, shares: Values, weights: Values) -> Values:
        width, long = self.width, self.width + 1
        longer = np.column_stack([x, np.ones(len(x))])
        each = (shares[:, :, None] * longer[:, None, :]).reshape(len(x), -1)
        matrix: Values = -self.product(each.T, each * weights[:, None])
        blocks = matrix.reshape(width, long, width, long)
        for k in range(width):
            blocks[k, :, k, :] += self.product(longer.T, longer * (weights * shares[:, k])[:, None])
        return matrix

    def preconditioner(
        self, x: Values, shares: Values, weights: Values
    ) -> Callable[[Values], Values]:
        """The mean of products as the product of means, and what that blurs most beside it."""
        penalty = self.penalty.reshape(self.width, self.width + 1)
        return RoughCurvature(x, shares, weights, penalty, held=bool(len(self.gauge))).undo


class OddsScores:
    """Two classes: log-odds of class 1 that are linear in features of the row.

    Parameters
    ----------
    features : function of rows (n, 2)
        What the parameters multiply, (n, m).
    start : sequence of float
        The parameters that leave the odds as they are.
    """

    def __init__(self, features: Callable[[Values], Values], start: list[float]) -> None:
        self.features = features
        self.start = np.array(start)
        self.centre = self.start
        self.penalty = np.zeros(len(start))
        self.gauge = no_gauge(len(start))

    def scores(self, x: Values, parameters: Values) -> Values:
        odds = np.asarray(portable.matmul(self.features(x), parameters))
        return np.stack([np.zeros_like(odds), odds], axis=1)

    push = scores

    def pull(self, x: Values, by_score: Values) -> Values:
        pulled: Values = portable.matmul(self.features(x).T, by_score[:, 1])
        return pulled

    def curvature(self, x: Values, shares: Values, weights: Values) -> Values:
        features = self.features(x)
        spread = weights * shares[:, 0] * shares[:, 1]
        curved: Values = portable.matmul(features.T, features * spread[:, None])
        return curved

    def preconditioner(
        self, x: Values, shares: Values, weights: Values
    ) -> Callable[[Values], Values]:
        """Never asked for: there are two or three parameters."""
        raise NotImplementedError
