"""The losses of JAX's arrays, under ``jit``, ``grad`` and ``vmap``, with float32 sums at least.

They are in nats, as trainers expect; ``base=2`` makes bits. Which way a call takes says ``ways``.
"""

from unsurprised.losses._divergences import LinearTeacher, TopK
from unsurprised.losses.jax.cross_entropy import cross_entropy_loss
from unsurprised.losses.jax.distill import distill_loss, kl_loss
from unsurprised.losses.jax.linear_cross_entropy import linear_cross_entropy_loss
from unsurprised.losses.jax.linear_distill import linear_distill_loss
from unsurprised.losses.jax.reduction import Details

__all__ = [
    "Details",
    "LinearTeacher",
    "TopK",
    "cross_entropy_loss",
    "distill_loss",
    "kl_loss",
    "linear_cross_entropy_loss",
    "linear_distill_loss",
]
