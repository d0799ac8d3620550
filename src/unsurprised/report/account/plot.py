"""``account.plot``: the chart of the report, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.coding.account import Account
from unsurprised.report.account import waterfall
from unsurprised.report.drawing.plots import Charts

if TYPE_CHECKING:
    import altair as alt


class Plots(Charts[Account]):
    """The chart of an account, as those of ``evaluation.plot``."""

    def bits(self) -> alt.LayerChart:
        """The waterfall from the entropy to the whole file."""
        return waterfall.chart(self._result)
