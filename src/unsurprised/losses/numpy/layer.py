"""A linear layer of NumPy's, whose logits are made a chunk of rows at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from unsurprised.array_types import Values
from unsurprised.errors import CallError
from unsurprised.losses._chunks import chunk_rows
from unsurprised.losses._inputs import check_dense
from unsurprised.losses.numpy.inputs import widened


class LayerLossAndGradients(NamedTuple):
    """A loss of a linear layer and its derivatives by the layer's input, weight and bias.

    ``loss`` is a number, or with ``reduction="none"`` an array of the rows' shape; ``hidden`` (…,
    D), ``weight`` (K, D) and ``bias`` (K,) are derivatives of the loss, or of the sum of the rows'
    losses, each of the shape of its argument; ``bias`` is ``None`` where the layer has none.

    Examples
    --------
    >>> from unsurprised.losses.numpy import linear_cross_entropy_loss
    >>> found = linear_cross_entropy_loss([[1.0], [1.0]], [[0.0], [0.0]], [0, 1], reduction="sum")
    >>> found.hidden.tolist(), found.weight.tolist(), found.bias
    ([[0.0], [0.0]], [[0.0], [0.0]], None)
    """

    loss: Any
    hidden: Values
    weight: Values
    bias: Values | None


LayerLossAndGradients.__module__ = (
    "unsurprised.losses.numpy"  # so pickles find it wherever it is written
)


class Layer:
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

    def check_like(self, other: Layer) -> None:
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
