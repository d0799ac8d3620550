"""Losses of a linear layer of JAX's whose logits are never all in memory."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from unsurprised.errors import CallError
from unsurprised.losses import _jax_rows as calls
from unsurprised.losses._chunks import BUDGET, chunk_rows, entry_bytes
from unsurprised.losses._divergences import Kind, LinearTeacher, TopK, checked_kind
from unsurprised.losses._inputs import check_dense
from unsurprised.losses._jax_kinds import is_traced, keep
from unsurprised.losses._jax_linear import by_chunks, check_layer, divergences_by_chunks
from unsurprised.losses._options import (
    IGNORE,
    Empty,
    Reduction,
    SmoothingWeights,
    checked_recipe,
    checked_scores,
    checked_temperature,
    checked_total,
)
from unsurprised.losses._pairs import laid_out_pairs


def linear_cross_entropy_loss(
    hidden: jax.Array,
    weight: jax.Array,
    target: jax.Array,
    *,
    bias: jax.Array | None = None,
    chunk: int | str = "auto",
    budget: int = BUDGET,
    class_weight: jax.Array | None = None,
    sample_weight: jax.Array | None = None,
    ignore_index: int = IGNORE,
    label_smoothing: float = 0.0,
    smoothing_weights: SmoothingWeights = "class",
    temperature: float = 1.0,
    softcap: float | None = None,
    z_loss: float = 0.0,
    entropy_bonus: float = 0.0,
    focal_gamma: float = 0.0,
    reduction: Reduction = "mean",
    normalizer: Any = None,
    empty: Empty = "nan",
    base: float = math.e,
    check: bool | None = None,
    details: bool = False,
) -> Any:
    r"""Cross-entropy of ``hidden @ weight.T + bias`` without all of these logits in memory.

    Value and gradients are those of :func:`cross_entropy_loss` of the logits. Chunks of rows are
    made one after the other, and once more for the gradient.

    Parameters
    ----------
    hidden : Array of floats, shape (..., D)
        What the last layer is given.
    weight : Array, shape (K, D)
        Its weight; its gradient is summed in float32 at least.
    target : Array of integers, shape (...), or of floats, shape (..., K)
        Labels, or a probability for each class.
    bias, chunk, budget, class_weight
        As in :func:`unsurprised.losses.torch.linear_cross_entropy_loss`.
    sample_weight, ignore_index, label_smoothing, smoothing_weights, temperature, softcap
        As in :func:`cross_entropy_loss`.
    z_loss, entropy_bonus, focal_gamma, reduction, normalizer, empty, base, check, details
        As in :func:`cross_entropy_loss`.

    Returns
    -------
    Array or Details
        As :func:`cross_entropy_loss`.

    Raises
    ------
    CallError, InputError
        As PyTorch's.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from unsurprised.losses.jax import linear_cross_entropy_loss
    >>> labels = jnp.array([0, 1, 2])
    >>> loss = linear_cross_entropy_loss(jnp.ones((3, 2)), jnp.zeros((8, 2)), labels, base=2)
    >>> round(float(loss), 5)
    3.0
    """
    recipe = checked_recipe(
        label_smoothing,
        smoothing_weights,
        focal_gamma,
        checked_scores(temperature, softcap, keep),
        keep,
    )
    total = checked_total(
        reduction,
        normalizer,
        empty,
        z_loss=z_loss,
        entropy_bonus=entropy_bonus,
        base=base,
        keep=keep,
    )
    check_layer(hidden, weight, bias)
    rows, classes = math.prod(hidden.shape[:-1]), weight.shape[0]
    entry = entry_bytes(weight.dtype.itemsize)
    step = chunk_rows(chunk, budget, rows=rows, classes=classes, entry=entry)
    given = calls.prepared(
        jax.ShapeDtypeStruct((*hidden.shape[:-1], classes), hidden.dtype),
        target,
        weight=class_weight,
        sample_weight=sample_weight,
        ignore_index=ignore_index,
        axis=-1,
        check=check,
    )
    found = by_chunks(hidden, weight, bias, given, recipe=recipe, step=step)
    return calls.totalled(given, found, total, details)


def linear_distill_loss(
    hidden: jax.Array,
    weight: jax.Array,
    teacher: jax.Array | TopK | LinearTeacher,
    *,
    bias: jax.Array | None = None,
    chunk: int | str = "auto",
    budget: int = BUDGET,
    kind: Kind = "forward",
    beta: float = 0.5,
    temperature: float = 1.0,
    sample_weight: jax.Array | None = None,
    reduction: Reduction = "mean",
    normalizer: Any = None,
    empty: Empty = "nan",
    base: float = math.e,
    check: bool | None = None,
) -> jax.Array:
    r"""The divergence of ``hidden @ weight.T + bias`` from a teacher, a chunk of logits at a time.

    Value and gradients are those of :func:`distill_loss` of the logits.

    Parameters
    ----------
    hidden, weight, bias, chunk, budget
        As in :func:`linear_cross_entropy_loss`.
    teacher : Array of floats, shape (..., K), TopK or LinearTeacher
        Logits or log-probabilities, the k most likely classes, or the teacher's own last layer; a
        constant.
    kind, beta, temperature, sample_weight, reduction, normalizer, empty, base, check
        As in :func:`distill_loss`.

    Returns
    -------
    Array
        A number, or with ``reduction="none"`` one for each row.

    Raises
    ------
    CallError, InputError
        As PyTorch's.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from unsurprised.losses.jax import LinearTeacher, linear_distill_loss
    >>> hidden, weight = jnp.ones((3, 2)), jnp.eye(2)
    >>> float(linear_distill_loss(hidden, weight, LinearTeacher(hidden, weight)))
    0.0
    """
    kind, beta = checked_kind(kind, beta, keep)
    temperature = checked_temperature(temperature, keep)
    total = checked_total(reduction, normalizer, empty, base=base, keep=keep)
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
        calls.check_teacher(given.teacher, given.sample_weight)
    if told is None:
        told = (given.teacher,) if given.indices is None else (given.teacher, given.indices)
    entry = entry_bytes(weight.dtype.itemsize, 2 if form == "linear" else 1)
    count = math.prod(given.shape)
    step = chunk_rows(chunk, budget, rows=count, classes=classes, entry=entry)
    asked = (form, kind, beta, temperature)
    found = divergences_by_chunks((hidden, weight, bias), told, fixed, asked, step)
    return calls.totalled_pairs(given, found, total)


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
