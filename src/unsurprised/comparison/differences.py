"""The difference of two models, row by row: its mean, its parts, its slices, its extremes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.comparison.result import Difference, RowDifference, SliceDifference
from unsurprised.comparison.scored import ScoredRows
from unsurprised.evaluation.slicing import slice_of
from unsurprised.later import Later, waiting
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.groups import rows_by_group
from unsurprised.statistics.in_unit import InUnit
from unsurprised.statistics.jackknife import (
    FEWEST_UNITS,
    Spread,
    share_interval,
    standing_out,
)
from unsurprised.statistics.means import independent_units, mean_and_spread

#: Above so many classes none is listed.
_MOST_CLASSES = 1000


class Paired:
    """Rows of two models side by side, and sums of what is asked of them."""

    def __init__(
        self,
        left: ScoredRows,
        right: ScoredRows,
        in_unit: InUnit,
        *,
        refused: bool,
        left_out: int = 0,
    ) -> None:
        self.left, self.right, self.refused, self.left_out = left, right, refused, left_out
        self.in_unit = in_unit
        with np.errstate(invalid="ignore"):
            difference = right.surprisal - left.surprisal
        # Infinite in both: which is worse cannot be told.
        self.difference = np.where(np.isnan(difference), 0.0, difference)
        self.weights = left.weights

    def mean(self, values: Values, which: Any = slice(None), unit: str = "bits") -> Estimate:
        """The weighted mean of finite values, with its interval; of some rows only."""
        return self.mean_and_spread(values, which, unit)[0]

    def mean_and_spread(
        self, values: Values, which: Any = slice(None), unit: str = "bits"
    ) -> tuple[Estimate, Spread | None]:
        """The same, and how it differs from one set of rows to another."""
        return mean_and_spread(
            values[which],
            None if self.left.clusters is None else self.left.clusters[which],
            None if self.weights is None else self.weights[which],
            unit,
            refused=self.refused,
        )

    def units(self, which: NDArray[np.int64]) -> float:
        """How many parts of the rows, independent of each other, the interval of some rests on."""
        return independent_units(
            len(which),
            None if self.left.clusters is None else self.left.clusters[which],
            None if self.weights is None else self.weights[which],
        )


def difference_of(
    pair: Paired,
    names: tuple[str, str],
    parts: Later,
    classes: tuple[str, ...] | None,
    top: int,
    *,
    by_class: bool = True,
) -> Difference:
    """Everything that is said of a pair of models, its parts where they are asked for."""
    values, in_unit = pair.difference, pair.in_unit
    found, spread = pair.mean_and_spread(values)
    finite = np.isfinite(values)
    worse = pair.mean_and_spread((values > 0).astype(np.float64), unit="")
    accuracy = None
    if pair.left.correct is not None and pair.right.correct is not None:
        accuracy = pair.mean(pair.right.correct - pair.left.correct, unit="")
    known = {
        "base": names[0],
        "new": names[1],
        "difference": in_unit(found),
        "p_value": p_value_of(found, spread),
        "finite_difference": None if finite.all() else in_unit(pair.mean(values, finite)),
        "worse_rows": share_interval(*worse),
        "accuracy": accuracy,
        "slices": _slices(pair),
        "most_worse": _extremes(pair, classes, top, 1),
        "most_better": _extremes(pair, classes, top, -1),
    }
    of_classes = Later(lambda: {"by_class": _by_class(pair, classes) if by_class else ()})

    def find(name: str) -> Any:
        return (of_classes if name == "by_class" else parts).found()[name]

    return waiting(Difference, known, find)


def p_value_of(found: Estimate, spread: Spread | None) -> float | None:
    """Of a mean difference; None without an interval."""
    return None if spread is None else spread.p_value(found.value)


def _slices(pair: Paired) -> tuple[SliceDifference, ...]:
    found: list[SliceDifference] = []
    for name, places in pair.left.by.items():
        found += _cut(pair, name, places, [slice_of(cell)[1] for cell in pair.left.cells[name]])
    return judged(found)


def _by_class(pair: Paired, classes: tuple[str, ...] | None) -> tuple[SliceDifference, ...]:
    """The rows of each class; nothing where there are too many, or what happened is no class."""
    labels = pair.left.labels
    if labels is None or not len(labels):
        return ()
    names = range(int(labels.max()) + 1) if classes is None else classes
    if len(names) > _MOST_CLASSES:
        return ()
    return judged(_cut(pair, "label", labels, [str(name) for name in names]))


def _cut(
    pair: Paired, column: str, places: NDArray[Any], values: Sequence[str | None]
) -> list[SliceDifference]:
    """The rows of each value of a column, of which each row tells the place."""
    weights = np.ones(len(pair.left)) if pair.weights is None else pair.weights
    total = math.fsum(weights)
    held = []
    for place, which in rows_by_group(places, len(values)):
        mean, spread = pair.mean_and_spread(pair.difference, which)
        few = pair.units(which) < FEWEST_UNITS
        share = math.fsum(weights[which]) / total
        held.append(
            SliceDifference(
                column=column,
                value=values[place],
                rows=len(which),
                difference=pair.in_unit(mean),
                contribution=mean.value * share * pair.in_unit.per_bit,
                p_value=None if few else p_value_of(mean, spread),
                stands_out=False,
            )
        )
    return sorted(held, key=lambda part: (-part.contribution, part.value or ""))


def judged(slices: list[SliceDifference]) -> tuple[SliceDifference, ...]:
    """The slices, those that differ from 0 marked; of the marked, 5 % do so by chance alone."""
    hits = standing_out(part.p_value for part in slices)
    return tuple(replace(part, stands_out=hit) for part, hit in zip(slices, hits, strict=True))


def _first(values: Values, hashes: NDArray[np.uint64], top: int) -> NDArray[np.int64]:
    """Places of the largest values, those of equal ones by their hashes."""
    places = np.arange(len(values))
    if 0 < top < len(values):  # the others need no order
        places = np.flatnonzero(values >= np.partition(values, -top)[-top])
    order: NDArray[np.int64] = places[np.lexsort((hashes[places], -values[places]))][:top]
    return order


def _extremes(
    pair: Paired, classes: tuple[str, ...] | None, top: int, sign: int
) -> tuple[RowDifference, ...]:
    values, per_bit = sign * pair.difference, pair.in_unit.per_bit
    order = _first(values, pair.left.hashes, top)
    labels = pair.left.labels

    def label(row: int) -> str | None:
        if labels is None:
            return None
        return str(labels[row]) if classes is None else classes[labels[row]]

    return tuple(
        RowDifference(
            id=pair.left.name(row),
            label=label(row),
            base=float(pair.left.surprisal[row]) * per_bit,
            new=float(pair.right.surprisal[row]) * per_bit,
            difference=float(pair.difference[row]) * per_bit,
        )
        for row in order.tolist()
        if values[row] > 0
    )
