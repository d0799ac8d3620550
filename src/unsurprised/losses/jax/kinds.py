"""Kinds of JAX's arguments: values, or tracers of some transformation."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.interpreters import ad

from unsurprised.array_types import Array
from unsurprised.losses._numbers import ArrayOption, Fits


def sum_type(array: Array) -> Any:
    """The type that sums are kept in: at least float32."""
    return jnp.promote_types(array.dtype, jnp.float32)


def is_traced(*arrays: Any) -> bool:
    """Whether values cannot be looked at."""
    # Inside of jit even what is made of constants has no value yet.
    return any(isinstance(array, jax.core.Tracer) for array in (*arrays, jnp.add(1, 1)))


def in_forward_mode(*arrays: Any) -> bool:
    """Whether ``jvp`` is at work, as far as an argument shows it: not through another ``jit``."""
    return any(isinstance(_unmapped(array), ad.JVPTracer) for array in arrays)


def _unmapped(array: Any) -> Any:
    """What ``vmap`` maps over."""
    while hasattr(array, "batch_dim"):
        array = array.val
    return array


def keep(value: Any, fits: Fits) -> ArrayOption | None:
    """A tracer as an option: NaN where it turns out to be what the option may not be."""
    if not isinstance(value, jax.core.Tracer):
        return None
    # A factor, so that the derivative is NaN too.
    return ArrayOption((value * jnp.where(fits(value), 1.0, jnp.nan)).reshape(()), None)
