"""The losses of PyTorch's tensors, on any device, with float32 sums at least.

They are in nats, as trainers expect; ``base=2`` makes bits.
"""

from unsurprised.losses._divergences import TopK
from unsurprised.losses._torch_calls import Details
from unsurprised.losses._torch_cross_entropy import cross_entropy_loss
from unsurprised.losses._torch_distill import distill_loss, kl_loss

__all__ = ["Details", "TopK", "cross_entropy_loss", "distill_loss", "kl_loss"]
