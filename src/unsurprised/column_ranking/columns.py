"""Columns of Arrow as the estimators take them: categories, numbers with nulls, or neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from unsurprised.column_ranking.pair_counts import CountedColumn
from unsurprised.errors import CallError, InputError, Place

#: Beyond, the difference of two numbers may not be finite.
_LARGEST = 2.0**1000
#: So many different integers are more likely numbers than categories.
_MANY = 50


@dataclass(frozen=True)
class TableColumn:
    """A column that has an estimate, or the reason why not.

    Integers, names and truth values are categories; floats, decimals, dates and times are numbers,
    as is what was said to be; nulls and NaN are missing.
    """

    name: str
    #: Codes or integers, or float64; None where ``reason`` says why.
    values: pa.Array | None
    reason: str = ""
    #: How many different values there are, the missing not counted.
    distinct: int = 0
    #: Whether it holds integers that are taken for categories.
    whole: bool = False
    #: All rows, counted, where the values are those of a sample.
    counted: CountedColumn | None = None

    @property
    def is_category(self) -> bool:
        """Whether it holds categories."""
        return self.values is not None and not types.is_floating(self.values.type)

    @property
    def missing(self) -> int:
        """How many rows hold no value."""
        if self.counted is not None:
            return self.counted.missing
        return 0 if self.values is None else int(self.values.null_count)

    @property
    def is_identifier(self) -> bool:
        """Whether each row has a category of its own."""
        if self.counted is not None:
            return self.distinct == self.counted.rows > 1
        rows = 0 if self.values is None else len(self.values)
        return self.is_category and self.distinct == rows > 1

    @property
    def looks_numeric(self) -> bool:
        """Whether integers that are taken for categories are as many as of numbers."""
        return self.whole and self.distinct > _MANY

    def required(self, option: str, file: str | None = None) -> Any:
        """The values of a column that all depends on; an error where it tells nothing.

        Categories that are missing are one of their own, the first.
        """
        if self.is_identifier:
            raise InputError(
                f"{option} {self.name!r} holds another category in each row, as an identifier",
                expected="a column whose values repeat, or numbers",
                remedy=f"numbers=[{self.name!r}] (--numbers) takes integers as numbers"
                if self.whole
                else f"name another with {option}=… (--{option})",
                place=Place(file),
            )
        if self.values is None:
            raise InputError(
                f"{option} {self.name!r} is of no use: {self.reason}",
                expected="a column with values that differ",
                remedy=f"name another with {option}=… (--{option})",
                place=Place(file),
            )
        if self.is_category and self.values.null_count:
            return pc.fill_null(pc.add(codes_of(self.values), 1), 0)
        return self.values


def table_column(
    name: str, values: Any, *, number: bool, counted: CountedColumn | None = None
) -> TableColumn:
    """A column of a table; an error where it was said to hold numbers and does not."""
    column = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    found, whole = _values_of(name, column, number)
    if found is None:
        return TableColumn(name, None, f"it holds {_type_name(column.type)}")
    if counted is not None and len(counted.x_names) > 1 and not types.is_floating(found.type):
        return TableColumn(name, found, "", counted.distinct, whole, counted)
    if found.null_count == len(found):
        return TableColumn(name, None, "it holds nulls alone")
    distinct = pc.count_distinct(found, mode="only_valid").as_py()
    if distinct == 1 and not found.null_count:
        return TableColumn(name, None, "constant", 1)
    if types.is_floating(found.type) and pc.max(pc.abs(found)).as_py() > _LARGEST:
        return TableColumn(name, None, "it holds infinity, or numbers beyond 2¹⁰⁰⁰", distinct)
    return TableColumn(name, found, "", distinct, whole)


def _values_of(name: str, column: pa.Array, number: bool) -> tuple[pa.Array | None, bool]:
    """What the estimators take, and whether it is integers as categories; None for neither."""
    kind = column.type
    if types.is_null(kind):
        return column, False
    if types.is_temporal(kind) and not types.is_interval(kind):
        return _times(column), False
    if types.is_integer(kind) and not number:
        return column, True
    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind):
        numbers = column.cast(pa.float64(), safe=False)
        missing = pc.fill_null(pc.is_nan(numbers), False)
        return pc.if_else(missing, pa.scalar(None, pa.float64()), numbers), False
    if number:
        raise CallError(
            f"numbers={name!r} (--numbers): the column holds {_type_name(kind)}; expected integers"
        )
    if types.is_boolean(kind) or types.is_string(kind) or types.is_large_string(kind):
        return codes_of(column), False
    return None, False


def _times(column: pa.Array) -> pa.Array:
    """Dates and times as numbers from the first on, which floats hold better."""
    if types.is_date32(column.type) or types.is_time32(column.type):
        column = column.cast(pa.int32())
    counted = column.cast(pa.int64())
    if counted.null_count == len(counted):
        return counted
    return pc.subtract(counted, pc.min(counted)).cast(pa.float64(), safe=False)


def codes_of(column: pa.Array) -> pa.Array:
    """The place of each value among the different ones, in their order; nulls stay."""
    distinct = pc.drop_null(pc.unique(column))
    ordered = distinct.take(pc.sort_indices(distinct))
    return pc.index_in(column, value_set=ordered, skip_nulls=True).cast(pa.int64())


def _type_name(kind: Any) -> str:
    return str(kind).partition("<")[0][:40]


def numpy_of(values: pa.Array) -> Any:
    """As the estimators read it fastest: of NumPy where nothing is missing."""
    return values if values.null_count else np.asarray(values)


def renamed(note: str, argument: str, name: str) -> str | None:
    """What an estimator says of one of its arguments, said of a column; None for all else.

    >>> renamed("y is rounded to 1", "y", "age"), renamed("x: nulls (2)", "y", "age")
    ('age is rounded to 1', None)
    """
    if not note.startswith((f"{argument}: ", f"{argument} ")):
        return None
    return name + note.removeprefix(argument)
