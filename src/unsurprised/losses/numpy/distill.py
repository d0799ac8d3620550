"""Divergences from a teacher, and from a distribution, of NumPy's arrays."""

from __future__ import annotations

from typing import Unpack

import numpy as np
from numpy.typing import ArrayLike

from unsurprised.array_types import Values
from unsurprised.float_errors import own_float_errors
from unsurprised.losses._divergence_options import (
    Divergence,
    DivergenceOptions,
    KlOptions,
    divergence_options,
    kl_options,
)
from unsurprised.losses._divergences import TopK
from unsurprised.losses._documented import with_options
from unsurprised.losses._options import Totalling
from unsurprised.losses._pairs import Pairs
from unsurprised.losses.numpy.divergences import PairedRows
from unsurprised.losses.numpy.inputs import prepared_pairs
from unsurprised.losses.numpy.reduction import LossAndGradient, as_given


@own_float_errors
@with_options(divergence_options)
def distill_loss(
    student: ArrayLike,
    teacher: ArrayLike | TopK,
    *,
    sample_weight: ArrayLike | None = None,
    axis: int = -1,
    **options: Unpack[DivergenceOptions],
) -> LossAndGradient:
    r"""Divergence of a student from its teacher, and its gradient by the student.

    .. math::

        \text{forward} = D(p \,\|\, q), \quad \text{reverse} = D(q \,\|\, p), \quad
        \text{jsd} = \beta D(p \,\|\, m) + (1 - \beta) D(q \,\|\, m), \quad
        m = \beta p + (1 - \beta) q

    with p the teacher's and q the student's softmax at the temperature. The value keeps its
    digits however close the student is, and a mean is one over rows (never over classes).

    Parameters
    ----------
    student : array_like of floats, shape (..., K)
        Logits.
    teacher : array_like of floats, shape (..., K), or TopK
        Logits or log-probabilities, which are logits too; or the k most likely classes. It is
        taken as a constant: no derivative reaches it.
    sample_weight : array_like, shape (...), optional
        The weight s of each row; padding gets the weight 0, and is left out.
    axis : int, default -1
        Where the classes are.
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
        A row of the teacher that is −inf only or holds NaN or inf; a ``TopK`` whose indices
        or probabilities cannot be.

    References
    ----------
    - G. Hinton, O. Vinyals, J. Dean, "Distilling the knowledge in a neural network", 2015.
    - R. Agarwal et al., "On-policy distillation of language models", ICLR 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from unsurprised.losses.numpy import distill_loss
    >>> loss, gradient = distill_loss([[0.0, 0.0]], [[0.0, -np.inf]], base=2)
    >>> float(loss)
    1.0
    """
    asked, total = divergence_options(**options)
    given = prepared_pairs(student, teacher, sample_weight, axis)
    return _total_of(given, given.teacher, asked, total, axis)


@own_float_errors
@with_options(kl_options)
def kl_loss(
    logits: ArrayLike,
    target: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    axis: int = -1,
    **options: Unpack[KlOptions],
) -> LossAndGradient:
    r"""KL divergence of a target distribution from the softmax of logits, and its gradient.

    .. math:: D(y \,\|\, q) = \sum_k y_k \log \frac{y_k}{q_k} \ge 0,
        \qquad q = \operatorname{softmax}(x / T)

    It is the cross-entropy less the entropy of the target, and has its gradient; but it is 0 for
    the best model. A mean is one over rows, which ``torch.nn.functional.kl_div`` calls
    ``"batchmean"``.

    Parameters
    ----------
    logits : array_like of floats, shape (..., K)
        Scores x.
    target : array_like of floats, shape (..., K)
        Probabilities y; zeros are exact. It is taken as a constant.
    sample_weight : array_like, shape (...), optional
        The weight s of each row; padding gets the weight 0, and is left out.
    axis : int, default -1
        Where the classes are.
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
        A row of the target that does not sum to one.

    References
    ----------
    - S. Kullback, R. A. Leibler, "On information and sufficiency", 1951.

    Examples
    --------
    >>> from unsurprised.losses.numpy import kl_loss
    >>> float(kl_loss([[0.0, 0.0, 0.0, 0.0]], [[1.0, 0.0, 0.0, 0.0]], base=2).loss)
    2.0
    """
    asked, total = kl_options(**options)
    given = prepared_pairs(logits, target, sample_weight, axis, probabilities=True)
    with np.errstate(all="ignore"):
        scores = np.log(given.teacher) * asked.temperature
    return _total_of(given, scores, asked, total, axis)


def _total_of(
    given: Pairs, teacher: Values, asked: Divergence, total: Totalling, axis: int
) -> LossAndGradient:
    rows = PairedRows(given, asked, total)
    values, gradient = rows.part(given.student, teacher, given.indices, slice(None))
    return LossAndGradient(rows.total_of(values), as_given(gradient, given.shape, axis))
