"""What ``calibrate`` answers: an immutable record, every mean an :class:`Estimate`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from unsurprised.calibrators import Calibrator
from unsurprised.copies import Record
from unsurprised.float_errors import own_float_errors
from unsurprised.statistics.estimate import Estimate

#: Name and version of the JSON; raised when a key changes its meaning or goes.
SCHEMA = "unsurprised.calibration/1"


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


@dataclass(frozen=True, slots=True, repr=False)
class Calibration(Record):
    """Which calibrator lowers the surprise on unseen rows, by how much, and how sure that is.

    All in ``unit`` a row. ``calibrator`` is the one to take, or None where none helps.
    """

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

    @property
    def helps(self) -> bool:
        """Whether a calibrator is worth its while."""
        return self.calibrator is not None

    def as_dict(self) -> dict[str, Any]:
        """The fields as plain dictionaries, lists and numbers; the calibrator as its saved form."""
        from unsurprised.report.calibration.text import as_dict  # report stands above

        return as_dict(self)

    def to_json(self, *, indent: int | None = 2) -> str:
        """The fields as JSON; infinities are the strings ``"inf"`` and ``"-inf"``, NaN is null."""
        return json.dumps(self.as_dict(), indent=indent, ensure_ascii=False, allow_nan=False)

    @own_float_errors
    def to_html(self, path: str | os.PathLike[str]) -> None:
        """Write the report as a page that holds all it needs; see :meth:`Evaluation.to_html`.

        Parameters
        ----------
        path : path
            A new file, or a page that is replaced.

        Raises
        ------
        CallError
            Nothing can be written there, or what stands there is no page.
        """
        from unsurprised.report.calibration.page import save  # report stands above

        save(self, path)

    def __repr__(self) -> str:
        from unsurprised.report.calibration.text import summary

        return summary(self)
