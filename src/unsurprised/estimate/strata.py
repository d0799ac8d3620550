"""Shuffles of rows: all of them, or those alone that are alike in what is given."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.array_types import Values
from unsurprised.estimate.variables import Variable

#: Rows that are neighbours in what is given, at most.
_BLOCK = 8


@dataclass(frozen=True)
class Strata:
    """Rows by stratum, one stratum after the other, and where each begins."""

    rows: NDArray[np.int64]
    starts: NDArray[np.int64]
    stream: int

    @classmethod
    def of(cls, given: Variable | None, rows: int, seed: int, *data: NDArray[Any]) -> Strata:
        """Everyone; rows of one category; neighbours by the numbers that are given."""
        stream = seed << 32 | zlib.crc32(b"".join(part.tobytes() for part in data))
        groups = [np.arange(rows)] if given is None else list(_groups(given))
        starts = np.cumsum([0, *map(len, groups)])
        return cls(np.concatenate(groups).astype(np.int64), starts.astype(np.int64), stream)

    def order(self, number: int) -> NDArray[np.int64]:
        """The rows in the order of a permutation."""
        found = np.arange(len(self.rows), dtype=np.int64)
        _kernels.shuffle(self.rows, self.starts, self.stream, number, found)
        return found

    def p_value(
        self, statistic: Callable[[NDArray[np.int64]], float], observed: float, permutations: int
    ) -> float:
        """That of a statistic of an order of the rows; see :func:`p_value_of_orders`."""
        return p_value_of_orders(self.order, statistic, observed, permutations)


def p_value_of_orders(
    order: Callable[[int], NDArray[np.int64]],
    statistic: Callable[[NDArray[np.int64]], float],
    observed: float,
    permutations: int,
) -> float:
    """(1 + #{null ≥ observed}) / (1 + R), of a statistic of R orders of the rows."""
    least = observed - 1e-12 * max(abs(observed), 1.0)
    reached = sum(statistic(order(number)) >= least for number in range(permutations))
    return (1 + reached) / (1 + permutations)


def _groups(given: Variable) -> list[NDArray[np.int64]]:
    order = np.argsort(given.codes, kind="stable")
    starts = np.flatnonzero(np.diff(given.codes[order], prepend=-1))
    found = np.split(order, starts[1:])
    groups: list[NDArray[np.int64]] = []
    for rows in found:
        if given.values is None or given.codes[rows[0]] != given.rest:
            groups.append(rows)
        else:
            groups += _blocks(rows, given.values)
    return groups


def _blocks(rows: NDArray[np.int64], values: Values) -> list[NDArray[np.int64]]:
    """Neighbours: halves along the widest side, until each is small."""
    if len(rows) <= _BLOCK:
        return [rows]
    here = values[rows]
    side = int(np.argmax(here.max(axis=0) - here.min(axis=0)))
    order = rows[np.argsort(here[:, side], kind="stable")]
    half = len(order) // 2
    return _blocks(order[:half], values) + _blocks(order[half:], values)
