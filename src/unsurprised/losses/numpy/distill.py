"""Divergences from a teacher, and from a distribution, of NumPy's arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from unsurprised.float_errors import own_float_errors
from unsurprised.losses._divergences import Kind, TopK, checked_kind
from unsurprised.losses._options import Empty, Reduction, Total, checked_temperature, checked_total
from unsurprised.losses._pairs import Pairs
from unsurprised.losses.numpy.divergences import Asked, Paired
from unsurprised.losses.numpy.inputs import Values, prepared_pairs
from unsurprised.losses.numpy.reduction import LossAndGradient, as_given


@own_float_errors
def distill_loss(
    student: ArrayLike,
    teacher: ArrayLike | TopK,
    *,
    kind: Kind = "forward",
    beta: float = 0.5,
    temperature: float = 1.0,
    sample_weight: ArrayLike | None = None,
    reduction: Reduction = "mean",
    normalizer: Any = None,
    empty: Empty = "nan",
    axis: int = -1,
    base: float = math.e,
) -> LossAndGradient:
    r"""How far a student's distribution is from its teacher's, and the gradient by the student.

    .. math::

        D(p \,\|\, q), \quad D(q \,\|\, p), \quad \beta D(p \,\|\, m) + (1 - \beta) D(q \,\|\, m)

    Options mean what they mean in :func:`unsurprised.losses.torch.distill_loss`.

    Parameters
    ----------
    student : array_like of floats, shape (..., K)
        Logits.
    teacher : array_like of floats, shape (..., K), or TopK
        Logits or log-probabilities, or the k most likely classes.
    kind, beta, temperature, sample_weight, reduction, normalizer, empty, axis, base
        As in PyTorch's.

    Returns
    -------
    LossAndGradient
        ``loss`` and ``gradient``, in float64.

    Raises
    ------
    CallError, InputError
        As PyTorch's.

    Examples
    --------
    >>> import numpy as np
    >>> from unsurprised.losses.numpy import distill_loss
    >>> loss, gradient = distill_loss([[0.0, 0.0]], [[0.0, -np.inf]], base=2)
    >>> float(loss)
    1.0
    """
    kind, beta = checked_kind(kind, beta)
    temperature = checked_temperature(temperature)
    total = checked_total(reduction, normalizer, empty, base=base)
    given = prepared_pairs(student, teacher, sample_weight, axis)
    return _total_of(given, given.teacher, Asked(kind, beta, temperature), total, axis)


@own_float_errors
def kl_loss(
    logits: ArrayLike,
    target: ArrayLike,
    *,
    temperature: float = 1.0,
    sample_weight: ArrayLike | None = None,
    reduction: Reduction = "mean",
    normalizer: Any = None,
    empty: Empty = "nan",
    axis: int = -1,
    base: float = math.e,
) -> LossAndGradient:
    r"""KL from a distribution to the softmax of logits, and the gradient by the logits.

    .. math:: D(y \,\|\, \operatorname{softmax}(x / T))

    Options mean what they mean in :func:`unsurprised.losses.torch.kl_loss`.

    Parameters
    ----------
    logits : array_like of floats, shape (..., K)
        Scores.
    target : array_like of floats, shape (..., K)
        Probabilities; zeros are exact.
    temperature, sample_weight, reduction, normalizer, empty, axis, base
        As in PyTorch's.

    Returns
    -------
    LossAndGradient
        ``loss`` and ``gradient``, in float64.

    Raises
    ------
    CallError, InputError
        As PyTorch's.

    Examples
    --------
    >>> from unsurprised.losses.numpy import kl_loss
    >>> float(kl_loss([[0.0, 0.0, 0.0, 0.0]], [[1.0, 0.0, 0.0, 0.0]], base=2).loss)
    2.0
    """
    temperature = checked_temperature(temperature)
    total = checked_total(reduction, normalizer, empty, base=base)
    given = prepared_pairs(logits, target, sample_weight, axis, probabilities=True)
    with np.errstate(all="ignore"):
        scores = np.log(given.teacher) * temperature
    return _total_of(given, scores, Asked("forward", 0.5, temperature), total, axis)


def _total_of(
    given: Pairs, teacher: Values, asked: Asked, total: Total, axis: int
) -> LossAndGradient:
    rows = Paired(given, asked, total)
    values, gradient = rows.part(given.student, teacher, given.indices, slice(None))
    return LossAndGradient(rows.total_of(values), as_given(gradient, given.shape, axis))
