"""The rows on which two models disagree most."""

from __future__ import annotations

from collections.abc import Sequence

from unsurprised.comparison.result import Comparison, Difference, RowDifference
from unsurprised.report.comparison.intervals import most_rows, title
from unsurprised.report.numbers import printable
from unsurprised.report.pages.parts import (
    Cell,
    HtmlTable,
    Section,
    amount,
    named,
)


def section(pair: Difference, comparison: Comparison, number: int) -> Section | None:
    """Those on which the new model is most worse, and most better."""
    if not (pair.most_worse or pair.most_better):
        return None
    unit, most = comparison.unit, most_rows(comparison)
    made = [
        _row_table(f"The new model is most {word}", rows[:most], unit)
        for word, rows in (("worse", pair.most_worse), ("better", pair.most_better))
        if rows
    ]
    return Section(
        f"rows-{number}",
        title("On which rows do they disagree most?", pair, comparison),
        tables=made,
        advice="Read a few of each: they say what the new model has learned, and forgotten.",
    )


def _row_table(caption: str, rows: Sequence[RowDifference], unit: str) -> HtmlTable:
    return HtmlTable(
        caption,
        ["row", f"new − base, {unit}", "base", "new", "label"],
        [
            [
                Cell(
                    printable(row.id, 60, tail=30), str(row.id) if isinstance(row.id, int) else None
                ),
                amount(row.difference, mark="more" if row.difference > 0 else "less"),
                amount(row.base),
                amount(row.new),
                named(row.label),
            ]
            for row in rows
        ],
        words=1,
        keeps=2,
        sortable=True,
        searchable=True,
    )
