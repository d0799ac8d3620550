"""The unit of a result: what is computed in bits is told in that of the base asked for."""

from __future__ import annotations

import math
from typing import overload

from unsurprised import portable
from unsurprised.statistics.estimate import Estimate
from unsurprised.units import unit_of, units_per_bit


class InUnit:
    """Brings estimates in bits to the unit of a base; what is missing stays missing.

    Examples
    --------
    >>> InUnit(4)(Estimate(1.0, 0.5, 1.5, "bits", 9))
    Estimate(0.5 base-4 units, 0.25 to 0.75, 9 rows)
    """

    def __init__(self, base: float) -> None:
        self.unit, self.per_bit = unit_of(base), units_per_bit(base)

    @overload
    def __call__(self, value: Estimate) -> Estimate: ...
    @overload
    def __call__(self, value: None) -> None: ...
    @overload
    def __call__(self, value: Estimate | None) -> Estimate | None: ...
    def __call__(self, value: Estimate | None) -> Estimate | None:
        """The same estimate in the unit asked for."""
        return value if value is None else value.scaled(self.per_bit, self.unit)


def two_to(bits: Estimate) -> Estimate:
    """Perplexity: 2 to the cross-entropy; infinite where no float holds it."""

    def power(value: float) -> float:
        return (
            math.nan
            if math.isnan(value)
            else math.inf
            if value >= 1024
            else float(portable.exp2(value))
        )

    return Estimate(power(bits.value), power(bits.low), power(bits.high), "", bits.rows)
