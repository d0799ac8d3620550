"""``explanation.plot``: the chart of the report, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.explanation.result import Explanation
from unsurprised.report.drawing.plots import Charts
from unsurprised.report.explanation.chart import chart

if TYPE_CHECKING:
    import altair as alt


class Plots(Charts[Explanation]):
    """The chart of an explanation, as those of ``evaluation.plot``."""

    def lengths(self) -> alt.LayerChart:
        """The two ideal code lengths of each outcome as bars."""
        return chart(self._result)
