"""What ``compare`` answers: immutable records, every mean an :class:`Estimate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from unsurprised.copies import Record
from unsurprised.evaluation.records import CalibrationCurve
from unsurprised.later import FoundLater
from unsurprised.reported import Reported
from unsurprised.statistics.estimate import Estimate

if TYPE_CHECKING:
    from unsurprised.report.comparison.plot import Plots


@dataclass(frozen=True, slots=True)
class ComparedModel(FoundLater):
    """A model by itself, on the rows that are compared; its curves wait until they are read."""

    name: str
    cross_entropy: Estimate
    infinite_rows: int
    accuracy: Estimate | None
    #: The reliability diagram: curves of the top class and of each class, of a sample of many rows.
    calibration: tuple[CalibrationCurve, ...] = ()


@dataclass(frozen=True, slots=True)
class RowDifference(Record):
    """A row on which two models disagree most; ``difference`` is new − base."""

    id: int | str
    label: str | None
    base: float
    new: float
    difference: float


@dataclass(frozen=True, slots=True)
class SliceDifference(Record):
    """The rows of one value (or range of numbers) of a column."""

    column: str
    #: None for the rows without a value.
    value: str | None
    rows: int
    #: New − base, bits a row of the slice: above 0 the new model is worse.
    difference: Estimate
    #: What the slice adds to the difference of all rows; those of a column add up to it.
    contribution: float
    p_value: float | None
    #: Whether it differs from 0 at a false discovery rate of 5 % among all slices.
    stands_out: bool


@dataclass(frozen=True, slots=True)
class Difference(FoundLater):
    """The new model against the base, row by row: above 0 the new one is more surprised.

    Models are recalibrated when one of the parts of the difference is first read.
    """

    base: str
    new: str
    #: Mean of surprisal(new) − surprisal(base).
    difference: Estimate
    #: How often chance alone makes so large a difference; None without an interval.
    p_value: float | None
    #: Over the rows where both are finite, where some are not.
    finite_difference: Estimate | None
    #: Δ miscalibration − Δ discrimination = difference; cross-fitted by ``family``.
    miscalibration: Estimate | None
    discrimination: Estimate | None
    family: str | None
    split_rows: int
    #: Share of the rows on which the new model is more surprised.
    worse_rows: Estimate
    accuracy: Estimate | None
    slices: tuple[SliceDifference, ...]
    #: Rows on which the new model is most worse, and most better.
    most_worse: tuple[RowDifference, ...]
    most_better: tuple[RowDifference, ...]
    #: What recalibration by ``family`` saves of each model: their difference is miscalibration.
    base_miscalibration: Estimate | None = None
    new_miscalibration: Estimate | None = None
    #: The rows of each class that happened, as slices by "label", judged among themselves.
    by_class: tuple[SliceDifference, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(FoundLater, Reported):
    """Models on the same rows: the base, and each of the others against it."""

    _kind: ClassVar[str] = "comparison"

    if TYPE_CHECKING:

        @property
        def plot(self) -> Plots:
            """The charts of the report."""

    rows: int
    #: Rows that are not in all models, which were left out (``join="inner"``).
    unmatched_rows: int
    weighted: bool
    clusters: int | None
    unit: str
    base: float
    models: tuple[ComparedModel, ...]
    differences: tuple[Difference, ...]
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def difference(self) -> Estimate:
        """New − base, of the first pair."""
        return self.differences[0].difference
