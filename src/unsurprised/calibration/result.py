"""The result of ``calibrate``: an immutable record, every mean an :class:`Estimate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from unsurprised.addresses import named
from unsurprised.calibrators import Calibrator
from unsurprised.copies import Record
from unsurprised.evaluation.records import CalibrationCurve
from unsurprised.reported import Reported
from unsurprised.statistics.estimate import Estimate

if TYPE_CHECKING:
    from unsurprised.report.calibration.plot import Plots


@dataclass(frozen=True, slots=True)
class Trial(Record):
    """One calibrator that was tried."""

    method: str
    #: How many numbers it fits.
    parameters: int
    #: Mean surprisal that it saves on rows that it was not fitted on.
    saved: Estimate
    #: What it saves on the very rows that it was fitted on, which promises nothing.
    saved_in_sample: float
    #: By how much it falls behind the best, and the standard error of that.
    behind: float
    behind_error: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassSaving(Record):
    """The rows of one class: what they cost before and after, on rows that were not fitted on."""

    label: str
    rows: int
    cross_entropy: Estimate
    cross_entropy_after: Estimate
    #: Before − after: below 0 the class pays for what others save.
    saved: Estimate
    #: What the class adds to what all rows save; those of all classes add up to it.
    contribution: float
    p_value: float | None
    #: Whether it differs from 0 at a false discovery rate of 5 % among all classes.
    stands_out: bool


@dataclass(frozen=True, slots=True, repr=False)
class Calibration(Reported):
    """The best calibrator, and the surprisal that it saves on unseen rows, with an interval.

    All in ``unit`` a row. ``calibrator`` is the one to take, or None where none helps.
    """

    _kind: ClassVar[str] = "calibration"

    if TYPE_CHECKING:

        @property
        def plot(self) -> Plots:
            """The charts of the report."""

    rows: int
    #: Rows that calibrators were fitted on: a sample that depends on no order, if there are more.
    fitted_rows: int
    skipped_rows: int
    weighted: bool
    clusters: int | None
    folds: int
    unit: str
    base: float
    classes: tuple[str, ...] | None

    #: Mean surprisal before, and after the calibrator, on rows that it was not fitted on.
    cross_entropy: Estimate
    cross_entropy_after: Estimate
    #: What the calibrator removes, on rows that it was not fitted on.
    removable: Estimate
    #: The simplest within one standard error of the best; None where that is to do nothing.
    method: str | None
    calibrator: Calibrator | None
    trials: tuple[Trial, ...]
    not_tried: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    #: Reliability diagrams of the rows that calibrators were fitted on, each row by a fit to the
    #: other folds: curves of the top class and of each class. After is empty where none helps.
    reliability_before: tuple[CalibrationCurve, ...] = ()
    reliability_after: tuple[CalibrationCurve, ...] = ()
    #: The same rows by the class that happened; empty where none helps, or the truth is no class.
    by_class: tuple[ClassSaving, ...] = ()

    @property
    def helps(self) -> bool:
        """Whether a calibrator is worth its while."""
        return self.calibrator is not None


def of_files(found: Calibration, files: Sequence[str]) -> Calibration:
    """A calibration whose calibrator says which files it was fitted on."""
    if found.calibrator is not None:
        names = [Path(named(file)).name for file in files]
        found.calibrator.provenance_ |= {"files": names[:100]}
    return found
