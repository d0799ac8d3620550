"""Cross-entropy of NumPy's logits."""

from __future__ import annotations

from typing import Unpack

from numpy.typing import ArrayLike

from unsurprised.float_errors import own_float_errors
from unsurprised.losses._documented import with_options
from unsurprised.losses._inputs import check_dense
from unsurprised.losses._options import (
    IGNORE,
    CrossEntropyOptions,
    cross_entropy_options,
)
from unsurprised.losses.numpy.inputs import prepared
from unsurprised.losses.numpy.reduction import LossAndGradient, as_given
from unsurprised.losses.numpy.rows import Labelled


@own_float_errors
@with_options(cross_entropy_options)
def cross_entropy_loss(
    logits: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    ignore_index: int = IGNORE,
    axis: int | None = None,
    **options: Unpack[CrossEntropyOptions],
) -> LossAndGradient:
    r"""Cross-entropy of logits with labels or distributions, and its gradient.

    .. math::

        z = \operatorname{cap}(x) / T, \quad L = \log \sum_k e^{z_k}, \quad \ell = z - L, \quad
        y' = (1 - \varepsilon) y + \varepsilon / K, \\
        r = s \Big( \sum_k w_k\, y'_k\, (1 - e^{\ell_k})^\gamma (-\ell_k)
        + \zeta L^2 - \beta H(e^\ell) \Big)

    The gradient is that of the loss by the logits, of the sum of the rows' losses where each row
    has its own. All is computed in float64.

    Parameters
    ----------
    logits : array_like of floats, shape (..., K)
        Scores x, classes along ``axis``. −inf stands for an impossible class, also under a softcap.
    target : array_like, shape (...) or (..., K)
        Labels, or a probability for each class.
    weight : array_like, shape (K,), optional
        The weight w of each class.
    sample_weight : array_like, shape (...), optional
        The weight s of each row. A row of weight 0 (or False) is left out, whatever it holds.
    ignore_index : int, default -100
        Rows with this label are left out; of distributions, rows that hold nothing else. It may be
        the index of a class: that class stays in the softmax of the other rows.
    axis : int, optional
        Where the classes are; by default the last axis. Logits of three dimensions or more must
        say it where the target's shape would fit classes along axis 1 too, where PyTorch has them:
        labels of as many columns as classes, and distributions.
    {options}

    Returns
    -------
    LossAndGradient
        ``loss`` and ``gradient``, in float64.

    Raises
    ------
    CallError
        Shapes, types or options that do not fit.
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
    >>> import math
    >>> from unsurprised.losses.numpy import cross_entropy_loss
    >>> loss, gradient = cross_entropy_loss([[0.0, 0.0, 0.0, 0.0]], [2], base=2)
    >>> float(loss)
    2.0
    >>> (gradient * math.log(2)).round(12).tolist()  # the softmax, less one at the label
    [[0.25, 0.25, -0.75, 0.25]]
    """
    recipe, total = cross_entropy_options(**options)
    check_dense(logits=logits, target=target, weight=weight, sample_weight=sample_weight)
    given = prepared(
        logits,
        target,
        weight=weight,
        sample_weight=sample_weight,
        ignore_index=ignore_index,
        axis=axis,
    )
    rows = Labelled(given, recipe, total)
    values, gradient = rows.part(given.logits, slice(None))
    gradient = as_given(gradient, given.shape, -1 if axis is None else axis)
    return LossAndGradient(rows.total_of(values), gradient)
