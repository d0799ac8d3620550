"""A batch: some rows of a source, ready to be measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.class_names.binding import Binding
from unsurprised.copies import Record
from unsurprised.forms import DistributionForm, Labels
from unsurprised.interpretation import Interpretation

#: Above this a weight times a surprisal could overflow.
LARGEST_WEIGHT = 1e100


@dataclass(frozen=True, slots=True)
class RowIds(Record):
    """What each row of a batch is called.

    ``values`` are int64 or a sequence of strings with a ``take`` method (an Arrow string array).
    ``None`` means that a row is called by its file and its number there.
    """

    values: Any = None

    @property
    def named(self) -> bool:
        """Whether the rows have ids of their own."""
        return self.values is not None


@dataclass(frozen=True, slots=True)
class SliceColumn(Record):
    """What rows are sliced by: names by their codes, or numbers that are binned later.

    A name that is ``None`` stands for rows without a value; ``missing`` marks those among numbers.
    """

    codes: NDArray[np.int32] | None = None
    names: tuple[str | None, ...] = ()
    numbers: NDArray[Any] | None = None
    missing: NDArray[np.bool_] | None = None

    def part(self, rows: slice | NDArray[np.int64]) -> SliceColumn:
        """Some of the rows."""
        return SliceColumn(
            None if self.codes is None else self.codes[rows],
            self.names,
            None if self.numbers is None else self.numbers[rows],
            None if self.missing is None else self.missing[rows],
        )


@dataclass(frozen=True, slots=True)
class Batch(Record):
    """Rows of one file (or of one array) in their order.

    Exactly one of ``model`` and ``logprob`` is given; with ``logprob`` alone, ``truth`` may be
    missing, since the natural logarithm of what the model gave to what happened says it all.
    """

    size: int
    truth: Labels | DistributionForm | None = None
    model: DistributionForm | None = None
    logprob: NDArray[np.float64] | None = None
    weights: NDArray[np.float64] | None = None
    #: Of a text: how many tokens, bytes, … each row stands for.
    units: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    ids: RowIds = field(default_factory=RowIds)
    #: What the rows are sliced by, by name.
    by: dict[str, SliceColumn] = field(default_factory=dict)
    #: To which cluster each row belongs, where rows belong together.
    clusters: RowIds | None = None
    file: str | None = None
    file_index: int = 0
    first_row: int = 0
    #: Row numbers in the file where rows were skipped; ``None``: ``first_row`` and on, no gap.
    row_numbers: NDArray[np.int64] | None = None
    #: Names of the columns, for errors: truth, model, weights, ids.
    columns: dict[str, str] = field(default_factory=dict)
    #: Rows left out because of nulls, which the caller allowed, or as rows that count nothing.
    skipped: int = 0
    #: Names of the classes in the order of the model's columns, where they have names.
    classes: tuple[str, ...] | None = None
    #: How integers find their class where they may count from 1 as well, and none of these is 0.
    unsaid_start: Binding | None = None
    #: The class, of two, that one number a row is the probability of.
    spoken_of: int = 1
    #: What was taken for what, where arrays were handed in.
    reading: Interpretation | None = None

    def numbers_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """The numbers of some rows in their file."""
        return self.first_row + rows if self.row_numbers is None else self.row_numbers[rows]

    def numbers(self) -> NDArray[np.int64]:
        """The number of each row in its file."""
        if self.row_numbers is not None:
            return self.row_numbers
        return np.arange(self.first_row, self.first_row + self.size, dtype=np.int64)
