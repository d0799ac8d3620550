"""Divergences of a linear layer of JAX's whose logits are never all in memory."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, Unpack

import jax
import jax.numpy as jnp

from unsurprised.array_types import Array
from unsurprised.errors import CallError
from unsurprised.losses._chunks import BUDGET, chunk_rows, entry_bytes
from unsurprised.losses._divergence_options import Divergence, DivergenceOptions, divergence_options
from unsurprised.losses._divergences import LinearTeacher, TopK
from unsurprised.losses._documented import with_options
from unsurprised.losses._inputs import check_dense
from unsurprised.losses._pairs import laid_out_pairs
from unsurprised.losses.jax.divergences import divergence_of
from unsurprised.losses.jax.inputs import check_teacher
from unsurprised.losses.jax.kinds import is_traced, keep
from unsurprised.losses.jax.layer import (
    added,
    as_parameters,
    by_chunk,
    check_layer,
    cut,
    joined,
    logits_of,
    zeros,
)
from unsurprised.losses.jax.reduction import totalled_pairs
from unsurprised.losses.jax.ways import is_plain


@with_options(divergence_options)
def linear_distill_loss(
    hidden: jax.Array,
    weight: jax.Array,
    teacher: jax.Array | TopK | LinearTeacher,
    *,
    bias: jax.Array | None = None,
    chunk: int | str = "auto",
    budget: int = BUDGET,
    sample_weight: jax.Array | None = None,
    check: bool | None = None,
    **options: Unpack[DivergenceOptions],
) -> jax.Array:
    r"""The divergence of ``hidden @ weight.T + bias`` from a teacher, a chunk of logits at a time.

    Value and gradients are those of :func:`distill_loss` of the logits. Chunks of rows are made one
    after the other, and once more for the gradient.

    Parameters
    ----------
    hidden : Array of floats, shape (..., D)
        The input of the last layer.
    weight : Array, shape (K, D)
        Its weight; its gradient is summed in float32 at least.
    teacher : Array, TopK or LinearTeacher
        Logits or log-probabilities of shape (..., K), the k most likely classes, or the teacher's
        own last layer, whose logits are made in chunks too. A constant.
    bias : Array, shape (K,), optional
        Its bias.
    chunk : int or "auto", default "auto"
        How many rows of logits are made at a time; by default as many as fit the budget.
    budget : int, default 2**28
        How many bytes these logits may take.
    sample_weight : Array, shape (...), optional
        The weight s of each row; padding gets the weight 0, and is left out.
    check : bool, optional
        Whether to validate the values of teacher and weights. By default they are validated except
        in traced code, where a row of a teacher that has no softmax makes NaN; True asks
        ``checkify`` there.
    {options}

    Returns
    -------
    Array
        A number of nats (or the unit of ``base``), with ``reduction="none"`` one for each
        row; infinite where one rules out what the other holds possible.

    Raises
    ------
    CallError
        Shapes, types or options that do not fit; a budget too small for one row.
    InputError
        A row of the teacher that is −inf only or holds NaN or inf; a ``TopK`` whose indices
        or probabilities cannot be.

    References
    ----------
    - G. Hinton, O. Vinyals, J. Dean, "Distilling the knowledge in a neural network", 2015.
    - R. Agarwal et al., "On-policy distillation of language models", ICLR 2024.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from unsurprised.losses.jax import LinearTeacher, linear_distill_loss
    >>> hidden, weight = jnp.ones((3, 2)), jnp.eye(2)
    >>> float(linear_distill_loss(hidden, weight, LinearTeacher(hidden, weight)))
    0.0
    """
    asked, total = divergence_options(keep, **options)
    check_layer(hidden, weight, bias)
    classes = weight.shape[0]
    logits = jax.ShapeDtypeStruct((*hidden.shape[:-1], classes), hidden.dtype)
    arrays: Any = teacher if isinstance(teacher, TopK) else None
    form, fixed, told = "top_k", (), None
    if isinstance(teacher, LinearTeacher):
        form, told, fixed = "linear", *_parts_of(teacher, logits.shape)
    elif arrays is None:
        form, arrays = "logits", jnp.asarray(teacher)
    check_dense(teacher=teacher, sample_weight=sample_weight)
    traced = is_traced(hidden, sample_weight, *jax.tree.leaves(teacher))
    given = laid_out_pairs(
        jnp,
        logits,
        TopK(*map(jnp.asarray, arrays)) if form == "top_k" else arrays,
        sample_weight=None if sample_weight is None else jnp.asarray(sample_weight),
        axis=-1,
        check=(check is None or check) and not traced,
    )
    if check and traced and form == "logits":
        check_teacher(given.teacher, given.sample_weight)
    if told is None:
        told = (given.teacher,) if given.indices is None else (given.teacher, given.indices)
    entry = entry_bytes(weight.dtype.itemsize, 2 if form == "linear" else 1)
    count = math.prod(given.shape)
    step = chunk_rows(chunk, budget, rows=count, classes=classes, entry=entry)
    found = divergences_by_chunks((hidden, weight, bias), told, fixed, (form, asked), step)
    return totalled_pairs(given, found, total)


def _parts_of(teacher: LinearTeacher, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """What of a teacher goes by rows, and what does not."""
    hidden, weight, bias = teacher
    check_layer(hidden, weight, bias)
    if (*hidden.shape[:-1], weight.shape[0]) != shape:
        raise CallError(
            f"a teacher of hidden {tuple(hidden.shape)} and weight {tuple(weight.shape)} for "
            f"logits of shape {shape}; expected as many rows and classes"
        )
    fixed = (weight,) if bias is None else (weight, bias)
    return (hidden.reshape(-1, hidden.shape[-1]),), fixed


def divergences_by_chunks(
    layer: tuple[Array, Array, Array | None],
    rows_of_teacher: tuple[Array, ...],
    layer_of_teacher: tuple[Array, ...],
    asked: tuple[str, Divergence],
    step: int,
) -> Array:
    """The divergence of each row; the form of the teacher comes first in ``asked``."""
    hidden, weight, bias = layer
    flat = hidden.reshape(-1, hidden.shape[-1])
    told = jax.lax.stop_gradient((rows_of_teacher, layer_of_teacher))
    plain = is_plain(asked[1].live, *layer)
    found: Array = (_plain_pairs if plain else _pairs)((flat, weight, bias), told, asked, step)
    return found


def _chunk_divergence(logits: Array, part: Any, fixed: Any, asked: Any, *, plain: bool) -> Array:
    form, divergence = asked
    indices = part[1] if form == "top_k" else None
    teacher = part[0]
    if form == "linear":
        weight, *bias = fixed
        teacher = logits_of(teacher, weight, bias[0] if bias else None)
    return divergence_of(logits, teacher, indices, divergence, plain=plain)


def _plain_pairs(layer: Any, told: Any, asked: Any, step: int) -> Array:
    hidden, weight, bias = layer
    rows_of_teacher, fixed = told

    def chunk(part: Any) -> Array:
        some, teacher = part
        return _chunk_divergence(logits_of(some, weight, bias), teacher, fixed, asked, plain=True)

    parts = (cut(hidden, step), tuple(cut(each, step) for each in rows_of_teacher))
    return joined(by_chunk(chunk, parts), hidden)


_pairs = partial(jax.custom_vjp, nondiff_argnums=(2, 3))(_plain_pairs)


def _forward_pairs(layer: Any, told: Any, asked: Any, step: int) -> tuple[Array, Any]:
    return _plain_pairs(layer, told, asked, step), (layer, told)


def _backward_pairs(asked: Any, step: int, saved: Any, by: Array) -> tuple[Any, None]:
    (hidden, weight, bias), (rows_of_teacher, fixed) = saved

    def chunk(sums: Any, part: Any) -> tuple[Any, Array]:
        some, teacher, above = part

        def value(logits: Array) -> Array:
            return _chunk_divergence(logits, teacher, fixed, asked, plain=False)

        dz = jax.vjp(value, logits_of(some, weight, bias))[1](above)[0]
        return added(sums, dz, some), dz.astype(hidden.dtype) @ weight

    teachers = tuple(cut(each, step) for each in rows_of_teacher)
    parts = (cut(hidden, step), teachers, cut(by, step))
    sums, by_hidden = jax.lax.scan(chunk, zeros(weight), parts)
    return (joined(by_hidden, hidden), *as_parameters(sums, weight, bias)), None


_pairs.defvjp(_forward_pairs, _backward_pairs)
