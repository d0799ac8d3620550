"""What an estimate from a sample says: its value, its interval, and how it came about."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from unsurprised.statistics.estimate import Estimate


@dataclass(frozen=True, slots=True)
class SampleEstimate(Estimate):
    """An estimate of what a sample's rows were drawn from, with its 95 % interval.

    Parameters
    ----------
    value, low, high : float
        The estimate and its interval; NaN where one row makes none.
    unit : str
        Bits, unless ``base`` said otherwise.
    rows : int
        How many rows were counted.
    method : str
        The estimator that was taken.
    plugin : float
        The measure of the sample's own shares, without any correction; NaN of numbers, which have
        none.
    sd : float
        Standard deviation: the posterior's of ``nsb`` and ``dirichlet_mean``, else over samples.
    p_value : float or None
        Of the hypothesis that nothing is shared; None where that was not asked.
    notes : tuple of str
        What was decided by a rule, and what a reader should know.
    kinds : tuple of str
        What each column was taken for: ``"discrete"``, ``"continuous"``, ``"atom at 0 and
        continuous"``; empty where that was not asked.

    Examples
    --------
    >>> estimate = SampleEstimate(1.5, 1.2, 1.8, "bits", 20, "miller_madow", 1.4)
    >>> estimate
    SampleEstimate(1.5 bits, 1.2 to 1.8, 20 rows, miller_madow)
    >>> round(estimate.bias, 12)
    -0.1
    """

    method: str = ""
    plugin: float = math.nan
    sd: float = math.nan
    p_value: float | None = None
    notes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def bias(self) -> float:
        """Estimated bias of the plug-in, ``plugin − value``: what the method takes off."""
        return self.plugin - self.value

    def __repr__(self) -> str:
        tested = "" if self.p_value is None else f", p = {self.p_value:.3g}"
        said = Estimate.__repr__(self).removeprefix("Estimate(").removesuffix(")")
        return f"SampleEstimate({said}, {self.method}{tested})"

    def with_notes(self, notes: tuple[str, ...]) -> SampleEstimate:
        """The same estimate with more to know of it, first."""
        return replace(self, notes=(*notes, *self.notes))

    def scaled(self, factor: float, unit: str) -> SampleEstimate:
        """The same estimate in another unit."""
        numbers = ("value", "low", "high", "plugin", "sd")
        scaled = {name: getattr(self, name) * factor for name in numbers}
        return replace(self, **scaled, unit=unit)
