"""Where two models differ: the slices of the rows, and the classes that happened."""

from __future__ import annotations

from collections.abc import Sequence

from unsurprised.comparison.result import Comparison, Difference, SliceDifference
from unsurprised.report.comparison.intervals import MOST_DRAWN, chart, kind_of, most_rows, title
from unsurprised.report.drawing.palette import PAGE
from unsurprised.report.numbers import ABSENT, counted
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import (
    Cell,
    Chart,
    HtmlTable,
    Section,
    amount,
    counting,
    named,
    ranged,
)
from unsurprised.statistics.estimate import Estimate


def section(pair: Difference, comparison: Comparison, number: int) -> Section | None:
    """The slices that add most, and all of them in a table."""
    if not pair.slices:
        return None
    return Section(
        f"slices-{number}",
        title("Where do they differ?", pair, comparison),
        [_found(pair.slices, "slice")],
        [_chart(f"by-slice-{number}", "slice", pair.slices, comparison)],
        [_table("slice", pair.slices, comparison)],
        terms=_terms("slice", "those of a column"),
    )


def classes(pair: Difference, comparison: Comparison, number: int) -> Section | None:
    """Which classes moved: the difference on the rows of each."""
    if not pair.by_class:
        return None
    return Section(
        f"classes-{number}",
        title("Which classes moved?", pair, comparison),
        [_found(pair.by_class, "class")],
        [_chart(f"by-class-{number}", "class", pair.by_class, comparison)],
        [_table("class", pair.by_class, comparison)],
        terms=_terms("class", "all classes"),
    )


def drawn(parts: Sequence[SliceDifference], noun: str) -> list[tuple[str, Estimate]]:
    """What a chart shows: those that stand out, then those that add most."""
    return [(_name(part, noun), part.difference) for part in _ordered(parts)[:MOST_DRAWN]]


def _found(parts: Sequence[SliceDifference], noun: str) -> str:
    standing = sum(part.stands_out for part in parts)
    worse = sum(part.stands_out and part.difference.value > 0 for part in parts)
    found = f"{standing:,} differ{'s' if standing == 1 else ''} by more than chance explains"
    split = f": {worse:,} for the worse, {standing - worse:,} for the better" if standing else ""
    return f"Of {counted(len(parts), noun)}, {found}, however many were looked at{split}."


def _chart(key: str, noun: str, parts: Sequence[SliceDifference], comparison: Comparison) -> Chart:
    unit, shown = comparison.unit, drawn(parts, noun)
    label = f"New − base by {noun}, in {unit} a row; right of zero the new model is more surprised"
    if len(shown) < len(parts):
        label += f": {len(shown)} of {len(parts):,}"
    table = HtmlTable(
        f"New − base by {noun}",
        [noun, f"{unit} a row", "95 % interval"],
        [[named(name), amount(found.value), ranged(found)] for name, found in shown],
        keeps=2,
    )
    return Chart(key, label, lambda: spec(chart(shown, unit, PAGE)), table)


def _table(noun: str, parts: Sequence[SliceDifference], comparison: Comparison) -> HtmlTable:
    most = most_rows(comparison)
    left = len(parts) - most
    return HtmlTable(
        "All slices" if noun == "slice" else "All classes",
        [noun, "verdict", f"{comparison.unit} a row", "95 % interval", "adds", "rows"],
        [_row(part, noun) for part in _ordered(parts)[:most]],
        f"{left:,} more are in the JSON." if left > 0 else "",
        names=2,
        keeps=2,
        sortable=True,
        searchable=True,
    )


def _ordered(parts: Sequence[SliceDifference]) -> list[SliceDifference]:
    return sorted(parts, key=lambda part: (not part.stands_out, -abs(part.contribution)))


def _name(part: SliceDifference, noun: str) -> str:
    value = "(none)" if part.value is None else part.value
    return value if noun == "class" else f"{part.column} = {value}"


def _row(part: SliceDifference, noun: str) -> list[Cell]:
    kind = kind_of(part.difference) if part.stands_out else ""
    mark = {"worse": "more", "better": "less"}.get(kind, "")
    return [
        named(_name(part, noun)),
        Cell(kind or ABSENT, mark=mark),
        amount(part.difference.value),
        ranged(part.difference),
        amount(part.contribution),
        counting(part.rows),
    ]


def _terms(noun: str, add: str) -> tuple[tuple[str, str], ...]:
    return (
        ("adds", f"What the {noun} adds to the difference of all rows; {add} add up to it."),
        (
            "verdict",
            f"The difference on the rows of the {noun} is not 0 at a false discovery rate of 5 % "
            "among all that were looked at (Benjamini and Hochberg, 1995).",
        ),
    )
