"""A p-value by permutation of one column, from the counts alone.

Of the tables that a shuffled column makes only the margins are known, so a table is drawn row by
row from hypergeometric distributions: what it costs hangs on its cells, not on the rows. Where
there are far fewer rows than cells, the rows are shuffled.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.errors import CallError
from unsurprised.measures._contingency import Cells
from unsurprised.threads import get_num_threads
from unsurprised.units import as_integer

#: Rows that are laid out to be shuffled.
_MOST_ROWS = 1 << 27
#: A row is shuffled in the time in which so many cells are drawn.
_CELLS_OF_A_ROW = 8
#: Sums of c ln c are counted in units of which the rows have about so many binary digits.
_DIGITS = 46

Whole = NDArray[np.int64]


def checked_count(value: Any, name: str) -> int:
    """A whole number of at least 0, such as how many permutations are asked for."""
    number = as_integer(value)
    if not 0 <= number < 1 << 31:
        raise CallError(f"{name}={value!r}; expected an integer from 0 to 2³¹ − 1")
    return number


def p_value(strata: Sequence[Cells], permutations: int, seed: int) -> float:
    r"""Share of tables with these margins that tell as much: (1 + #{null ≥ observed}) / (1 + R).

    Margins do not change, so that the information of a shuffled table hangs on Σ c ln c over its
    cells alone, each term a whole number of units: sums that no order shows in. Tables of several
    strata are shuffled each by itself. A permutation draws by a fixed hash of its number, the
    counts and the seed, whatever the categories are called. Never 0: the observed table is one of
    those that chance makes (Phipson and Smyth, *Permutation P-Values Should Never Be Zero*, 2010).
    """
    rows = sum(int(cells.total) for cells in strata)
    units = 2.0 ** (_DIGITS - rows.bit_length())
    observed = sum(_terms(cells.counts, units) for cells in strata)
    cell_count = sum(len(cells.counts) for cells in strata)
    sums = np.zeros(permutations, dtype=np.int64)
    for place, table in enumerate(sorted(map(_Table.of, strata), key=lambda table: table.said)):
        sums += table.shuffled(permutations, seed << 32 | zlib.crc32(table.said, place), units)
    # Sums that are equal on paper differ by the roundings of their terms.
    reached = int((sums >= observed - 2 * cell_count).sum())
    return (1 + reached) / (1 + permutations)


def _terms(counts: NDArray[Any], units: float) -> int:
    """Σ c ln c in units, as the kernel sums it."""
    return int(np.floor(counts * portable.log(counts) * units + 0.5).astype(np.int64).sum())


class _Table:
    """The margins of a table, in an order that neither names nor sides show in."""

    def __init__(self, first: Whole, second: Whole, counts: Whole) -> None:
        self.first, self.second = first, second
        #: What tells the table from others: two tables alike would be shuffled alike.
        self.said = b"".join(part.astype("<i8").tobytes() for part in (first, second, counts))

    @classmethod
    def of(cls, cells: Cells) -> _Table:
        margins = (_descending(part) for part in (cells.rows, cells.columns))
        first, second = sorted(margins, key=lambda part: (len(part), part.tolist()))
        return cls(first, second, _descending(cells.counts))

    def shuffled(self, permutations: int, stream: int, units: float) -> Whole:
        """Σ c ln c of each permutation's table."""
        rows = int(self.first.sum())
        sums = np.zeros(permutations, dtype=np.int64)
        if len(self.first) * len(self.second) <= _CELLS_OF_A_ROW * rows:
            threads = get_num_threads()
            _kernels.shuffled_tables(self.first, self.second, stream, units, sums, threads)
            return sums
        if rows > _MOST_ROWS:
            raise CallError(
                f"permutations={permutations} of {rows:,} rows; expected at most {_MOST_ROWS:,} "
                "rows: take a sample of them, or ask for no permutations"
            )
        one = np.repeat(np.arange(len(self.first)), self.first) * len(self.second)
        other = np.repeat(np.arange(len(self.second)), self.second)
        hashes = np.empty(rows, dtype=np.uint64)
        for number in range(permutations):
            _kernels.hash_range(number * rows, stream, hashes)
            counts = np.unique(one + other[portable.argsort(hashes)], return_counts=True)[1]
            sums[number] = _terms(counts.astype(np.float64), units)
        return sums


def _descending(counts: NDArray[Any]) -> Whole:
    return np.sort(counts.astype(np.int64))[::-1].copy()
