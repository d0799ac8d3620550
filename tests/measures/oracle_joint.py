"""Measures of a joint table, as the sums of entropies that they are defined by.

All entries of a table are one distribution, so ``axis`` names all of its axes; an entry of ``axis``
that is itself a tuple of axes is one variable.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from oracle_rows import (
    CONTEXT,
    ZERO,
    Number,
    Stated,
    bits,
    entry,
    is_log,
    settled,
    settled_each,
    width_bits,
)

Variable = tuple[int, ...]
#: Axes, or tuples of axes, one for each variable; None is every axis by itself.
Axis = Sequence[Any] | None

#: Every double is a multiple of 2^-1074.
_STEPS = 2**1074


class _Joint:
    """Variables over a table whose entries weigh what the form says."""

    def __init__(self, kind: str, entries: Any, variables: list[Variable]) -> None:
        self.kind, self.entries, self.variables = kind, entries, variables
        stated = Stated(kind, entries.ravel().tolist())
        shares = {x: stated.share(x) for x in stated.counted}
        self.shares = np.frompyfunc(shares.__getitem__, 1, 1)(entries)
        self._entropies: dict[Variable, Number] = {(): CONTEXT.mpf(0)}

    def marginal(self, *variables: Variable) -> Any:
        """The shares over these variables, the other axes kept at length one."""
        kept = set(itertools.chain(*variables))
        summed = tuple(axis for axis in range(self.entries.ndim) if axis not in kept)
        return self.shares.sum(axis=summed, keepdims=True) if summed else self.shares

    def entropy(self, *variables: Variable) -> Number:
        """−Σ P log P over the table of these variables, in nats."""
        key = tuple(sorted(itertools.chain(*variables)))
        if key not in self._entropies:
            counted = Counter(self.marginal(*variables).ravel().tolist())
            terms = (-n * p * CONTEXT.log(p) for p, n in counted.items() if p)
            self._entropies[key] = CONTEXT.fsum(terms)
        return self._entropies[key]

    @property
    def whole(self) -> Number:
        return self.entropy(*self.variables)

    def others(self, variable: Variable) -> list[Variable]:
        return [other for other in self.variables if other != variable]

    def varies(self, variable: Variable) -> bool:
        """Whether more than one value of the variable is possible."""
        return np.count_nonzero(self.marginal(variable)) > 1

    @property
    def independent(self) -> bool:
        """Whether the table is the product of its marginals, in integer arithmetic."""
        return all(_is_product(self.kind, self.entries, variable) for variable in self.variables)


def _is_product(kind: str, entries: Any, variable: Variable) -> bool:
    """Whether one variable is independent of all others: its values' slices are proportional."""
    front = np.moveaxis(entries, variable, range(len(variable)))
    lines = front.reshape(math.prod(front.shape[: len(variable)]), -1)
    nothing = -math.inf if is_log(kind) else 0
    slices = [{i: _steps(x) for i, x in enumerate(line) if x != nothing} for line in lines]
    first, *others = (line for line in slices if line)
    return all(_proportional(kind, first, other) for other in others)


def _steps(x: float) -> int:
    numerator, denominator = x.as_integer_ratio()
    return numerator * (_STEPS // denominator)


def _proportional(kind: str, one: dict[int, int], two: dict[int, int]) -> bool:
    if one.keys() != two.keys():
        return False
    (x0, y0), *pairs = ((x, two[i]) for i, x in one.items())
    if is_log(kind):
        return all(x - y == x0 - y0 for x, y in pairs)
    return all(x * y0 == x0 * y for x, y in pairs)


def _entries(table: Any) -> Any:
    array = np.asarray(table)
    return np.frompyfunc(entry, 1, 1)(array if array.dtype.kind in "iu" else array.astype(float))


def _variable(axis: Any, dimensions: int) -> Variable:
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    return tuple(sorted(a % dimensions for a in axes))


def _variables(axis: Axis, dimensions: int) -> list[Variable]:
    return [_variable(a, dimensions) for a in (range(dimensions) if axis is None else axis)]


class _Table:
    """A table of a form, and its variables; it is stated anew at every precision."""

    def __init__(self, kind: str, table: Any, axis: Axis) -> None:
        self.kind, self.entries = kind, _entries(table)
        self.variables = _variables(axis, self.entries.ndim)
        if sorted(itertools.chain(*self.variables)) != list(range(self.entries.ndim)):
            raise ValueError(f"{self.variables} are not all {self.entries.ndim} axes of the table")
        self.spare = width_bits(kind, self.entries.ravel())

    def joint(self) -> _Joint:
        return _Joint(self.kind, self.entries, self.variables)

    def settled(self, formula: Callable[[_Joint], Number]) -> Number:
        return settled(lambda: formula(self.joint()), self.spare)


def joint_entropy(kind: str, table: Any, *, axis: Axis = None) -> Number:
    """H of all variables."""
    return _Table(kind, table, axis).settled(lambda joint: bits(joint.whole))


def conditional_entropy(kind: str, table: Any, *, given: Any = -2, axis: Axis = (-2, -1)) -> Number:
    """H(all variables) − H(given)."""
    known = _variable(given, np.ndim(table))
    return _Table(kind, table, axis).settled(lambda joint: bits(joint.whole - joint.entropy(known)))


def _mutual(joint: _Joint) -> Number:
    """H(X) + H(Y) − H(X, Y), in nats."""
    x, y = joint.variables
    return ZERO if joint.independent else joint.entropy(x) + joint.entropy(y) - joint.whole


def mutual_information(kind: str, table: Any, *, axis: Axis = (-2, -1)) -> Number:
    """H(X) + H(Y) − H(X, Y)."""
    return _Table(kind, table, axis).settled(lambda joint: bits(_mutual(joint)))


def variation_of_information(kind: str, table: Any, *, axis: Axis = (-2, -1)) -> Number:
    """H(X | Y) + H(Y | X)."""

    def formula(joint: _Joint) -> Number:
        x, y = joint.variables
        return bits(2 * joint.whole - joint.entropy(x) - joint.entropy(y))

    return _Table(kind, table, axis).settled(formula)


def normalizer(normalization: str, x: Number, y: Number, both: Number) -> Number:
    """What mutual information is divided by, of the entropies of X, of Y and of both."""
    return {
        "min": min(x, y),
        "max": max(x, y),
        "arithmetic": (x + y) / 2,
        "geometric": CONTEXT.sqrt(x * y),
        "joint": both,
    }[normalization]


def normalized_mutual_information(
    kind: str, table: Any, *, normalization: str = "arithmetic", axis: Axis = (-2, -1)
) -> Number:
    """I(X; Y) over a mean of entropies; 1 where neither varies, 0 where only one does."""

    # Each part by itself: a quotient hides that what it divides by may be noise.
    states = _Table(kind, table, axis)
    joint = states.joint()
    if not any(map(joint.varies, joint.variables)):
        return CONTEXT.mpf(1)
    shared = states.settled(_mutual)
    if shared is ZERO:
        return ZERO
    x, y = joint.variables
    parts = [states.settled(lambda joint, v=v: joint.entropy(*v)) for v in ((x,), (y,), (x, y))]
    return shared / normalizer(normalization, *parts)


def conditional_mutual_information(
    kind: str, table: Any, *, given: Any = -1, axis: Axis = None
) -> Number:
    """H(X, Z) + H(Y, Z) − H(X, Y, Z) − H(Z), where Z is given."""
    dimensions = np.ndim(table)
    known = _variable(given, dimensions)
    if axis is None:
        axis = [a for a in range(dimensions) if a not in known][-2:]

    def formula(joint: _Joint) -> Number:
        x, y, z = joint.variables
        return bits(joint.entropy(x, z) + joint.entropy(y, z) - joint.whole - joint.entropy(z))

    return _Table(kind, table, [*axis, known]).settled(formula)


def total_correlation(kind: str, table: Any, *, axis: Axis = None) -> Number:
    """Σ H(X_i) − H(X_1, …, X_n)."""

    def formula(joint: _Joint) -> Number:
        if joint.independent:
            return ZERO
        return bits(CONTEXT.fsum(map(joint.entropy, joint.variables)) - joint.whole)

    return _Table(kind, table, axis).settled(formula)


def dual_total_correlation(kind: str, table: Any, *, axis: Axis = None) -> Number:
    """H(X_1, …, X_n) − Σ H(X_i | the others)."""

    def formula(joint: _Joint) -> Number:
        if joint.independent:
            return ZERO
        own = (joint.whole - joint.entropy(*joint.others(x)) for x in joint.variables)
        return bits(joint.whole - CONTEXT.fsum(own))

    return _Table(kind, table, axis).settled(formula)


def interaction_information(kind: str, table: Any, *, axis: Axis = None) -> Number:
    """−Σ_T (−1)^(n − |T|) H(T) over the sets T of variables: McGill's sign."""

    def formula(joint: _Joint) -> Number:
        count = len(joint.variables)
        sets = (
            chosen
            for size in range(1, count + 1)
            for chosen in itertools.combinations(joint.variables, size)
        )
        terms = ((-1) ** (count - len(chosen)) * joint.entropy(*chosen) for chosen in sets)
        return -bits(CONTEXT.fsum(terms))

    return _Table(kind, table, axis).settled(formula)


def pointwise_mutual_information(kind: str, table: Any, *, axis: Axis = (-2, -1)) -> Any:
    """The table of log P(x, y) / (P(x) P(y)); 0 where a marginal is 0."""
    states = _Table(kind, table, axis)

    def logarithm(both: Number, x: Number, y: Number) -> Number:
        if not x or not y:
            return ZERO
        return bits(CONTEXT.log(both / (x * y))) if both else CONTEXT.ninf

    def formula() -> Any:
        joint = states.joint()
        marginals = (joint.marginal(variable) for variable in joint.variables)
        return np.frompyfunc(logarithm, 3, 1)(joint.shares, *marginals)

    return settled_each(formula, states.spare)
