"""Cross-entropy of PyTorch's logits."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor

from unsurprised.losses._options import (
    IGNORE,
    Empty,
    Reduction,
    SmoothingWeights,
    checked_recipe,
    checked_scores,
    checked_total,
    is_number,
)
from unsurprised.losses.torch import rows as ops
from unsurprised.losses.torch import ways
from unsurprised.losses.torch.inputs import prepared
from unsurprised.losses.torch.kinds import check_tensor, keep
from unsurprised.losses.torch.reduction import totalled
from unsurprised.losses.torch.total import Asked


def cross_entropy_loss(
    logits: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    sample_weight: Tensor | None = None,
    ignore_index: int = IGNORE,
    label_smoothing: float = 0.0,
    smoothing_weights: SmoothingWeights = "class",
    temperature: float = 1.0,
    softcap: float | None = None,
    z_loss: float = 0.0,
    entropy_bonus: float = 0.0,
    focal_gamma: float = 0.0,
    reduction: Reduction = "mean",
    normalizer: Any = None,
    empty: Empty = "nan",
    axis: int | None = None,
    base: float = math.e,
    check: bool | None = None,
    details: bool = False,
) -> Any:
    r"""Cross-entropy of logits with labels or distributions: every option with every other.

    .. math::

        z = \operatorname{cap}(x) / T, \quad L = \log \sum_k e^{z_k}, \quad \ell = z - L, \quad
        y' = (1 - \varepsilon) y + \varepsilon / K, \\
        r = s \Big( \sum_k w_k\, y'_k\, (1 - e^{\ell_k})^\gamma (-\ell_k)
        + \zeta L^2 - \beta H(e^\ell) \Big)

    The call of ``torch.nn.functional.cross_entropy`` means the same here for logits of two
    dimensions; of more, PyTorch has the classes on axis 1 (``axis``). Sums are float32 at least,
    and so is the loss; the gradient has the logits' type.

    Temperature, softcap, ζ, β, ε and γ may be tensors of one number. Where one of them requires a
    gradient it gets it, by PyTorch's plain operations, which make arrays of the logits' size. In
    traced code its value cannot be looked at: one that is out of range makes NaN.

    Tensors without values (of the device "meta", fake ones) and DTensors take the plain operations
    too, and are not looked at. Of a DTensor all classes of a row lie on one device.

    Parameters
    ----------
    logits : Tensor of floats, shape (..., K)
        Scores x, classes along ``axis``. −inf stands for an impossible class, also under a softcap.
    target : Tensor, shape (...) or (..., K)
        Labels, or a probability for each class (then derivatives reach it too).
    weight : Tensor, shape (K,), optional
        The weight w of each class.
    sample_weight : Tensor, shape (...), optional
        The weight s of each row. A row of weight 0 (or False) is nothing, whatever stands in it.
    ignore_index : int, default -100
        Rows with this label are nothing; of distributions, rows that hold nothing else. It may be
        the index of a class: that class stays in the softmax of the other rows.
    label_smoothing : float, default 0
        The share ε that is spread evenly over all classes.
    smoothing_weights : {"class", "label"}, default "class"
        Which weight the spread share has: that of each class it goes to (PyTorch), or that of the
        label it is taken from.
    temperature : float, default 1
        Divides the scores (after the softcap).
    softcap : float, optional
        cap(x) = c · tanh(x / c).
    z_loss : float, default 0
        ζ, in nats: draws log Σ eᶻ towards 0 (Chowdhery et al.). It knows no weight of a class:
        under a mean it is one over rows (Σ s ζ L² / Σ s, as in Liger-Kernel), whatever the scale
        of ``weight``.
    entropy_bonus : float, default 0
        β: rewards the entropy of the softmax; its mean is one over rows, likewise.
    focal_gamma : float, default 0
        γ: how much less rows count that are learnt already (Lin et al.).
    reduction : {"mean", "sum", "none"}
        What becomes of the rows' r.
    normalizer : {"weight", "rows"} or number, optional
        What a mean divides by; by default Σ s · w[label] of labels and Σ s of distributions, as
        PyTorch does. "weight": Σ s · Σ w y for both; "rows": how many rows count; a number (or a
        tensor of one), such as the tokens of a batch that is spread over devices. With the first
        two z-loss and bonus are divided by Σ s, with the others by what divides the costs.
    empty : {"nan", "zero"}
        The mean where no row counts. Its gradient is 0.
    axis : int, optional
        Where the classes are; by default the last axis. Logits of three dimensions or more must
        say it where the target's shape would fit classes along axis 1 too, where PyTorch has them:
        labels of as many columns as classes, and distributions.
    base : float, default e
        The whole loss, z-loss and bonus included, is divided by ln(base): 2 for bits.
    check : bool, optional
        Whether to look at the values of target and weights. By default they are looked at except
        in traced code, where a label out of range makes NaN; True asserts there too.
    details : bool, default False
        Return :class:`Details`.

    Returns
    -------
    Tensor or Details
        A number, or with ``reduction="none"`` one for each row; float32 or float64.

    Raises
    ------
    CallError
        Shapes, types, devices or options that do not fit.
    InputError
        A label out of range, or a row of probabilities that does not sum to one.

    References
    ----------
    - C. E. Shannon, "A mathematical theory of communication", 1948.
    - C. Szegedy et al., "Rethinking the Inception architecture for computer vision", 2016.
    - T.-Y. Lin et al., "Focal loss for dense object detection", 2017.
    - A. Chowdhery et al., "PaLM: scaling language modeling with pathways", 2022, section 5.

    Examples
    --------
    >>> import torch
    >>> from unsurprised.losses.torch import cross_entropy_loss
    >>> logits = torch.zeros(2, 4, requires_grad=True)
    >>> loss = cross_entropy_loss(logits, torch.tensor([2, -100]), base=2)
    >>> loss.item()
    2.0
    >>> loss.backward()
    >>> logits.grad[1]
    tensor([0., 0., 0., 0.])
    """
    recipe = checked_recipe(
        label_smoothing,
        smoothing_weights,
        focal_gamma,
        checked_scores(temperature, softcap, keep),
        keep,
    )
    total = checked_total(
        reduction,
        normalizer,
        empty,
        z_loss=z_loss,
        entropy_bonus=entropy_bonus,
        base=base,
        keep=keep,
    )

    check_tensor("logits", logits)
    check_tensor("target", target)

    def general(logits: Tensor) -> Any:
        given = prepared(
            logits,
            target,
            weight=weight,
            sample_weight=sample_weight,
            ignore_index=ignore_index,
            axis=axis,
            check=check,
        )
        entropy = details or not is_number(total.entropy_bonus, 0.0)
        rows = (given.logits, given.target, given.weight)
        found = ops.rows(*rows, recipe, entropy=entropy, dead=given.dead)
        return totalled(given, found, total, details)

    look = check is None or check
    asked = Asked(logits, target, recipe, total, ignore_index, look, general)
    loss = ways.total(asked, weight=weight, sample_weight=sample_weight, axis=axis, details=details)
    return general(logits) if loss is None else loss
