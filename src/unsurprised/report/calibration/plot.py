"""``calibration.plot``: the charts of the report, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.calibration.result import Calibration
from unsurprised.report.calibration import classes, reliability, trials
from unsurprised.report.drawing.plots import Charts
from unsurprised.report.drawing.reliability import beside

if TYPE_CHECKING:
    import altair as alt


class Plots(Charts[Calibration]):
    """The charts of a calibration, as those of ``evaluation.plot``."""

    def trials(self) -> alt.LayerChart:
        """What each calibrator saves on rows that it was not fitted on."""
        tried = self._result.trials
        why = "what each saves is infinite" if tried else "no calibrator was tried"
        self._need("trials", trials.drawn(self._result), why)
        return trials.chart(self._result)

    def reliability(self) -> alt.HConcatChart:
        """Reliability diagrams before and after; below them is chosen of which class."""
        curves = reliability.before_and_after(self._result)
        self._need("reliability", curves, "there are no curves")
        return beside(curves)

    def classes(self) -> alt.LayerChart:
        """What the calibrator saves on the rows of each class that happened."""
        self._need("classes", self._result.by_class, "no calibrator helps, or no class happened")
        return classes.chart(self._result)
