"""Labels whose rows count alike and become one number: what a way to find it is told.

PyTorch's operations on numbers of rows, of which there are some eighty in a call, take longer than
the logits do, on a GPU or where the rows are few. So there are ways that do without them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from unsurprised.losses._options import Recipe, Totalling

General = Callable[[Tensor], Tensor]


class Asked(NamedTuple):
    """A call as it was given; labels are looked at (``check``) or make NaN.

    ``general`` finds the loss of the logits by rows, with every derivative, and says what is wrong.
    """

    logits: Tensor
    target: Tensor
    recipe: Recipe
    total: Totalling
    ignore_index: int
    check: bool
    general: General


def gradient_again(general: General, logits: Tensor, above: Tensor) -> Tensor:
    """A gradient that is to be differentiated again, by the general way."""
    (gradient,) = torch.autograd.grad(general(logits), logits, above, create_graph=True)
    return gradient
