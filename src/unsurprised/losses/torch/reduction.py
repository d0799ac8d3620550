"""Reduction of the PyTorch losses."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from unsurprised.losses import _reduction
from unsurprised.losses._inputs import Inputs
from unsurprised.losses._options import Totalling
from unsurprised.losses._pairs import Pairs


class Details(NamedTuple):
    """A loss and what its one pass over the logits found; every part has derivatives.

    ``loss`` is what the call returns without them, ``losses`` are the rows' own (what
    ``reduction="none"`` gives), ``log_sum_exp`` is that of the scores (nats), ``entropy`` that of
    the softmax in the unit asked for. Rows that are left out have a loss of 0.

    Examples
    --------
    >>> import torch
    >>> from unsurprised.losses.torch import cross_entropy_loss
    >>> labels = torch.tensor([2, -100])
    >>> found = cross_entropy_loss(torch.zeros(2, 4), labels, base=2, details=True)
    >>> found.losses.tolist(), found.entropy.tolist()
    ([2.0, 0.0], [2.0, 2.0])
    """

    loss: Tensor
    losses: Tensor
    log_sum_exp: Tensor
    entropy: Tensor


# Pickles name the public path, which stays.
Details.__module__ = "unsurprised.losses.torch"


def totalled(
    given: Inputs, found: tuple[Tensor, Tensor, Tensor], total: Totalling, details: bool
) -> Any:
    """Rows as what was asked for."""
    loss, log_sum, entropy = found
    if given.invalid is not None:
        loss = torch.where(given.invalid, math.nan, loss)
    rows = _reduction.counted(torch, given, like=loss.detach(), total=total)
    share = _reduction.share_of_extras(torch, rows, total)

    def values(share: Tensor | None) -> Tensor:
        parts = (loss, log_sum, entropy)
        return _reduction.row_values(torch, *parts, rows=rows, total=total, share=share)

    shared = values(share)
    reduced = _reduction.reduced(torch, shared, rows, total)
    reduced = reduced.reshape(given.shape) if total.reduction == "none" else reduced
    if not details:
        return reduced
    each = (shared if share is None else values(None), log_sum, entropy * total.unit)
    return Details(reduced, *(part.reshape(given.shape) for part in each))


def totalled_pairs(given: Pairs, found: Tensor, total: Totalling) -> Any:
    """Rows as what was asked for."""
    rows = _reduction.counted_pairs(torch, given.sample_weight, like=found.detach(), total=total)
    values = _reduction.row_values(torch, found, found, found, rows=rows, total=total)
    reduced = _reduction.reduced(torch, values, rows, total)
    return reduced.reshape(given.shape) if total.reduction == "none" else reduced
