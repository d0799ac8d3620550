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
    """A loss and what its one pass over the logits found; every part has derivatives.

    ``loss`` is what the call returns without them, ``losses`` are the rows' own (what
    ``reduction="none"`` gives), ``log_sum_exp`` is that of the scores (nats), ``entropy`` that of
    the softmax in the unit asked for. Rows that are left out have a loss of 0.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> from unsurprised.losses.jax import cross_entropy_loss
    >>> labels = jnp.array([2, -100])
    >>> found = cross_entropy_loss(jnp.zeros((2, 4)), labels, base=2, details=True)
    >>> found.losses.tolist(), found.entropy.tolist()
    ([2.0, 0.0], [2.0, 2.0])
    """

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
