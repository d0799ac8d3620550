"""Exact sums of squares and cubes: how much means differ from one set of rows to another."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.alone import alone, beside
from unsurprised.errors import CallError, StateError
from unsurprised.states.serial import MOST_SUMS, ByBytes, must_match, pack, sensible, unpack, whole
from unsurprised.states.sums import Cell

#: Sums are multiples of two to this: of the least double's cube.
UNIT = -3378
#: Bits of the weight, and of the value, in each sum of a column; ``(1, 1)`` stands for Σ w · wx.
WEIGHTED = ((1, 1), (2, 1), (0, 2), (1, 2), (0, 3))
UNWEIGHTED = ((0, 1), (0, 2), (0, 3))


class Moments(ByBytes):
    """Sums of squares and cubes of columns that do not depend on order, batches or ids.

    With weights w and ``y = w x``, of each column x the sums of ``y w``, ``y w²``, ``y²``, ``y² w``
    and ``y³``, and those of ``w²`` and ``w³``; without weights the sums of ``x``, ``x²``, ``x³``
    and the number of rows. From these follow the standard error and the skewness of any ratio of
    means to first order. Squares are exact, cubes are rounded once a row, and all sums are exact.

    Parameters
    ----------
    columns : sequence of str
        What is summed. Values are finite float64 or booleans, one a row; ``False`` stands for a
        column of zeros.
    weighted : bool, default False
        Whether rows come with weights.
    groups : int, default 1
        How many groups have sums of their own; a row's group is a number (a class).

    Examples
    --------
    >>> moments = Moments(["surprisal"])
    >>> _ = moments.update({"surprisal": np.array([1e200, 3.0, -1e200])}, rows=3)
    >>> total, squares, cubes, rows = moments.result()
    >>> total >> -UNIT, rows >> -UNIT
    (3, 3)
    """

    def __init__(self, columns: Sequence[str], *, weighted: bool = False, groups: int = 1) -> None:
        self.columns, self.weighted, self.groups = tuple(columns), weighted, groups
        self._cells: dict[Cell, _kernels.ExactTable] = {}

    @alone
    def update(
        self,
        values: Mapping[str, NDArray[Any] | bool],
        weights: NDArray[np.float64] | None = None,
        *,
        rows: int,
        groups: NDArray[Any] | None = None,
        cell: Cell = (),
    ) -> Moments:
        """Add rows to a cell; ``groups`` says to which group each belongs."""
        self._add([cell], groups, values, weights, rows)
        return self

    @alone
    def update_cells(
        self,
        values: Mapping[str, NDArray[Any] | bool],
        cells: Sequence[Cell],
        which: NDArray[np.int32],
        weights: NDArray[np.float64] | None = None,
    ) -> Moments:
        """Add rows to several cells at once; ``which`` says to which of ``cells`` each belongs.

        A cell may be there twice, as a name is in some dictionaries.
        """
        places = {cell: place for place, cell in enumerate(dict.fromkeys(cells))}
        if len(places) < len(cells):
            which = np.array([places[cell] for cell in cells], dtype=np.int32)[which]
        if places:
            self._add(list(places), which, values, weights, len(which))
        return self

    def _add(
        self,
        cells: list[Cell],
        places: NDArray[Any] | None,
        values: Mapping[str, NDArray[Any] | bool],
        weights: NDArray[np.float64] | None,
        rows: int,
    ) -> None:
        if (weights is not None) != self.weighted:
            raise CallError("rows with weights and rows without have no moments in common")
        _kernels.add_powers(
            [self._table(cell) for cell in cells],
            None if places is None else np.ascontiguousarray(places, dtype=np.int32),
            [values[name] for name in self.columns],
            weights,
            rows,
        )

    def cells(self) -> list[Cell]:
        """The cells that hold rows, in order."""
        return sorted(self._cells)

    @alone
    def merge(self, other: Moments) -> Moments:
        """Add another state's rows; associative and commutative to the bit."""
        must_match("Moments", self.settings(), other.settings())
        with beside(self, other):
            for cell, table in list(other._cells.items()):
                self._table(cell).merge(table)
        return self

    def powers(self, cell: Cell = ()) -> list[int]:
        """The sums of a cell, as whole numbers of units of two to ``UNIT``."""
        found = [0] * self._size()
        for slot, number in _integers(self._held(cell).to_bytes()):
            found[slot] = number
        return found

    def rounded(
        self, weight: int, value: int, cell: Cell = ()
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The groups of a cell that hold rows, and their sums as doubles, in other units.

        Weights are multiplied by two to ``weight``, their products with values by two to ``value``,
        so that no square or cube is too large or too small for a double.
        """
        powers = WEIGHTED if self.weighted else UNWEIGHTED
        exponents = [w * weight + y * value for w, y in powers] * len(self.columns)
        exponents += [2 * weight, 3 * weight] if self.weighted else [0]
        groups, sums = self._held(cell).rounded_met(len(exponents), exponents)
        found = np.frombuffer(sums, dtype=np.float64).reshape(-1, len(exponents))
        return np.frombuffer(groups, dtype=np.int64), found

    def result(self) -> list[int]:
        """The sums of all rows; see :meth:`powers`."""
        return self.powers()

    @alone
    def to_bytes(self) -> bytes:
        """The state as bytes; equal for equal rows in any order and any batches."""
        cells = self.cells()
        settings = {**self.settings(), "cells": [list(cell) for cell in cells]}
        parts = [self._cells[cell].to_bytes() for cell in cells]
        return pack("Moments", settings, parts, version=2)

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> Moments:
        """The state that :meth:`to_bytes` wrote."""
        settings, parts = unpack(data, "Moments")
        if type(settings["weighted"]) is not bool:
            raise StateError("the bytes of the Moments do not say whether rows have weights")
        state = cls(
            settings["columns"],
            weighted=settings["weighted"],
            groups=whole(settings["groups"], "groups", 1),
        )
        if not all(isinstance(name, str) for name in state.columns):
            raise StateError("the bytes of the Moments name columns by what are no names")
        if not all(isinstance(name, str) for cell in settings["cells"] for name in cell):
            raise StateError("the bytes of the Moments name cells by what are no names")
        state._room_for(len(parts))
        for cell, part in zip(settings["cells"], parts, strict=True):
            table = _kernels.ExactTable.from_bytes(part, state._size(), True, state._width())
            state._cells[tuple(cell)] = table
        return state

    def settings(self) -> dict[str, Any]:
        """What states that are merged have in common."""
        return {
            "columns": list(self.columns),
            "weighted": self.weighted,
            "groups": self.groups,
        }

    def _width(self) -> int:
        columns = len(self.columns)
        return 5 * columns + 2 if self.weighted else 3 * columns + 1

    def _size(self) -> int:
        return self.groups * self._width()

    def _held(self, cell: Cell) -> _kernels.ExactTable:
        if cell not in self._cells:
            raise StateError(f"no rows were added to the cell {json.dumps(cell)}")
        return self._cells[cell]

    def _table(self, cell: Cell) -> _kernels.ExactTable:
        if cell not in self._cells:
            self._room_for(len(self._cells) + 1)
            self._cells[cell] = _kernels.ExactTable(self._size(), True, self._width())
        return self._cells[cell]

    def _room_for(self, cells: int) -> None:
        if cells * self._size() > MOST_SUMS:
            raise CallError(
                f"{cells:,} cells of {self._size():,} sums each; expected at most {MOST_SUMS:,} "
                "sums in all"
            )


def _integers(data: bytes) -> Iterator[tuple[int, int]]:
    """The sums of a table that are not 0, by place; see ``ExactTable::to_bytes``."""
    at = 8
    while at < len(data):
        slot, negative, first, count = struct.unpack_from("<QBBB", data, at)
        at += 11
        number = int.from_bytes(data[at : at + 4 * count], "little") << 32 * first
        yield slot, -number if negative else number
        at += 4 * count
