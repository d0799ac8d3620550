r"""The mutual information of two labellings that have nothing to do with each other.

Shuffle one labelling: the number n of rows that have label i of the first (which a rows have) and
label j of the second (b rows) is then hypergeometric, with mean μ = ab/N. The expected mutual
information is a sum over all pairs of labels,

.. math:: \sum_{ij} \frac{1}{N} E\Big[n \log\frac{n}{\mu}\Big]
          = \sum_{ij} \frac{1}{N} E\Big[n \log\frac{n}{\mu} - n + \mu\Big],

where the right-hand terms are never negative, so that nothing cancels. The weights of n follow from
their ratios, outward from the mode, and are divided by their own sum: logarithms of factorials, of
which the usual formula takes differences, have few digits to spare where N is large.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.measures._elementary import log1p_minus

#: Pairs of labels that are computed together, and numbers held at a time: both fit into a cache.
_PAIRS = 1 << 13
_NUMBERS = 1 << 16

#: The shortest and the longest way that is gone before looking which pairs are done.
_STEPS = 8, 4096

#: What is lighter than this, beside the mode's 1, changes no digit: the tails of a hypergeometric
#: distribution are at least as light as a Poisson's, whose n log(n/μ) − n + μ is −log(weight).
_NO_WEIGHT = 2.0**-100


def expected_mutual_information(rows: Values, columns: Values) -> float:
    """In nats, from how many rows of the data each label of either labelling has."""
    total = float(rows.sum())
    # An exact sum: the same bits, whichever labelling comes first.
    return math.fsum(_excesses(rows, columns, total)) / total


def expected_information_of_all(tables: Iterable[tuple[Values, Values]]) -> float:
    """The same of many small tables, each shuffled by itself: the sum of it times their rows."""
    parts = zip(*(_pairs_of_sizes(*table) for table in tables), strict=True)
    a, b, total, times = (np.concatenate(part) for part in parts)
    cuts = (slice(first, first + _PAIRS) for first in range(0, len(a), _PAIRS))
    return math.fsum(
        value
        for cut in cuts
        for value in (_mean_excess(a[cut], b[cut], total[cut]) * times[cut]).tolist()
    )


def _pairs_of_sizes(rows: Values, columns: Values) -> tuple[Values, Values, Values, Values]:
    (a, a_times), (b, b_times) = (np.unique(x, return_counts=True) for x in (rows, columns))
    i, j = np.divmod(np.arange(len(a) * len(b)), len(b))
    return (
        a[i],
        b[j],
        np.full(len(i), float(rows.sum())),
        (a_times[i] * b_times[j]).astype(np.float64),
    )


def _excesses(rows: Values, columns: Values, total: float) -> Iterator[float]:
    """``E[n log(n/μ) − n + μ]`` of each two distinct sizes, times the pairs that have them."""
    (a, a_times), (b, b_times) = (np.unique(x, return_counts=True) for x in (rows, columns))
    for first in range(0, len(a) * len(b), _PAIRS):
        i, j = np.divmod(np.arange(first, min(first + _PAIRS, len(a) * len(b))), len(b))
        yield from (_mean_excess(a[i], b[j], total) * (a_times[i] * b_times[j])).tolist()


def _mean_excess(a: Values, b: Values, total: float | Values) -> Values:
    mean = a * b / total
    mode = np.floor((a + 1) * (b + 1) / (total + 2))
    both = np.clip(mode, np.maximum(0, a + b - total), np.minimum(a, b))
    only_one, other_two = (a - both, b - both), (both, total - a - b + both)
    up_weight, up = _tail(both, 1, only_one, other_two, mean)
    down_weight, down = _tail(both, -1, other_two, only_one, mean)
    return (_excess(both, mean) + up + down) / (1.0 + up_weight + down_weight)


def _tail(
    start: Values,
    step: int,
    shrinking: tuple[Values, Values],
    growing: tuple[Values, Values],
    mean: Values,
) -> tuple[Values, Values]:
    """The weights beyond ``start`` on one side, relative to its own, and the excess they bear.

    With every step one row moves from each of the two ``shrinking`` cells of a 2 × 2 table to the
    ``growing`` ones.
    """
    weight, excess = np.zeros_like(mean), np.zeros_like(mean)
    going, here, done = np.arange(len(mean)), np.ones_like(mean), 0
    while going.size:
        length = min(max(_NUMBERS // going.size, _STEPS[0]), _STEPS[1])
        steps = done + np.arange(length, dtype=np.float64)
        left, grown = ([x[going, None] for x in cells] for cells in (shrinking, growing))
        ratios = (left[0] - steps) * (left[1] - steps)
        ratios /= (grown[0] + 1 + steps) * (grown[1] + 1 + steps)
        ratios[:, 0] *= here
        # Zero from where a cell is empty, whatever the ratios say beyond.
        weights = np.cumprod(ratios, axis=1, out=ratios)
        both = np.maximum(start[going, None] + step * (steps + 1), 0)
        weight[going] += weights.sum(axis=1)
        excess[going] += (weights * _excess(both, mean[going, None])).sum(axis=1)
        here, done = weights[:, -1], done + length
        going, here = going[here > _NO_WEIGHT], here[here > _NO_WEIGHT]
    return weight, excess


def _excess(n: Values, mean: Values) -> Values:
    """``n log(n/μ) − n + μ``."""
    beyond = mean - n
    near = np.abs(beyond) < 0.25 * n
    excess = np.asarray(n * portable.log(np.maximum(n, 1.0) / mean) + beyond)
    n = n[near]
    excess[near] = -n * log1p_minus(np, beyond[near] / n)
    return excess
