"""Rows of NumPy's logits, their losses and their gradients, in float64."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unsurprised.losses import _cross_entropy as formula
from unsurprised.losses import _divergences as divergences
from unsurprised.losses import _reduction
from unsurprised.losses._divergences import Kind, TopK
from unsurprised.losses._inputs import Inputs, check_dense
from unsurprised.losses._options import Recipe, Total
from unsurprised.losses._pairs import Pairs, laid_out_pairs

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
        self._share = _reduction.share_of_extras(np, self._counts, total)

    def part(self, logits: Values, part: slice) -> tuple[Values, Values]:
        """What the rows of a part come to, and the gradient of the total by their logits."""
        given, recipe, total = self._given, self._recipe, self._total
        target, each, hard = given.target[part], self._each[part], given.hard
        counts = _reduction.Counted(*(values[part] for values in self._counts))
        with np.errstate(all="ignore"):
            z = formula.scores(np, logits, recipe.scores)
            made = formula.rows(np, z, target, given.weight, recipe, hard=hard)
            log_sum = made.top + made.rest
            parts, share = (made.loss, log_sum, made.entropy), self._share
            values = _reduction.row_values(np, *parts, rows=counts, total=total, share=share)
            extras = _reduction.derivatives_of_extras(np, each, log_sum, total, share=share)
            by = (each, *extras)
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
    names = ("logits", "target") if asked.probabilities else ("student", "teacher")
    check_dense(**{names[0]: student, names[1]: teacher, "sample_weight": sample_weight})
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
    teachers = given.teacher
    if asked.probabilities:
        with np.errstate(all="ignore"):
            teachers = np.log(teachers) * asked.temperature
    rows = Paired(given, asked, total)
    values, gradient = rows.part(given.student, teachers, given.indices, slice(None))
    return LossAndGradient(rows.total_of(values), as_given(gradient, wide.shape, axis))


class Paired:
    """Rows of a student and of its teacher, which may come in parts."""

    def __init__(self, given: Pairs, asked: Asked, total: Total) -> None:
        self._asked, self._total, self._shape = asked, total, given.shape
        like = np.ones(math.prod(given.shape))
        weights = given.sample_weight
        self._counts = _reduction.counted_pairs(np, weights, like=like, total=total)
        divisor = _reduction.divisor_of(np, self._counts, total)
        self._each = _reduction.derivatives(np, self._counts, divisor, total)

    def part(
        self, student: Values, teacher: Values, indices: NDArray[Any] | None, part: slice
    ) -> tuple[Values, Values]:
        """What the rows of a part come to, and the gradient of the total by the student's."""
        (kind, beta, temperature, _), each = self._asked, self._each[part]
        counts = _reduction.Counted(*(values[part] for values in self._counts))
        with np.errstate(all="ignore"):
            if indices is not None:
                rows = divergences.lumped(np, student / temperature, teacher, indices)
                pair = divergences.between(np, rows.student, rows.teacher, 1.0)
                few = divergences.gradient(np, pair, kind, beta, 1.0, by=each)
                gradient = divergences.from_lumped(np, few, rows) / temperature
            else:
                pair = divergences.between(np, student, teacher, temperature)
                gradient = divergences.gradient(np, pair, kind, beta, temperature, by=each)
            found = divergences.divergence(np, pair, kind, beta)
            values = _reduction.row_values(np, found, found, found, rows=counts, total=self._total)
        return values, gradient

    def total_of(self, values: Values) -> Any:
        """The rows as what was asked for."""
        with np.errstate(all="ignore"):
            found = _reduction.reduced(np, values, self._counts, self._total)
        return found.reshape(self._shape) if self._total.reduction == "none" else found[()]


def as_given(gradient: Values, shape: tuple[int, ...], axis: int) -> Values:
    """Rows as the array that they came from."""
    moved = tuple(size for i, size in enumerate(shape) if i != axis % len(shape))
    return np.moveaxis(gradient.reshape(*moved, shape[axis]), -1, axis)


def widened(values: ArrayLike) -> Any:
    """Floats as float64; what is no float stays, to be told of."""
    array = np.asarray(values)
    return array.astype(np.float64) if "float" in array.dtype.name else array
