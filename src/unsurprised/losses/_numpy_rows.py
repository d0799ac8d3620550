"""Rows of NumPy's logits, their losses and their gradients, in float64."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unsurprised.losses import _cross_entropy as formula
from unsurprised.losses import _divergences as divergences
from unsurprised.losses import _reduction
from unsurprised.losses._divergences import Kind, TopK
from unsurprised.losses._inputs import Inputs
from unsurprised.losses._options import Recipe, Total
from unsurprised.losses._pairs import laid_out_pairs

Values = NDArray[np.float64]


class LossAndGradient(NamedTuple):
    """A loss and its derivative by the logits.

    ``loss`` is a number, or with ``reduction="none"`` an array of the rows' shape; ``gradient`` has
    the logits' shape and is that of the loss, or of the sum of the rows' losses.
    """

    loss: Any
    gradient: Values


class Labelled:
    """Rows with a target, which may come in parts."""

    def __init__(self, given: Inputs, recipe: Recipe, total: Total) -> None:
        self._given, self._recipe, self._total = given, recipe, total
        like = np.ones(len(given.target))
        self._counts = _reduction.counted(np, given, like=like, total=total)
        divisor = _reduction.divisor_of(np, self._counts, total)
        self._each = _reduction.derivatives(np, self._counts, divisor, total)

    def part(self, logits: Values, part: slice) -> tuple[Values, Values]:
        """What the rows of a part come to, and the gradient of the total by their logits."""
        given, recipe, total = self._given, self._recipe, self._total
        target, each, hard = given.target[part], self._each[part], given.hard
        counts = _reduction.Counted(*(values[part] for values in self._counts))
        with np.errstate(all="ignore"):
            z = formula.scores(np, logits, recipe.scores)
            made = formula.rows(np, z, target, given.weight, recipe, hard=hard)
            log_sum = made.top + made.rest
            values = _reduction.row_values(
                np, made.loss, log_sum, made.entropy, rows=counts, total=total
            )
            # The log-sum-exp of a row that does not count may be anything.
            by_sum = np.where(each == 0, 0.0, each * (2 * total.z_loss) * log_sum)
            by = (each, by_sum, each * -total.entropy_bonus)
            dz = formula.gradient(np, z, target, given.weight, recipe, by=by, hard=hard)
            gradient = formula.through_scores(np, logits, dz, recipe.scores)
        return values, np.where(each[:, None] == 0, 0.0, gradient)

    def total_of(self, values: Values) -> Any:
        """The rows as what was asked for."""
        with np.errstate(all="ignore"):
            found = _reduction.reduced(np, values, self._counts, self._total)
        return found.reshape(self._given.shape) if self._total.reduction == "none" else found[()]


class Asked(NamedTuple):
    kind: Kind
    beta: float
    temperature: float
    probabilities: bool = False


def of_pairs(
    student: ArrayLike,
    teacher: ArrayLike | TopK,
    sample_weight: ArrayLike | None,
    axis: int,
    *,
    total: Total,
    asked: Asked,
) -> LossAndGradient:
    wide = widened(student)
    given = laid_out_pairs(
        np,
        wide,
        TopK(widened(teacher[0]), np.asarray(teacher[1]))
        if isinstance(teacher, TopK)
        else widened(teacher),
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
    gradient = as_given(gradient, wide.shape, axis)
    none = total.reduction == "none"
    return LossAndGradient(loss.reshape(given.shape) if none else loss[()], gradient)


def as_given(gradient: Values, shape: tuple[int, ...], axis: int) -> Values:
    moved = tuple(size for i, size in enumerate(shape) if i != axis % len(shape))
    return np.moveaxis(gradient.reshape(*moved, shape[axis]), -1, axis)


def widened(values: ArrayLike) -> Any:
    """Floats as float64; what is no float stays, to be told of."""
    array = np.asarray(values)
    return array.astype(np.float64) if "float" in array.dtype.name else array
