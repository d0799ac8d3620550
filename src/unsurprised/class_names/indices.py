"""Labels → indices of classes, whatever type carries them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.host import HostArray
from unsurprised.class_names.binding import Binding
from unsurprised.errors import CallError, InputError, Place


def indices_of_texts(values: NDArray[Any], binding: Binding) -> NDArray[np.int64]:
    """The class of each name; an :class:`InputError` at the first that is none."""
    names, where = np.unique(values, return_inverse=True)
    table = np.array(binding.of_texts([str(name) for name in names]), dtype=np.int64)
    found: NDArray[np.int64] = table[where]
    if (found < 0).any():
        row = int(np.argmax(found < 0))
        raise binding.unknown(str(values[row]), row)
    return found


def indices_of_labels(values: HostArray, binding: Binding) -> NDArray[np.int64]:
    """The class of each of some labels; an :class:`InputError` at the first stranger."""
    if values.kind in "UT":
        return indices_of_texts(values.values, binding)
    if values.kind == "b":
        return binding.of_booleans(values.values)
    whole = whole_numbers(values) if values.kind == "f" else values
    if whole is None:
        raise CallError(f"labels hold {values.dtype}; expected integers or names")
    return binding.of_integers(whole.values.astype(np.int64))


@contextmanager
def at_its_place(shape: tuple[int, ...]) -> Iterator[None]:
    """Let an error about a flat array tell the place in one of this shape."""
    try:
        yield
    except InputError as error:
        if not isinstance(error.place.row, int):
            raise
        row = tuple(int(k) for k in np.unravel_index(error.place.row, shape)) if shape else None
        raise type(error)(
            **{**error._fields(), "place": Place(error.place.file, row, error.place.column)}
        ) from None


#: Beyond these a float type has gaps: a label there may have been another one.
EXACT = {"float16": 2**11, "bfloat16": 2**8, "float32": 2**24, "float64": 2**53}


def whole_numbers(array: HostArray) -> HostArray | None:
    """Whole floats as integers: a label does not depend on the type that carries it."""
    if array.kind != "f":
        return None
    values = array.as_float64()
    with np.errstate(invalid="ignore"):
        if not ((values == np.floor(values)) & (np.abs(values) <= EXACT[array.dtype])).all():
            return None
    return HostArray(values.astype(np.int64), "int64")
