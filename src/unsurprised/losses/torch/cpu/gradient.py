"""The gradient of rows in main memory, by a kernel that writes it once."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unsurprised import _kernels
from unsurprised.losses._options import Recipe
from unsurprised.losses.torch.cpu.memory import host, threads
from unsurprised.losses.torch.line import line_of, write_at_labels

#: What the kernel writes, of logits of the same type.
WRITTEN = (torch.float32, torch.bfloat16)
Single = NDArray[np.float32]


def gradient(
    logits: Tensor,
    labels: Tensor,
    weight: Tensor | None,
    sums: tuple[Tensor, Tensor],
    by: tuple[Tensor, Tensor | None],
    *,
    recipe: Recipe,
    out: Tensor,
) -> None:
    """Write the gradient into ``out``, which may be the logits."""
    line = line_of(logits, labels, weight, sums, by, recipe=recipe)
    top, factor, shift = (each.contiguous().numpy() for each in line[1:4])
    write_softmax(logits, (top, factor, shift), out)
    write_at_labels(line, out)


def write_softmax(logits: Tensor, rows: tuple[Single, Single, Single], out: Tensor) -> None:
    """``factor · e^(z − top) − shift`` in main memory; ``rows`` are top, factor and shift."""
    half = logits.dtype == torch.bfloat16
    count = threads(len(logits), logits.numel())
    _kernels.softmax_gradient(host(logits), half, *rows, host(out), count)
