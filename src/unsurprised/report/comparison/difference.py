"""Two models against each other: the difference and its parts."""

from __future__ import annotations

from dataclasses import replace

from unsurprised.comparison.result import Comparison, Difference
from unsurprised.report.comparison import text
from unsurprised.report.comparison.intervals import chart, kind_of, title
from unsurprised.report.drawing.palette import PAGE
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import (
    Cell,
    Chart,
    HtmlTable,
    Section,
    amount,
    percent,
    ranged,
)
from unsurprised.statistics.estimate import Estimate


def section(pair: Difference, comparison: Comparison, number: int) -> Section:
    """Which is better, and what the difference is made of."""
    shown = parts(pair)
    rows = [[Cell(name), amount(found.value), ranged(found)] for name, found in shown]
    unit = comparison.unit
    table = HtmlTable(
        "The difference and its parts", ["part", f"{unit} a row", "95 % interval"], rows, keeps=2
    )
    label = f"New − base, in {unit} a row; right of zero the new model is more surprised"
    figure = Chart(f"difference-{number}", label, lambda: spec(chart(shown, unit, PAGE)), table)
    others = [
        [Cell("rows it is worse on"), percent(pair.worse_rows.value),
         ranged(pair.worse_rows, "share")],
    ]  # fmt: skip
    if pair.accuracy is not None:
        others.append(
            [Cell("accuracy, new − base"), percent(pair.accuracy.value),
             ranged(pair.accuracy, "share")]
        )  # fmt: skip
    says = [text.of_pair(pair, comparison)] if len(comparison.differences) > 1 else []
    return Section(
        f"difference-{number}",
        title("Which is better?", pair, comparison),
        [*says, *filter(None, [text.why_both(pair)])],
        [figure],
        [HtmlTable("Besides", ["of the rows", "share", "95 % interval"], others, keeps=2)],
        advice=_advice(pair),
        terms=_TERMS,
    )


def parts(pair: Difference) -> list[tuple[str, Estimate]]:
    """The difference, and where it is known what it is made of."""
    found = [("difference", pair.difference)]
    if pair.finite_difference is not None:
        found.append(("finite rows", pair.finite_difference))
    if pair.miscalibration is not None and pair.discrimination is not None:
        found.append(("miscalibration", pair.miscalibration))
        found.append(("− discrimination", _negated(pair.discrimination)))
    return found


def _negated(found: Estimate) -> Estimate:
    return replace(found, value=-found.value, low=-found.high, high=-found.low)


def _advice(pair: Difference) -> str:
    kind = kind_of(pair.difference)
    if kind == "cannot be told":
        return (
            "These rows do not tell which is better. Take more rows, or the simpler model; "
            "“unsurprised check” says how many rows would tell."
        )
    if kind == "worse":
        removable = pair.miscalibration is not None and pair.miscalibration.low > 0
        kept = pair.discrimination is not None and pair.discrimination.high >= 0
        if removable and kept:
            return (
                "Do not take it as it is: but what it lost is calibration, which “unsurprised "
                "calibrate” repairs without training it again."
            )
        return f"Keep the base.{_look(pair, 'for what the new model has lost')}"
    return f"Take the new model.{_look(pair, 'whether it is worse where that matters')}"


def _look(pair: Difference, what: str) -> str:
    """Where to look, of what the page has."""
    places = [
        name
        for name, found in (
            ("classes", pair.by_class),
            ("slices", pair.slices),
            ("rows", pair.most_worse or pair.most_better),
        )
        if found
    ]
    if not places:
        return ""
    listed = " and ".join(filter(None, [", ".join(places[:-1]), places[-1]]))
    return f" Look at the {listed} below {what}."


_TERMS = (
    (
        "difference",
        "The mean of surprisal(new) − surprisal(base), row by row: what is hard for both cancels.",
    ),
    ("finite rows", "The same over the rows on which both models' surprisal is finite."),
    (
        "miscalibration",
        "The difference of what a recalibration saves on rows that it was not fitted on; above 0 "
        "the new model is calibrated worse.",
    ),
    (
        "− discrimination",
        "The difference of what is left after that: above 0 the new model knows less. The two add "
        "up to the difference.",
    ),
    ("rows it is worse on", "The share of rows on which the new model is more surprised."),
)
