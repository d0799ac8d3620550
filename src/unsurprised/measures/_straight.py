"""The straight way to a kernel: rows of one shape that NumPy can see, classes last.

A few numbers are measured in less time than the general way takes to make forms of them, and to ask
their library what it calls things. What is not plain goes the general way, and so do rows that a
kernel refuses: that way says what is wrong.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.arrays.host import float_name
from unsurprised.arrays.libraries import memory_of
from unsurprised.forms import DEFAULT_TOLERANCE, DistributionForm, Form, Labels
from unsurprised.measures._numpy_engine import MOST_DIMENSIONS, kernel_rows, threads_for
from unsurprised.units import units_per_bit


def is_plain(values: Any) -> bool:
    """Whether the straight way may know an array without a form around it."""
    kind = type(values)
    return kind is np.ndarray or kind is getattr(sys.modules.get("torch"), "Tensor", None)


def straight(
    name: str, sides: Sequence[Any], *, axis: Any, base: float, labels: Labels | None = None
) -> Any:
    """What the kernel ``name`` says of each row of forms or plain arrays; None: go the other way.

    A plain array is :class:`Probs`. The answer is a tensor where a side is one.
    """
    found = _all_seen(sides) if type(axis) is int and axis == -1 else None
    if found is None:
        return None
    shape, rows, tensors = found
    at = None if labels is None else _indices(labels, shape[:-1], bool(tensors))
    if labels is not None and at is None:
        return None
    wide = not tensors or "float64" in tensors
    values = np.empty(shape[:-1], dtype=np.float64 if wide else np.float32)
    other = rows[1] if len(rows) > 1 else None
    units, threads = units_per_bit(base), threads_for(math.prod(shape))
    p, q = _kernels.measure(name, rows[0], other, at, units, values, threads)
    if p[0] >= 0 or q[0] >= 0:
        return None
    if tensors:
        return sys.modules["torch"].from_numpy(values)
    return values if values.shape else float(values)


def _all_seen(
    sides: Sequence[Any],
) -> tuple[tuple[int, ...], list[_kernels.Rows], list[str]] | None:
    """The shape of all sides, each as the kernel takes it, and the types of the tensors."""
    shape: tuple[int, ...] = ()
    rows, tensors = [], []
    for side in sides:
        found = _seen(side)
        if found is None:
            return None
        values, dtype, of_tensor = found
        shape = shape or values.shape
        if values.shape != shape or not 0 < len(shape) <= MOST_DIMENSIONS or not shape[-1]:
            return None
        rows.append(_rows_of(side, values, dtype))
        if of_tensor:
            tensors.append(dtype)
    return shape, rows, tensors


def _seen(side: Any) -> tuple[NDArray[Any], str, bool] | None:
    """The memory of a side, what its numbers are, and whether it is a tensor's."""
    if not isinstance(side, Form):
        values, of_tensor = memory_of(side), type(side) is not np.ndarray
    elif not isinstance(side, DistributionForm) or _is_named(side):
        return None
    elif side.given is None:
        return side.array.values, side.array.dtype, False
    else:
        values, of_tensor = memory_of(side.given), True
    dtype = None if values is None else float_name(values)
    return None if values is None or dtype is None else (values, dtype, of_tensor)


def _is_named(side: DistributionForm) -> bool:
    return side.names is not None or side.index is not None


def _rows_of(side: Any, values: NDArray[Any], dtype: str) -> _kernels.Rows:
    if isinstance(side, DistributionForm):
        return kernel_rows(side, values, dtype)
    return _kernels.Rows(values, dtype, False, True, DEFAULT_TOLERANCE)


def _indices(labels: Labels, shape: tuple[int, ...], tensors: bool) -> NDArray[np.int64] | None:
    """Plain indices, one a row; the kernel tells which are no class."""
    if labels.classes is not None or (labels.given is not None and not tensors):
        return None
    at = labels.array.values if labels.given is None else memory_of(labels.given)
    if at is None or at.shape != shape or at.dtype != np.int64 or not at.flags.c_contiguous:
        return None
    return at
