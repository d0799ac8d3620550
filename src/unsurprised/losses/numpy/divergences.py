"""Rows of a student and of its teacher, their divergences and gradients, in float64."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.losses import _divergences as formula
from unsurprised.losses import _reduction
from unsurprised.losses._divergence_options import Divergence
from unsurprised.losses._options import Totalling
from unsurprised.losses._pairs import Pairs


class PairedRows:
    """Rows of a student and of its teacher, which may come in parts."""

    def __init__(self, given: Pairs, asked: Divergence, total: Totalling) -> None:
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
        (kind, beta, temperature), each = self._asked, self._each[part]
        counts = _reduction.RowWeights(*(values[part] for values in self._counts))
        with np.errstate(all="ignore"):
            if indices is not None:
                rows = formula.lumped(np, student / temperature, teacher, indices)
                pair = formula.between(np, rows.student, rows.teacher, 1.0)
                few = formula.gradient(np, pair, kind, beta, 1.0, by=each)
                gradient = formula.from_lumped(np, few, rows) / temperature
            else:
                pair = formula.between(np, student, teacher, temperature)
                gradient = formula.gradient(np, pair, kind, beta, temperature, by=each)
            found = formula.divergence(np, pair, kind, beta)
            values = _reduction.row_values(np, found, found, found, rows=counts, total=self._total)
        return values, gradient

    def total_of(self, values: Values) -> Any:
        """The rows as what was asked for."""
        with np.errstate(all="ignore"):
            found = _reduction.reduced(np, values, self._counts, self._total)
        return found.reshape(self._shape) if self._total.reduction == "none" else found[()]
