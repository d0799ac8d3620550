"""Dispatch of answers that are arrays of rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from unsurprised.array_types import Array, Values
from unsurprised.arrays.host import checked_axis
from unsurprised.arrays.libraries import (
    NUMPY,
    Namespace,
    detached,
    is_in_main_memory,
    is_traced,
    library_of,
    to_numpy,
)
from unsurprised.errors import InputError
from unsurprised.forms import DistributionForm, Form
from unsurprised.measures._array_engine import copied, home_of
from unsurprised.measures._dispatch import as_rows
from unsurprised.measures._distribution import Side
from unsurprised.measures._numpy_engine import is_log, looks_wrong, refuse

#: What a formula makes of so many elements stays in the second-level cache.
_ELEMENTS_PER_BLOCK = 1 << 14


class Site:
    """NumPy, for its own arrays and for what it can look at; else the arrays' own library."""

    def __init__(self, *given: Any) -> None:
        foreign = [array for array in given if library_of(array)]
        self._home = home_of(foreign)
        self._elsewhere = None if all(map(is_in_main_memory, foreign)) else self._home

    @property
    def xp(self) -> Namespace:
        """The namespace to compute in."""
        return NUMPY if self._elsewhere is None else self._elsewhere.xp

    def values(self, form: DistributionForm) -> Array:
        """The entries of a form, as floats."""
        if self._elsewhere is None:
            return form.array.as_float64()
        if form.given is None:
            return self._elsewhere.bring(form.array.as_float64())
        return self._elsewhere.xp.astype(form.given, self._elsewhere.dtype)

    def numbers(self, values: Any, checked: Callable[[Any], Values | float]) -> Array:
        """An argument beside the rows, ``checked`` wherever it can be looked at."""
        if self._elsewhere is None:
            return np.asarray(checked(detached(values) if library_of(values) else values))
        home = self._elsewhere
        if library_of(values):
            if not is_traced(values):
                checked(to_numpy(values))
            return home.xp.astype(values, home.dtype)
        numbers = checked(values)
        if isinstance(numbers, float):  # compilers follow this far, but not into NumPy
            return home.xp.asarray(numbers, dtype=home.dtype, device=home.device)
        return home.bring(numbers)

    def rows(
        self, forms: Sequence[Form], axis: int, called: Sequence[str]
    ) -> list[DistributionForm]:
        """The forms with their classes last, labels as rows."""
        here = [form.on_host() for form in forms] if self.xp is NUMPY else forms
        return as_rows(here, axis, called)

    def by_row(self, formula: Callable[..., Array], *arrays: Array) -> Array:
        """``formula`` of arrays that broadcast beside the last axis; NumPy's a block at a time."""
        if self._elsewhere is not None:
            return formula(*arrays)
        shape = np.broadcast_shapes(*(array.shape[:-1] for array in arrays))
        widest = max(array.shape[-1] for array in arrays)
        out = np.empty((*shape, widest))
        spread = [np.broadcast_to(array, (*shape, array.shape[-1])) for array in arrays]
        with np.errstate(all="ignore"):
            if not shape:
                return formula(*spread)
            step = max(1, _ELEMENTS_PER_BLOCK * shape[0] // max(1, out.size))
            for begin in range(0, shape[0], step):
                block = slice(begin, begin + step)
                out[block] = formula(*(array[block] for array in spread))
        return out

    def with_last_at(self, axis: int, values: Array) -> Array:
        """The array with its last axis moved to ``axis``."""
        order = list(range(values.ndim - 1))
        order.insert(checked_axis(axis, tuple(values.shape)), values.ndim - 1)
        if self.xp is NUMPY:
            return values.transpose(order)
        return self.xp.permute_dims(values, tuple(order))  # PyTorch's vmap knows no moveaxis

    def answer(self, values: Array) -> Array:
        """What was computed, as an array of the library where it belongs."""
        if self._elsewhere is not None or self._home is None:
            return values
        return self._home.bring(values)


def check(form: DistributionForm, values: Array, xp: Namespace, argument: str | None) -> None:
    """Have the kernels say what is wrong with rows, where these are at hand."""
    if is_traced(values):
        return
    if form.given is not None:  # what lies elsewhere is copied only if it looks wrong
        side = Side(xp, detached(values), log=is_log(form), attached=False)
        if not looks_wrong(form, side):
            return
    try:
        refuse([copied(form)])
    except InputError as error:
        raise error.located(file=argument) from None
