"""Newton's steps: by factorising the second derivatives, or by conjugate gradients."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.calibrators._loss import TOLERANCE, Loss

Solver = Callable[[Values], Values]

#: Up to so many parameters their matrix of second derivatives is made, above it never is.
MOST_DENSE = 400
_BLOCKS_THAT_STAND_FOR_ALL = 16


class Newton:
    """Steps by the second derivatives of a loss; ``some`` is that of rows that stand for all."""

    def __init__(self, loss: Loss, some: Loss | None) -> None:
        self.loss, self.some = loss, some

    def step(self, parameters: Values, gradient: Values) -> Values:
        """Where to go from a place."""
        loss, some = self.loss, self.some
        if len(parameters) > MOST_DENSE:
            return _conjugate_gradients(loss, parameters, gradient, _roughly(loss, parameters))
        if some is None:
            return solver(loss.matrix(parameters))(-gradient)
        return _conjugate_gradients(loss, parameters, gradient, solver(some.matrix(parameters)))

    def learn(self, moved: Values, before: Values, gradient: Values) -> None:
        """Nothing: the next step asks for the second derivatives anew."""


def _roughly(loss: Loss, parameters: Values) -> Solver:
    """What the model knows to undo its second derivatives by, from the first blocks of rows."""
    first = loss.blocks[:_BLOCKS_THAT_STAND_FOR_ALL]
    q = np.concatenate([loss.shares(block, parameters)[0] for block in first])
    some = slice(0, first[-1].stop)
    return loss.model.preconditioner(loss.x[some], q, loss.weights[some] / loss.weights[some].sum())


def solver(matrix: Values) -> Solver:
    """Undoes the matrix; with a little of the identity where it is as good as singular."""
    # Curvatures by factors and by shifts may differ by many orders; brought to the same size.
    diagonal = np.diag(matrix)
    # What is hardly curved may come out below zero, by the rounding of the larger terms.
    least = np.finfo(float).eps * float(np.abs(diagonal).max())
    sizes = np.sqrt(np.maximum(diagonal, least))
    sizes[sizes == 0] = 1.0
    even = matrix / sizes / sizes[:, None]
    for damping in (0.0, 1e-14, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1.0):
        damped = even + damping * np.eye(len(even))
        # Which tells whether it leads downwards.
        factor = portable.factorised(damped)
        if factor is not None and np.isfinite(factor).all():
            return partial(_undone, factor, sizes)
    return lambda right: right


def _undone(factor: Values, sizes: Values, right: Values) -> Values:
    # By the factor, whose diagonal is above 0 however close to singular the matrix is.
    with np.errstate(over="ignore", invalid="ignore"):
        step = portable.solved(factor, right / sizes) / sizes
    return step if np.isfinite(step).all() else right


def _conjugate_gradients(loss: Loss, parameters: Values, gradient: Values, undo: Solver) -> Values:
    """The Newton step, as far as the gradient's size asks for (Nocedal and Wright, section 7.1)."""
    curvature_along = loss.curvature_at(parameters)
    step = np.zeros_like(gradient)
    residual = -gradient
    norm = portable.norm(gradient)
    goal = max(min(0.1, np.sqrt(norm)) * norm, TOLERANCE / 4)
    direction = undo(residual)
    size = portable.matmul(residual, direction)
    for _ in range(500):
        product = curvature_along(direction)
        curvature = portable.matmul(direction, product)
        if not curvature > 0:
            break
        step += size / curvature * direction
        residual -= size / curvature * product
        if portable.norm(residual) <= goal:
            break
        undone = undo(residual)
        new_size = portable.matmul(residual, undone)
        direction = undone + new_size / size * direction
        size = new_size
    return step if step.any() else -gradient
