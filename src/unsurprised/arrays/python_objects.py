"""Arrays of Python's own objects as arrays of numbers or names."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Container:
    """An array, with the names of its rows and columns and what is missing."""

    values: Any
    #: Names along the last axis of a frame, or along a series.
    columns: Names | None = None
    #: What the rows are called, where they have names of their own (pandas' index).
    index: Any = None
    #: Entries without a value; None where all have one.
    missing: NDArray[np.bool_] | None = field(default=None)
    #: What a series is called.
    title: str | int | None = None
    #: pandas' index along the last axis, which has no names in ``columns`` if it is a default one.
    class_index: Any = None


def objects_of(values: NDArray[Any]) -> Container | None:
    """Python's own objects as an array of numbers or names; None where they are neither."""
    flat = values.reshape(-1)
    kinds = set(map(type, flat))  # one quick pass: there may be millions of names
    if kinds and kinds <= {list, tuple, np.ndarray} and values.ndim == 1:
        return _rows(flat)
    empty = {kind for kind in kinds if kind.__name__ in _EMPTY}
    if float in kinds and not kinds - empty <= {float, int}:
        empty.add(float)  # NaN stands for "nothing" among names and decimals
    if not empty:
        found = _typed(flat, kinds)
        return None if found is None else Container(found.reshape(values.shape))
    missing = np.array([type(v) in empty and (type(v) is not float or math.isnan(v)) for v in flat])
    known = flat[~missing]
    found = _typed(known, set(map(type, known)))
    if found is None:
        return None
    filled = np.zeros(len(flat), dtype=found.dtype if len(found) else np.float64)
    filled[~missing] = found
    mask = missing.reshape(values.shape) if missing.any() else None
    return Container(filled.reshape(values.shape), missing=mask)


#: Types of "no value".
_EMPTY = ("NoneType", "NAType", "NaTType")


def _rows(flat: NDArray[Any]) -> Container | None:
    rows = [np.asarray(row) for row in flat]
    if (
        len({row.shape for row in rows}) > 1
        or rows[0].ndim != 1
        or rows[0].dtype.kind not in "biuf"
    ):
        return None
    return Container(np.stack(rows))


def _typed(known: NDArray[Any], kinds: set[type]) -> NDArray[Any] | None:
    """Values of one meaning as an array of it."""
    if all(issubclass(kind, str) for kind in kinds):
        return known.astype(str)
    if kinds <= {bool, np.bool_}:
        return known.astype(np.bool_)
    return None if kinds & {bool, np.bool_} else _as_numbers(known, kinds)


def _as_numbers(known: NDArray[Any], kinds: set[type]) -> NDArray[Any] | None:
    if all(issubclass(kind, int | np.integer) for kind in kinds):
        try:
            return known.astype(np.int64)
        except OverflowError:
            return None
    from decimal import Decimal
    from fractions import Fraction

    numbers = (int, float, np.integer, np.floating, Decimal, Fraction)
    if all(issubclass(kind, numbers) for kind in kinds):
        return np.array([float(value) for value in known])
    return None


def numbers_of(array: NDArray[Any]) -> NDArray[Any]:
    """An array whose objects, if it holds some, are numbers or names."""
    inner = objects_of(array) if array.dtype.kind == "O" else None
    return array if inner is None else inner.values
