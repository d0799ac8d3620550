"""Means of rows that come in blocks, by the cell that each belongs to: the same in any blocks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.states import Moments, Sums
from unsurprised.states.serial import must_match, pack, unpack
from unsurprised.states.sums import GROUPS, Cell
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import Spread
from unsurprised.statistics.ratios import MeanRatio
from unsurprised.statistics.totals import totals_of
from unsurprised.weights import over_power_of_two

_COLUMNS = ("rows", "weight", "value")


class CellMeans:
    """Weighted means of values that may be infinite, one for each cell of the rows.

    Weights enter in proportion to the largest of their cell, so with weights all rows are looked at
    first (:meth:`look`), then added (:meth:`add`). Sums are exact: blocks and their order are not
    seen in the means. With ``units`` it is known how many rows a cell's weights are worth. Rows of
    weight 0 are among a cell's rows and count nothing else, infinite values included.

    Examples
    --------
    >>> means = CellMeans(2)
    >>> _ = means.add(np.array([1.0, 2.0, 6.0]), np.array([0, 1, 1]))
    >>> _ = means.add(np.array([3.0]), np.array([0]))
    >>> [means.mean_and_spread(cell)[0].value for cell in means.held]
    [2.0, 4.0]
    """

    def __init__(
        self,
        cells: int = 1,
        *,
        weighted: bool = False,
        clustered: bool = False,
        units: bool = False,
    ) -> None:
        self.cells, self.weighted, self.clustered = cells, weighted, clustered
        #: How many rows each cell holds, and of these the infinite ones that count: below, above 0.
        self.rows = np.zeros(cells, dtype=np.int64)
        self.infinite = np.zeros((2, cells), dtype=np.int64)
        self._names: list[Cell] = [(f"{cell:09}",) for cell in range(cells)]
        self._largest = np.zeros(cells)
        self._sums = Sums(_COLUMNS, unweighted=1, groups=GROUPS if clustered else 1)
        self._moments = None if clustered else Moments(["value"], weighted=weighted)
        squared = units and weighted and not clustered
        self._squares = Sums(["squares"], groups=1) if squared else None
        self._groups_met = np.zeros((cells, GROUPS if clustered else 0), dtype=np.bool_)

    @property
    def held(self) -> list[int]:
        """The cells that hold rows."""
        found: list[int] = np.flatnonzero(self.rows).tolist()
        return found

    def look(self, weights: Values, which: NDArray[Any] | None = None) -> CellMeans:
        """Look at the weights of some rows; ``which`` is the cell of each, the first by default."""
        if which is None:
            self._largest[0] = max(self._largest[0], weights.max(initial=0.0))
        else:
            np.maximum.at(self._largest, which, weights)
        return self

    def add(
        self,
        values: Values,
        which: NDArray[Any] | None = None,
        weights: Values | None = None,
        clusters: NDArray[np.uint64] | None = None,
    ) -> CellMeans:
        """Add rows, which were looked at."""
        if not len(values):
            return self
        counting = None if weights is None else weights > 0
        infinite = np.isinf(values)
        if infinite.any():
            counted = infinite if counting is None else infinite & counting
            self.infinite[0] += self._counts(which, counted & (values < 0))
            self.infinite[1] += self._counts(which, counted & (values > 0))
            values = np.where(infinite, 0.0, values)
        self.rows += len(values) if which is None else np.bincount(which, minlength=self.cells)
        if clusters is not None and counting is not None:
            self._note(None if which is None else which[counting], clusters[counting])
        elif clusters is not None:
            self._note(which, clusters)
        if weights is not None:
            exponents = np.frexp(self._largest)[1]
            weights = over_power_of_two(weights, exponents[0 if which is None else which])
        self._add(np.ascontiguousarray(values), which, weights, clusters)
        return self

    def looked(self) -> bytes:
        """What was seen of the weights, for :meth:`look_at`."""
        return self._largest.astype("<f8").tobytes()

    def look_at(self, looked: bytes) -> CellMeans:
        """Look at the weights of other rows, as other means of these cells have seen them."""
        np.maximum(self._largest, np.frombuffer(looked, dtype="<f8"), out=self._largest)
        return self

    def merge(self, data: bytes) -> CellMeans:
        """Add rows that other means hold, as their bytes; these have looked at the same weights."""
        settings, parts = unpack(data, "CellMeans")
        must_match("CellMeans", self._settings(), settings)
        must_match("CellMeans, by the weights", self.looked(), parts[0])
        rows, infinite, met = parts[1:4]
        self.rows += np.frombuffer(rows, dtype="<i8")
        self.infinite += np.frombuffer(infinite, dtype="<i8").reshape(self.infinite.shape)
        self._groups_met |= np.frombuffer(met, dtype=np.bool_).reshape(self._groups_met.shape)
        self._sums.merge(Sums.from_bytes(parts[4]))
        if self._moments is not None:
            self._moments.merge(Moments.from_bytes(parts[5]))
        if self._squares is not None:
            self._squares.merge(Sums.from_bytes(parts[6]))
        return self

    def to_bytes(self) -> bytes:
        """The means as bytes, for :meth:`merge`."""
        parts = [self.looked(), self.rows.astype("<i8").tobytes()]
        parts += [self.infinite.astype("<i8").tobytes(), self._groups_met.tobytes()]
        states = (self._sums, self._moments, self._squares)
        parts += [b"" if state is None else state.to_bytes() for state in states]
        return pack("CellMeans", self._settings(), parts)

    def _settings(self) -> dict[str, Any]:
        return {"cells": self.cells, "weighted": self.weighted, "clustered": self.clustered}

    def _counts(self, which: NDArray[Any] | None, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """How many of the chosen rows are in each cell."""
        if which is None:
            return np.full(1, np.count_nonzero(chosen), dtype=np.int64)
        return np.bincount(which[chosen], minlength=self.cells)

    def _note(self, which: NDArray[Any] | None, clusters: NDArray[np.uint64]) -> None:
        groups = (clusters % np.uint64(GROUPS)).astype(np.int64)
        places = groups if which is None else which.astype(np.int64) * GROUPS + groups
        met = np.bincount(places, minlength=self.cells * GROUPS) > 0
        self._groups_met |= met.reshape(self.cells, GROUPS)

    def _add(
        self,
        values: Values,
        which: NDArray[Any] | None,
        weights: Values | None,
        clusters: NDArray[np.uint64] | None,
    ) -> None:
        columns = {"rows": None, "weight": None, "value": values}
        if clusters is None:
            clusters = np.zeros(len(values), dtype=np.uint64)
        clusters = np.ascontiguousarray(clusters)
        squares = {"squares": None if weights is None else weights * weights}
        if which is None:
            name = self._names[0]
            self._sums.update(clusters, columns, weights, name)
            if self._moments is not None:
                self._moments.update({"value": values}, weights, rows=len(values), cell=name)
            if self._squares is not None:
                self._squares.update(clusters, squares, None, name)
            return
        met = np.flatnonzero(np.bincount(which, minlength=self.cells))
        place = np.zeros(self.cells, dtype=np.int32)
        place[met] = np.arange(len(met), dtype=np.int32)
        cells, places = [self._names[cell] for cell in met.tolist()], place[which]
        self._sums.update_cells(clusters, columns, cells, places, weights)
        if self._moments is not None:
            self._moments.update_cells({"value": values}, cells, places, weights)
        if self._squares is not None:
            self._squares.update_cells(clusters, squares, cells, places)

    def mean_and_spread(
        self, cell: int = 0, unit: str = "bits", *, refused: bool = False
    ) -> tuple[Estimate, Spread | None]:
        """The mean of a cell with its interval, and how it differs between sets of rows."""
        rows = int(self.rows[cell])
        below, above = self.infinite[:, cell].tolist()
        if below or above:
            value = math.nan if below and above else math.inf if above else -math.inf
            return Estimate(value, value, value, unit, rows), None
        name = self._names[cell]
        if not rows or not self._sums.totals(name)["weight"] > 0:
            return Estimate(math.nan, math.nan, math.nan, unit, rows), None
        totals = totals_of(self._sums, self._moments, name, refused=refused)
        return totals.with_spread(MeanRatio("value"), unit)

    def mean(self, cell: int = 0, unit: str = "bits", *, refused: bool = False) -> Estimate:
        """The mean of a cell with its interval."""
        return self.mean_and_spread(cell, unit, refused=refused)[0]

    def units(self, cell: int) -> float:
        """How many parts of a cell's rows, independent of each other, its interval rests on."""
        if self.clustered:
            return int(self._groups_met[cell].sum())
        if not self.weighted:
            return float(self.rows[cell])
        if self._squares is None:
            raise TypeError("squares of weights are summed where units are asked for")
        total = self._sums.totals(self._names[cell])["weight"]
        squares = self._squares.totals(self._names[cell])["squares"]
        return total * total / squares if total > 0 else 0.0

    def share(self, cell: int, whole: CellMeans) -> float:
        """The share of a cell in the weight of all rows, whose means are ``whole``."""
        own, exponent = self._weight(cell)
        total, of_all = whole._weight(0)
        return math.ldexp(own / total, exponent - of_all) if total > 0 else math.nan

    def _weight(self, cell: int) -> tuple[float, int]:
        """A cell's weight, and the exponent of the power of two that it is in."""
        total = self._sums.totals(self._names[cell])["weight"]
        return total, math.frexp(self._largest[cell])[1] if self.weighted else 0
