"""The losses of PyTorch's tensors, on any device, with float32 sums at least.

They are in nats, as trainers expect; ``base=2`` makes bits.
"""

from unsurprised.losses._divergences import LinearTeacher, TopK
from unsurprised.losses._torch_calls import Details
from unsurprised.losses._torch_cross_entropy import cross_entropy_loss
from unsurprised.losses._torch_distill import distill_loss, kl_loss
from unsurprised.losses._torch_linear_loss import (
    linear_cross_entropy_loss,
    linear_distill_loss,
)

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
