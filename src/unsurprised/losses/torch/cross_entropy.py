"""Cross-entropy of PyTorch's logits."""

from __future__ import annotations

from typing import Any, Unpack

from torch import Tensor

from unsurprised.losses._documented import with_options
from unsurprised.losses._numbers import is_number
from unsurprised.losses._options import (
    IGNORE,
    CrossEntropyOptions,
    cross_entropy_options,
)
from unsurprised.losses.torch import rows as ops
from unsurprised.losses.torch import ways
from unsurprised.losses.torch.inputs import prepared
from unsurprised.losses.torch.kinds import check_tensor, keep
from unsurprised.losses.torch.reduction import totalled
from unsurprised.losses.torch.total import Asked

#: The options of most calls, which need not be looked at each time; no tensor is among them.
_NOTHING_ASKED = cross_entropy_options()


@with_options(cross_entropy_options)
def cross_entropy_loss(
    logits: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None = None,
    sample_weight: Tensor | None = None,
    ignore_index: int = IGNORE,
    axis: int | None = None,
    check: bool | None = None,
    details: bool = False,
    **options: Unpack[CrossEntropyOptions],
) -> Any:
    r"""Cross-entropy of logits with labels or distributions; all options can be combined.

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
        The weight s of each row. A row of weight 0 (or False) is left out, whatever it holds.
    ignore_index : int, default -100
        Rows with this label are left out; of distributions, rows that hold nothing else. It may be
        the index of a class: that class stays in the softmax of the other rows.
    axis : int, optional
        Where the classes are; by default the last axis. Logits of three dimensions or more must
        say it where the target's shape would fit classes along axis 1 too, where PyTorch has them:
        labels of as many columns as classes, and distributions.
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
    recipe, total = cross_entropy_options(keep, **options) if options else _NOTHING_ASKED

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
