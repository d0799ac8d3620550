"""Row values beside truth and predictions: weights, ids, slices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.host import host_array
from unsurprised.arrays.row_order import refuse_keys
from unsurprised.batches import LARGEST_WEIGHT, SliceColumn
from unsurprised.errors import CallError, InputError, Place


def checked_weights(weights: Any, size: int, place: Place | None = None) -> NDArray[np.float64]:
    """Weights as float64: one a row, at least 0, finite and not beyond the largest."""
    refuse_keys(weights, "weights")
    values = np.ascontiguousarray(host_array(weights, "weights").as_float64()).reshape(-1)
    if len(values) != size:
        raise CallError(f"weights are {len(values)} numbers for {size} rows; expected one a row")
    legal = (values >= 0) & (values <= LARGEST_WEIGHT)
    if not legal.all():
        row = int(np.argmin(legal))
        raise InputError(
            f"found the weight {values[row]:.6g}",
            expected=f"a number from 0 to {LARGEST_WEIGHT:g}",
            remedy="weights are importance weights; rescale them, or drop the row",
            place=place or Place(row=row, column="weights"),
        )
    return values


def row_names(values: Any, size: int, what: str) -> Any:
    """What rows or their clusters are called: one integer or string a row."""
    refuse_keys(values, what)
    array = host_array(values, what).values.reshape(-1)
    if len(array) != size:
        raise CallError(f"{what} are {len(array)} values for {size} rows; expected one a row")
    if array.dtype.kind not in "iuUT":
        raise CallError(f"{what} hold {array.dtype}; expected integers or strings")
    if array.dtype.kind == "u" and size and array.max() > np.iinfo(np.int64).max:
        raise CallError(f"{what} hold an integer above 2⁶³ − 1; pass such {what} as strings")
    return array


def slice_values(values: Any, size: int, name: str) -> SliceColumn:
    """What rows are sliced by: names, numbers or booleans."""
    what = f"by[{name!r}]"
    refuse_keys(values, what)
    array = host_array(values, what)
    numbers = array.values.reshape(-1)
    if len(numbers) != size:
        raise CallError(f"{what} holds {len(numbers)} values for {size} rows; expected one a row")
    if array.dtype == "bfloat16" or numbers.dtype.kind == "f":
        return SliceColumn(numbers=array.as_float64().reshape(-1))
    if numbers.dtype.kind in "iu":
        return SliceColumn(numbers=numbers)
    if numbers.dtype.kind == "b":
        return SliceColumn(codes=numbers.astype(np.int32), names=("false", "true"))
    if numbers.dtype.kind not in "UT":
        raise CallError(f"{what} holds {numbers.dtype}; expected names, numbers or booleans")
    found, codes = np.unique(numbers, return_inverse=True)
    return SliceColumn(codes=codes.reshape(-1).astype(np.int32), names=tuple(map(str, found)))
