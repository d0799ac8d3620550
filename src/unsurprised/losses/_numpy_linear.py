"""Losses of a linear layer of NumPy's, and their gradients, a chunk of rows at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from unsurprised.errors import CallError
from unsurprised.losses._chunks import BUDGET, chunk_rows
from unsurprised.losses._divergences import Kind, LinearTeacher, TopK, checked_kind
from unsurprised.losses._inputs import check_dense, laid_out
from unsurprised.losses._numpy_rows import Asked, Labelled, Paired, Values, widened
from unsurprised.losses._options import (
    IGNORE,
    Empty,
    Reduction,
    SmoothingWeights,
    checked_recipe,
    checked_scores,
    checked_temperature,
    checked_total,
)
from unsurprised.losses._pairs import laid_out_pairs


class LayerLossAndGradients(NamedTuple):
    """A loss of a linear layer and its derivatives by what the layer is given and made of."""

    loss: Any
    hidden: Values
    weight: Values
    bias: Values | None


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
    base: float = math.e,
) -> LayerLossAndGradients:
    r"""Cross-entropy of ``hidden @ weight.T + bias`` and its gradients, a chunk of rows at a time.

    Options mean what they mean in :func:`unsurprised.losses.torch.linear_cross_entropy_loss`.

    Parameters
    ----------
    hidden : array_like of floats, shape (..., D)
        What the last layer is given.
    weight : array_like of floats, shape (K, D)
        Its weight.
    target : array_like, shape (...) or (..., K)
        Labels, or the probability of each class.
    bias, chunk, budget, class_weight, sample_weight, ignore_index, label_smoothing
        As in PyTorch's; logits are float64.
    smoothing_weights, temperature, softcap, z_loss, entropy_bonus, focal_gamma
        As in PyTorch's.
    reduction, normalizer, empty, base
        As in PyTorch's.

    Returns
    -------
    LayerLossAndGradients
        ``loss``, and the derivatives by ``hidden``, ``weight`` and ``bias``.

    Raises
    ------
    CallError, InputError
        As PyTorch's.

    Examples
    --------
    >>> from unsurprised.losses.numpy import linear_cross_entropy_loss
    >>> found = linear_cross_entropy_loss(np.ones((3, 2)), np.zeros((8, 2)), [0, 1, 2], base=2)
    >>> round(float(found.loss), 5), found.weight.shape
    (3.0, (8, 2))
    """
    recipe = checked_recipe(
        label_smoothing, smoothing_weights, focal_gamma, checked_scores(temperature, softcap)
    )
    total = checked_total(
        reduction, normalizer, empty, z_loss=z_loss, entropy_bonus=entropy_bonus, base=base
    )
    layer = _Layer(hidden, weight, bias, chunk, budget)
    check_dense(target=target, class_weight=class_weight, sample_weight=sample_weight)
    given = laid_out(
        np,
        layer.stand_in(),
        widened(target),
        weight=None if class_weight is None else np.asarray(class_weight, dtype=np.float64),
        sample_weight=None if sample_weight is None else np.asarray(sample_weight),
        ignore_index=ignore_index,
        axis=-1,
        check=True,
    )
    rows = Labelled(given, recipe, total)
    return layer.evaluated(rows.part, rows.total_of)


def linear_distill_loss(
    hidden: ArrayLike,
    weight: ArrayLike,
    teacher: ArrayLike | TopK | LinearTeacher,
    *,
    bias: ArrayLike | None = None,
    chunk: int | str = "auto",
    budget: int = BUDGET,
    kind: Kind = "forward",
    beta: float = 0.5,
    temperature: float = 1.0,
    sample_weight: ArrayLike | None = None,
    reduction: Reduction = "mean",
    normalizer: Any = None,
    empty: Empty = "nan",
    base: float = math.e,
) -> LayerLossAndGradients:
    r"""The divergence of ``hidden @ weight.T + bias`` from a teacher, and its gradients.

    Options mean what they mean in :func:`unsurprised.losses.torch.linear_distill_loss`.

    Parameters
    ----------
    hidden, weight, bias, chunk, budget
        As in :func:`linear_cross_entropy_loss`.
    teacher : array_like of floats, shape (..., K), TopK or LinearTeacher
        Logits or log-probabilities, the k most likely classes, or the teacher's own last layer.
    kind, beta, temperature, sample_weight, reduction, normalizer, empty, base
        As in :func:`distill_loss`.

    Returns
    -------
    LayerLossAndGradients
        ``loss``, and the derivatives by ``hidden``, ``weight`` and ``bias``.

    Raises
    ------
    CallError, InputError
        As PyTorch's.

    Examples
    --------
    >>> from unsurprised.losses.numpy import LinearTeacher, linear_distill_loss
    >>> hidden, weight = np.ones((3, 2)), np.eye(2)
    >>> float(linear_distill_loss(hidden, weight, LinearTeacher(hidden, weight)).loss)
    0.0
    """
    kind, beta = checked_kind(kind, beta)
    temperature = checked_temperature(temperature)
    total = checked_total(reduction, normalizer, empty, base=base)
    layer = _Layer(hidden, weight, bias, chunk, budget)
    other = _Layer(*teacher, 1, budget) if isinstance(teacher, LinearTeacher) else None
    check_dense(teacher=teacher, sample_weight=sample_weight)
    arrays: Any = None
    if isinstance(teacher, TopK):
        arrays = TopK(widened(teacher.log_probs), np.asarray(teacher.indices))
    elif other is None:
        arrays = widened(teacher)
    else:
        other.check_like(layer)
    given = laid_out_pairs(
        np,
        layer.stand_in(),
        arrays,
        sample_weight=None if sample_weight is None else np.asarray(sample_weight),
        axis=-1,
        check=True,
    )
    rows = Paired(given, Asked(kind, beta, temperature), total)

    def part(logits: Values, cut: slice) -> tuple[Values, Values]:
        indices = None if given.indices is None else given.indices[cut]
        told = given.teacher[cut] if other is None else other.logits(cut)
        return rows.part(logits, told, indices, cut)

    return layer.evaluated(part, rows.total_of)


class _Layer:
    """A linear layer, and its logits by chunks of rows."""

    def __init__(self, hidden: Any, weight: Any, bias: Any, chunk: Any, budget: Any) -> None:
        check_dense(hidden=hidden, weight=weight, bias=bias)
        self._hidden, self._weight = widened(hidden), widened(weight)
        self._bias = None if bias is None else widened(bias)
        _check_layer(self._hidden, self._weight, self._bias)
        self._flat = self._hidden.reshape(-1, self._weight.shape[1])
        rows, classes = len(self._flat), len(self._weight)
        self._step = chunk_rows(chunk, budget, rows=rows, classes=classes, entry=8)

    def stand_in(self) -> Values:
        """What has the logits' shape and type, and takes no memory."""
        shape = (*self._hidden.shape[:-1], len(self._weight))
        return np.broadcast_to(np.zeros(()), shape)

    def check_like(self, other: _Layer) -> None:
        """An error unless this teacher has the other's rows and classes."""
        shape, expected = self.stand_in().shape, other.stand_in().shape
        if shape != expected:
            raise CallError(
                f"a teacher of logits of shape {shape} for logits of shape {expected}; expected as "
                "many rows and classes"
            )

    def logits(self, part: slice) -> Values:
        """The logits of some rows."""
        found: Values = self._flat[part] @ self._weight.T
        return found if self._bias is None else found + self._bias

    def evaluated(
        self,
        part: Callable[[Values, slice], tuple[Values, Values]],
        total_of: Callable[[Values], Any],
    ) -> LayerLossAndGradients:
        """The loss and its gradients, chunk by chunk."""
        values, by_hidden = np.empty(len(self._flat)), np.empty_like(self._flat)
        by_weight, by_bias = np.zeros_like(self._weight), np.zeros(len(self._weight))
        for start in range(0, len(self._flat), self._step):
            cut = slice(start, start + self._step)
            values[cut], dz = part(self.logits(cut), cut)
            by_hidden[cut] = dz @ self._weight
            by_weight += dz.T @ self._flat[cut]
            by_bias += dz.sum(axis=0)
        return LayerLossAndGradients(
            total_of(values),
            by_hidden.reshape(self._hidden.shape),
            by_weight,
            None if self._bias is None else by_bias,
        )


def _check_layer(hidden: Values, weight: Values, bias: Values | None) -> None:
    if weight.ndim != 2 or not hidden.ndim or hidden.shape[-1] != weight.shape[1]:
        raise CallError(
            f"hidden of shape {hidden.shape} and weight of shape {weight.shape}; expected (..., D) "
            "and (K, D)"
        )
    if bias is not None and bias.shape != weight.shape[:1]:
        raise CallError(
            f"bias of shape {bias.shape} for a weight of shape {weight.shape}; expected "
            f"{weight.shape[:1]}"
        )
    for name, array in (("hidden", hidden), ("weight", weight)):
        if "float" not in array.dtype.name:
            raise CallError(f"{name} of type {array.dtype}; expected a floating type")
