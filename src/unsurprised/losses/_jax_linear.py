"""A linear layer of JAX's, whose logits are made a chunk of rows at a time."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from unsurprised.errors import CallError
from unsurprised.libraries import type_name
from unsurprised.losses._inputs import Inputs
from unsurprised.losses._jax_rows import gradients, rows, sum_type
from unsurprised.losses._options import Recipe

Array = Any


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


def by_chunks(
    hidden: Array, weight: Array, bias: Array | None, given: Inputs, *, recipe: Recipe, step: int
) -> tuple[Array, Array, Array]:
    """C, L and H of each row."""
    flat = hidden.reshape(math.prod(given.shape), hidden.shape[-1])
    layer = (flat, weight, bias)
    found: tuple[Array, Array, Array] = _rows(layer, given.target, given.weight, recipe, step)
    return found


@partial(jax.custom_vjp, nondiff_argnums=(3, 4))
def _rows(
    layer: tuple[Array, Array, Array | None],
    target: Array,
    class_weight: Array | None,
    recipe: Recipe,
    step: int,
) -> tuple[Array, Array, Array]:
    hidden, weight, bias = layer

    def chunk(part: tuple[Array, Array]) -> Any:
        some, labels = part
        logits = _logits(some, weight, bias)
        return rows(logits, labels, class_weight, recipe, labels.ndim == 1)

    found = jax.lax.map(chunk, (_cut(hidden, step), _cut(target, step)))
    loss, log_sum, entropy = (_joined(each, hidden) for each in found)
    return loss, log_sum, entropy


def _forward(
    layer: Any, target: Array, class_weight: Array | None, recipe: Recipe, step: int
) -> tuple[Any, Any]:
    return _rows(layer, target, class_weight, recipe, step), (layer, target, class_weight)


def _backward(recipe: Recipe, step: int, saved: Any, by: Any) -> tuple[Any, Any, Any]:
    """The chunks once more; gradients are summed in float32 at least."""
    (hidden, weight, bias), target, class_weight = saved
    wide = sum_type(weight)

    def chunk(sums: Any, part: Any) -> tuple[Any, Any]:
        some, labels, above = part
        logits = _logits(some, weight, bias)
        hard = labels.ndim == 1
        dz, by_target = gradients(logits, labels, class_weight, above, recipe=recipe, hard=hard)
        narrow = dz.astype(hidden.dtype)
        by_weight, by_bias = sums
        sums = (by_weight + (narrow.T @ some).astype(wide), by_bias + jnp.sum(dz, axis=0))
        return sums, (narrow @ weight, by_target)

    parts = (_cut(hidden, step), _cut(target, step), tuple(_cut(each, step) for each in by))
    zeros = (jnp.zeros(weight.shape, wide), jnp.zeros(weight.shape[:1], wide))
    (by_weight, by_bias), (by_hidden, by_target) = jax.lax.scan(chunk, zeros, parts)
    found = (
        _joined(by_hidden, hidden),
        by_weight.astype(weight.dtype),
        None if bias is None else by_bias.astype(bias.dtype),
    )
    return found, None if by_target is None else _joined(by_target, hidden), None


_rows.defvjp(_forward, _backward)


def _logits(hidden: Array, weight: Array, bias: Array | None) -> Array:
    logits = (hidden @ weight.T).astype(sum_type(hidden))
    return logits if bias is None else logits + bias


def _cut(array: Array, step: int) -> Array:
    """Chunks of as many rows each, the last one filled up with zeros."""
    chunks = -(-len(array) // step)
    fill = [(0, chunks * step - len(array)), *[(0, 0)] * (array.ndim - 1)]
    return jnp.pad(array, fill).reshape(chunks, step, *array.shape[1:])


def _joined(chunks: Array, like: Array) -> Array:
    return chunks.reshape(-1, *chunks.shape[2:])[: len(like)]
