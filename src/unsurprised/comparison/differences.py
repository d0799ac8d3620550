"""The difference of two models, row by row: its mean, its parts, its slices, its extremes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.comparison.blocks import Adds, Block, MeanColumn, Survey
from unsurprised.comparison.result import Difference, RowDifference, SliceDifference
from unsurprised.evaluation.slicing import slice_of
from unsurprised.later import Later, waiting
from unsurprised.statistics.cell_means import CellMeans
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.in_unit import InUnit
from unsurprised.statistics.jackknife import (
    FEWEST_UNITS,
    Spread,
    share_interval,
    standing_out,
)

#: Above so many classes none is listed.
_MOST_CLASSES = 1000


class PairSums:
    """All that is summed of a model beside the base."""

    def __init__(
        self, survey: Survey, place: int, top: int, classes: tuple[str, ...] | None
    ) -> None:
        def difference(block: Block) -> Values:
            return block.difference(place)

        def finite(block: Block) -> NDArray[np.int8]:
            return np.isfinite(block.difference(place)).astype(np.int8)

        def worse(block: Block) -> Values:
            return (block.difference(place) > 0).astype(np.float64)

        def accuracy(block: Block) -> Values:
            new, base = block.models[place].correct, block.base.correct
            if new is None or base is None:
                raise TypeError("both models say whether they were right")
            return new - base

        self.difference, self.worse = MeanColumn(survey, difference), MeanColumn(survey, worse)
        self.finite = self.accuracy = None
        if place in survey.infinite:
            self.finite = MeanColumn(survey, difference, finite, 2)
        if {0, place} <= survey.correct:
            self.accuracy = MeanColumn(survey, accuracy)
        self.slices = [Slices.by(survey, place, name) for name in survey.cells]
        self.extremes = [FarApart(place, top, sign, classes) for sign in (1, -1)]

    @property
    def parts(self) -> list[Adds]:
        """What adds the rows."""
        columns = [self.difference, self.worse, self.finite, self.accuracy]
        return [*(each for each in columns if each is not None), *self.slices, *self.extremes]


class Slices(MeanColumn):
    """The difference of the rows of each value of a column, which ``which`` tells the place of."""

    def __init__(
        self,
        survey: Survey,
        place: int,
        column: str,
        values: Sequence[str | None],
        which: Callable[[Block], NDArray[Any]],
    ) -> None:
        super().__init__(survey, lambda block: block.difference(place), which, len(values))
        self.column, self.values = column, values

    @classmethod
    def by(cls, survey: Survey, place: int, column: str) -> Slices:
        """The rows of each value of a column to slice by."""
        values = [slice_of(cell)[1] for cell in survey.cells[column]]
        return cls(survey, place, column, values, lambda block: block.base.by[column])

    @classmethod
    def by_class(cls, survey: Survey, place: int, classes: tuple[str, ...] | None) -> Slices | None:
        """The rows of each class; None where there are too many, or what happened is no class."""
        names = range(survey.classes) if classes is None else classes
        if not survey.classes or len(names) > _MOST_CLASSES:
            return None

        def labels(block: Block) -> NDArray[Any]:
            return np.asarray(block.base.labels)

        return cls(survey, place, "label", [str(name) for name in names], labels)

    def judged(
        self, whole: CellMeans, in_unit: InUnit, *, refused: bool
    ) -> tuple[SliceDifference, ...]:
        """The same, those that differ from 0 marked."""
        return judged(self.found(whole, in_unit, refused=refused))

    def found(self, whole: CellMeans, in_unit: InUnit, *, refused: bool) -> list[SliceDifference]:
        """What each adds to the difference of all rows, the most first."""
        held = []
        for cell in self.means.held:
            mean, spread = self.means.mean_and_spread(cell, refused=refused)
            few = self.means.units(cell) < FEWEST_UNITS
            held.append(
                SliceDifference(
                    column=self.column,
                    value=self.values[cell],
                    rows=int(self.means.rows[cell]),
                    difference=in_unit(mean),
                    contribution=mean.value * self.means.share(cell, whole) * in_unit.per_bit,
                    p_value=None if few else p_value_of(mean, spread),
                    stands_out=False,
                )
            )
        return sorted(held, key=_most_first)


def _most_first(part: SliceDifference) -> tuple[Any, ...]:
    unknown = math.isnan(part.contribution)
    return unknown, 0.0 if unknown else -part.contribution, part.value is not None, part.value or ""


class FarApart:
    """The rows on which a model is most worse than the base (``sign=-1``: most better)."""

    def __init__(self, place: int, top: int, sign: int, classes: tuple[str, ...] | None) -> None:
        self.place, self.top, self.sign, self._classes = place, top, sign, classes
        self._rows: list[tuple[tuple[float, int, int], RowDifference]] = []

    def look(self, block: Block) -> None:
        """Nothing: weights make no row differ more."""

    def looked(self) -> bytes:
        """Nothing."""
        return b""

    def look_at(self, looked: bytes) -> None:
        """Nothing."""

    def add(self, block: Block) -> None:
        """Keep the rows that differ most."""
        values = self.sign * block.difference(self.place)
        base = block.base
        order = _first(values, base.hashes, self.top)
        order = order[values[order] > 0]
        places = base.places_of(order).tolist()
        for row, place in zip(order.tolist(), places, strict=True):
            key = (-float(values[row]), int(base.hashes[row]), place)
            if len(self._rows) < self.top or key < self._rows[-1][0]:
                self._keep([(key, self._row(block, row))])

    def _keep(self, rows: Sequence[tuple[tuple[float, int, int], RowDifference]]) -> None:
        self._rows = sorted([*self._rows, *rows], key=_key)[: self.top]

    def to_bytes(self) -> bytes:
        """The rows that were kept."""
        rows = [
            [key, row.id, row.label, row.base, row.new, row.difference] for key, row in self._rows
        ]
        return json.dumps(rows).encode()

    def merge(self, data: bytes) -> None:
        """Keep what differs most of these rows, and of those that another has kept."""
        told = json.loads(data)
        self._keep([(tuple(key), RowDifference(*fields)) for key, *fields in told])

    def _row(self, block: Block, row: int) -> RowDifference:
        base, label = block.base, None
        if base.labels is not None:
            index = int(base.labels[row])
            label = str(index) if self._classes is None else self._classes[index]
        return RowDifference(
            id=base.name(row),
            label=label,
            base=float(base.surprisal[row]),
            new=float(block.models[self.place].surprisal[row]),
            difference=float(block.difference(self.place)[row]),
        )

    def found(self, in_unit: InUnit) -> tuple[RowDifference, ...]:
        """The rows, the most first."""
        per_bit = in_unit.per_bit
        return tuple(
            replace(
                row,
                base=row.base * per_bit,
                new=row.new * per_bit,
                difference=row.difference * per_bit,
            )
            for _, row in self._rows
        )


def _key(row: tuple[tuple[float, int, int], RowDifference]) -> tuple[float, int, int]:
    return row[0]


def _first(values: Values, hashes: NDArray[np.uint64], top: int) -> NDArray[np.int64]:
    """Places of the largest values, those of equal ones by their hashes."""
    places = np.arange(len(values))
    if 0 < top < len(values):  # the others need no order
        places = np.flatnonzero(values >= np.partition(values, -top)[-top])
    order: NDArray[np.int64] = places[np.lexsort((hashes[places], -values[places]))][:top]
    return order


def difference_of(
    sums: PairSums,
    names: tuple[str, str],
    in_unit: InUnit,
    parts: Later,
    by_class: Later,
    *,
    refused: bool,
) -> Difference:
    """Everything that is said of a pair of models, its parts where they are asked for."""
    whole = sums.difference.means
    found, spread = whole.mean_and_spread(refused=refused)
    worse = sums.worse.means.mean_and_spread(unit="", refused=refused)
    finite, accuracy = sums.finite, sums.accuracy
    slices = [part for each in sums.slices for part in each.found(whole, in_unit, refused=refused)]
    known = {
        "base": names[0],
        "new": names[1],
        "difference": in_unit(found),
        "p_value": p_value_of(found, spread),
        "finite_difference": None
        if finite is None
        else in_unit(finite.means.mean(1, refused=refused)),
        "worse_rows": share_interval(*worse),
        "accuracy": None if accuracy is None else accuracy.means.mean(unit="", refused=refused),
        "slices": judged(slices),
        "most_worse": sums.extremes[0].found(in_unit),
        "most_better": sums.extremes[1].found(in_unit),
    }

    def find(name: str) -> Any:
        return (by_class if name == "by_class" else parts).found()[name]

    return waiting(Difference, known, find)


def p_value_of(found: Estimate, spread: Spread | None) -> float | None:
    """Of a mean difference; None without an interval."""
    return None if spread is None else spread.p_value(found.value)


def judged(slices: list[SliceDifference]) -> tuple[SliceDifference, ...]:
    """The slices, those that differ from 0 marked; of the marked, 5 % do so by chance alone."""
    hits = standing_out(part.p_value for part in slices)
    return tuple(replace(part, stands_out=hit) for part, hit in zip(slices, hits, strict=True))
