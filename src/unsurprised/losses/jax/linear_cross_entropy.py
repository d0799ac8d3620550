"""Cross-entropy of a linear layer of JAX's whose logits are never all in memory."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, Unpack

import jax
import jax.numpy as jnp

from unsurprised.array_types import Array
from unsurprised.losses._chunks import BUDGET, chunk_rows, entry_bytes
from unsurprised.losses._documented import with_options
from unsurprised.losses._inputs import Inputs
from unsurprised.losses._options import (
    IGNORE,
    CrossEntropyOptions,
    Recipe,
    cross_entropy_options,
)
from unsurprised.losses.jax.inputs import prepared
from unsurprised.losses.jax.kinds import keep
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
from unsurprised.losses.jax.reduction import totalled
from unsurprised.losses.jax.rows import gradients, plain_rows
from unsurprised.losses.jax.ways import is_plain


@with_options(cross_entropy_options)
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
    check: bool | None = None,
    details: bool = False,
    **options: Unpack[CrossEntropyOptions],
) -> Any:
    r"""Cross-entropy of ``hidden @ weight.T + bias`` without all of these logits in memory.

    Value and gradients are those of :func:`cross_entropy_loss` of the logits. Chunks of rows are
    made one after the other, and once more for the gradient.

    Parameters
    ----------
    hidden : Array of floats, shape (..., D)
        The input of the last layer.
    weight : Array, shape (K, D)
        Its weight; its gradient is summed in float32 at least.
    target : Array, shape (...) or (..., K)
        Labels, or a probability for each class (then derivatives reach it too).
    bias : Array, shape (K,), optional
        Its bias.
    chunk : int or "auto", default "auto"
        How many rows of logits are made at a time; by default as many as fit the budget.
    budget : int, default 2**28
        How many bytes these logits may take.
    class_weight : Array, shape (K,), optional
        The weight w of each class.
    sample_weight : Array, shape (...), optional
        The weight s of each row. A row of weight 0 (or False) is left out, whatever it holds.
    ignore_index : int, default -100
        Rows with this label are left out; of distributions, rows that hold nothing else. It may be
        the index of a class: that class stays in the softmax of the other rows.
    check : bool, optional
        Whether to validate the values of target and weights. By default they are validated except
        in traced code, where a label out of range makes NaN; True asks ``checkify`` there.
    details : bool, default False
        Return :class:`Details`.
    {options}

    Returns
    -------
    Array or Details
        A number of nats (or the unit of ``base``), with ``reduction="none"`` one for each
        row; float32 or float64.

    Raises
    ------
    CallError
        Shapes, types or options that do not fit; a budget too small for one row.
    InputError
        A label out of range, or a row of probabilities that does not sum to one.

    References
    ----------
    - E. Wijmans et al., "Cut your losses in large-vocabulary language models", ICLR 2025.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from unsurprised.losses.jax import linear_cross_entropy_loss
    >>> labels = jnp.array([0, 1, 2])
    >>> loss = linear_cross_entropy_loss(jnp.ones((3, 2)), jnp.zeros((8, 2)), labels, base=2)
    >>> round(float(loss), 5)
    3.0
    """
    recipe, total = cross_entropy_options(keep, **options)
    check_layer(hidden, weight, bias)
    rows, classes = math.prod(hidden.shape[:-1]), weight.shape[0]
    entry = entry_bytes(weight.dtype.itemsize)
    step = chunk_rows(chunk, budget, rows=rows, classes=classes, entry=entry)
    given = prepared(
        jax.ShapeDtypeStruct((*hidden.shape[:-1], classes), hidden.dtype),
        target,
        weight=class_weight,
        sample_weight=sample_weight,
        ignore_index=ignore_index,
        axis=-1,
        check=check,
    )
    found = by_chunks(hidden, weight, bias, given, recipe=recipe, step=step)
    return totalled(given, found, total, details)


def by_chunks(
    hidden: Array, weight: Array, bias: Array | None, given: Inputs, *, recipe: Recipe, step: int
) -> tuple[Array, Array, Array]:
    """C, L and H of each row."""
    flat = hidden.reshape(math.prod(given.shape), hidden.shape[-1])
    layer = (flat, weight, bias)
    found: tuple[Array, Array, Array]
    if is_plain(recipe.live, *layer, given.target, given.weight):
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
        logits = logits_of(some, weight, bias)
        return plain_rows(logits, labels, class_weight, recipe, labels.ndim == 1)

    found = by_chunk(chunk, (cut(hidden, step), cut(target, step)))
    loss, log_sum, entropy = (joined(each, hidden) for each in found)
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
        logits = logits_of(some, weight, bias)
        dz, by_target, by_class = gradients(
            logits, labels, class_weight, above, recipe=recipe, hard=labels.ndim == 1
        )
        of_classes = None if by_class is None else of_classes + by_class
        sums = (added(of_layer, dz, some), of_classes)
        return sums, (dz.astype(hidden.dtype) @ weight, by_target)

    parts = (cut(hidden, step), cut(target, step), tuple(cut(each, step) for each in by))
    first = (zeros(weight), None if class_weight is None else jnp.zeros_like(class_weight))
    (sums, of_classes), (by_hidden, by_target) = jax.lax.scan(chunk, first, parts)
    found = (joined(by_hidden, hidden), *as_parameters(sums, weight, bias))
    return found, None if by_target is None else joined(by_target, hidden), of_classes


_rows.defvjp(_forward, _backward)
