"""What a loss of NumPy's gives."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from unsurprised.losses.numpy.inputs import Values


class LossAndGradient(NamedTuple):
    """A loss and its derivative by the logits.

    ``loss`` is a number, or with ``reduction="none"`` an array of the rows' shape; ``gradient`` has
    the logits' shape and is that of the loss, or of the sum of the rows' losses.
    """

    loss: Any
    gradient: Values


# Pickles name the public path, which stays.
LossAndGradient.__module__ = "unsurprised.losses.numpy"


def as_given(gradient: Values, shape: tuple[int, ...], axis: int) -> Values:
    """Rows as the array that they came from."""
    moved = tuple(size for i, size in enumerate(shape) if i != axis % len(shape))
    return np.moveaxis(gradient.reshape(*moved, shape[axis]), -1, axis)
