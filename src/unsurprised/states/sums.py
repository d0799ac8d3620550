"""Exact sums in a table of cell × group × column."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.alone import alone, beside
from unsurprised.errors import CallError, StateError
from unsurprised.states.serial import MOST_SUMS, ByBytes, must_match, pack, sensible, unpack, whole

#: Into how many groups clusters are put by the hash of their name: enough for Student's t to be
#: close to the normal, few enough that each group holds many rows.
GROUPS = 32

Cell = tuple[str, ...]


class Sums(ByBytes):
    """Sums of columns that do not depend on order, batches, threads or machines.

    A *cell* is a slice of the rows (the empty tuple is all of them), a *group* is given by the hash
    of a row's id, a *column* is what is summed. Every sum is an integer multiple of 2⁻¹⁰⁷⁴, so
    merging is exact; it is rounded once, when it is asked for.

    Parameters
    ----------
    columns : sequence of str
        What is summed. Values are finite float64 or booleans, one a row; ``None`` stands for a
        column of ones and ``False`` for one of zeros.
    unweighted : int, default 0
        How many columns, from the first, ignore the weights.
    groups : int
        How many groups.

    Examples
    --------
    >>> sums = Sums(["surprisal"])
    >>> hashes = np.array([7, 8, 9], dtype=np.uint64)
    >>> _ = sums.update(hashes, {"surprisal": np.array([1e100, 1.0, -1e100])})
    >>> sums.totals()["surprisal"]
    1.0
    """

    def __init__(
        self, columns: Sequence[str], *, unweighted: int = 0, groups: int = GROUPS
    ) -> None:
        self.columns, self.unweighted, self.groups = tuple(columns), unweighted, groups
        self._cells: dict[Cell, _kernels.ExactTable] = {}

    @alone
    def update(
        self,
        hashes: NDArray[np.uint64],
        values: Mapping[str, NDArray[Any] | bool | None],
        weights: NDArray[np.float64] | None = None,
        cell: Cell = (),
    ) -> Sums:
        """Add rows; a value times a weight enters as both halves of the exact product."""
        self._table(cell).add_columns(
            hashes, [values[name] for name in self.columns], weights, self.unweighted
        )
        return self

    @alone
    def update_cells(
        self,
        hashes: NDArray[np.uint64],
        values: Mapping[str, NDArray[Any] | bool | None],
        cells: Sequence[Cell],
        which: NDArray[np.int32],
        weights: NDArray[np.float64] | None = None,
    ) -> Sums:
        """Add rows to several cells at once; ``which`` says to which of ``cells`` each belongs.

        A cell may be there twice, as a name is in some dictionaries.
        """
        places = {cell: place for place, cell in enumerate(dict.fromkeys(cells))}
        if len(places) < len(cells):
            which = np.array([places[cell] for cell in cells], dtype=np.int32)[which]
        _kernels.add_to_cells(
            [self._table(cell) for cell in places],
            which,
            hashes,
            [values[name] for name in self.columns],
            weights,
            self.unweighted,
        )
        return self

    def cells(self) -> list[Cell]:
        """The cells that hold rows, in order."""
        return sorted(self._cells)

    @alone
    def merge(self, other: Sums) -> Sums:
        """Add another state's rows; associative and commutative to the bit."""
        must_match("Sums", self.settings(), other.settings())
        with beside(self, other):
            for cell, table in list(other._cells.items()):
                self._table(cell).merge(table)
        return self

    def totals(self, cell: Cell = ()) -> dict[str, float]:
        """Each column's sum over all groups, rounded once."""
        return dict(zip(self.columns, self._group_totals(cell)[0].tolist(), strict=True))

    def without_each_group(self, cell: Cell = ()) -> dict[str, NDArray[np.float64]]:
        """Each column's sum with one group left out, for every group."""
        return dict(zip(self.columns, self._group_totals(cell)[1].T, strict=True))

    def result(self) -> dict[str, float]:
        """The totals of all rows."""
        return self.totals()

    @alone
    def to_bytes(self) -> bytes:
        """The state as bytes; equal for equal rows in any order and any batches."""
        cells = self.cells()
        settings = {**self.settings(), "cells": [list(cell) for cell in cells]}
        return pack("Sums", settings, [self._cells[cell].to_bytes() for cell in cells])

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> Sums:
        """The state that :meth:`to_bytes` wrote."""
        settings, parts = unpack(data, "Sums")
        state = cls(
            settings["columns"],
            unweighted=whole(settings["unweighted"], "unweighted"),
            groups=whole(settings["groups"], "groups"),
        )
        if not all(isinstance(name, str) for name in state.columns):
            raise StateError("the bytes of the Sums name columns by what are no names")
        if not all(isinstance(name, str) for cell in settings["cells"] for name in cell):
            raise StateError("the bytes of the Sums name cells by what are no names")
        state._room_for(len(parts))
        for cell, part in zip(settings["cells"], parts, strict=True):
            state._cells[tuple(cell)] = _kernels.ExactTable.from_bytes(part, state._size())
        return state

    def settings(self) -> dict[str, Any]:
        """What states that are merged have in common."""
        return {
            "columns": list(self.columns),
            "unweighted": self.unweighted,
            "groups": self.groups,
        }

    def _size(self) -> int:
        return self.groups * len(self.columns)

    def _table(self, cell: Cell) -> _kernels.ExactTable:
        if cell not in self._cells:
            self._room_for(len(self._cells) + 1)
            self._cells[cell] = exact_table(self._size())
        return self._cells[cell]

    def _room_for(self, cells: int) -> None:
        if cells * self._size() > MOST_SUMS:
            raise CallError(
                f"{cells:,} cells of {self._size():,} sums each; expected at most {MOST_SUMS:,} "
                "sums in all"
            )

    def _group_totals(self, cell: Cell) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if cell not in self._cells:
            raise StateError(f"no rows were added to the cell {json.dumps(cell)}")
        return group_totals(self._cells[cell], self.groups, len(self.columns))


def exact_sum(values: NDArray[np.float64]) -> float:
    """The double nearest to the exact sum of finite values, whatever their order and sizes.

    Parameters
    ----------
    values : array of float64
        What is summed.

    Returns
    -------
    float
        Infinite where the sum is larger than doubles are.

    Raises
    ------
    ValueError
        For infinite values and NaN, which have no exact sum.

    References
    ----------
    Neal, *Fast Exact Summation Using Small and Large Superaccumulators*, arXiv 1505.05571; Demmel
    and Nguyen, *Fast Reproducible Floating-Point Summation*, ARITH 2013.

    Examples
    --------
    >>> exact_sum(np.array([1e100, 1.0, -1e100]))
    1.0
    """
    table, total = _kernels.ExactTable(1), np.empty(1)
    table.add_all(0, np.ascontiguousarray(values, dtype=np.float64))
    table.rounded(total)
    return float(total[0])


def exact_table(size: int) -> _kernels.ExactTable:
    """A table of exact sums, unless it would take more memory than one should."""
    if size > MOST_SUMS:
        raise CallError(f"{size:,} exact sums; expected at most {MOST_SUMS:,}")
    return _kernels.ExactTable(size)


def group_totals(
    table: _kernels.ExactTable, groups: int, columns: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The columns' totals, and the totals without each group (groups × columns)."""
    totals, without = np.empty(columns), np.empty((groups, columns))
    table.group_totals(columns, totals, without)
    return totals, without
