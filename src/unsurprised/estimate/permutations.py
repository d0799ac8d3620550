"""A p-value by permutation of one column, from the counts alone."""

from __future__ import annotations

import operator
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.errors import CallError
from unsurprised.measures._contingency import Cells

#: Rows that are laid out to be shuffled.
_MOST_ROWS = 1 << 27
#: Cells of a table that is counted in full; those of a larger one are sorted.
_MOST_CELLS = 1 << 22
#: Statistics that are equal on paper differ by a few roundings.
_SAME = 1 - 1e-13


def checked_count(value: Any, name: str) -> int:
    """A whole number of at least 0, such as how many permutations are asked for."""
    try:
        number = -1 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = -1
    if not 0 <= number < 1 << 31:
        raise CallError(f"{name}={value!r}; expected an integer from 0 to 2³¹ − 1")
    return number


def p_value(cells: Cells, permutations: int, seed: int) -> float:
    r"""Share of tables with these margins that tell as much: (1 + #{null ≥ observed}) / (1 + R).

    Margins do not change, so that the information of a shuffled table hangs on Σ c ln c over its
    cells alone. Rows are shuffled by a fixed hash of their number, the permutation's, the
    table's and the seed. Never 0: the observed table is one of those that chance makes (Phipson and
    Smyth, *Permutation P-Values Should Never Be Zero*, 2010).
    """
    rows = int(cells.total)
    if rows > _MOST_ROWS:
        raise CallError(
            f"permutations={permutations} of {rows:,} rows; expected at most {_MOST_ROWS:,} rows: "
            "take a sample of them, or ask for no permutations"
        )
    counts = cells.counts.astype(np.int64)
    first = np.repeat(cells.row, counts) * len(cells.columns)
    second = np.repeat(cells.column, counts)
    logs = portable.log(np.arange(1, rows + 1, dtype=np.float64))
    terms = np.append(0.0, np.arange(1, rows + 1) * logs)
    observed = _statistic(counts, terms) * _SAME
    reached, hashes, stream = 0, np.empty(rows, dtype=np.uint64), _stream(cells, seed)
    cell_count = len(cells.rows) * len(cells.columns)
    for number in range(permutations):
        _kernels.hash_range(number * rows, stream, hashes)
        pairs = first + second[portable.argsort(hashes)]
        reached += _statistic(_counted(pairs, cell_count), terms) >= observed
    return (1 + reached) / (1 + permutations)


def _stream(cells: Cells, seed: int) -> int:
    """Which permutations: others for another table, or one unlucky choice would be that of all."""
    parts = (cells.row, cells.column, cells.counts.astype(np.int64))
    return seed << 32 | zlib.crc32(b"".join(part.astype("<i8").tobytes() for part in parts))


def _counted(pairs: NDArray[np.int64], cell_count: int) -> NDArray[np.int64]:
    if cell_count <= _MOST_CELLS:
        return np.bincount(pairs)
    return np.unique(pairs, return_counts=True)[1]


def _statistic(counts: NDArray[np.int64], terms: NDArray[np.float64]) -> float:
    """Σ c ln c by size of cell, so that tables of the same counts have the same bits."""
    times = np.bincount(counts)
    return float((times * terms[: len(times)])[1:].sum())
