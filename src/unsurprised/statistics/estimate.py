"""A number with its interval: the type of every reported mean."""

from __future__ import annotations

import math
from dataclasses import dataclass

from unsurprised.copies import Record


@dataclass(frozen=True, slots=True)
class Estimate(Record):
    """A value, its 95 % interval, its unit and the number of rows behind it.

    ``low`` and ``high`` are NaN where the rows do not suffice for an interval (fewer than two).

    Examples
    --------
    >>> Estimate(0.3709, 0.3451, 0.3966, "bits", 10000)
    Estimate(0.3709 bits, 0.3451 to 0.3966, 10000 rows)
    """

    value: float
    low: float
    high: float
    unit: str
    rows: int

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        interval = "" if math.isnan(self.low) else f", {self.low:.4g} to {self.high:.4g}"
        return f"Estimate({self.value:.4g}{unit}{interval}, {self.rows} rows)"

    def scaled(self, factor: float, unit: str) -> Estimate:
        """The same estimate in another unit."""
        return Estimate(self.value * factor, self.low * factor, self.high * factor, unit, self.rows)
