"""Convex minimisation by Newton's method, for models whose scores are linear in their parameters.

The mean cross-entropy of softmax(z₀ + J θ) is convex in θ; its derivatives are exact. The method
stops when no entry of the gradient, in nats a row, exceeds ``TOLERANCE``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from unsurprised.calibrators._rows import FittingRows, finite
from unsurprised.threads import get_num_threads

Values = NDArray[np.float64]
Part = TypeVar("Part")

TOLERANCE = 1e-10
#: Up to so many parameters a Newton step is solved by factorising the matrix, above iteratively.
_MOST_DENSE = 400
_MOST_STEPS = 200
_BLOCKS_THAT_STAND_FOR_ALL = 16
#: Nats a row below which only data without any error are.
_AS_GOOD_AS_CERTAIN = 1e-8
#: Elements of a block of rows: what is made of them stays in the second-level cache.
_BLOCK = 1 << 15


class LinearScores(Protocol):
    """Scores that are linear in their parameters: z = z₀ + J θ, a block of rows at a time."""

    start: Values
    #: Half the curvature of the penalty λ (θ − θ₀)² on each parameter, and its centre.
    penalty: Values
    centre: Values
    #: Directions in parameter space that change no prediction; the answer has none of them.
    gauge: Values

    def scores(self, x: Values, parameters: Values) -> Values:
        """Z for a block of rows."""

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


@dataclass(frozen=True)
class Minimum:
    """Where the gradient vanished, or what stopped the search before."""

    parameters: Values
    #: Nats a row, the penalty included.
    value: float
    gradient: float
    steps: int
    tolerance: float = TOLERANCE

    @property
    def converged(self) -> bool:
        """Whether the gradient is within the tolerance."""
        return self.gradient <= self.tolerance


class Loss:
    """The mean cross-entropy in nats of what happened under softmax(scores), and its penalty."""

    def __init__(self, rows: FittingRows, model: LinearScores, pool: Executor | None) -> None:
        self.rows, self.model, self.pool = rows, model, pool
        step = max(1, _BLOCK // rows.width)
        self.blocks = [slice(at, min(at + step, rows.count)) for at in range(0, rows.count, step)]
        self.x = finite(rows.log)
        self.possible = None if self.x is rows.log else ~np.isneginf(rows.log)
        self.truth = rows.truth() if rows.labels is None else None
        scale = 1.0 / rows.count
        self.weights = np.full(rows.count, scale) if rows.weights is None else rows.weights * scale

    def each(self, function: Callable[..., Part], *more: Iterable[Any]) -> Iterator[Part]:
        """The function of each block, in order, so that sums of parts have the same bits."""
        return (map if self.pool is None else self.pool.map)(function, self.blocks, *more)

    def shares(self, block: slice, parameters: Values) -> tuple[Values, Values]:
        """Predicted shares of a block of rows, and the cross-entropy of each row."""
        z = self.model.scores(self.x[block], parameters)
        if self.possible is not None:
            z = np.where(self.possible[block], z, -np.inf)
        z -= z.max(axis=1, keepdims=True)
        shares = np.exp(z)
        total = shares.sum(axis=1, keepdims=True)
        shares /= total
        log_total = np.log(total[:, 0])
        if self.truth is None:
            assert self.rows.labels is not None
            at = z[np.arange(len(z)), self.rows.labels[block]]
        else:
            truth = self.truth[block]
            at = np.where(truth > 0, truth * np.where(truth > 0, z, 0.0), 0.0).sum(axis=1)
        return shares, log_total - at

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
            return float(weights @ nats), self.model.pull(self.x[block], shares)

        value, gradient = 0.0, np.zeros(len(parameters))
        for nats, derivatives in self.each(part):
            value += nats
            gradient += derivatives
        away = parameters - self.model.centre
        value += float(self.model.penalty @ away**2)
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
        return matrix + self.model.gauge.T @ self.model.gauge

    def times(self, shares: list[Values], direction: Values) -> Values:
        """The second derivatives times a direction, from shares that are at hand."""

        def part(block: slice, q: Values) -> Values:
            x = self.x[block]
            u = self.model.push(x, direction)
            u -= np.einsum("ij,ij->i", q, u)[:, None]
            u *= q
            u *= self.weights[block, None]
            return self.model.pull(x, u)

        product = 2 * self.model.penalty * direction
        for piece in self.each(part, shares):
            product = product + piece
        return product + self.model.gauge.T @ (self.model.gauge @ direction)


def minimise(rows: FittingRows, model: LinearScores, tolerance: float = TOLERANCE) -> Minimum:
    """The parameters of least mean cross-entropy.

    Damped Newton steps (Boyd and Vandenberghe, *Convex Optimization*, 2004, section 9.5). Close to
    the minimum the value no longer tells steps apart, and a smaller gradient counts as progress.
    """
    from threadpoolctl import threadpool_limits

    # Blocks are what runs side by side: BLAS with threads of its own would fight for the cores,
    # and its sums would depend on their number.
    with threadpool_limits(1, user_api="blas"):
        workers = min(get_num_threads(), rows.count * rows.width // _BLOCK)
        if workers < 2:
            return _minimise(Loss(rows, model, None), model, tolerance)
        with ThreadPoolExecutor(workers) as pool:
            return _minimise(Loss(rows, model, pool), model, tolerance)


def _minimise(loss: Loss, model: LinearScores, tolerance: float) -> Minimum:
    parameters = model.start.copy()
    value, gradient = loss.value_and_gradient(parameters)
    steps = 0
    while np.abs(gradient).max() > tolerance and steps < _MOST_STEPS:
        steps += 1
        step = _step(loss, parameters, gradient)
        moved = _search(loss, parameters, step, value, gradient)
        if moved is None:
            break
        parameters, value, gradient = moved
    return Minimum(parameters, value, float(np.abs(gradient).max()), steps, tolerance)


def least(
    rows: FittingRows, model: LinearScores, tolerance: float = TOLERANCE
) -> tuple[Values, tuple[str, ...]]:
    """The best parameters; where there are none, those with the truth smoothed, and a note."""
    found = minimise(rows, model, tolerance)
    bits = found.value - float(model.penalty @ (found.parameters - model.centre) ** 2)
    if found.converged and bits > _AS_GOOD_AS_CERTAIN:
        return found.parameters, ()
    if not found.converged and bits > _AS_GOOD_AS_CERTAIN:
        return found.parameters, (
            f"the fit stopped at a gradient of {found.gradient:.1e} nats a row, above {TOLERANCE:g}",
        )
    bounded = minimise(rows.with_smoothed_truth(), model, tolerance)
    return bounded.parameters, (
        "the classes can be told apart without an error, so no fit is the best (the surer the "
        "better); took the best as if one more row had been seen, of any class alike",
    )


def _search(
    loss: Loss, parameters: Values, step: Values, value: float, gradient: Values
) -> tuple[Values, float, Values] | None:
    slope = float(gradient @ step)
    length = 1.0
    norm = np.linalg.norm(gradient)
    noise = 1e-14 * max(1.0, abs(value))
    while length > 1e-10:
        there = parameters + length * step
        new_value, new_gradient = loss.value_and_gradient(there)
        if np.isfinite(new_value):
            lower = new_value <= value + 1e-4 * length * slope
            flatter = new_value <= value + noise and np.linalg.norm(new_gradient) < norm
            if lower or flatter:
                return there, new_value, new_gradient
        length /= 2
    return None


def _step(loss: Loss, parameters: Values, gradient: Values) -> Values:
    if len(parameters) <= _MOST_DENSE:
        return _solved(loss.matrix(parameters), -gradient)
    return _conjugate_gradients(loss, parameters, gradient)


def _solved(matrix: Values, right: Values) -> Values:
    """The Newton step; with a little of the identity where the matrix is as good as singular."""
    scale = float(np.abs(np.diag(matrix)).max()) or 1.0
    for damping in (0.0, 1e-14, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1.0):
        damped = matrix + damping * scale * np.eye(len(matrix))
        try:
            np.linalg.cholesky(damped)  # which tells whether it is a step downwards
        except np.linalg.LinAlgError:
            continue
        step: Values = np.linalg.solve(damped, right)
        if np.isfinite(step).all():
            return step
    return right


def _conjugate_gradients(loss: Loss, parameters: Values, gradient: Values) -> Values:
    """The Newton step, as far as the gradient's size asks for (Nocedal and Wright, section 7.1)."""
    shares = [q for q, _ in loss.each(lambda block: loss.shares(block, parameters))]
    some = slice(0, sum(map(len, shares[:_BLOCKS_THAT_STAND_FOR_ALL])))
    q = np.concatenate(shares[:_BLOCKS_THAT_STAND_FOR_ALL])
    weights = loss.weights[some] / loss.weights[some].sum()
    undo = loss.model.preconditioner(loss.x[some], q, weights)

    step = np.zeros_like(gradient)
    residual = -gradient
    goal = min(0.1, np.sqrt(np.linalg.norm(gradient))) * np.linalg.norm(gradient)
    direction = undo(residual)
    size = float(residual @ direction)
    for _ in range(500):
        product = loss.times(shares, direction)
        curvature = float(direction @ product)
        if curvature <= 0:
            break
        step += size / curvature * direction
        residual -= size / curvature * product
        if np.linalg.norm(residual) <= goal:
            break
        undone = undo(residual)
        new_size = float(residual @ undone)
        direction = undone + new_size / size * direction
        size = new_size
    return step if step.any() else -gradient


def no_gauge(parameters: int) -> Values:
    """Where every parameter shows in the predictions."""
    return np.zeros((0, parameters))
