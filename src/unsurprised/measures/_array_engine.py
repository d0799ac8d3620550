"""Rows of any other array library: the formula on its own arrays, traced or differentiated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.host import host_array
from unsurprised.arrays.libraries import (
    Namespace,
    answer_type,
    carries_derivatives,
    device_of,
    is_traced,
    library_of,
    namespace_of,
    to_numpy,
)
from unsurprised.errors import CallError
from unsurprised.forms import DistributionForm
from unsurprised.measures._distribution import Formula, Side
from unsurprised.measures._numpy_engine import common_rows, is_log, looks_wrong, refuse
from unsurprised.units import NO_UNIT


@dataclass(frozen=True)
class Home:
    """The library that an answer belongs to."""

    xp: Namespace
    device: Any
    #: At least float32: half precision is for storing.
    dtype: Any

    def quiet(self) -> AbstractContextManager[Any]:
        """Without the warnings of libraries that are NumPy underneath."""
        if "torch" in self.xp.__name__ or "jax" in self.xp.__name__:
            return nullcontext()
        return np.errstate(all="ignore")

    def bring(self, values: NDArray[Any]) -> Any:
        """NumPy's values as an array of this library, on this device."""
        # Not every device holds doubles.
        kind = np.float64 if "float64" in str(self.dtype) else np.float32
        with np.errstate(over="ignore"):
            narrowed: NDArray[Any] = values.astype(kind)
        narrowed += kind(0)  # what is negative in float64 may be -0.0 now
        return self.xp.astype(self.place(narrowed), self.dtype)

    def place(self, values: NDArray[Any]) -> Any:
        """NumPy's values as they are, on this device."""
        return self.xp.asarray(values, device=self.device)


def home_of(arrays: Sequence[Any]) -> Home | None:
    """Where the answer to these (given) arrays belongs; None for NumPy."""
    foreign = [array for array in arrays if library_of(array)]
    if not foreign:
        return None
    libraries = sorted({str(library_of(array)) for array in foreign})
    if len(libraries) > 1:
        raise CallError(f"found arrays of {' and '.join(libraries)}; expected one library")
    devices = [device for device in map(device_of, foreign) if device is not None]
    if len({str(device) for device in devices}) > 1:
        raise CallError(
            f"found arrays on {' and '.join(sorted({str(d) for d in devices}))}; "
            "expected one device"
        )
    xp = namespace_of(foreign[0])
    return Home(xp, devices[0] if devices else None, answer_type(xp, foreign))


def by_library(
    home: Home | None,
    formula: Formula,
    forms: list[DistributionForm],
    axis: int,
    base: Any,
) -> Any:
    assert home is not None  # NumPy alone is always on the host
    shape = common_rows(forms, axis)
    with home.quiet():
        sides = [_side(home, form, shape) for form in forms]
        if not any(is_traced(side.given) for side in sides):
            _check(forms, sides, axis)
        values = formula(sides) + 0.0  # no -0.0
    return values if base is NO_UNIT else values / math.log(base)


def _side(home: Home, form: DistributionForm, shape: tuple[int, ...]) -> Side:
    given = form.given
    if given is None:
        values, attached = home.bring(form.array.as_float64()), False
    else:
        values, attached = home.xp.astype(given, home.dtype), carries_derivatives(given)
    spread = (*shape, form.shape[-1])
    if tuple(values.shape) != spread:
        values = home.xp.broadcast_to(values, spread)
    return Side(home.xp, values, log=is_log(form), attached=attached)


def _check(forms: list[DistributionForm], sides: list[Side], axis: int) -> None:
    """Have the kernels say what is wrong with rows that are at hand and look wrong."""
    if any(looks_wrong(form, side) for form, side in zip(forms, sides, strict=True)):
        refuse([copied(form) for form in forms], axis=axis)


def copied(form: DistributionForm) -> DistributionForm:
    """The same rows where NumPy can see them."""
    if form.given is None:
        return form
    return form.with_array(host_array(to_numpy(form.given), repr(form)))
