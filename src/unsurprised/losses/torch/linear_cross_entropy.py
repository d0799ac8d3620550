"""Cross-entropy of a linear layer of PyTorch's whose logits are never all in memory."""

from __future__ import annotations

import math
from typing import Any, Unpack

import torch
from torch import Tensor

from unsurprised.losses import _reduction
from unsurprised.losses._documented import with_options
from unsurprised.losses._inputs import laid_out
from unsurprised.losses._numbers import is_number
from unsurprised.losses._options import (
    IGNORE,
    CrossEntropyOptions,
    cross_entropy_options,
)
from unsurprised.losses.torch.jobs import CrossEntropyJob
from unsurprised.losses.torch.kinds import check_alike, check_tensor, is_traced, keep, sum_type
from unsurprised.losses.torch.layer import Layer, checked_layer, flat, stand_in
from unsurprised.losses.torch.layer_total import LayerTotal
from unsurprised.losses.torch.reduction import totalled


@with_options(cross_entropy_options)
def linear_cross_entropy_loss(
    hidden: Tensor,
    weight: Tensor,
    target: Tensor,
    *,
    bias: Tensor | None = None,
    chunk: int | str = "auto",
    budget: int | None = None,
    class_weight: Tensor | None = None,
    sample_weight: Tensor | None = None,
    ignore_index: int = IGNORE,
    check: bool | None = None,
    details: bool = False,
    **options: Unpack[CrossEntropyOptions],
) -> Any:
    r"""Cross-entropy of ``hidden @ weight.T + bias`` without all of these logits in memory.

    The value and the gradients are those of
    :func:`~unsurprised.losses.torch.cross_entropy_loss` of the logits, whatever the chunk. Of a
    mean or a sum, chunks of logits are made once: forward, with the gradients on the way. Rows of
    their own (``reduction="none"``, ``details``, derivatives of ``sample_weight``) and compiled
    code make them once more, backward; derivatives of derivatives, and an option that requires a
    gradient (a learnt temperature), need all logits.

    Parameters
    ----------
    hidden : Tensor of floats, shape (..., D)
        The input of the last layer.
    weight : Tensor, shape (K, D)
        Its weight. Gradients of half precision are summed in float32, which takes twice their size.
    target : Tensor, shape (...) or (..., K)
        Labels, or a probability for each class (then derivatives reach it too).
    bias : Tensor, shape (K,), optional
        Its bias.
    chunk : int or "auto", default "auto"
        How many rows of logits are made at a time; by default as many as fit the budget.
    budget : int, optional
        How many bytes these logits may take: by default 2**28, and 2**30 of half precision on a
        GPU.
    class_weight : Tensor, shape (K,), optional
        The weight w of each class.
    sample_weight : Tensor, shape (...), optional
        The weight s of each row. A row of weight 0 (or False) is left out, whatever it holds.
    ignore_index : int, default -100
        Rows with this label are left out; of distributions, rows that hold nothing else. It may be
        the index of a class: that class stays in the softmax of the other rows.
    check : bool, optional
        Whether to validate the values of target and weights. By default they are validated except
        in traced code, where a label out of range makes NaN; True asserts there too.
    details : bool, default False
        Return :class:`Details`.
    {options}

    Returns
    -------
    Tensor or Details
        A number of nats (or the unit of ``base``), with ``reduction="none"`` one for each
        row; float32 or float64.

    Raises
    ------
    CallError
        Shapes, types, devices or options that do not fit; a budget too small for one row.
    InputError
        A label out of range, or a row of probabilities that does not sum to one.

    References
    ----------
    - E. Wijmans et al., "Cut your losses in large-vocabulary language models", ICLR 2025.

    Examples
    --------
    >>> import torch
    >>> from unsurprised.losses.torch import linear_cross_entropy_loss
    >>> hidden = torch.ones(3, 2, requires_grad=True)
    >>> weight = torch.zeros(8, 2, requires_grad=True)
    >>> loss = linear_cross_entropy_loss(hidden, weight, torch.tensor([0, 1, 2]), base=2)
    >>> round(loss.item(), 5)
    3.0
    >>> loss.backward()
    >>> weight.grad.shape
    torch.Size([8, 2])
    """
    recipe, total = cross_entropy_options(keep, **options)
    hidden, weight, bias = checked_layer(hidden, weight, bias)
    check_tensor("target", target)
    check_alike(hidden=hidden, target=target)
    traced = is_traced(hidden, target)
    given = laid_out(
        torch,
        stand_in(hidden, weight),
        target,
        weight=class_weight,
        sample_weight=sample_weight,
        ignore_index=ignore_index,
        axis=-1,
        check=(check is None or check) and not traced,
    )
    if given.invalid is not None and check and traced:
        torch._assert_async(~given.invalid.any(), "a label is out of range")
    entropy = details or not is_number(total.entropy_bonus, 0.0)
    job = CrossEntropyJob(given.target, given.weight, recipe, entropy)
    like = hidden.new_ones(math.prod(given.shape), dtype=sum_type(hidden.dtype))
    counts = _reduction.counted(torch, given, like=like, total=total)
    layer = Layer(flat(hidden), weight, bias, chunk, budget)
    if not details and layer.is_found_forward(job, total, sample_weight, target):
        return layer.total(job, LayerTotal(counts, total, given.invalid))
    found = layer.rows(job, given.target)
    return totalled(given, (found[0], found[1], found[2]), total, details)
