"""``fidelity.plot``: the charts of the report, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.language_models.result import Fidelity
from unsurprised.report.drawing.plots import Charts
from unsurprised.report.fidelity import curves, where

if TYPE_CHECKING:
    import altair as alt


class Plots(Charts[Fidelity]):
    """The charts of a fidelity, as those of ``evaluation.plot``."""

    def survival(self) -> alt.LayerChart:
        """The share of the tokens whose KL is as large or larger."""
        points = self._result.kl_survival
        self._need("survival", len(points) > 1, "no two values of a finite KL above 0")
        return curves.survival_chart(points, self._result.unit)

    def confidence(self) -> alt.LayerChart:
        """KL of a token by how sure the base is."""
        return self._parts("confidence", where.confidences(self._result))

    def position(self) -> alt.LayerChart:
        """KL of a token by its place in the document."""
        return self._parts("position", where.positions(self._result))

    def slices(self) -> alt.LayerChart:
        """KL of a token by the columns that were asked for."""
        self._need("slices", self._result.slices, "the tokens were not sliced: pass by=…")
        return self._parts("slices", where.slices(self._result))

    def documents(self) -> alt.LayerChart:
        """KL of a token in the documents that differ most, beside the mean of all tokens."""
        shown = where.drawn_documents(self._result)
        self._need("documents", shown, "the KL is infinite in all documents")
        mean = self._result.kl_divergence.value
        return where.document_chart(shown, mean, self._result.unit)

    def shift(self) -> alt.LayerChart:
        """By how much the probability of the token that came differs, other − base."""
        shifted = self._result.target_shift
        ranges = [] if shifted is None else curves.met(shifted.histogram)
        self._need("shift", ranges, "the tokens that came are not known: pass targets")
        return curves.shift_chart(ranges)

    def _parts(self, name: str, parts: dict[str, where.Part]) -> alt.LayerChart:
        finite = where.finite(parts)
        self._need(name, finite, "the KL is infinite everywhere")
        return where.chart(finite, self._result.unit)
