"""The shares of a column's cells in both data sets, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.dataset_drift.result import CellShift, ColumnDrift
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
from unsurprised.report.drawing.parts import WIDTH, Row, distinct, inline, layered, tooltips
from unsurprised.report.drift.words import made_of, name_of
from unsurprised.report.numbers import interval, number, printable, share
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import Cell, Chart, HtmlTable, amount, counting, percent

if TYPE_CHECKING:
    import altair as alt

_HEIGHT = 220
#: Cells that a chart draws.
_MOST_DRAWN = 40
#: Cells that all have their name below; of more, those that there is room for.
_MOST_NAMED = 16


def chart(column: ColumnDrift, palette: Palette = NOTEBOOK) -> alt.LayerChart:
    """Two bars a cell: its share of the base's rows, and of the new ones."""
    import altair as alt

    cells = _drawn(column)
    base, new = _totals(column)
    names = distinct([cell.name for cell in cells])
    rows: list[Row] = [
        {
            "cell": name,
            "data set": side,
            "share": rows / total,
            "rows": f"{rows:,}",
            "of them": share(rows / total),
        }
        for name, cell in zip(names, cells, strict=True)
        for side, rows, total in (("base", cell.base, base), ("new", cell.new, new))
    ]
    colors = alt.Scale(domain=["base", "new"], range=[palette.muted, palette.more])
    bars = (
        alt.Chart(inline(rows))
        .mark_bar()
        .encode(
            x=alt.X("cell:N", sort=names, title=None,
                    axis=alt.Axis(labelAngle=-45, labelLimit=120,
                                  labelOverlap=len(names) > _MOST_NAMED)),
            xOffset=alt.XOffset("data set:N", sort=["base", "new"]),
            y=alt.Y("share:Q", title="share of the rows", axis=alt.Axis(format="~%", tickCount=5)),
            color=alt.Color("data set:N", scale=colors,
                            legend=alt.Legend(title=None, orient="top")),
            tooltip=tooltips("cell", "data set", "rows", "of them"),
        )
    )  # fmt: skip
    return layered(bars).properties(width=WIDTH, height=_HEIGHT)


def figure(column: ColumnDrift, place: int) -> Chart:
    """The chart of a column on the page, with its table."""
    found = column.drift
    label = (
        f"{name_of(column)}: {number(found.value)} bits ({interval(found, 'information')}); "
        f"{made_of(column)}"
    )
    base, new = _totals(column)
    table = HtmlTable(
        f"The cells of {name_of(column)}",
        ["cell", "base", "share", "new", "share", "bits"],
        [_row(cell, base, new) for cell in column.cells],
        _left_out(column),
        sortable=True,
    )
    return Chart(f"cells-{place}", label, lambda: spec(chart(column, PAGE)), table)


def _drawn(column: ColumnDrift) -> list[CellShift]:
    """The cells in their order; of very many, those with the most bits."""
    if len(column.cells) <= _MOST_DRAWN:
        return list(column.cells)
    least = sorted((cell.bits for cell in column.cells), reverse=True)[_MOST_DRAWN - 1]
    return [cell for cell in column.cells if cell.bits >= least][:_MOST_DRAWN]


def _totals(column: ColumnDrift) -> tuple[int, int]:
    """The rows of both data sets that are compared: shares are of them."""
    return column.base_rows or 1, column.new_rows or 1


def _left_out(column: ColumnDrift) -> str:
    left = column.cell_count - len(column.cells)
    return f"{left:,} cells with fewer rows are left out." if left else ""


def _row(cell: CellShift, base: int, new: int) -> list[Cell]:
    mark = "more" if not cell.base or not cell.new else ""
    return [
        Cell(name_of_cell(cell), mark=mark),
        counting(cell.base),
        percent(cell.base / base),
        counting(cell.new),
        percent(cell.new / new),
        amount(cell.bits),
    ]


def name_of_cell(cell: CellShift) -> str:
    """A cell, and whether one of the two lacks it."""
    told = printable(cell.name, 60)
    if not cell.base:
        return f"{told} (new)"
    return f"{told} (vanished)" if not cell.new else told
