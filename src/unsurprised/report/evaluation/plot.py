"""``evaluation.plot``: the charts of the report, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from unsurprised.errors import CallError
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.drawing.plots import Charts
from unsurprised.report.evaluation.topics import (
    calibration,
    confidence,
    confusion,
    histogram,
    ledger,
    slices,
)
from unsurprised.report.numbers import printable

if TYPE_CHECKING:
    import altair as alt


class Plots(Charts[Evaluation]):
    """The charts of an evaluation, each an Altair chart that holds its data.

    A chart is shown by a notebook as it is, saved by its ``save("chart.svg")`` (or ``.png``,
    ``.html``, ``.json``), and changed by Altair's own methods.

    Raises
    ------
    CallError
        By each method, where the evaluation lacks what the chart shows; it says why.

    Examples
    --------
    >>> import unsurprised as us
    >>> result = us.evaluate([0, 1, 1], [[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    >>> chart = result.plot.ledger()
    >>> type(chart).__name__
    'LayerChart'
    >>> wide = chart.properties(width=800)
    """

    def ledger(self) -> alt.LayerChart:
        """The score decomposition: a waterfall from knowing nothing to what the model paid."""
        self._needed("ledger", ledger.steps(self._result), "label_entropy")
        return ledger.chart(self._result)

    def calibration(self) -> alt.LayerChart:
        """The reliability diagram (calibration curve) of the top class, or of a chosen one."""
        self._needed("calibration", self._result.calibration)
        return calibration.chart(self._result)

    def confidence(self, by: Literal["confidence", "class"] = "confidence") -> alt.LayerChart:
        """Observed and expected surprisal, along the model's confidence or by its top class."""
        if by not in ("confidence", "class"):
            raise CallError(f"plot.confidence(by={by!r}); expected 'confidence' or 'class'")
        field = f"gaps_by_{by}"
        self._needed("confidence", getattr(self._result, field), field)
        return confidence.chart(self._result, by)

    def histogram(self) -> alt.LayerChart:
        """How the surprisal of the rows is spread."""
        self._needed("histogram", self._result.histogram)
        return histogram.chart(self._result)

    def slices(self, column: str | None = None) -> alt.LayerChart | alt.VConcatChart:
        """What the slices cost, of one column or of each."""
        import altair as alt

        found = self._result.sliced_by
        self._needed("slices", found)
        if column is not None:
            found = tuple(part for part in found if part.column == column)
            if not found:
                names = ", ".join(repr(printable(part.column)) for part in self._result.sliced_by)
                raise CallError(f"plot.slices({column!r}): rows were sliced by {names}")
        charts = [
            slices.chart(self._result, part).properties(title=f"by {printable(part.column)}")
            for part in found
        ]
        return charts[0] if len(charts) == 1 else alt.vconcat(*charts)

    def confusion(self) -> alt.LayerChart:
        """Bits by the class that happened and the class that the model favoured."""
        self._needed("confusion", confusion.cells(self._result), "confusion_bits")
        return confusion.chart(self._result)

    def _needed(self, name: str, data: Any, field: str | None = None) -> None:
        why = self._result.missing.get(field or name) or _WHY.get(name, "it has no such data")
        self._need(name, data, why)


_WHY = {
    "ledger": "needs finite surprisal and labels whose classes are known",
    "slices": "the rows were not sliced; evaluate(…, by=…)",
    "calibration": "needs the probabilities of all classes and evaluate(…, ledger=True)",
    "confidence": "needs the probabilities of all classes and evaluate(…, ledger=True)",
    "confusion": "needs labels, at most 1,000 classes and evaluate(…, ledger=True)",
}
