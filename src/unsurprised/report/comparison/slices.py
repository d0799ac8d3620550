"""Where two models differ: the slices of the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.comparison.result import Comparison, Difference, SliceDifference
from unsurprised.report.drawing.palette import PAGE
from unsurprised.report.numbers import ABSENT, counted, printable
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

if TYPE_CHECKING:
    pass

from unsurprised.report.comparison.intervals import MOST_DRAWN, chart, kind_of, most_rows, title


def section(pair: Difference, comparison: Comparison, number: int) -> Section | None:
    """The slices that add most, and all of them in a table."""
    if not pair.slices:
        return None
    unit = comparison.unit
    ordered = _ordered(pair)
    shown = drawn(pair)
    standing = sum(part.stands_out for part in pair.slices)
    small = HtmlTable(
        "The slices drawn",
        ["slice", f"{unit} a row", "95 % interval"],
        [[Cell(name), amount(found.value), ranged(found)] for name, found in shown],
    )
    most = most_rows(comparison)
    left = len(ordered) - most
    table = HtmlTable(
        "All slices",
        ["column", "slice", "rows", f"{unit} a row", "95 % interval", "adds", "verdict"],
        [_slice_row(part) for part in ordered[:most]],
        f"{left:,} slices more are in the JSON." if left > 0 else "",
        names=2,
        words=1,
        sortable=True,
        searchable=True,
    )
    label = f"New − base by slice, in {unit} a row"
    return Section(
        f"slices-{number}",
        title("Where do they differ?", pair, comparison),
        [
            f"Of {counted(len(pair.slices), 'slice')}, {standing:,} differ by more than chance "
            "explains, however many were looked at."
        ],
        [Chart(f"by-slice-{number}", label, lambda: spec(chart(shown, unit, PAGE)), small)],
        [table],
        terms=_TERMS,
    )


def drawn(pair: Difference) -> list[tuple[str, Estimate]]:
    """The slices that a chart shows: those that stand out, then those that add most."""
    return [(_slice_name(part), part.difference) for part in _ordered(pair)[:MOST_DRAWN]]


def _ordered(pair: Difference) -> list[SliceDifference]:
    return sorted(pair.slices, key=lambda part: (not part.stands_out, -abs(part.contribution)))


def _slice_name(part: SliceDifference) -> str:
    value = "(none)" if part.value is None else part.value
    return printable(f"{part.column}={value}", 40)


def _slice_row(part: SliceDifference) -> list[Cell]:
    kind = kind_of(part.difference) if part.stands_out else ""
    mark = {"worse": "more", "better": "less"}.get(kind, "")
    return [
        named(part.column),
        named(part.value),
        counting(part.rows),
        amount(part.difference.value),
        ranged(part.difference),
        amount(part.contribution),
        Cell(kind or ABSENT, mark=mark),
    ]


_TERMS = (
    ("adds", "What the slice adds to the difference of all rows; those of a column add up to it."),
    (
        "verdict",
        "The slice's difference is not 0 at a false discovery rate of 5 % among all slices that "
        "were looked at (Benjamini and Hochberg, 1995), by the jackknife.",
    ),
)
