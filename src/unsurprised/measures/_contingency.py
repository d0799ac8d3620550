"""Two labellings of the same rows, counted against each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.host import HostArray, host_array
from unsurprised.arrays.row_order import refuse_other_orders
from unsurprised.errors import CallError, InputError, Place
from unsurprised.forms import Counts, Form, Labels
from unsurprised.measures._labels import own_indices

#: The largest table that is laid out in full: 2²⁷ counts of eight bytes are one GiB.
MOST_CELLS = 1 << 27

#: Above that, a float64 no longer holds every whole number.
MOST_ROWS = 1 << 53

Whole = NDArray[np.float64]
Codes = NDArray[np.int64]


def contingency(a: Any, b: Any) -> Counts:
    r"""Contingency table: how often each label of ``a`` occurs with each label of ``b``.

    .. math:: n_{ij} = \#\{r : a_r = i,\; b_r = j\}

    Parameters
    ----------
    a, b : array_like or Labels, shape (n,)
        One label for each row: integers of any size and sign, names or truth values.

    Returns
    -------
    Counts, shape (distinct labels of a, distinct labels of b)
        Counts of int64 that sum to n. Rows are the distinct labels of ``a`` in sorted order,
        columns those of ``b``.

    Raises
    ------
    CallError
        Vectors of different lengths, empty or not one-dimensional; floats as labels; a table of
        more than 2²⁷ cells.
    InputError
        :class:`Labels` outside the classes that they name.

    See Also
    --------
    mutual_information, homogeneity : measures of the two labellings themselves.

    References
    ----------
    Pearson, "On the Theory of Contingency and Its Relation to Association and Normal Correlation"
    (1904).

    Examples
    --------
    >>> table = contingency(["cat", "cat", "dog", "dog"], [7, 7, 7, 1])
    >>> table
    Counts(shape=(2, 2), dtype=int64)
    >>> table.array.values
    array([[0, 2],
           [1, 1]])
    """
    pairs = _Pairs(a, b)
    shape = pairs.rows, pairs.columns
    if math.prod(shape) > MOST_CELLS:
        raise CallError(
            f"a has {shape[0]:,} distinct labels and b {shape[1]:,}: a table of "
            f"{math.prod(shape):,} counts; expected at most {MOST_CELLS:,}; merge rare labels, or "
            "ask homogeneity, completeness, v_measure or adjusted_mutual_information, which take "
            "the labels themselves"
        )
    counts = np.bincount(pairs.codes, minlength=math.prod(shape))
    return Counts(counts.astype(np.int64, copy=False).reshape(shape))


@dataclass(frozen=True)
class Cells:
    """A contingency table without its empty cells, rows and columns; whole numbers throughout."""

    #: How many rows of the data each label of the first and of the second labelling has.
    rows: Whole
    columns: Whole
    #: How many both labels have together, and which two labels those are.
    counts: Whole
    row: Codes
    column: Codes

    @property
    def total(self) -> float:
        """How many rows of data were counted."""
        return float(self.rows.sum())

    @cached_property
    def products(self) -> Whole:
        """Of each cell: what its labels would share, were they independent, times ``total``."""
        return self.rows[self.row] * self.columns[self.column]

    @cached_property
    def product_of_empty(self) -> float:
        """The sum of those products over the empty cells, free of cancellation."""
        met = _sums(self.row, self.columns[self.column])
        return float(np.sum(self.rows * (self.total - met)))

    @property
    def first_tells_second(self) -> bool:
        """Whether the first label leaves nothing open about the second."""
        return len(self.counts) == len(self.rows)

    @property
    def second_tells_first(self) -> bool:
        """Whether the second label leaves nothing open about the first."""
        return len(self.counts) == len(self.columns)


def cells_of(a: Any, b: Any = None) -> Cells:
    """The cells of two label vectors, or of the table ``a``."""
    return _cells_of_table(a) if b is None else _cells_of_labels(a, b)


def _cells_of_labels(a: Any, b: Any) -> Cells:
    pairs = _Pairs(a, b)
    where, counts = np.unique(pairs.codes, return_counts=True)
    row, column = np.divmod(where, pairs.columns)
    return _cells(row, column, counts.astype(np.float64))


def _cells_of_table(table: Any) -> Cells:
    values = _checked_table(table)
    row, column = np.nonzero(values)
    counts = values[row, column]
    # Labels that nothing has are no labels.
    row, column = (np.unique(axis, return_inverse=True)[1] for axis in (row, column))
    return _cells(row, column, counts)


def _cells(row: Codes, column: Codes, counts: Whole) -> Cells:
    return Cells(_sums(row, counts), _sums(column, counts), counts, row, column)


def _sums(groups: Codes, numbers: Whole) -> Whole:
    return np.bincount(groups, weights=numbers).astype(np.float64, copy=False)


class _Pairs:
    """Two labellings as one code for each row: (label of a) · (labels of b) + (label of b)."""

    def __init__(self, a: Any, b: Any) -> None:
        if type(a) is not np.ndarray:
            refuse_other_orders({"a": a, "b": b})
        first, second = _label_vector(a, "a"), _label_vector(b, "b")
        if len(first) != len(second):
            raise CallError(
                f"a has {len(first):,} labels, b has {len(second):,}; expected both to label the "
                "same rows"
            )
        if not len(first):
            raise CallError("a and b are empty; expected at least one label in each")
        (self.rows, a_codes), (self.columns, b_codes) = _coded(first), _coded(second)
        self.codes: Codes = a_codes * self.columns + b_codes


def _coded(labels: NDArray[Any]) -> tuple[int, Codes]:
    distinct, codes = np.unique(labels, return_inverse=True)
    return len(distinct), codes.astype(np.int64, copy=False)


def _label_vector(values: Any, argument: str) -> NDArray[Any]:
    if isinstance(values, Form):
        labels = _array_of_labels(values, argument)
    else:
        labels = host_array(values, argument)
    if labels.values.ndim != 1:
        raise CallError(
            f"{argument} has the shape {labels.shape}; expected a vector, one label for each row "
            "(a contingency table is passed alone)"
        )
    if labels.values.size and labels.kind not in "iubUT":
        raise CallError(
            f"{argument} holds {labels.dtype}; expected labels: integers, names or truth values"
        )
    return labels.values


def _array_of_labels(form: Form, argument: str) -> HostArray:
    if not isinstance(form, Labels):
        raise CallError(
            f"{argument} is {form!r}; expected labels, one for each row: a plain array or Labels"
        )
    if form.smoothing:
        raise CallError(
            f"{argument} is Labels(…, smoothing={form.smoothing:g}); expected labels as they are: "
            "a smoothed label is a distribution, which no cell counts"
        )
    if form.classes is not None:
        own_indices(form)  # labels outside the classes are an error everywhere
    return form.array


def _checked_table(table: Any) -> Whole:
    if isinstance(table, Form) and not isinstance(table, Counts):
        raise CallError(
            f"a is {table!r}; expected a contingency table of counts, or two vectors of labels"
        )
    host = table.array if isinstance(table, Counts) else host_array(table, "a")
    if host.values.ndim != 2:
        raise CallError(
            f"a has the shape {host.shape} and b is missing; expected two vectors of labels, or a "
            "contingency table, two-dimensional"
        )
    if host.values.size and host.kind not in "iubf":
        raise CallError(f"a holds {host.dtype}; expected a contingency table of counts")
    values = host.as_float64()
    _check_counts(values)
    return values


def _check_counts(values: Whole) -> None:
    legal = (values >= 0) & (values < math.inf)
    legal &= np.floor(values, where=legal, out=np.zeros_like(values)) == values
    if not legal.all():
        row, column = (int(i) for i in np.argwhere(~legal)[0])
        found = "NaN" if np.isnan(values[row, column]) else f"{values[row, column]:.6g}"
        raise InputError(
            f"found {found} in column {column} of a contingency table",
            expected="counts, whole numbers of at least 0",
            remedy="for shares or weights use normalized_mutual_information",
            place=Place(row=(row,)),
        )
    total = float(values.sum())
    if not 0 < total <= MOST_ROWS:
        raise InputError(
            f"a contingency table whose counts sum to {total:.6g}", expected="1 to 2⁵³ rows counted"
        )
