"""Mutual information of categories: a table's own, and what corrections add to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.array_types import Values
from unsurprised.errors import CallError
from unsurprised.estimate import classical
from unsurprised.estimate.columns import whole_counts
from unsurprised.estimate.methods import Method, chosen, cut, least, sampling_width
from unsurprised.estimate.permutations import p_value
from unsurprised.estimate.result import SampleEstimate
from unsurprised.estimate.tallies import Tally
from unsurprised.estimate.variables import Variable
from unsurprised.forms import Counts
from unsurprised.measures._chance import expected_mutual_information
from unsurprised.measures._contingency import Cells, cells_of
from unsurprised.measures.clusterings import entropies_and_information
from unsurprised.statistics.jackknife import NORMAL
from unsurprised.threads import get_num_threads

#: Cells of a table that is laid out; larger ones have many rows.
_MOST_CELLS = 1 << 20


def table_estimate(
    table: TwoWayTable, method: str, prior: str | float | None, permutations: int, seed: int
) -> SampleEstimate:
    """What two columns of categories share, by a correction of the entropies of their table."""
    estimator = chosen(method, prior, table.joint)
    plugin = entropies_and_information(table.cells)[2]
    value, notes = 0.0, (*estimator.notes, *table.notes(method))
    if not table.is_constant:
        value = plugin + table.correction(estimator.value)
    sd = _spread(table.cells)
    low, high = _interval(table, value, plugin, sd)
    tested = p_value([table.cells], permutations, seed) if permutations else None
    return SampleEstimate(
        value, low, high, "nats", table.joint.rows, estimator.name, plugin, sd, tested, notes,
        ("discrete", "discrete"),
    )  # fmt: skip


@dataclass(frozen=True)
class TwoWayTable:
    """Two columns counted against each other, with what is known of their categories."""

    cells: Cells
    first: int | None
    second: int | None

    @property
    def joint(self) -> Tally:
        """The counts of pairs; there exist as many as the table has cells, where that was said."""
        said = None not in (self.first, self.second)
        return Tally.of(self.cells.counts, self._pairs if said else None)

    @property
    def _pairs(self) -> int:
        first = len(self.cells.rows) if self.first is None else self.first
        second = len(self.cells.columns) if self.second is None else self.second
        return first * second

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Of each column how many categories were seen, and the rows."""
        return [(len(part), int(part.sum())) for part in (self.cells.rows, self.cells.columns)]

    def correction(self, method: Method) -> float:
        """What a method adds to the plug-in's information, in nats."""

        def added(tally: Tally) -> float:
            return method(tally) - classical.plugin(tally)

        rows = added(Tally.of(self.cells.rows, self.first))
        columns = added(Tally.of(self.cells.columns, self.second))
        return rows + columns - added(Tally.of(self.cells.counts, self._pairs))

    @property
    def is_constant(self) -> bool:
        """Whether one of the two has a single category, and so shares nothing."""
        return min(len(self.cells.rows), len(self.cells.columns)) == 1

    def notes(self, method: str) -> tuple[str, ...]:
        """What to know of a column that is constant, or has no category twice.

        The latter is an error where nobody asked for a method.
        """
        if self.is_constant:
            return ("a column is constant: nothing is shared",)
        if max(len(self.cells.rows), len(self.cells.columns)) < self.cells.total:
            return ()
        if method == "auto":
            raise CallError(
                "x or y has another category in each row, so the sample says nothing of what the "
                "two share; leave identifiers out, bin numbers, or name a method for its bare value"
            )
        return ("a column has another category in each row: the estimate means nothing",)

    @property
    def may_lack_pairs(self) -> bool:
        """Whether pairs may exist that were not seen."""
        return None in (self.first, self.second) or len(self.cells.counts) < self._pairs

    @property
    def most(self) -> float:
        """What the two can share at most, in nats."""
        said = [size for size in (self.first, self.second) if size is not None]
        return float(portable.log(min(said))) if said else math.inf


def table_of_columns(x: Variable, y: Variable) -> TwoWayTable:
    """The table of two columns of categories."""
    size = int(x.codes.max()) + 1, int(y.codes.max()) + 1
    if math.prod(size) <= _MOST_CELLS:
        cells = cells_of(Counts(counts_of_pairs(x.codes, (0, size[0]), y.codes, (0, size[1]))))
    else:
        cells = cells_of(x.codes, y.codes)
    return TwoWayTable(cells, x.categories, y.categories)


def table_of_integers(x: Any, y: Any) -> TwoWayTable | None:
    """The table of two arrays of integers close by, in one read; None for all else."""
    first, second = _integers(x), _integers(y)
    if first is None or second is None or len(first) != len(second):
        return None
    one, other = _range_of(first), _range_of(second)
    if one[1] * other[1] > _MOST_CELLS:
        return None
    return TwoWayTable(cells_of(Counts(counts_of_pairs(first, one, second, other))), None, None)


def _range_of(values: NDArray[Any]) -> tuple[int, int]:
    """The least number, and how many there are up to the largest."""
    least, most = int(values.min()), int(values.max())
    return least, most - least + 1


def _integers(values: Any) -> NDArray[Any] | None:
    """A plain column of integers or truth values; None for what has to be looked at first."""
    if type(values) is not np.ndarray or values.ndim != 1 or not values.size:
        return None
    if values.dtype.kind not in "iub" or not values.dtype.isnative:
        return None
    whole = values.view(np.uint8) if values.dtype.kind == "b" else values
    return np.ascontiguousarray(whole)


def counts_of_pairs(
    x: NDArray[Any], x_range: tuple[int, int], y: NDArray[Any], y_range: tuple[int, int]
) -> NDArray[np.int64]:
    """How often each pair occurs of integers from a least number on, so many of them."""
    counts = np.zeros((x_range[1], y_range[1]), dtype=np.int64)
    (x_least, x_size), (y_least, y_size) = (
        (least % (1 << 64), size) for least, size in (x_range, y_range)
    )
    _kernels.count_cells(x, x_least, x_size, y, y_least, y_size, counts, get_num_threads())
    return counts


def table_of(counts: Any) -> TwoWayTable:
    """The table of counts that stands in the place of two columns."""
    if not isinstance(counts, Counts):
        raise CallError(
            "y is missing; expected two columns of the same rows, or a table: Counts([[…], …])"
        )
    whole_counts(counts, "x", 2)
    return TwoWayTable(cells_of(counts), counts.shape[0], counts.shape[1])


def _spread(cells: Cells) -> float:
    """Standard deviation: the delta method's, and that of a χ² where nothing is shared.

    The larger one of the table's and of the table with four more rows that are spread as if nothing
    were shared, without which few rows in rare cells would seem sure (Agresti and Coull, 1998).
    """
    if cells.total < 2:
        return math.nan
    shares = cells.counts / cells.total
    products = cells.products / (cells.total * cells.total)
    variance = _variance_of_local(shares, products)
    if len(cells.rows) * len(cells.columns) <= _MOST_CELLS:
        whole = np.multiply.outer(cells.rows, cells.columns) / (cells.total * cells.total)
        smoothed = whole * 4
        smoothed[cells.row, cells.column] += cells.counts
        smoothed /= cells.total + 4
        variance = max(variance, _variance_of_local(smoothed.ravel(), whole.ravel()))
    degrees = (len(cells.rows) - 1) * (len(cells.columns) - 1)
    return math.sqrt(variance / cells.total + degrees / (2 * cells.total * cells.total))


def _variance_of_local(shares: Values, products: Values) -> float:
    local = portable.log(shares / products)
    return float((shares * np.square(local - float((shares * local).sum()))).sum())


def _interval(table: TwoWayTable, value: float, plugin: float, sd: float) -> tuple[float, float]:
    rows = table.joint.rows
    corrected = plugin + table.correction(classical.chao_wang_jost)
    width = sampling_width(value, plugin, corrected, sd, rows)
    # A χ² with little behind it is as wide again above its value.
    high = value + width + NORMAL * NORMAL / (2 * rows)
    if table.may_lack_pairs:
        missed = classical.plugin(Tally.of(np.array([rows, 4])))
        high = max(high, rows / (rows + 4) * max(value, 0.0) + missed)
    low, high = cut(table.joint, value, width, table.most, high - value - width)
    if table.joint.is_sparse and low > 0:
        chance = expected_mutual_information(table.cells.rows, table.cells.columns)
        low = least(low, plugin - chance, sd, rows)
    return low, high
