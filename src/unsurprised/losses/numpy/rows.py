"""Rows of NumPy's logits, their losses and their gradients, in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from unsurprised.array_types import Values
from unsurprised.losses import _cross_entropy as formula
from unsurprised.losses import _reduction
from unsurprised.losses._inputs import Inputs
from unsurprised.losses._options import Recipe, Totalling


class Labelled:
    """Rows with a target, which may come in parts."""

    def __init__(self, given: Inputs, recipe: Recipe, total: Totalling) -> None:
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
        counts = _reduction.RowWeights(*(values[part] for values in self._counts))
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
