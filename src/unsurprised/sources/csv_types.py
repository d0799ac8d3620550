"""The types of CSV's columns, once all cells have been seen."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import types

if TYPE_CHECKING:
    from unsurprised.sources.csv import CsvTable


def surveyed(table: CsvTable, used: Collection[str]) -> dict[str, pa.DataType]:
    """The type that all cells of each column have, but those in use; text where there is no other.

    From the types of the first rows on, to ever wider ones.
    """
    kinds = {field.name: field.type for field in table.schema if field.name not in used}
    while kinds:
        changed = False
        for batch in table.cells():
            for name, kind in kinds.items():
                held = kind
                while not table.holds(batch.column(name), held, name):
                    held = _wider(held)
                changed = changed or held != kind
                kinds[name] = held
        if not changed:  # what has become wider may be too wide for the rows before
            break
    return kinds


def _wider(kind: pa.DataType) -> pa.DataType:
    """The next type to be tried."""
    if types.is_null(kind):
        return pa.int64()
    return pa.float64() if types.is_integer(kind) else pa.string()


def common(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """The type for a column that has two in two files.

    Examples
    --------
    >>> common(pa.int64(), pa.float64()), common(pa.bool_(), pa.int64())
    (DataType(double), DataType(string))
    """
    if one == other or types.is_null(other):
        return one
    if types.is_null(one):
        return other
    return pa.float64() if {one, other} == {pa.int64(), pa.float64()} else pa.string()
