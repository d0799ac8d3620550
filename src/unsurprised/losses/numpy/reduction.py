"""Reduction of the NumPy losses."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from unsurprised.array_types import Values


class LossAndGradient(NamedTuple):
    """A loss and its derivative by the logits.

    ``loss`` is a number, or with ``reduction="none"`` an array of the rows' shape; ``gradient`` has
    the logits' shape and is that of the loss, or of the sum of the rows' losses.

    Examples
    --------
    >>> from unsurprised.losses.numpy import cross_entropy_loss
    >>> found = cross_entropy_loss([[0.0, 0.0], [0.0, 0.0]], [0, 1], reduction="sum")
    >>> found.gradient.tolist()  # the softmax, less one at the label
    [[-0.5, 0.5], [0.5, -0.5]]
    """

    loss: Any
    gradient: Values


# Pickles name the public path, which stays.
LossAndGradient.__module__ = "unsurprised.losses.numpy"


def as_given(gradient: Values, shape: tuple[int, ...], axis: int) -> Values:
    """The gradient of rows, of whose shape there are many, with the classes along ``axis``."""
    return np.moveaxis(gradient.reshape(*shape, gradient.shape[-1]), -1, axis)
