"""The losses of NumPy arrays, each with its gradient: the readable reference, in float64."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unsurprised.losses import _cross_entropy as formula
from unsurprised.losses import _divergences as divergences
from unsurprised.losses import _reduction
from unsurprised.losses._divergences import Kind, TopK, checked_kind
from unsurprised.losses._inputs import laid_out
from unsurprised.losses._options import (
    IGNORE,
    Empty,
    Reduction,
    SmoothingWeights,
    Total,
    checked_recipe,
    checked_scores,
    checked_total,
)
from unsurprised.losses._pairs import laid_out_pairs

__all__ = ["LossAndGradient", "TopK", "cross_entropy_loss", "distill_loss", "kl_loss"]

Values = NDArray[np.float64]


class LossAndGradient(NamedTuple):
    """A loss and its derivative by the logits.

    ``loss`` is a number, or with ``reduction="none"`` an array of the rows' shape; ``gradient`` has
    the logits' shape and is that of the loss, or of the sum of the rows' losses.
    """

    loss: Any
    gradient: Values


def cross_entropy_loss(
    logits: ArrayLike,
    target: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
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
    axis: int = -1,
    base: float = math.e,
) -> LossAndGradient:
    r"""Cross-entropy of logits with labels or distributions, and its gradient.

    .. math:: r = s \Big( \sum_k a_k f(\ell_k) + \zeta L^2 - \beta H \Big)

    Options mean what they mean in :func:`unsurprised.losses.torch.cross_entropy_loss`, where each
    is explained.

    Parameters
    ----------
    logits : array_like of floats, shape (..., K)
        Scores, classes along ``axis``.
    target : array_like, shape (...) or (..., K)
        Labels, or the probability of each class.
    weight, sample_weight, ignore_index, label_smoothing, smoothing_weights, temperature, softcap, \
z_loss, entropy_bonus, focal_gamma, reduction, normalizer, empty, axis, base
        As in PyTorch's.

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

    Examples
    --------
    >>> from unsurprised.losses.numpy import cross_entropy_loss
    >>> loss, gradient = cross_entropy_loss([[0.0, 0.0, 0.0, 0.0]], [2], base=2)
    >>> float(loss)
    2.0
    >>> (gradient * math.log(2)).round(12).tolist()  # the softmax, less one at the label
    [[0.25, 0.25, -0.75, 0.25]]
    """
    scores = checked_scores(temperature, softcap)
    recipe = checked_recipe(label_smoothing, smoothing_weights, focal_gamma, scores)
    total = checked_total(
        reduction, normalizer, empty, z_loss=z_loss, entropy_bonus=entropy_bonus, base=base
    )
    given = laid_out(
        np,
        _widened(logits),
        _widened(target),
        weight=None if weight is None else np.asarray(weight, dtype=np.float64),
        sample_weight=None if sample_weight is None else np.asarray(sample_weight),
        ignore_index=ignore_index,
        axis=axis,
        check=True,
    )
    with np.errstate(all="ignore"):
        z = formula.scores(np, given.logits, scores)
        made = formula.rows(np, z, given.target, given.weight, recipe, hard=given.hard)
        log_sum = made.top + made.rest
        counts = _reduction.counted(np, given, like=made.loss, total=total)
        values = _reduction.row_values(
            np, made.loss, log_sum, made.entropy, rows=counts, total=total
        )
        loss = _reduction.reduced(np, values, counts, total)
        each = _reduction.derivatives(np, counts, _reduction.divisor_of(np, counts, total), total)
        by = (each, each * (2 * total.z_loss) * log_sum, each * -total.entropy_bonus)
        by_sum = np.where(each == 0, 0.0, by[1])  # the sum of an ignored row may be anything
        gradient = formula.gradient(
            np, z, given.target, given.weight, recipe, by=(each, by_sum, by[2]), hard=given.hard
        )
        gradient = formula.through_scores(np, given.logits, gradient, scores)
        gradient = np.where(each[:, None] == 0, 0.0, gradient)
    gradient = _as_given(gradient, np.shape(logits), axis)
    return LossAndGradient(loss.reshape(given.shape) if reduction == "none" else loss[()], gradient)


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
    >>> from unsurprised.losses.numpy import distill_loss
    >>> loss, gradient = distill_loss([[0.0, 0.0]], [[0.0, -np.inf]], base=2)
    >>> float(loss)
    1.0
    """
    kind, beta = checked_kind(kind, beta)
    temperature = checked_scores(temperature, None).temperature
    total = checked_total(reduction, normalizer, empty, base=base)
    return _of_pairs(
        student, teacher, sample_weight, axis, total=total, asked=_Asked(kind, beta, temperature)
    )


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
    temperature = checked_scores(temperature, None).temperature
    total = checked_total(reduction, normalizer, empty, base=base)
    asked = _Asked("forward", 0.5, temperature, probabilities=True)
    return _of_pairs(logits, target, sample_weight, axis, total=total, asked=asked)


class _Asked(NamedTuple):
    kind: Kind
    beta: float
    temperature: float
    probabilities: bool = False


def _of_pairs(
    student: ArrayLike,
    teacher: ArrayLike | TopK,
    sample_weight: ArrayLike | None,
    axis: int,
    *,
    total: Total,
    asked: _Asked,
) -> LossAndGradient:
    wide = _widened(student)
    given = laid_out_pairs(
        np,
        wide,
        TopK(_widened(teacher[0]), np.asarray(teacher[1]))
        if isinstance(teacher, TopK)
        else _widened(teacher),
        sample_weight=None if sample_weight is None else np.asarray(sample_weight),
        axis=axis,
        check=True,
        probabilities=asked.probabilities,
    )
    kind, beta, temperature, _ = asked
    with np.errstate(all="ignore"):
        scores = given.student
        if given.indices is not None:
            rows = divergences.lumped(np, scores / temperature, given.teacher, given.indices)
            pair = divergences.between(np, rows.student, rows.teacher, 1.0)
        else:
            logs = np.log(given.teacher) * temperature if asked.probabilities else given.teacher
            pair = divergences.between(np, scores, logs, temperature)
        found = divergences.divergence(np, pair, kind, beta)
        counts = _reduction.counted_pairs(np, given.sample_weight, like=found, total=total)
        values = _reduction.row_values(np, found, found, found, rows=counts, total=total)
        loss = _reduction.reduced(np, values, counts, total)
        each = _reduction.derivatives(np, counts, _reduction.divisor_of(np, counts, total), total)
        scale = 1.0 if given.indices is not None else temperature
        gradient = divergences.gradient(np, pair, kind, beta, scale, by=each)
        if given.indices is not None:
            gradient = divergences.from_lumped(np, gradient, rows) / temperature
    gradient = _as_given(gradient, wide.shape, axis)
    none = total.reduction == "none"
    return LossAndGradient(loss.reshape(given.shape) if none else loss[()], gradient)


def _as_given(gradient: Values, shape: tuple[int, ...], axis: int) -> Values:
    moved = tuple(size for i, size in enumerate(shape) if i != axis % len(shape))
    return np.moveaxis(gradient.reshape(*moved, shape[axis]), -1, axis)


def _widened(values: ArrayLike) -> Any:
    """Floats as float64; what is no float stays, to be told of."""
    array = np.asarray(values)
    return array.astype(np.float64) if "float" in array.dtype.name else array
