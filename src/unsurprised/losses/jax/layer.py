"""A linear layer of JAX's, whose logits are made a chunk of rows at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from unsurprised.array_types import Array
from unsurprised.arrays.libraries import type_name
from unsurprised.errors import CallError
from unsurprised.losses.jax.kinds import sum_type


def check_layer(hidden: Array, weight: Array, bias: Array | None) -> None:
    """An error where the layer does not fit."""
    shapes = tuple(hidden.shape), tuple(weight.shape)
    if len(shapes[1]) != 2 or not shapes[0] or shapes[0][-1] != shapes[1][1]:
        raise CallError(
            f"hidden of shape {shapes[0]} and weight of shape {shapes[1]}; expected (..., D) and "
            "(K, D)"
        )
    if bias is not None and tuple(bias.shape) != (weight.shape[0],):
        raise CallError(
            f"bias of shape {tuple(bias.shape)} for a weight of shape {shapes[1]}; expected "
            f"({weight.shape[0]},)"
        )
    kinds = type_name(hidden), type_name(weight)
    if kinds[0] != kinds[1] or "float" not in kinds[0]:
        raise CallError(
            f"hidden of type {kinds[0]} and weight of type {kinds[1]}; expected one floating type"
        )


def logits_of(hidden: Array, weight: Array, bias: Array | None) -> Array:
    """The logits of some rows, in float32 at least."""
    logits = (hidden @ weight.T).astype(sum_type(hidden))
    return logits if bias is None else logits + bias


def by_chunk(work: Callable[[Any], Any], parts: Any) -> Any:
    """Chunk by chunk; reverse mode makes the logits of each again instead of keeping them."""
    return jax.lax.map(jax.checkpoint(work), parts)


def cut(array: Array, step: int) -> Array:
    """Chunks of as many rows each, the last one filled up with zeros."""
    chunks = -(-len(array) // step)
    fill = [(0, chunks * step - len(array)), *[(0, 0)] * (array.ndim - 1)]
    return jnp.pad(array, fill).reshape(chunks, step, *array.shape[1:])


def joined(chunks: Array, like: Array) -> Array:
    """What chunks came to, without what filled up the last one."""
    return chunks.reshape(-1, *chunks.shape[2:])[: len(like)]


def zeros(weight: Array) -> tuple[Array, Array]:
    """Gradients of the parameters to which those of chunks are added."""
    wide = sum_type(weight)
    return jnp.zeros(weight.shape, wide), jnp.zeros(weight.shape[:1], wide)


def added(sums: tuple[Array, Array], dz: Array, hidden: Array) -> tuple[Array, Array]:
    """The gradients of the parameters with those of a chunk."""
    by_weight, by_bias = sums
    more = (dz.astype(hidden.dtype).T @ hidden).astype(by_weight.dtype)
    return by_weight + more, by_bias + jnp.sum(dz, axis=0)


def as_parameters(
    sums: tuple[Array, Array], weight: Array, bias: Array | None
) -> tuple[Array, Array | None]:
    """The gradients, each of its parameter's type."""
    by_weight, by_bias = sums
    return by_weight.astype(weight.dtype), None if bias is None else by_bias.astype(bias.dtype)
