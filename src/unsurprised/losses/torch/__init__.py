"""The losses of PyTorch's tensors, on any device, with float32 sums at least.

They are in nats, as trainers expect; ``base=2`` makes bits. Which way a call takes says ``ways``.
"""

from unsurprised.losses._divergences import LinearTeacher, TopK
from unsurprised.losses.torch.cross_entropy import cross_entropy_loss
from unsurprised.losses.torch.distill import distill_loss, kl_loss
from unsurprised.losses.torch.linear_cross_entropy import linear_cross_entropy_loss
from unsurprised.losses.torch.linear_distill import linear_distill_loss
from unsurprised.losses.torch.reduction import Details

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
