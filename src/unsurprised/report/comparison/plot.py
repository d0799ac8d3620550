"""``comparison.plot``: the charts of the report, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.comparison.result import Comparison, Difference
from unsurprised.errors import CallError
from unsurprised.report.comparison import difference, reliability, slices
from unsurprised.report.comparison.intervals import chart
from unsurprised.report.drawing.plots import Charts
from unsurprised.report.drawing.reliability import beside
from unsurprised.report.numbers import printable

if TYPE_CHECKING:
    import altair as alt


class Plots(Charts[Comparison]):
    """The charts of a comparison, as those of ``evaluation.plot``.

    Each is of a new model against the base: the first one, or the one that is named.
    """

    def difference(self, new: str | None = None) -> alt.LayerChart:
        """The difference and its parts, with their intervals."""
        return chart(difference.parts(self._pair("difference", new)), self._result.unit)

    def slices(self, new: str | None = None) -> alt.LayerChart:
        """The slices that add most to the difference."""
        pair = self._pair("slices", new)
        self._need("slices", pair.slices, "the rows were not sliced; compare(…, by=…)")
        return chart(slices.drawn(pair.slices, "slice"), self._result.unit)

    def classes(self, new: str | None = None) -> alt.LayerChart:
        """The classes that happened, by what they add to the difference."""
        pair = self._pair("classes", new)
        self._need("classes", pair.by_class, "needs labels, at most 1,000 classes")
        return chart(slices.drawn(pair.by_class, "class"), self._result.unit)

    def reliability(self, new: str | None = None) -> alt.HConcatChart:
        """Reliability diagrams of the base and the new model, side by side."""
        pair = self._pair("reliability", new)
        curves = reliability.curves_by_model(self._result, pair.new)
        self._need("reliability", curves, "needs the probabilities of all classes")
        return beside(curves)

    def _pair(self, name: str, new: str | None) -> Difference:
        for pair in self._result.differences:
            if new is None or pair.new == new:
                return pair
        names = ", ".join(repr(printable(pair.new)) for pair in self._result.differences)
        raise CallError(f"plot.{name}({new!r}): the models that are not the base are {names}")
