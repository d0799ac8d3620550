"""``ranking.plot``: the charts of the report, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.column_ranking.result import InformationRanking
from unsurprised.errors import CallError
from unsurprised.report.drawing.plots import Charts
from unsurprised.report.ranking import bars, pictures

if TYPE_CHECKING:
    import altair as alt


class Plots(Charts[InformationRanking]):
    """The charts of a ranking, as those of ``evaluation.plot``."""

    def bars(self) -> alt.LayerChart:
        """What each column tells, with its interval; of very many, those that tell most."""
        self._need("bars", self._result.columns, "no column could be tested")
        return bars.chart(self._result)

    def dependence(self, column: str | None = None) -> alt.LayerChart:
        """How y is spread over the values of a column; of the one that tells most."""
        found = self._result.pictures
        self._need("dependence", found, "no column tells something")
        if column is None:
            return pictures.chart(found[0], self._result.y)
        for each in found:
            if each.name == column:
                return pictures.chart(each, self._result.y)
        names = ", ".join(repr(each.name) for each in found[:10])
        raise CallError(
            f"plot.dependence({column!r}): none of the columns that tell most; expected one of "
            f"{names}"
        )
