"""How the surprisal is spread over the rows."""

from __future__ import annotations

from unsurprised.evaluation.result import Evaluation
from unsurprised.report.drawing.palette import PAGE
from unsurprised.report.evaluation.layout import bars
from unsurprised.report.evaluation.topics import histogram_chart as histogram
from unsurprised.report.numbers import number
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import Cell, Chart, Section, Table, amount, ranged


def section(evaluation: Evaluation) -> Section | None:
    """Bars and quantiles."""
    if not evaluation.histogram:
        return None
    shown = [[Cell(bar.range), Cell(bar.amount)] for bar in bars(evaluation)]
    chart = Chart(
        "histogram",
        f"Rows by their surprisal, in {evaluation.unit}",
        spec(histogram.chart(evaluation, PAGE)),
        Table("Rows by their surprisal", [evaluation.unit, "rows"], shown),
    )
    quantiles = Table(
        "Quantiles of the surprisal",
        ["share of rows below", evaluation.unit, "95 % interval"],
        [
            [Cell(f"{100 * level:g} %"), amount(found.value), ranged(found)]
            for level, found in sorted(evaluation.quantiles.items())
        ],
    )
    half = evaluation.quantiles.get(0.5)
    says = (
        [f"Half of the rows cost less than {number(half.value)} {evaluation.unit}."] if half else []
    )
    return Section(
        "histogram",
        "Is it a few rows or many?",
        says,
        [chart],
        [quantiles] if evaluation.quantiles else [],
        terms=TERMS,
    )


TERMS = (
    (
        "surprisal",
        "−log q(y) of a row: 0 where the model was certain of what happened, 1 bit where it gave "
        "it one half, 10 bits one in about a thousand.",
    ),
    ("quantiles", "With intervals from order statistics (binomial bounds)."),
)
