"""The loss of vector scaling, by kernels that read each row once."""

from __future__ import annotations

from functools import cached_property

from unsurprised import portable
from unsurprised.array_types import Values
from unsurprised.calibrators._loss import Loss
from unsurprised.calibrators._packed import PackedRows
from unsurprised.calibrators._rows import FittingRows
from unsurprised.calibrators._scores import VectorScores

#: The second derivatives of a row take as long as the first of one row and one more for each so
#: many classes.
_CLASSES = 25


class VectorLoss(Loss):
    """The same mean, value and derivatives, of scores a ∘ x + b; there is no penalty."""

    def __init__(self, rows: FittingRows, model: VectorScores) -> None:
        super().__init__(rows, model, None)
        self.packed = rows.packed
        self.happened = self.packed.truth(rows.labels, rows.shares)

    def value_and_gradient(self, parameters: Values) -> tuple[float, Values]:
        """Nats a row, and its derivatives."""
        return self.packed.scaled(self.happened, parameters)

    def matrix(self, parameters: Values) -> Values:
        """The second derivatives, of some rows where there are many classes; made regular."""
        held: Values = portable.matmul(self.model.gauge.T, self.model.gauge)
        return self._some.scaled_curvature(parameters) + held

    @cached_property
    def _some(self) -> PackedRows:
        """Rows whose second derivatives take no longer than the first of all."""
        step = 1 + self.rows.width // _CLASSES
        if step == 1 or self.rows.count < step * len(self.model.start) * _CLASSES:
            return self.packed
        return self.rows.of(slice(None, None, step)).packed

    def move(self, direction: Values) -> float:
        """The most that a direction changes a possible score against others of its row."""
        return self.packed.scaled_spread(direction)
