"""A linear layer of JAX's, whose logits are made a chunk of rows at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from unsurprised.arrays.libraries import type_name
from unsurprised.errors import CallError
from unsurprised.losses._inputs import Inputs
from unsurprised.losses._jax_kinds import in_forward_mode
from unsurprised.losses._jax_rows import (
    divergence_of,
    gradients,
    is_live,
    plain_rows,
    sum_type,
)
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
    found: tuple[Array, Array, Array]
    if recipe.live or in_forward_mode(*layer, given.target, given.weight):
        found = _plain_rows(layer, given.target, given.weight, recipe, step)
    else:
        found = _rows(layer, given.target, given.weight, recipe, step)
    return found


def _plain_rows(
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
        return plain_rows(logits, labels, class_weight, recipe, labels.ndim == 1)

    found = _by_chunk(chunk, (_cut(hidden, step), _cut(target, step)))
    loss, log_sum, entropy = (_joined(each, hidden) for each in found)
    return loss, log_sum, entropy


_rows = partial(jax.custom_vjp, nondiff_argnums=(3, 4))(_plain_rows)


def _forward(
    layer: Any, target: Array, class_weight: Array | None, recipe: Recipe, step: int
) -> tuple[Any, Any]:
    # Not ``_rows``, so that forward mode can go over reverse mode.
    found = _plain_rows(layer, target, class_weight, recipe, step)
    return found, (layer, target, class_weight)


def _backward(recipe: Recipe, step: int, saved: Any, by: Any) -> tuple[Any, Any, Any]:
    """The chunks once more; gradients are summed in float32 at least."""
    (hidden, weight, bias), target, class_weight = saved

    def chunk(sums: Any, part: Any) -> tuple[Any, Any]:
        (of_layer, of_classes), (some, labels, above) = sums, part
        logits = _logits(some, weight, bias)
        dz, by_target, by_class = gradients(
            logits, labels, class_weight, above, recipe=recipe, hard=labels.ndim == 1
        )
        of_classes = None if by_class is None else of_classes + by_class
        sums = (_added(of_layer, dz, some), of_classes)
        return sums, (dz.astype(hidden.dtype) @ weight, by_target)

    parts = (_cut(hidden, step), _cut(target, step), tuple(_cut(each, step) for each in by))
    first = (_zeros(weight), None if class_weight is None else jnp.zeros_like(class_weight))
    (sums, of_classes), (by_hidden, by_target) = jax.lax.scan(chunk, first, parts)
    found = (_joined(by_hidden, hidden), *_as_parameters(sums, weight, bias))
    return found, None if by_target is None else _joined(by_target, hidden), of_classes


_rows.defvjp(_forward, _backward)


def _logits(hidden: Array, weight: Array, bias: Array | None) -> Array:
    logits = (hidden @ weight.T).astype(sum_type(hidden))
    return logits if bias is None else logits + bias


def _by_chunk(work: Callable[[Any], Any], parts: Any) -> Any:
    """Chunk by chunk; reverse mode makes the logits of each again instead of keeping them."""
    return jax.lax.map(jax.checkpoint(work), parts)


def _cut(array: Array, step: int) -> Array:
    """Chunks of as many rows each, the last one filled up with zeros."""
    chunks = -(-len(array) // step)
    fill = [(0, chunks * step - len(array)), *[(0, 0)] * (array.ndim - 1)]
    return jnp.pad(array, fill).reshape(chunks, step, *array.shape[1:])


def _joined(chunks: Array, like: Array) -> Array:
    return chunks.reshape(-1, *chunks.shape[2:])[: len(like)]


def divergences_by_chunks(
    layer: tuple[Array, Array, Array | None],
    rows_of_teacher: tuple[Array, ...],
    layer_of_teacher: tuple[Array, ...],
    asked: tuple[str, Any, Any, Any],
    step: int,
) -> Array:
    """The divergence of each row; the form of the teacher comes first in ``asked``."""
    hidden, weight, bias = layer
    flat = hidden.reshape(-1, hidden.shape[-1])
    told = jax.lax.stop_gradient((rows_of_teacher, layer_of_teacher))
    plain = is_live(asked[1:]) or in_forward_mode(*layer)
    found: Array = (_plain_pairs if plain else _pairs)((flat, weight, bias), told, asked, step)
    return found


def _chunk_divergence(logits: Array, part: Any, fixed: Any, asked: Any, *, plain: bool) -> Array:
    form, *numbers = asked
    indices = part[1] if form == "top_k" else None
    teacher = part[0]
    if form == "linear":
        weight, *bias = fixed
        teacher = _logits(teacher, weight, bias[0] if bias else None)
    return divergence_of(logits, teacher, indices, tuple(numbers), plain=plain)


def _plain_pairs(layer: Any, told: Any, asked: Any, step: int) -> Array:
    hidden, weight, bias = layer
    rows_of_teacher, fixed = told

    def chunk(part: Any) -> Array:
        some, teacher = part
        return _chunk_divergence(_logits(some, weight, bias), teacher, fixed, asked, plain=True)

    parts = (_cut(hidden, step), tuple(_cut(each, step) for each in rows_of_teacher))
    return _joined(_by_chunk(chunk, parts), hidden)


_pairs = partial(jax.custom_vjp, nondiff_argnums=(2, 3))(_plain_pairs)


def _forward_pairs(layer: Any, told: Any, asked: Any, step: int) -> tuple[Array, Any]:
    return _plain_pairs(layer, told, asked, step), (layer, told)


def _backward_pairs(asked: Any, step: int, saved: Any, by: Array) -> tuple[Any, None]:
    (hidden, weight, bias), (rows_of_teacher, fixed) = saved

    def chunk(sums: Any, part: Any) -> tuple[Any, Array]:
        some, teacher, above = part

        def value(logits: Array) -> Array:
            return _chunk_divergence(logits, teacher, fixed, asked, plain=False)

        dz = jax.vjp(value, _logits(some, weight, bias))[1](above)[0]
        return _added(sums, dz, some), dz.astype(hidden.dtype) @ weight

    teachers = tuple(_cut(each, step) for each in rows_of_teacher)
    parts = (_cut(hidden, step), teachers, _cut(by, step))
    sums, by_hidden = jax.lax.scan(chunk, _zeros(weight), parts)
    return (_joined(by_hidden, hidden), *_as_parameters(sums, weight, bias)), None


_pairs.defvjp(_forward_pairs, _backward_pairs)


def _zeros(weight: Array) -> tuple[Array, Array]:
    wide = sum_type(weight)
    return jnp.zeros(weight.shape, wide), jnp.zeros(weight.shape[:1], wide)


def _added(sums: tuple[Array, Array], dz: Array, hidden: Array) -> tuple[Array, Array]:
    """The gradients of the parameters with those of a chunk."""
    by_weight, by_bias = sums
    more = (dz.astype(hidden.dtype).T @ hidden).astype(by_weight.dtype)
    return by_weight + more, by_bias + jnp.sum(dz, axis=0)


def _as_parameters(
    sums: tuple[Array, Array], weight: Array, bias: Array | None
) -> tuple[Array, Array | None]:
    by_weight, by_bias = sums
    return by_weight.astype(weight.dtype), None if bias is None else by_bias.astype(bias.dtype)
