"""Columns and counts as they are handed in: categories by code, or how many rows each has."""

from __future__ import annotations

import datetime
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import tee
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.containers import taken_apart
from unsurprised.arrays.host import HostArray, host_array
from unsurprised.errors import CallError, InputError, Place
from unsurprised.estimate.tallies import Tally
from unsurprised.forms import Counts, Form, Labels
from unsurprised.measures._labels import own_indices
from unsurprised.states.categories import CategoryCounts
from unsurprised.units import as_integer

#: Integers of a range below that are counted, not sorted.
_CLOSE_BY = 1 << 16
#: Above that, a float64 no longer holds every whole number.
_MOST_ROWS = 1 << 53

#: What columns of categories hold, by NumPy's letter.
KINDS = {"i": "integers", "u": "integers", "b": "truth values", "U": "names", "T": "names"}
#: What holds counts, or no order of rows.
NO_COLUMNS = (Mapping, CategoryCounts, set, frozenset)
#: What lists hold that NumPy has no type for, and no number stands for.
_OBJECTS = (datetime.date, datetime.time, datetime.timedelta, Mapping, set, frozenset)
_REMEDY = "leave such rows out, or give what is missing a name of its own"


@dataclass(frozen=True)
class Column:
    """A column of categories: a code for each row, counted from 0 in the order of the names."""

    codes: NDArray[np.int64]
    #: How many categories were seen, and how many exist where that was said.
    seen: int
    categories: int | None


def column_of(values: Any, argument: str) -> Column:
    """Integers, names, truth values, Labels or a text, as codes; an error for anything else."""
    categories = values.class_count if isinstance(values, Labels) else None
    seen, codes = _coded(categories_of(values, argument))
    return Column(codes, seen, categories)


def categories_of(values: Any, argument: str) -> NDArray[Any]:
    """The categories of a column as they are; an error for anything else."""
    no_column = isinstance(values, Form) and not isinstance(values, Labels)
    if no_column or values is None or isinstance(values, NO_COLUMNS):
        raise CallError(
            f"{argument} is a {type(values).__name__}; expected a column, one category for each "
            "row; for how often each was seen pass Counts([…])"
        )
    if isinstance(values, Labels) and values.smoothing:
        raise CallError(
            f"{argument} is Labels(…, smoothing={values.smoothing:g}); expected labels as they "
            "are: a smoothed label is no category that was seen"
        )
    column = _array(values, argument)
    if column.values.ndim != 1:
        raise CallError(
            f"{argument} has the shape {column.shape}; expected a column, one category for each "
            "row (a table of counts is passed as Counts)"
        )
    if not column.values.size:
        raise CallError(f"{argument} is empty; expected at least one row")
    if column.kind not in "iubUT":
        _refuse(column, argument)
    return column.values


def _coded(values: NDArray[Any]) -> tuple[int, NDArray[np.int64]]:
    """How many there are, and the place of each among them; of integers close by without a sort."""
    if values.dtype.kind in "iu":
        least, most = int(values.min()), int(values.max())
        if most - least < _CLOSE_BY:
            if values.dtype.kind == "u":  # numbers from 2⁶³ on are none of int64
                places = (values - values.min()).astype(np.int64)
            else:
                places = np.subtract(values, least, dtype=np.int64, casting="unsafe")
            met = np.bincount(places) > 0
            return int(met.sum()), places if met.all() else (np.cumsum(met) - 1)[places]
    distinct, codes = np.unique(values, return_inverse=True)
    return len(distinct), codes.astype(np.int64, copy=False)


def _array(values: Any, argument: str) -> HostArray:
    if isinstance(values, str):
        return host_array(np.array(list(values), dtype=np.str_), argument)
    if isinstance(values, bytes | bytearray):
        return host_array(np.frombuffer(values, dtype=np.uint8), argument)
    if isinstance(values, Iterator):
        values = list(values)
    if isinstance(values, Labels):
        if values.classes is not None:
            own_indices(values)  # labels outside the classes are an error everywhere
        return values.array
    parts = taken_apart(values, argument)
    if parts is not None and parts.missing is not None and parts.missing.any():
        raise _missing(argument, int(np.argwhere(parts.missing)[0][0]))
    if isinstance(values, list) and any(value is None for value in values):
        raise _missing(argument, values.index(None))
    return host_column(values, argument)


def _missing(argument: str, row: int) -> InputError:
    return InputError(
        "found a missing value",
        expected="a category in every row",
        remedy=_REMEDY,
        place=Place(file=argument, row=row),
    )


def host_column(values: Any, argument: str) -> HostArray:
    """A column as an array; an error says which row holds what no array does."""
    try:
        return host_array(values, argument)
    except CallError:
        if isinstance(values, list | tuple) or getattr(values, "dtype", None) == np.dtype("O"):
            _refuse_objects(values, argument)
        raise


def _refuse_objects(values: Any, argument: str) -> None:
    """Say which row holds what is neither a number nor a name, such as a date."""
    for row, value in enumerate(values):
        if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
            found = f"the integer {value}, of more than 64 bits"
        elif isinstance(value, _OBJECTS):
            found = f"a {type(value).__name__}"
        else:
            continue
        raise InputError(
            f"found {found}",
            expected="categories: integers or names",
            remedy="pass str(…) of each as its name, or numbers as floats",
            place=Place(file=argument, row=row),
        )


def _refuse(column: HostArray, argument: str) -> None:
    """Say what a column holds that is no category."""
    if column.kind == "f":
        numbers = column.as_float64()
        wrong = np.flatnonzero(~np.isfinite(numbers))
        if len(wrong):
            row = int(wrong[0])
            raise InputError(
                f"found {number_text(numbers[row])} in a column of numbers",
                expected="categories: integers or names",
                remedy=_REMEDY,
                place=Place(file=argument, row=row),
            )
    raise CallError(
        f"{argument} holds {column.dtype}; expected categories: integers or names. Numbers that "
        "stand for categories are passed as integers; differential_entropy, and mutual_information "
        "by method='auto', take others as they are"
    )


def number_text(value: float) -> str:
    """A number as an error says it."""
    return "NaN" if math.isnan(value) else f"{value:.6g}"


def tally_of(values: Any, argument: str, categories: Any) -> Tally:
    """How often each category was seen, of a column, :class:`Counts` or counts that were merged."""
    exist = None if categories is None else _checked_categories(categories)
    if isinstance(values, Counts):
        given = whole_counts(values, argument, 1)
        if exist is not None and exist < len(given):
            raise CallError(
                f"categories={exist} for {len(given)} counts; expected at least as many: each "
                "count, a zero too, is a category that exists"
            )
        return Tally.of(given, len(given) if exist is None else exist)
    counts: NDArray[Any]
    if isinstance(values, CategoryCounts):
        counts = _of_state(values, argument)
        seen, said = len(counts), None
    elif isinstance(values, Iterator):
        counts = _counted(values, argument)
        seen, said = len(counts), None
    else:
        refuse_unsaid_counts(values, argument)
        column = column_of(values, argument)
        counts, seen, said = np.bincount(column.codes), column.seen, column.categories
    if said is not None and exist is not None and said != exist:
        raise CallError(
            f"categories={exist} and Labels(…) of {said} classes; expected one of the two"
        )
    exist = said if exist is None else exist
    if exist is not None and exist < seen:
        raise CallError(
            f"categories={exist}, and {argument} has {seen} different ones; expected at least as "
            "many as were seen"
        )
    return Tally.of(counts, exist)


def refuse_unsaid_counts(values: Any, argument: str) -> None:
    """Raise for what pandas' ``value_counts()`` gives, which reads as a column of integers too."""
    if type(values).__name__ != "Series" or getattr(values, "name", None) != "count":
        return
    parts = taken_apart(values, argument)
    if parts is None or parts.columns is None or parts.values.dtype.kind not in "iu":
        return
    if (parts.values[1:] <= parts.values[:-1]).all() and parts.index.is_unique:
        raise CallError(
            f"{argument} is a series called 'count' with a name for each: how often each category "
            f"was seen, or a column of one category a row? Expected Counts({argument}), or "
            f"{argument}.to_numpy() for a column"
        )


def _of_state(state: CategoryCounts, argument: str) -> NDArray[np.int64]:
    if not state.rows:
        raise CallError(f"{argument} is CategoryCounts of no rows; expected at least one")
    if not state.complete:
        raise CallError(
            f"{argument} keeps {state.size:,} of about {state.count():,} categories; expected all "
            "of them: CategoryCounts(size=…) says how many are kept"
        )
    return np.fromiter(state.result().values(), dtype=np.int64)


def _counted(values: Iterator[Any], argument: str) -> NDArray[np.int64]:
    """Counts of what an iterator yields; held is one number for each category, not the rows.

    Categories are those of a list of the same, which NumPy makes names of where it holds one.
    """
    one, other = tee(values)  # True and 1 are equal, and among names they are two
    counts = Counter(zip(one, map(type, other), strict=True))
    named = any(issubclass(kind, str) for _, kind in counts)
    by_name: Counter[Any] = Counter()
    for (value, _), count in counts.items():
        if not isinstance(value, str | int | np.integer | np.bool_):
            raise CallError(f"{argument} yields {value!r}; expected categories: integers or names")
        by_name[str(value) if named else value] += count
    if not by_name:
        raise CallError(f"{argument} is empty; expected at least one row")
    return np.fromiter(by_name.values(), dtype=np.int64)


def _checked_categories(categories: Any) -> int:
    number = as_integer(categories)
    if not 1 <= number <= _MOST_ROWS:
        raise CallError(
            f"categories={categories!r}; expected how many categories exist, an integer from 1 on"
        )
    return number


def whole_counts(counts: Counts, argument: str, dimensions: int) -> NDArray[np.float64]:
    """Counts as numbers; an error unless they are whole, at least 0 and not all 0."""
    if len(counts.shape) != dimensions:
        shape = "a vector" if dimensions == 1 else "a table of two dimensions"
        raise CallError(f"{argument} is {counts!r}; expected {shape} of counts")
    values = counts.array.as_float64()
    wrong = ~(np.isfinite(values) & (values >= 0))
    wrong |= np.floor(np.where(wrong, 0.0, values)) != np.where(wrong, 0.0, values)
    if wrong.any():
        at = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise InputError(
            f"found {number_text(values[at])} among counts",
            expected="whole numbers of at least 0",
            remedy="for shares or weights use us.entropy or us.mutual_information",
            place=Place(file=argument, row=at),
        )
    total = float(values.sum())
    if not 0 < total <= _MOST_ROWS:
        raise InputError(
            f"counts that sum to {total:.6g}",
            expected="1 to 2⁵³ rows",
            place=Place(file=argument),
        )
    return values
