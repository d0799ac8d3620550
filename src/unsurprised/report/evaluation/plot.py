"""``evaluation.plot``: the charts of the report, for notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from unsurprised.copies import Kept
from unsurprised.errors import CallError
from unsurprised.evaluation.result import Evaluation
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


class Plots(Kept):
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

    def __init__(self, evaluation: Evaluation) -> None:
        self._evaluation = evaluation

    def ledger(self) -> alt.LayerChart:
        """The waterfall from knowing nothing to what the model paid."""
        self._need("ledger", ledger.steps(self._evaluation), "label_entropy")
        return ledger.chart(self._evaluation)

    def calibration(self) -> alt.LayerChart:
        """The calibration curve of the top class, or of a class that is chosen below the chart."""
        self._need("calibration", self._evaluation.calibration)
        return calibration.chart(self._evaluation)

    def confidence(self, by: Literal["confidence", "class"] = "confidence") -> alt.LayerChart:
        """Surprisal met and expected, along the model's confidence or by its top class."""
        if by not in ("confidence", "class"):
            raise CallError(f"plot.confidence(by={by!r}); expected 'confidence' or 'class'")
        field = f"gaps_by_{by}"
        self._need("confidence", getattr(self._evaluation, field), field)
        return confidence.chart(self._evaluation, by)

    def histogram(self) -> alt.LayerChart:
        """How the surprisal of the rows is spread."""
        self._need("histogram", self._evaluation.histogram)
        return histogram.chart(self._evaluation)

    def slices(self, column: str | None = None) -> alt.LayerChart | alt.VConcatChart:
        """What the slices cost, of one column or of each."""
        import altair as alt

        found = self._evaluation.sliced_by
        self._need("slices", found)
        if column is not None:
            found = tuple(part for part in found if part.column == column)
            if not found:
                names = ", ".join(
                    repr(printable(part.column)) for part in self._evaluation.sliced_by
                )
                raise CallError(f"plot.slices({column!r}): rows were sliced by {names}")
        charts = [
            slices.chart(self._evaluation, part).properties(title=f"by {printable(part.column)}")
            for part in found
        ]
        return charts[0] if len(charts) == 1 else alt.vconcat(*charts)

    def confusion(self) -> alt.LayerChart:
        """Bits by the class that happened and the class that the model favoured."""
        self._need("confusion", confusion.cells(self._evaluation), "confusion_bits")
        return confusion.chart(self._evaluation)

    def _need(self, name: str, data: Any, field: str | None = None) -> None:
        if data:
            return
        reason = self._evaluation.missing.get(field or name) or _WHY.get(
            name, "it has no such data"
        )
        raise CallError(f"plot.{name}(): nothing to draw: {printable(reason)}")


_WHY = {
    "ledger": "needs finite surprisal and labels whose classes are known",
    "slices": "the rows were not sliced; evaluate(…, by=…)",
    "calibration": "needs the probabilities of all classes and evaluate(…, ledger=True)",
    "confidence": "needs the probabilities of all classes and evaluate(…, ledger=True)",
    "confusion": "needs labels, at most 1,000 classes and evaluate(…, ledger=True)",
}
