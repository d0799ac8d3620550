"""``fidelity.plot``: the charts of the report, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.language_models.result import Fidelity, TokenRange
from unsurprised.report.drawing.plots import Charts
from unsurprised.report.fidelity import where
from unsurprised.report.fidelity.sentences import confidence_range, position_range

if TYPE_CHECKING:
    import altair as alt


class Plots(Charts[Fidelity]):
    """The charts of a fidelity, as those of ``evaluation.plot``."""

    def confidence(self) -> alt.LayerChart:
        """KL of a token by how sure the base is."""
        parts = self._finite("confidence", self._result.by_confidence)
        return where.chart(parts, confidence_range, self._result.unit)

    def position(self) -> alt.LayerChart:
        """KL of a token by its place in the document."""
        parts = self._finite("position", self._result.by_position)
        return where.chart(parts, position_range, self._result.unit)

    def _finite(self, name: str, parts: tuple[TokenRange, ...]) -> list[TokenRange]:
        finite = [part for part in parts if part.kl_divergence.value < float("inf")]
        self._need(name, finite, "the KL is infinite everywhere")
        return finite
