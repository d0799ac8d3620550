"""Reduction of the JAX losses."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from unsurprised.array_types import Array
from unsurprised.losses import _reduction
from unsurprised.losses._inputs import Inputs
from unsurprised.losses._options import Totalling
from unsurprised.losses._pairs import Pairs


class Details(NamedTuple):
    """A loss and what its one pass over the logits found; every part has derivatives."""

    loss: Array
    losses: Array
    log_sum_exp: Array
    entropy: Array


# Pickles name the public path, which stays.
Details.__module__ = "unsurprised.losses.jax"


def totalled(
    given: Inputs, found: tuple[Array, Array, Array], total: Totalling, details: bool
) -> Any:
    """Rows as what was asked for."""
    loss, log_sum, entropy = found
    if given.invalid is not None:
        loss = jnp.where(given.invalid, jnp.nan, loss)
    like = jax.lax.stop_gradient(loss)
    counts = _reduction.counted(jnp, given, like=like, total=total)
    share = _reduction.share_of_extras(jnp, counts, total)

    def values(share: Array | None) -> Array:
        parts = (loss, log_sum, entropy)
        return _reduction.row_values(jnp, *parts, rows=counts, total=total, share=share)

    shared = values(share)
    reduced = _reduction.reduced(jnp, shared, counts, total)
    reduced = reduced.reshape(given.shape) if total.reduction == "none" else reduced
    if not details:
        return reduced
    each = (shared if share is None else values(None), log_sum, entropy * total.unit)
    return Details(reduced, *(part.reshape(given.shape) for part in each))


def totalled_pairs(given: Pairs, found: Array, total: Totalling) -> Array:
    """Rows as what was asked for."""
    like = jax.lax.stop_gradient(found)
    counts = _reduction.counted_pairs(jnp, given.sample_weight, like=like, total=total)
    values = _reduction.row_values(jnp, found, found, found, rows=counts, total=total)
    reduced = _reduction.reduced(jnp, values, counts, total)
    return reduced.reshape(given.shape) if total.reduction == "none" else reduced
