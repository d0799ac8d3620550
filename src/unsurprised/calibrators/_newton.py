"""Convex minimisation by Newton's method, for models whose scores are linear in their parameters.

The mean cross-entropy of softmax(z₀ + J θ) is convex in θ; its derivatives are exact. The method
stops when no entry of the gradient, in nats a row, exceeds ``TOLERANCE``.
"""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.calibrators._loss import BLOCK, TOLERANCE, LinearScores, Loss
from unsurprised.calibrators._quasi import QuasiNewton
from unsurprised.calibrators._rows import FittingRows
from unsurprised.calibrators._scores import VectorScores
from unsurprised.calibrators._steps import MOST_DENSE, Newton, solver
from unsurprised.calibrators._vector_loss import VectorLoss
from unsurprised.threads import get_num_threads

_MOST_STEPS = 200
#: How many times the parameters a first step may be; along a flat direction it has no bound.
_FARTHEST = 1e8
#: Some rows stand for all where there are so many times more of them.
_MANY_TIMES, _FEWEST_ROWS, _ROWS_FOR_EACH = 4, 4096, 64
#: How flat the loss of some rows must be; by chance alone it differs from that of all by more.
_ROUGHLY = 1e-4
#: The last of Newton's steps to a minimum squares an error that is small already. On the way to
#: infinity each step adds about one nat to the scores of what is told apart without an error.
_SHORT = 0.05


@dataclass(frozen=True)
class Minimum:
    """Where the gradient vanished, or what stopped the search before."""

    parameters: Values
    #: Nats a row, the penalty included.
    value: float
    gradient: float
    steps: int
    #: By how much the last step changed a score of a row against the others.
    last_move: float
    tolerance: float

    @property
    def converged(self) -> bool:
        """Whether the gradient is within the tolerance."""
        return self.gradient <= self.tolerance

    @property
    def recedes(self) -> bool:
        """Whether there is no minimum: steps stay long while the gradient dies out."""
        return self.last_move > _SHORT


def minimise(
    rows: FittingRows, model: LinearScores, tolerance: float = TOLERANCE, *, nearby: bool = False
) -> Minimum:
    """The parameters of least mean cross-entropy.

    Damped Newton steps (Boyd and Vandenberghe, *Convex Optimization*, 2004, section 9.5). Close to
    the minimum the value no longer tells steps apart, and a smaller gradient counts as progress.
    Of many rows, some are fitted first: from where they lead to, a few steps on all of them remain.
    Where the start is ``nearby``, it is no worse than that.
    """
    if _by_kernels(model):
        return _from_some_to_all(rows, model, tolerance, nearby, None)
    from threadpoolctl import threadpool_limits

    # Blocks are what runs side by side: BLAS with threads of its own would fight for the cores,
    # and its sums would depend on their number.
    with threadpool_limits(1, user_api="blas"):
        workers = min(get_num_threads(), rows.count * rows.width // BLOCK)
        if workers < 2:
            return _from_some_to_all(rows, model, tolerance, nearby, None)
        with ThreadPoolExecutor(workers) as pool:
            return _from_some_to_all(rows, model, tolerance, nearby, pool)


def _from_some_to_all(
    rows: FittingRows, model: LinearScores, tolerance: float, nearby: bool, pool: Executor | None
) -> Minimum:
    loss, step = _loss_of(rows, model, pool), rows.count // _some(model, rows.width)
    if step < _MANY_TIMES:
        return _descend(loss, model.start, tolerance)
    some = _loss_of(rows.of(slice(None, None, step)), model, pool)
    if nearby:
        return _descend(loss, model.start, tolerance, some)
    guess = _descend(some, model.start, _ROUGHLY).parameters
    # What some rows tell apart without an error leads them astray.
    better = loss.value_and_gradient(guess)[0] < loss.value_and_gradient(model.start)[0]
    return _descend(loss, guess if better else model.start, tolerance, some)


def _loss_of(rows: FittingRows, model: LinearScores, pool: Executor | None) -> Loss:
    return VectorLoss(rows, model) if _by_kernels(model) else Loss(rows, model, pool)


def _by_kernels(model: LinearScores) -> TypeGuard[VectorScores]:
    """Whether the loss is one of kernels, up to as many classes as have a matrix of curvature."""
    return isinstance(model, VectorScores) and len(model.start) <= MOST_DENSE


def _some(model: LinearScores, width: int) -> int:
    """How many rows a first guess takes: the more, the more parameters there are for a class."""
    return max(_FEWEST_ROWS, _ROWS_FOR_EACH * len(model.start) // width)


def _descend(loss: Loss, start: Values, tolerance: float, some: Loss | None = None) -> Minimum:
    parameters = start.copy()
    value, gradient = loss.value_and_gradient(parameters)
    steps, before, way = 0, parameters, _way(loss, some)
    while np.abs(gradient).max() > tolerance and steps < _MOST_STEPS:
        steps += 1
        step = way.step(parameters, gradient)
        moved = _search(loss, parameters, step, value, gradient)
        if moved is None:
            break
        way.learn(moved[0] - parameters, gradient, moved[2])
        before = parameters
        parameters, value, gradient = moved
    last_move = loss.move(parameters - before)
    flat = float(np.abs(gradient).max())
    return Minimum(parameters, value, flat, steps, last_move, tolerance)


def _way(loss: Loss, some: Loss | None) -> Newton | QuasiNewton:
    """How steps are found: where a gradient is cheap, more of them and fewer second derivatives."""
    if isinstance(loss, VectorLoss):
        return QuasiNewton(lambda parameters: solver(loss.matrix(parameters)))
    return Newton(loss, some)


def least(
    rows: FittingRows, model: LinearScores, tolerance: float = TOLERANCE, *, nearby: bool = False
) -> tuple[Values, tuple[str, ...]]:
    """The best parameters; where there are none, those with the truth smoothed, and a note."""
    never = np.flatnonzero(rows.frequencies() == 0)
    if len(never) and len(model.gauge):  # nothing holds the shifts back
        smoothed = minimise(rows.with_smoothed_truth(), model, tolerance, nearby=nearby)
        return smoothed.parameters, (
            f"class {rows.name(int(never[0]))!r} does not happen in these rows, so no fit is "
            "the best (the less it gets the better); took the best as if one more row had been "
            "seen, of any class alike",
        )
    found = minimise(rows, model, tolerance, nearby=nearby)
    if found.recedes:
        smoothed = minimise(rows.with_smoothed_truth(), model, tolerance, nearby=nearby)
        return smoothed.parameters, (
            "classes can be told apart without an error, so no fit is the best (the surer the "
            "better); took the best as if one more row had been seen, of any class alike",
        )
    if found.converged:
        return found.parameters, ()
    return found.parameters, (
        f"the fit stopped at a gradient of {found.gradient:.1e} nats a row, above {tolerance:g}",
    )


def _search(
    loss: Loss, parameters: Values, step: Values, value: float, gradient: Values
) -> tuple[Values, float, Values] | None:
    slope = portable.matmul(gradient, step)
    # A step that leads out of all numbers says only where to look.
    longest = _FARTHEST * (1.0 + float(np.abs(parameters).max()))
    length = min(1.0, longest / max(float(np.abs(step).max()), 1e-300))
    norm = portable.norm(gradient)
    noise = 1e-14 * max(1.0, abs(value))
    shortest = 1e-10 * length
    while length > shortest:
        there = parameters + length * step
        new_value, new_gradient = loss.value_and_gradient(there)
        if np.isfinite(new_value):
            lower = new_value <= value + 1e-4 * length * slope
            flatter = new_value <= value + noise and portable.norm(new_gradient) < norm
            if lower or flatter:
                return there, new_value, new_gradient
        length /= 2
    return None
