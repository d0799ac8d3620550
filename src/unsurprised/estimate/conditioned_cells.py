"""What two columns of categories share within the categories of a third: from counts alone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.estimate import classical
from unsurprised.estimate.groups import Codes, both_groups
from unsurprised.estimate.methods import Method, chosen, least, sampling_width
from unsurprised.estimate.permutations import p_value
from unsurprised.estimate.result import SampleEstimate
from unsurprised.estimate.tallies import Tally
from unsurprised.measures._chance import expected_information_of_all
from unsurprised.measures._contingency import Cells


@dataclass(frozen=True)
class Shared:
    """The information in nats, as it is and corrected, and what each cell says."""

    local: Values
    value: float
    plugin: float
    corrected: float
    method: str
    #: Degrees of freedom, by which the information varies even where it is 0.
    degrees: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ConditionedCells:
    """How many rows each triple of categories has, and which codes those are, without gaps.

    None stands for a column of a single category.
    """

    counts: NDArray[Any]
    x: Codes | None
    y: Codes | None
    given: Codes | None

    @property
    def rows(self) -> int:
        """How many rows were counted."""
        return int(self.counts.sum())

    def shared(self, method: str) -> Shared:
        """The mean of ln(n_xyz n_z / n_xz n_yz) over the rows, with a method's correction."""
        sides = both_groups(self.x, self.given), both_groups(self.y, self.given)
        margins = [self._sums(part) for part in (*sides, self.given)]
        of_x, of_y, of_given = (
            sums if part is None else sums[part]
            for part, sums in zip((*sides, self.given), margins, strict=True)
        )
        # Products, so that the share is 1 where a side hangs on the condition alone.
        local = portable.log((1.0 * self.counts * of_given) / (1.0 * of_x * of_y))
        kinds = np.broadcast_arrays(self.counts, of_given, of_x, of_y)
        tallies = [Tally.of(part) for part in (*margins[:2], self.counts, margins[2])]
        estimator = chosen(method, None, tallies[2])

        def added(method: Method) -> float:
            one, other, both, less = (method(part) - classical.plugin(part) for part in tallies)
            return (one - less) + (other - both)  # 0 where a side hangs on the condition alone

        # By kinds of cell, so that the order of rows shows in no bit.
        order = np.lexsort(kinds)
        plugin = float((self.counts * local)[order].sum()) / self.rows
        seen = [part.seen for part in tallies]
        degrees = max(seen[2] + seen[3] - seen[0] - seen[1], 0)
        corrected = plugin + added(classical.chao_wang_jost)
        value = plugin + added(estimator.value)
        return Shared(local, value, plugin, corrected, estimator.name, degrees, estimator.notes)

    def _sums(self, groups: Codes | None) -> NDArray[np.int64]:
        """How many rows each group has."""
        if groups is None:
            return np.array([self.rows])
        return np.bincount(groups, weights=self.counts).astype(np.int64)

    def beyond_chance(self, value: float, plugin: float) -> float:
        """The plug-in less what it is on average of columns shuffled within the condition.

        It is asked for where most triples are new; else it is the value.
        """
        if not Tally.of(self.counts).is_sparse:
            return value
        chance = expected_information_of_all((each.rows, each.columns) for each in self.strata())
        return plugin - chance / self.rows

    def strata(self) -> Iterator[Cells]:
        """The table of x and y within each category that is given."""
        nothing = np.zeros(len(self.counts), dtype=np.int64)
        x, y, given = (nothing if part is None else part for part in (self.x, self.y, self.given))
        order = np.argsort(given, kind="stable")
        for part in np.split(order, np.flatnonzero(np.diff(given[order])) + 1):
            yield table_of_cells(x[part], y[part], self.counts[part])


def conditional_estimate(cells: ConditionedCells, permutations: int, seed: int) -> SampleEstimate:
    """The estimate in nats of columns that are counted, as of the columns themselves."""
    found, rows = cells.shared("auto"), cells.rows
    variance = float((cells.counts * np.square(found.local - found.plugin)).sum()) / (rows - 1)
    sd = math.sqrt(variance / rows + found.degrees / (2 * rows * rows))
    width = sampling_width(found.value, found.plugin, found.corrected, sd, rows)
    low, high = max(found.value - width, 0.0), found.value + width
    if low > 0:
        low = least(low, cells.beyond_chance(found.value, found.plugin), sd, rows)
    tested = p_value(list(cells.strata()), permutations, seed) if permutations else None
    return SampleEstimate(
        found.value, min(low, found.value), max(high, found.value), "nats", rows, "chain_rule",
        found.plugin, sd, tested, found.notes, ("discrete",) * 3,
    )  # fmt: skip


def table_of_cells(x: Codes, y: Codes, counts: NDArray[Any]) -> Cells:
    """The cells of a table by their codes, each pair once, in an order of their own."""
    x, y = (np.unique(part, return_inverse=True)[1] for part in (x, y))
    size = int(y.max()) + 1
    order = np.argsort(x * size + y, kind="stable")
    x, y, held = x[order], y[order], counts[order].astype(np.float64)
    return Cells(_weighed(x, held), _weighed(y, held), held, x, y)


def _weighed(codes: Codes, counts: Values) -> Values:
    return np.bincount(codes, weights=counts).astype(np.float64, copy=False)
