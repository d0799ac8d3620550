"""Mutual information of columns of which one at least holds numbers, or with a condition."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.errors import CallError
from unsurprised.estimate.gamma_functions import digamma_table
from unsurprised.estimate.methods import METHODS, least, sampling_width
from unsurprised.estimate.mixed import (
    Estimators,
    Information,
    cells_of_categories,
    information,
)
from unsurprised.estimate.permutations import p_value
from unsurprised.estimate.result import SampleEstimate
from unsurprised.estimate.scales import NumberSettings
from unsurprised.estimate.strata import Strata
from unsurprised.estimate.variables import (
    MOST_DIMENSIONS,
    Columns,
    Variable,
)
from unsurprised.threads import get_num_threads

#: The most rows of either half that says how the estimate grows.
_HALF = 1 << 12
#: What an estimate may yet grow by, in parts of what twice the rows have raised it by: its bias
#: falls like a root of the number of rows, the slower the more dimensions there are.
_YET_TO_GROW = 3.0
#: Above this part of the logarithm of how many more rows there are, an estimate just grows, where
#: nothing is given.
_GROWS = 0.5
_LN_2 = 0.6931471805599453
#: Dimensions beyond which neighbours are far away.
_MANY_DIMENSIONS = 6


def mixed_estimate(
    of: Columns, method: str, settings: NumberSettings, permutations: int
) -> SampleEstimate:
    """The estimate in nats, by the chain rule over what columns hold."""
    kinds = tuple(part.kind for part in of.all)
    notes = tuple(note for part in of.all for note in part.notes)
    refuse_few(of, settings.k)
    _refuse_identifiers(of, method)
    name = method_name(of, method)
    if of.x.is_constant or of.y.is_constant:
        told = (*notes, "a column is constant: nothing is shared")
        tested = 1.0 if permutations else None
        return SampleEstimate(
            0.0, 0.0, 0.0, "nats", of.rows, name, math.nan, 0.0, tested, told, kinds
        )
    way = Estimators(settings.k, method == "ksg2", method if method in METHODS else "auto")
    found = information(of, way)
    low, high, growth = interval(found, of, way)
    tested = _p_value(found, of, way, settings.seed, permutations) if permutations else None
    notes = (*notes, *found.notes, *growth, *_copied(of.x, of.y), *dimension_notes(of))
    plugin = math.nan if found.has_numbers else found.plugin
    return SampleEstimate(
        found.value, low, high, "nats", of.rows, name, plugin, found.sd, tested, notes, kinds
    )


def _refuse_identifiers(of: Columns, method: str) -> None:
    """Say that a column of names has another one in each row, which tells of nothing."""
    for name, part in (("x", of.x), ("y", of.y)):
        if method == "auto" and part.is_discrete and len(np.unique(part.codes)) == part.rows:
            raise CallError(
                f"{name} has another category in each row, so the sample says nothing of what the "
                "two share; leave identifiers out, and pass numbers as floats"
            )


def refuse_few(of: Columns, k: int) -> None:
    """Say that there are too few rows for the k-th neighbour, or too many dimensions."""
    if of.rows <= k and of.dimensions:
        raise CallError(f"k={k} and {of.rows:,} rows; expected more rows than k")
    if of.dimensions > MOST_DIMENSIONS:
        raise CallError(
            f"the columns have {of.dimensions} dimensions together; expected at most "
            f"{MOST_DIMENSIONS}"
        )


def method_name(of: Columns, method: str) -> str:
    """The name of what ``auto`` is for columns of such kinds, or of what was asked for."""
    if method != "auto":
        return method
    if not all(part.is_discrete or part.is_continuous for part in of.all):
        return "chain_rule"
    if of.x.is_continuous and of.y.is_continuous:
        return "ksg1"
    return "ross" if of.dimensions else "chain_rule"


def dimension_notes(of: Columns) -> Iterator[str]:
    """That there are many, if so."""
    if of.dimensions > _MANY_DIMENSIONS:
        yield f"{of.dimensions} dimensions: neighbours are far away, and the estimate is too low"


def _copied(x: Variable, y: Variable) -> Iterator[str]:
    """Rows that are copies of others would tell of each other."""
    if x.same is None or y.same is None:
        return
    numbers = (x.codes == x.rest) & (y.codes == y.rest)
    pairs = x.same * (int(y.same.max()) + 1) + y.same
    copies = int(numbers.sum()) - len(np.unique(pairs[numbers]))
    if copies:
        yield (
            f"{copies:,} of {x.rows:,} rows are copies of another, which tells all of them: leave "
            "copies out"
        )


def interval(
    found: Information, of: Columns, way: Estimators, spread: tuple[float, int] | None = None
) -> tuple[float, float, tuple[str, ...]]:
    """Student's t, what corrections add, and how far halves of the rows are from all of them.

    ``spread`` is the standard deviation, and of how many independent parts; that of independent
    rows if it is not said.
    """
    value, rows = found.value, of.rows
    if spread is None:
        # Neighbours tell alike, so that there are as many degrees of freedom as neighbourhoods.
        spread = found.sd, max(rows // way.k, 2) if found.has_numbers else rows
    width = sampling_width(value, found.plugin, found.corrected, *spread)
    # What halves are off by tells the direction of the bias.
    low, high = value - width, value + width
    notes: tuple[str, ...] = ()
    halves = _halves(of, way) if found.has_numbers else []
    if found.has_numbers and not halves:
        return math.nan, math.nan, ()
    if halves:
        growth = value - math.fsum(halves) / len(halves)
        more = float(portable.log(rows / min(rows // 2, _HALF)))
        still = growth * min(1.0, _LN_2 / more)
        low, high = low + min(still, 0.0), high + max(_YET_TO_GROW * still, 0.0)
        if growth > _grows(of) * more and value > 1:
            notes = (
                "the estimate grows with the number of rows, as where one column is a function of "
                "the other: read it as 'at least'",
            )
            high = math.inf
    if low > 0:
        low = least(low, found.beyond_chance, *spread)
    return min(max(low, 0.0), value), max(high, value), notes


def _grows(of: Columns) -> float:
    """The part of the logarithm, which is the less the more numbers are known beside the two."""
    return _GROWS / (1 + (0 if of.given is None else of.given.dimensions))


def _halves(of: Columns, way: Estimators) -> list[float]:
    """The estimates of two parts of the rows that have none in common."""
    if of.rows // 2 <= way.k + 1:
        return []
    hashes = np.empty(of.rows, dtype=np.uint64)
    _kernels.hash_range(0, 0, hashes)
    if of.rows > 2 * _HALF:  # those of the least hashes, about so many
        share = 2 * _HALF / of.rows
        order = np.flatnonzero(hashes < np.uint64(int(share * 2.0**64)))
    else:
        order = portable.argsort(hashes)
    half = len(order) // 2
    return [information(of.at(rows), way).value for rows in (order[::2][:half], order[1::2])]


#: Digamma's terms as whole numbers, whose sums have no order.
_UNITS = float(1 << 30)


def _p_value(
    found: Information, of: Columns, way: Estimators, seed: int, permutations: int
) -> float:
    if all(part.is_discrete for part in of.all):
        return p_value(list(cells_of_categories(of).strata()), permutations, seed)
    data = [part.codes if part.values is None else part.values for part in (of.x, of.y)]
    strata = Strata.of(of.given, of.rows, seed, *data)
    are_numbers = all(part.is_continuous and part.dimensions == 1 for part in (of.x, of.y))
    if are_numbers and of.given is None and not way.second_kind:
        return _p_value_of_pairs(of, way.k, strata, permutations)

    def statistic(order: NDArray[np.int64]) -> float:
        return information(of.with_y_at(order), way).plugin

    return strata.p_value(statistic, found.plugin, permutations)


def _p_value_of_pairs(of: Columns, k: int, strata: Strata, permutations: int) -> float:
    """The same of two columns of numbers, of which each is ordered once."""
    first, second = (np.ascontiguousarray(part.numbers[:, 0]) for part in (of.x, of.y))
    table = np.rint(digamma_table(of.rows) * _UNITS).astype(np.int64)
    counts = np.empty((2, of.rows), dtype=np.int64)
    _kernels.pair_counts(first, second, k, counts[0], counts[1], get_num_threads())
    observed = int(table[counts].sum())
    sums = np.empty(permutations, dtype=np.int64)
    _kernels.shuffled_sums(
        first, second, k, strata.rows, strata.starts, strata.stream, table, sums, get_num_threads()
    )
    return (1 + int((sums <= observed).sum())) / (1 + permutations)
