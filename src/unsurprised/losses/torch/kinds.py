"""Kinds of tensors: with values to look at, of another's operations, and those refused."""

from __future__ import annotations

import math
import sys
from typing import Any

import torch
from torch import Tensor
from torch.masked import MaskedTensor
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

from unsurprised.arrays.libraries import has_tangent
from unsurprised.errors import CallError
from unsurprised.losses._numbers import ArrayOption, Fits


def sum_type(dtype: torch.dtype) -> torch.dtype:
    """The type that sums are kept in: at least float32."""
    return torch.float64 if dtype == torch.float64 else torch.float32


def check_tensor(name: str, value: Any, *, optional: bool = False) -> None:
    """An error for what is no tensor, or one that does not hold a number at each place."""
    if value is None and optional:
        return
    if not isinstance(value, Tensor):
        raise CallError(
            f"{name} is a {type(value).__name__}; expected a tensor: torch.as_tensor({name})"
        )
    if value.layout is torch.strided and type(value) in _PLAIN and not value.is_nested:
        return
    if isinstance(value, MaskedTensor):
        found, remedy = "masked", f"{name}.to_tensor(-math.inf) makes what is masked impossible"
    elif value.is_nested:
        remedy = f"torch.nested.to_padded_tensor({name}, 0.0) and a sample_weight of 0 for padding"
        found = "nested"
    elif value.layout is not torch.strided:
        found = f"of layout {value.layout}"
        remedy = f"{name}.to_dense(), where what is not stored is a score of 0"
    else:
        return
    raise CallError(f"{name} is a tensor {found}; expected a dense one: {remedy}")


_PLAIN = (Tensor, torch.nn.Parameter)


def is_opaque(tensor: Tensor) -> bool:
    """Whether a tensor has no memory of its own: of the device "meta", fake, or spread out.

    PyTorch's operations know what to do with it; nothing else does.
    """
    if tensor.is_meta:
        return True
    if type(tensor) in _PLAIN:
        return False
    fake = isinstance(tensor, torch._subclasses.FakeTensor)
    return fake or is_traceable_wrapper_subclass(tensor)


def is_traced(*tensors: Tensor) -> bool:
    """Whether values cannot be looked at."""
    return torch.compiler.is_compiling() or any(
        torch._C._functorch.is_functorch_wrapped_tensor(tensor) or is_opaque(tensor)
        for tensor in tensors
    )


def keep(value: Any, fits: Fits) -> ArrayOption | None:
    """A tensor as an option: it stays one where it has a derivative, or cannot be looked at."""
    if not isinstance(value, Tensor):
        return None
    if is_traced(value):
        one = value if value.is_floating_point() else value.to(torch.get_default_dtype())
        # A factor, so that the derivative is NaN too.
        return ArrayOption((one * torch.where(fits(one), 1.0, math.nan)).reshape(()), None)
    number = float(value.detach().item())
    live = (value.requires_grad and torch.is_grad_enabled()) or has_tangent(value)
    return ArrayOption(value.reshape(()) if live else number, number)


def is_spread(tensor: Tensor) -> bool:
    """Whether a tensor is a DTensor: parts of it lie on other devices."""
    if type(tensor) in _PLAIN:
        return False
    library = sys.modules.get("torch.distributed.tensor")  # imported by whoever made one
    return library is not None and isinstance(tensor, library.DTensor)


def check_alike(**tensors: Tensor | None) -> None:
    """An error where some tensors are spread over devices, and others are not."""
    given = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    spread = [name for name, tensor in given.items() if is_spread(tensor)]
    whole = [name for name in given if name not in spread]
    if spread and whole:
        raise CallError(
            f"{spread[0]} is a DTensor and {whole[0]} is not; expected both on one mesh: "
            f"distribute_tensor({whole[0]}, {spread[0]}.device_mesh, …), or neither: "
            f"{spread[0]}.full_tensor()"
        )


def check_whole_rows(rows: Tensor, name: str = "logits") -> None:
    """An error for a DTensor whose classes lie on several devices: PyTorch's argmax is wrong."""
    if not is_spread(rows):
        return
    placements: Any = rows.placements
    if not all(place.is_replicate() or place.is_shard(0) for place in placements):
        raise CallError(
            f"{name} is a DTensor whose rows are not whole on a device (as rows of classes: "
            f"{placements}); expected all classes of a row on one: "
            f"{name}.redistribute(placements=…), or {name}.full_tensor()"
        )
