"""The losses of NumPy arrays, each with its gradient: the readable reference, in float64.

They are in nats, as trainers expect; ``base=2`` makes bits. There is one way, the formula's.
"""

from unsurprised.losses._divergences import LinearTeacher, TopK
from unsurprised.losses.numpy.cross_entropy import cross_entropy_loss
from unsurprised.losses.numpy.distill import distill_loss, kl_loss
from unsurprised.losses.numpy.layer import LayerLossAndGradients
from unsurprised.losses.numpy.linear_cross_entropy import linear_cross_entropy_loss
from unsurprised.losses.numpy.linear_distill import linear_distill_loss
from unsurprised.losses.numpy.reduction import LossAndGradient

__all__ = [
    "LayerLossAndGradients",
    "LinearTeacher",
    "LossAndGradient",
    "TopK",
    "cross_entropy_loss",
    "distill_loss",
    "kl_loss",
    "linear_cross_entropy_loss",
    "linear_distill_loss",
]
