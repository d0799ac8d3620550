"""``ranking.plot``: the charts of the report, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.column_ranking.result import InformationRanking
from unsurprised.report.drawing.plots import Charts
from unsurprised.report.ranking import bars

if TYPE_CHECKING:
    import altair as alt


class Plots(Charts[InformationRanking]):
    """The charts of a ranking, as those of ``evaluation.plot``."""

    def bars(self) -> alt.LayerChart:
        """What each column tells, with its interval; of very many, those that tell most."""
        self._need("bars", self._result.columns, "no column could be tested")
        return bars.chart(self._result)
