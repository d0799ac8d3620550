"""Quasi-Newton steps: the second derivatives are made once, and mended by what steps have shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from unsurprised import portable
from unsurprised.array_types import Values

Solver = Callable[[Values], Values]

#: So many steps are remembered.
_REMEMBERED = 10
#: Where a step leaves more of the gradient than this, second derivatives are made anew: on the way
#: to infinity a Newton step leaves 1/e of it, and is to be seen as such.
_SLOW = 0.25


class QuasiNewton:
    """Steps by the second derivatives at one place, mended by the secants of the steps since.

    The limited-memory method of Broyden, Fletcher, Goldfarb and Shanno (Nocedal and Wright,
    *Numerical Optimization*, 2006, section 7.2), whose first matrix is a factorised one.
    """

    def __init__(self, undo_at: Callable[[Values], Solver]) -> None:
        self.undo_at = undo_at
        self.undo: Solver | None = None
        self.secants: deque[tuple[Values, Values, float]] = deque(maxlen=_REMEMBERED)

    def step(self, parameters: Values, gradient: Values) -> Values:
        """Where to go from a place."""
        if self.undo is None:
            self.undo = self.undo_at(parameters)
            self.secants.clear()
        direction, shares = -gradient, []
        for moved, bent, curved in reversed(self.secants):
            shares.append(portable.matmul(moved, direction) / curved)
            direction = direction - shares[-1] * bent
        direction = self.undo(direction)
        for moved, bent, curved in self.secants:
            share = shares.pop() - portable.matmul(bent, direction) / curved
            direction = direction + share * moved
        return direction

    def learn(self, moved: Values, before: Values, gradient: Values) -> None:
        """From a step, and the gradients before and after it."""
        bent = gradient - before
        curved = portable.matmul(moved, bent)
        if curved > 0:
            self.secants.append((moved, bent, curved))
        if not portable.norm(gradient) <= _SLOW * portable.norm(before):
            self.undo = None
