"""Which library an array comes from, and what that library can be asked.

No library is ever imported here that the user has not imported. Arrays that are not NumPy's and
follow the array API standard (or PyTorch's way of it) stay what they are; see :func:`library_of`.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import numpy as np

Namespace = Any

#: NumPy by the array API's names, ``concat`` and ``permute_dims`` among them: its own since 2.0.
NUMPY: Namespace = (
    np if hasattr(np, "permute_dims") else importlib.import_module("array_api_compat.numpy")
)

_NO_FOREIGN_ARRAYS = (np.ndarray, np.generic, list, tuple, float, int)


def library_of(values: Any) -> str | None:
    """The name of the array library that ``values`` comes from; None for NumPy and for no array.

    >>> library_of(np.ones(2)), library_of([0.5, 0.5])
    (None, None)
    """
    if isinstance(values, _NO_FOREIGN_ARRAYS):
        return None
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    if torch is not None and isinstance(values, torch.Tensor):
        return "torch"
    if jax is not None and isinstance(values, jax.Array):
        return "jax"
    if hasattr(values, "__array_namespace__"):
        return type(values).__module__.partition(".")[0]
    return None


def namespace_of(values: Any) -> Namespace:
    """The array API namespace of a foreign array."""
    name = library_of(values)
    if name == "torch":
        import array_api_compat.torch

        return array_api_compat.torch
    if name == "jax":
        return sys.modules["jax"].numpy
    return values.__array_namespace__()


def is_traced(values: Any) -> bool:
    """Whether a foreign array stands for values that are not there yet (``jit``, ``vmap``, …)."""
    name = library_of(values)
    if name == "jax":
        return isinstance(values, sys.modules["jax"].core.Tracer)
    if name == "torch":
        torch = sys.modules["torch"]
        if torch.compiler.is_compiling() or torch.jit.is_tracing():
            return True
        plain = type(values) in (torch.Tensor, torch.nn.Parameter)
        return not plain or torch._C._functorch.is_functorch_wrapped_tensor(values)
    return False


def carries_derivatives(values: Any) -> bool:
    """Whether someone may differentiate what is computed from a foreign array."""
    if is_traced(values):
        return True
    if library_of(values) != "torch":
        return False
    torch = sys.modules["torch"]
    if values.requires_grad and torch.is_grad_enabled():
        return True
    return torch.autograd.forward_ad.unpack_dual(values).tangent is not None


def moved(xp: Namespace, values: Any, source: int, target: int) -> Any:
    """``values`` with one axis elsewhere (PyTorch's ``vmap`` knows no ``moveaxis``)."""
    order = list(range(len(values.shape)))
    order.insert(target % len(order), order.pop(source % len(order)))
    return xp.permute_dims(values, tuple(order))


def detached(values: Any) -> Any:
    """The values alone: no derivative passes."""
    name = library_of(values)
    if name == "torch":
        return values.detach()
    if name == "jax":
        return sys.modules["jax"].lax.stop_gradient(values)
    return values


def is_in_main_memory(values: Any) -> bool:
    """Whether NumPy can look at a foreign array as it is: known, on the CPU, not differentiated."""
    name = library_of(values)
    if name not in ("torch", "jax") or carries_derivatives(values):
        return False
    if name == "torch":
        return bool(values.device.type == "cpu" and values.layout == sys.modules["torch"].strided)
    return all(device.platform == "cpu" for device in values.devices())


def device_of(values: Any) -> Any:
    """Where a foreign array lies; None where only the library decides (inside ``jit``)."""
    if library_of(values) == "jax" and is_traced(values):
        return None
    return values.device


def is_dense(values: Any) -> bool:
    """Whether a foreign array holds every entry."""
    return library_of(values) != "torch" or values.layout == sys.modules["torch"].strided


def type_name(values: Any) -> str:
    """The name of the type of a foreign array's elements, such as ``float32``."""
    return str(values.dtype).rpartition(".")[2]


def float_kind(values: Any) -> str | None:
    """The name of a foreign array's floating type; None for integers and booleans."""
    name = type_name(values)
    return name if "float" in name else None


def answer_type(xp: Namespace, arrays: list[Any]) -> Any:
    """The floating type of an answer: the widest one given, and never half precision."""
    kinds = {float_kind(array) for array in arrays} - {None}
    if "float64" in kinds:
        return xp.float64
    if kinds:
        return xp.float32
    if hasattr(xp, "get_default_dtype"):  # PyTorch's default is set by its user
        return xp.get_default_dtype()
    return xp.asarray(0.0).dtype


def to_numpy(values: Any) -> np.ndarray[Any, Any]:
    """A copy of a foreign array's values in main memory, whatever device or gradient it has."""
    name = library_of(values)
    if name == "torch":
        values = values.detach().cpu()
        values = (values.float() if "bfloat16" in str(values.dtype) else values).numpy()
    elif name == "cupy":
        values = values.get()
    return np.asarray(values if hasattr(values, "__array__") else np.from_dlpack(values))
