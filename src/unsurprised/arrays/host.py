"""Anything that is an array, as a NumPy array over the same memory."""

from __future__ import annotations

import operator
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.arrays.containers import refuse_missing, taken_apart
from unsurprised.errors import CallError

FLOATS = ("float16", "bfloat16", "float32", "float64")

#: NumPy's numbers in this machine's byte order; a type takes 3 µs to say its own name.
_NAMES = {np.dtype(code): np.dtype(code).name for code in "?bhilqBHILQefd"}


def float_name(values: NDArray[Any]) -> str | None:
    """The type of floats that the kernels can read where they lie; None of all else."""
    name = _NAMES.get(values.dtype)
    return name if name in FLOATS and values.flags.aligned else None


class HostArray:
    """A NumPy array and what its elements are.

    NumPy has no bfloat16: such values are held as ``uint16`` bit patterns and ``dtype`` says so.
    """

    __slots__ = ("dtype", "shape", "values")

    def __init__(self, values: NDArray[Any], dtype: str) -> None:
        self.values, self.dtype = values, dtype
        self.shape: tuple[int, ...] = values.shape

    @property
    def kind(self) -> str:
        """NumPy's letter for what the elements are: ``f`` for bfloat16 too."""
        return "f" if self.dtype == "bfloat16" else self.values.dtype.kind

    def moved(self, axis: int) -> HostArray:
        """The same memory with ``axis`` last."""
        axis = checked_axis(axis, self.shape)
        if axis == self.values.ndim - 1:
            return self
        return HostArray(np.moveaxis(self.values, axis, -1), self.dtype)

    def __getitem__(self, key: Any) -> HostArray:
        return HostArray(self.values[key], self.dtype)

    def as_float64(self) -> NDArray[np.float64]:
        """The values widened to float64; exact for every floating type narrower than that."""
        if self.dtype == "bfloat16":
            return (self.values.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
        if self.values.dtype == np.float64:
            return self.values
        with np.errstate(invalid="ignore"):  # signalling NaN, which is one like any other
            return np.asarray(self.values, dtype=np.float64)


def checked_axis(axis: Any, shape: tuple[int, ...]) -> int:
    """``axis`` of an array of this shape, counted from the front."""
    try:
        index = operator.index(axis)
    except TypeError:
        raise CallError(f"axis={axis!r}; expected an integer") from None
    if not -len(shape) <= index < len(shape):
        raise CallError(
            f"axis={axis} does not exist in an array of shape {shape}; "
            f"expected {-len(shape)} to {len(shape) - 1}"
        )
    return index % len(shape)


def host_array(values: Any, what: str) -> HostArray:
    """``values`` as a :class:`HostArray`, without a copy where the memory can be shared.

    ``what`` names the argument in errors.
    """
    if isinstance(values, HostArray):
        return values
    if type(values) in (list, float):
        values = _numpy_view(values, what)
    if type(values) is not np.ndarray or values.dtype.kind == "O":
        parts = taken_apart(values, what)
        if parts is not None:
            refuse_missing(parts, what)
            values = parts.values
    if type(values) is np.ndarray and values.dtype in _NAMES and values.flags.aligned:
        # A view: what is done to the shape of the caller's array is not seen here.
        return HostArray(values.view(), _NAMES[values.dtype])
    if not isinstance(values, np.ndarray) and "bfloat16" in str(getattr(values, "dtype", "")):
        return _bfloat16_bits(values, what)
    array = _numpy_view(values, what)
    array = array.view(np.ndarray)
    if not (array.dtype.isnative and array.flags.aligned):
        array = array.astype(array.dtype.newbyteorder("="))
    if array.dtype.kind == "S":  # names as bytes
        array = np.char.decode(array, "utf-8")
    name = array.dtype.name
    if name == "bfloat16":
        return HostArray(array.view(np.uint16), name)
    if array.dtype.kind == "O":
        kinds = sorted({type(value).__name__ for value in array.flat})
        raise CallError(
            f"{what} is ragged or holds Python objects ({', '.join(kinds[:3])}); expected numbers "
            "in rows of equal length"
        )
    return HostArray(array, array.dtype.name)


def _numpy_view(values: Any, what: str) -> NDArray[Any]:
    if isinstance(values, np.ndarray):
        return values
    try:
        # Arrow arrays have nulls, booleans and names, which DLPack lacks; NumPy shares their memory
        # all the same.
        if type(values) is list:
            return np.asarray(values)
        if hasattr(values, "__dlpack__") and not hasattr(values, "__arrow_c_array__"):
            return _from_dlpack(values)
        return np.asarray(values)
    except (AttributeError, BufferError, RuntimeError, TypeError, ValueError) as error:
        device = getattr(values, "device", None)
        if getattr(device, "type", "cpu") != "cpu":  # PyTorch's
            raise CallError(
                f"{what} is on {device}; expected an array in main memory, where .cpu() brings it"
            ) from None
        raise CallError(
            f"{what} cannot be read as an array in main memory ({error}); expected numbers in rows "
            "of equal length, on the CPU and detached from any gradient"
        ) from None


def _from_dlpack(values: Any) -> NDArray[Any]:
    if hasattr(values, "resolve_neg"):  # PyTorch's, which may be negated only as it is looked at
        values = values.resolve_neg()
    try:
        return np.from_dlpack(values)
    except (AttributeError, BufferError, TypeError) as error:
        # Old NumPy refuses read-only memory; tensors say no with a reason (a gradient, another
        # device) that must reach the caller.
        if "grad" in str(error) or not hasattr(values, "__array__"):
            raise
        return np.asarray(values)


def _bfloat16_bits(values: Any, what: str) -> HostArray:
    """NumPy's DLPack knows no bfloat16, so the tensor is viewed as 16-bit integers first."""
    if type(values).__module__.split(".")[0] == "torch":
        torch = sys.modules["torch"]
        if values.requires_grad:
            raise CallError(f"{what} requires a gradient; detach it first: tensor.detach()")
        return HostArray(_numpy_view(values.view(torch.uint16), what), "bfloat16")
    array = np.asarray(values)  # JAX and others answer with an ml_dtypes array
    return HostArray(array.view(np.uint16), "bfloat16")


class Scratch:
    """Arrays that are used again from batch to batch.

    Fresh memory costs a page fault every 4 KiB, which is a third of the time of small rows.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, NDArray[Any]] = {}

    def array(self, name: str, size: int, kind: type[np.generic] = np.float64) -> NDArray[Any]:
        """An array of any content, valid until the same name is asked for again."""
        held = self._arrays.get(name)
        if held is None or len(held) < size:
            held = self._arrays[name] = np.empty(size, dtype=kind)
        return held[:size]
