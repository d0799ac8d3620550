"""Which library an array comes from, and what that library can be asked.

No library is ever imported here that the user has not imported. Arrays that are not NumPy's and
follow the array API standard (or PyTorch's way of it) stay what they are; see :func:`library_of`.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(values, torch.Tensor):
        return "torch"
    if isinstance(values, _NO_FOREIGN_ARRAYS):
        return None
    jax = sys.modules.get("jax")
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
    return name == "torch" and _is_traced_tensor(sys.modules["torch"], values)


def _is_traced_tensor(torch: Namespace, tensor: Any) -> bool:
    if torch.compiler.is_compiling() or torch.jit.is_tracing():
        return True
    plain = type(tensor) in (torch.Tensor, torch.nn.Parameter)
    return not plain or torch._C._functorch.is_functorch_wrapped_tensor(tensor)


def carries_derivatives(values: Any) -> bool:
    """Whether someone may differentiate what is computed from a foreign array."""
    if library_of(values) == "torch":
        return _tensor_carries_derivatives(sys.modules["torch"], values)
    return is_traced(values)


def _tensor_carries_derivatives(torch: Namespace, tensor: Any) -> bool:
    if _is_traced_tensor(torch, tensor) or (tensor.requires_grad and torch.is_grad_enabled()):
        return True
    return has_tangent(tensor)


def has_tangent(tensor: Any) -> bool:
    """Whether PyTorch's forward mode differentiates what is computed from a tensor."""
    forward = sys.modules["torch"].autograd.forward_ad
    # Below 0 no forward mode is at work.
    at_work = getattr(forward, "_current_level", 0) >= 0
    return bool(at_work and forward.unpack_dual(tensor).tangent is not None)


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
    if name == "torch":
        return _is_tensor_in_main_memory(sys.modules["torch"], values)
    if name != "jax" or is_traced(values):
        return False
    return all(device.platform == "cpu" for device in values.devices())


def _is_tensor_in_main_memory(torch: Namespace, tensor: Any) -> bool:
    if _tensor_carries_derivatives(torch, tensor):
        return False
    return bool(tensor.is_cpu and tensor.layout is torch.strided)


def memory_of(values: Any) -> NDArray[Any] | None:
    """NumPy's own array, or its view of a plain tensor in main memory; None of anything else.

    It is found in a microsecond, which is what few numbers take to be measured.
    """
    if type(values) is np.ndarray:
        return values
    torch = sys.modules.get("torch")
    if torch is None or type(values) is not torch.Tensor:
        return None
    if not _is_tensor_in_main_memory(torch, values):
        return None
    try:
        memory: NDArray[Any] = values.numpy()
    except (RuntimeError, TypeError):  # bfloat16; what is negated when it is looked at; …
        return None
    return memory


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
