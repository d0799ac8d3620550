"""Cross-entropy of a linear layer of NumPy's, a chunk of rows at a time."""

from __future__ import annotations

from typing import Unpack

from numpy.typing import ArrayLike

from unsurprised.losses._chunks import BUDGET
from unsurprised.losses._documented import with_options
from unsurprised.losses._inputs import check_dense
from unsurprised.losses._options import (
    IGNORE,
    CrossEntropyOptions,
    cross_entropy_options,
)
from unsurprised.losses.numpy.inputs import prepared
from unsurprised.losses.numpy.layer import Layer, LayerLossAndGradients
from unsurprised.losses.numpy.rows import Labelled


@with_options(cross_entropy_options)
def linear_cross_entropy_loss(
    hidden: ArrayLike,
    weight: ArrayLike,
    target: ArrayLike,
    *,
    bias: ArrayLike | None = None,
    chunk: int | str = "auto",
    budget: int = BUDGET,
    class_weight: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    ignore_index: int = IGNORE,
    **options: Unpack[CrossEntropyOptions],
) -> LayerLossAndGradients:
    r"""Cross-entropy of ``hidden @ weight.T + bias`` and its gradients, a chunk of rows at a time.

    They are those of :func:`cross_entropy_loss` of the logits, which are float64.

    Parameters
    ----------
    hidden : array_like of floats, shape (..., D)
        The input of the last layer.
    weight : array_like, shape (K, D)
        Its weight.
    target : array_like, shape (...) or (..., K)
        Labels, or a probability for each class.
    bias : array_like, shape (K,), optional
        Its bias.
    chunk : int or "auto", default "auto"
        How many rows of logits are made at a time; by default as many as fit the budget.
    budget : int, default 2**28
        How many bytes these logits may take, in float64.
    class_weight : array_like, shape (K,), optional
        The weight w of each class.
    sample_weight : array_like, shape (...), optional
        The weight s of each row. A row of weight 0 (or False) is left out, whatever it holds.
    ignore_index : int, default -100
        Rows with this label are left out; of distributions, rows that hold nothing else. It may be
        the index of a class: that class stays in the softmax of the other rows.
    {options}

    Returns
    -------
    LayerLossAndGradients
        ``loss``, and the derivatives by ``hidden``, ``weight`` and ``bias``.

    Raises
    ------
    CallError
        Shapes, types or options that do not fit; a budget too small for one row.
    InputError
        A label out of range, or a row of probabilities that does not sum to one.

    References
    ----------
    - E. Wijmans et al., "Cut your losses in large-vocabulary language models", ICLR 2025.

    Examples
    --------
    >>> import numpy as np
    >>> from unsurprised.losses.numpy import linear_cross_entropy_loss
    >>> found = linear_cross_entropy_loss(np.ones((3, 2)), np.zeros((8, 2)), [0, 1, 2], base=2)
    >>> round(float(found.loss), 5), found.weight.shape
    (3.0, (8, 2))
    """
    recipe, total = cross_entropy_options(**options)
    layer = Layer(hidden, weight, bias, chunk, budget)
    check_dense(target=target, class_weight=class_weight, sample_weight=sample_weight)
    given = prepared(
        layer.stand_in(),
        target,
        weight=class_weight,
        sample_weight=sample_weight,
        ignore_index=ignore_index,
        axis=-1,
    )
    rows = Labelled(given, recipe, total)
    return layer.evaluated(rows.part, rows.total_of)
