"""``calibration.plot``: the charts of the report, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.calibration.result import Calibration
from unsurprised.report.calibration import trials
from unsurprised.report.drawing.plots import Charts

if TYPE_CHECKING:
    import altair as alt


class Plots(Charts[Calibration]):
    """The chart of a calibration, as those of ``evaluation.plot``."""

    def trials(self) -> alt.LayerChart:
        """What each calibrator saves on rows that it was not fitted on."""
        self._need("trials", self._result.trials, "no calibrator was tried")
        return trials.chart(self._result)
