"""Derivatives of the oracles, by differences at a precision at which nothing is lost.

What a library finds by its own differentiation is held against them.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from library_cases import Case
from library_rows import Table, Values
from oracle import CONTEXT

Number = Any

#: The error of a central difference is its square.
_STEP = 2.0**-30
#: Two steps off the edge: a derivative that is still growing between them is infinite there.
_OFF_ZERO, _OFF_ONE = (1e-30, 1e-45), (2.0**-30, 2.0**-50)
_LARGEST = 1e308

#: For rows: a share so small that nothing is left of it in a sum, and a change that is plainly one.
SMALL = (1e-20, 2.0**-10)


@dataclass(frozen=True)
class Slope:
    """The derivative by an entry: its limits from below and from above, which a kink parts."""

    below: float
    above: float

    @property
    def is_kink(self) -> bool:
        """Whether the limits are two."""
        if math.isinf(self.below):
            return False
        return abs(self.below - self.above) > 1e-6 * (abs(self.below) + abs(self.above)) + 1e-12

    @property
    def value(self) -> float:
        """The derivative where there is one."""
        return self.below if math.isinf(self.below) else (self.below + self.above) / 2


def slopes(case: Case, kind: str, *arrays: Values) -> list[list[Slope | None]] | None:
    """For every argument the slope by each entry, None where there is none (the value jumps).

    None altogether where the value is infinite. A table of values is summed, as far as finite.
    """
    return _slopes(case, kind, *((x.shape, tuple(x.ravel().tolist())) for x in arrays))


@functools.cache
def _slopes(case: Case, kind: str, *arrays: tuple[tuple[int, ...], tuple[float, ...]]) -> Any:
    given = [np.array(entries).reshape(shape) for shape, entries in arrays]
    base = _values(case, kind, given)
    summed = [number for number, x in enumerate(base) if abs(x) < _LARGEST]
    if not summed:
        return None

    def measured(argument: int, entry: int, to: float) -> Number:
        moved = [array.copy() for array in given]
        moved[argument].flat[entry] = to
        values = _values(case, kind, moved)
        return CONTEXT.fsum(values[number] - base[number] for number in summed)

    return [
        [
            _slope(functools.partial(measured, argument, entry), float(x), kind)
            for entry, x in enumerate(array.flat)
        ]
        for argument, array in enumerate(given)
    ]


def _slope(change: Callable[[float], Number], x: float, kind: str) -> Slope | None:
    """From the ``change`` of the value when the entry is moved."""
    if x == -math.inf:
        return Slope(0.0, 0.0)
    if kind != "logits" and x == 0:
        return _at_an_edge([(change(step), CONTEXT.mpf(step)) for step in _OFF_ZERO])
    if kind == "events" and x == 1:
        return _at_an_edge([(change(1 - step), -CONTEXT.mpf(step)) for step in _OFF_ONE])
    step = _STEP * (1.0 if kind == "logits" else x)
    moved = [(change(to), CONTEXT.mpf(to) - CONTEXT.mpf(x)) for to in (x - step, x + step)]
    below, above = (float(difference / by) for difference, by in moved)
    return Slope(below, above) if math.isfinite(below) and math.isfinite(above) else None


def _at_an_edge(moved: list[tuple[Number, Number]]) -> Slope | None:
    """The derivative on the one side that there is."""
    (far, _), (near, _) = moved
    if not (CONTEXT.isfinite(far) and CONTEXT.isfinite(near)) or abs(near) > abs(far) / 10:
        return None
    first, second = (float(change / by) for change, by in moved)
    if abs(second - first) <= 1e-6 * abs(second) + 1e-12:
        return Slope(second, second)
    if abs(second) > 1.2 * abs(first):
        return Slope(*[math.copysign(math.inf, second)] * 2)
    return None


def _values(case: Case, kind: str, given: list[Values]) -> list[Number]:
    CONTEXT.prec = 256
    return list(np.ravel(np.asarray(case.oracle(kind, *given), dtype=object)))


def check_slopes(
    case: Case, kind: str, rows: Table, gradients: list[Values], values: Values
) -> None:
    """Hold every entry's derivative in every row against mpmath's."""
    compared, order = 0, case.at.get("order", case.at.get("alpha", 2.0))
    next_to_1 = 0 < min(abs(order - 1), abs(order)) < 1e-6
    for number, (condition, given) in enumerate(rows.items()):
        known = slopes(case, kind, *given)
        largest = np.max(np.abs(values[number]), where=np.isfinite(values[number]), initial=0.0)
        for argument, expected in enumerate(known or ()):
            finite = [abs(s.value) for s in expected if s and math.isfinite(s.value)]
            slack = 1e-9 * max(finite, default=0.0) + 1e-15 * float(largest)
            found = gradients[argument][number].ravel().tolist()
            for entry, slope in enumerate(expected):
                said = f"{case} of {condition} {kind}, by entry {entry} of argument {argument}"
                assert not math.isnan(found[entry]), said
                if slope is None or not _is_met(case, kind, given, entry):
                    continue
                compared += 1
                agrees = _agrees(found[entry], slope, slack, next_to_1=next_to_1)
                assert agrees, f"{said}: {found[entry]}, not {slope}"
    assert compared or str(case) == "tsallis_divergence-inf", "it is 0 or infinite, and jumps"


def _agrees(found: float, slope: Slope, slack: float, *, next_to_1: bool) -> bool:
    if slope.is_kink:
        low, high = sorted([slope.below, slope.above])
        return low - 10 * slack <= found <= high + 10 * slack
    if next_to_1 and abs(slope.value) > 1e8:
        return found * slope.value > 1e16  # differences do not tell 1e9 from an infinite derivative
    if math.isinf(slope.value) or math.isinf(found):
        return found == slope.value
    return abs(found - slope.value) <= 1e-7 * abs(slope.value) + slack


def _is_met(case: Case, kind: str, given: tuple[Values, ...], entry: int) -> bool:
    """Whether the entry is no corner: a class impossible on both sides, a cell of an empty row.

    What such an entry adds hangs on the way that it comes up from zero; its derivative is taken as
    0, as at any kink. So is that of a user's generator at 0, which nobody has said.
    """
    if kind != "probs" or case.group == "one":
        return True
    if case.group == "two":
        possible = [bool(side[entry] > 0) for side in given]
        return all(possible) if case.name == "f_divergence" else any(possible)
    (cells,) = given
    index = np.unravel_index(entry, cells.shape)
    axes = range(cells.ndim)
    kept = itertools.chain(*(itertools.combinations(axes, count) for count in range(1, cells.ndim)))
    return cells[index] > 0 or all(
        cells[tuple(index[axis] if axis in group else slice(None) for axis in axes)].any()
        for group in kept
    )
