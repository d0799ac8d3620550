"""Mean cross-entropy and its exact derivatives, for scores that are linear in their parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from functools import cached_property
from itertools import chain
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.array_types import Values
from unsurprised.calibrators._refusals import refuse_wide_gaps
from unsurprised.calibrators._rows import FittingRows, finite
from unsurprised.threads import get_num_threads

Part = TypeVar("Part")

#: Nats a row: how flat a loss is where a fit stops.
TOLERANCE = 1e-10
#: Of a fit that is only judged: the cost of rows that it was not fitted to is then off by less.
TOLERANCE_NEARBY = 1e-9
#: Elements of a block of rows: what is made of them stays in the second-level cache.
BLOCK = 1 << 15
#: So many runs of blocks for each thread: enough that none waits long for the last.
_RUNS_A_THREAD = 4
#: Four of them are multiplied, and the largest float of single precision is 3e38.
_LARGEST_IN_SINGLE_PRECISION = 1e8


class LinearScores(Protocol):
    """Scores that are linear in their parameters: z = z₀ + J θ, a block of rows at a time."""

    start: Values
    #: Half the curvature of the penalty λ (θ − θ₀)² on each parameter, and its centre.
    penalty: Values
    centre: Values
    #: Directions in parameter space that change no prediction; the answer has none of them.
    gauge: Values

    def scores(self, x: Values, parameters: Values) -> Values:
        """Scores z of a block of rows."""

    def push(self, x: Values, direction: Values) -> Values:
        """J d for a block of rows."""

    def pull(self, x: Values, by_score: Values) -> Values:
        """Jᵀ g for a block of rows: from derivatives by scores to those by parameters."""

    def curvature(self, x: Values, shares: Values, weights: Values) -> Values:
        """Jᵀ diag(w) (diag(q) − q qᵀ) J for a block of rows."""

    def preconditioner(
        self, x: Values, shares: Values, weights: Values
    ) -> Callable[[Values], Values]:
        """What roughly undoes the curvature, from a block of rows that stands for all."""


class Loss:
    """The mean cross-entropy in nats of what happened under softmax(scores), and its penalty."""

    def __init__(self, rows: FittingRows, model: LinearScores, pool: Executor | None) -> None:
        self.rows, self.model, self.pool = rows, model, pool
        step = max(1, BLOCK // rows.width)
        self.blocks = [slice(at, min(at + step, rows.count)) for at in range(0, rows.count, step)]
        refuse_wide_gaps(rows)
        self.truth = rows.truth() if rows.labels is None else None
        scale = 1.0 / rows.count
        self.weights = np.full(rows.count, scale) if rows.weights is None else rows.weights * scale

    @cached_property
    def x(self) -> Values:
        """The log-probabilities, 0 where a class is impossible."""
        return finite(self.rows.log)

    @cached_property
    def possible(self) -> NDArray[np.bool_] | None:
        """Which classes are possible; None where all are."""
        return None if self.x is self.rows.log else ~np.isneginf(self.rows.log)

    def each(self, function: Callable[..., Part], *more: Iterable[Any]) -> Iterator[Part]:
        """The function of each block, in order, so that sums of parts have the same bits."""
        if self.pool is None:
            return map(function, self.blocks, *more)

        # To hand a single block to another thread takes as long as to work on it.
        work = list(zip(self.blocks, *more, strict=True))
        size = -(-len(work) // (_RUNS_A_THREAD * get_num_threads()))
        runs = [work[at : at + size] for at in range(0, len(work), size)]
        done = self.pool.map(lambda run: [function(*block) for block in run], runs)
        return chain.from_iterable(done)

    def shares(self, block: slice, parameters: Values) -> tuple[Values, Values]:
        """Predicted shares of a block of rows, and the cross-entropy of each row."""
        z = self.model.scores(self.x[block], parameters)
        if self.possible is not None:
            z = np.where(self.possible[block], z, -np.inf)
        if self.truth is None:
            assert self.rows.labels is not None
            at = z[np.arange(len(z)), self.rows.labels[block]]
        else:
            z -= z.max(axis=1, keepdims=True)  # so that the tops are 0
            truth = self.truth[block]
            at = np.where(truth > 0, truth * np.where(truth > 0, z, 0.0), 0.0).sum(axis=1)
        tops, masses = np.empty(len(z)), np.empty(len(z))
        _kernels.softmax(z, self.rows.width, tops, masses)
        return z, portable.log(masses) - (at - tops)

    def value_and_gradient(self, parameters: Values) -> tuple[float, Values]:
        """Nats a row, and its derivatives."""

        def part(block: slice) -> tuple[float, Values]:
            shares, nats = self.shares(block, parameters)
            if self.truth is None:
                assert self.rows.labels is not None
                shares[np.arange(len(shares)), self.rows.labels[block]] -= 1.0
            else:
                shares -= self.truth[block]
            weights = self.weights[block]
            shares *= weights[:, None]
            return portable.matmul(weights, nats), self.model.pull(self.x[block], shares)

        value, gradient = 0.0, np.zeros(len(parameters))
        for nats, derivatives in self.each(part):
            value += nats
            gradient += derivatives
        away = parameters - self.model.centre
        value += float((self.model.penalty * np.square(away)).sum())
        gradient += 2 * self.model.penalty * away
        return value, gradient

    def matrix(self, parameters: Values) -> Values:
        """The second derivatives, made regular where a direction changes nothing."""

        def part(block: slice) -> Values:
            shares, _ = self.shares(block, parameters)
            return self.model.curvature(self.x[block], shares, self.weights[block])

        matrix = np.zeros((len(parameters), len(parameters)))
        for second in self.each(part):
            matrix += second
        matrix[np.diag_indices_from(matrix)] += 2 * self.model.penalty
        held: Values = portable.matmul(self.model.gauge.T, self.model.gauge)
        return matrix + held

    def move(self, direction: Values) -> float:
        """The most that a direction changes a possible score against others of its row."""

        def part(block: slice) -> float:
            moves = self.model.push(self.x[block], direction)
            if self.possible is not None:
                moves = np.where(self.possible[block], moves, np.nan)
            return float(np.max(np.nanmax(moves, axis=1) - np.nanmin(moves, axis=1)))

        return max(self.each(part)) if direction.any() else 0.0

    @cached_property
    def _narrowed(self) -> tuple[Any, Any]:
        """The rows and their weights in single precision, where its range allows."""
        large = max(-float(self.x.min(initial=0.0)), 1.0) > _LARGEST_IN_SINGLE_PRECISION
        precision = np.float64 if large else np.float32
        return self.x.astype(precision, copy=False), self.weights.astype(precision)[:, None]

    def curvature_at(self, parameters: Values) -> Callable[[Values], Values]:
        """A function that multiplies the second derivatives at a place by a direction.

        In single precision, where its range allows: a direction to look in needs no more, and only
        the gradient says where the minimum is.
        """
        x, weights = self._narrowed
        precision = x.dtype

        def shares_of(block: slice) -> Any:
            return self.shares(block, parameters)[0].astype(precision)

        shares = list(self.each(shares_of))

        def times(direction: Values) -> Values:
            narrow: Any = direction.astype(precision)

            def part(block: slice, q: Any) -> Any:
                u: Any = self.model.push(x[block], narrow)
                u -= (q * u).sum(axis=1)[:, None]
                u *= q
                u *= weights[block]
                return self.model.pull(x[block], u)

            product = 2 * self.model.penalty * direction
            for piece in self.each(part, shares):
                product = product + piece
            along = portable.matmul(self.model.gauge, direction)
            held: Values = portable.matmul(self.model.gauge.T, along)
            return product + held

        return times


def no_gauge(parameters: int) -> Values:
    """Where every parameter shows in the predictions."""
    return np.zeros((0, parameters))
