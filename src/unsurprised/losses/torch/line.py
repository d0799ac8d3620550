r"""The gradient of rows with a label, perhaps smoothed, which is a line of their softmax.

Then every class has the same coefficient u in its row, but the label has v more, so that

.. math:: C = v (-\ell_y) + u \sum_k (-\ell_k), \qquad
    \frac{\partial}{\partial z_j} = p_j \big( g_C (v + K u) + g_L \big) - g_C u
    - [j = y]\, g_C v :

a multiple of the softmax, less a constant, and one entry a row. Kernels find and write it in one
pass; here are PyTorch's operations, for wherever there is none.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from unsurprised.losses._options import Recipe
from unsurprised.losses.torch.blocks import blocks_of


class GradientLine(NamedTuple):
    """The gradient of each row: ``factor · e^(z − top) − shift``, and what it is at the label."""

    labels: Tensor
    top: Tensor
    factor: Tensor
    shift: Tensor
    at_label: Tensor


def coefficients(
    labels: Tensor, weight: Tensor | None, recipe: Recipe, classes: int
) -> tuple[Any, Any]:
    """V and u of each row."""
    each: Any = 1.0 if weight is None else weight[labels]
    smoothing = recipe.label_smoothing
    return each if not smoothing else (1 - smoothing) * each, smoothing / classes * each


def line_of(
    logits: Tensor,
    labels: Tensor,
    weight: Tensor | None,
    sums: tuple[Tensor, Tensor],
    by: tuple[Tensor, Tensor | None],
    *,
    recipe: Recipe,
) -> GradientLine:
    """From the top and rest of each row, and the derivatives by its C and L."""
    (top, rest), (by_loss, by_sum), classes = sums, by, logits.shape[1]
    v, u = coefficients(labels, weight, recipe, classes)
    by_label, shift = by_loss * v, by_loss * u
    log = (logits.gather(1, labels[:, None])[:, 0].to(rest.dtype) - top) - rest
    # The label's share less one is found as it is, not as a difference.
    at_label = by_label * torch.expm1(log)
    factor = by_label
    if recipe.label_smoothing:
        factor = factor + classes * shift
        at_label = at_label + shift * (classes * torch.exp(log) - 1)
    if by_sum is not None:
        factor, at_label = factor + by_sum, at_label + by_sum * torch.exp(log)
    nothing = by_loss == 0 if by_sum is None else (by_loss == 0) & (by_sum == 0)
    # Nothing, whatever stands in that row.
    factor, at_label = (
        torch.where(nothing, 0.0, each) for each in (factor * torch.exp(-rest), at_label)
    )
    return GradientLine(labels, top, factor, shift, at_label)


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
    """Write the gradient into ``out``, which may be the logits, some rows at a time."""
    line = line_of(logits, labels, weight, sums, by, recipe=recipe)
    for part in blocks_of(logits):
        _write_block(logits[part], GradientLine(*(each[part] for each in line)), out[part])
    write_at_labels(line, out)


def write_at_labels(line: GradientLine, out: Tensor) -> None:
    """Write the entries at the labels."""
    at = torch.arange(len(out), device=out.device)
    out[at, line.labels] = line.at_label.to(out.dtype)  # scatter_ would make a copy in float32


def _write_block(logits: Tensor, line: GradientLine, out: Tensor) -> None:
    kind = line.top.dtype
    wide = out if out.dtype == kind else torch.empty_like(out, dtype=kind)
    torch.sub(logits.to(kind), line.top[:, None], out=wide)
    wide.exp_().mul_(line.factor[:, None]).sub_(line.shift[:, None])
    dead = (line.factor == 0) & (line.shift == 0)
    wide.masked_fill_(dead[:, None], 0)
    if wide is not out:
        out.copy_(wide)
