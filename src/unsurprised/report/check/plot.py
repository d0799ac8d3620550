"""``check.plot``: the chart of the report, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.comparison.check import Check
from unsurprised.report.check import findings
from unsurprised.report.drawing.plots import Charts

if TYPE_CHECKING:
    import altair as alt


class Plots(Charts[Check]):
    """The chart of a check, as those of ``evaluation.plot``."""

    def findings(self) -> alt.LayerChart:
        """What was measured, with its interval, from its limit: right of zero it is broken."""
        self._need("findings", self._result.findings, "there is no limit")
        return findings.chart(self._result)
