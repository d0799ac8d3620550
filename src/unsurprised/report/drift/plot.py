"""``drift.plot``: the charts of the report, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.dataset_drift.result import Drift
from unsurprised.errors import CallError
from unsurprised.report.drawing.plots import Charts
from unsurprised.report.drift import histograms, windows

if TYPE_CHECKING:
    import altair as alt


class Plots(Charts[Drift]):
    """The charts of drift, as those of ``evaluation.plot``."""

    def histogram(self, column: str | None = None) -> alt.LayerChart:
        """The shares of a column's cells in both data sets; of the one with the most bits."""
        self._need("histogram", self._result.columns, "no column is compared")
        if column is None:
            return histograms.chart(self._result.columns[0])
        try:
            return histograms.chart(self._result[column])
        except KeyError:
            names = ", ".join(repr(each.name) for each in self._result.columns[:10])
            raise CallError(
                f"plot.histogram({column!r}): no such column is compared; expected one of {names}"
            ) from None

    def windows(self) -> alt.LayerChart:
        """The bits of the columns that drift most, window after window."""
        self._need("windows", self._result.windows, "drift(…, by=…) cuts windows of time")
        return windows.chart(self._result)
