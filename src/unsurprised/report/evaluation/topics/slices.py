"""What the slices of the rows cost, and which stand out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from unsurprised.evaluation.records import Slice, SlicedBy
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.drawing.intervals import Intervals, beside
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
from unsurprised.report.drawing.parts import (
    STEP,
    WIDTH,
    Row,
    distinct,
    inline,
    layered,
    tooltips,
)
from unsurprised.report.numbers import ABSENT, counted, interval, number, printable, share
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import (
    Cell,
    Chart,
    HtmlTable,
    Section,
    amount,
    counting,
    named,
    percent,
    ranged,
)
from unsurprised.report.tables import TextTable

if TYPE_CHECKING:
    import altair as alt

#: Slices of names that a text lists of a column; the JSON has all.
_MOST_LISTED = 10
#: Columns that are drawn, and slices that the page's table lists, all columns together.
_MOST_CHARTS, _MOST_ROWS = 8, 250
#: Slices of a column that a chart has: those that could save most, in the order of the report.
MOST_SLICES = 20


def chosen(evaluation: Evaluation, column: SlicedBy) -> list[Slice]:
    """The slices of a column that are drawn."""
    return [part for part in evaluation.slices if part.column == column.column][:MOST_SLICES]


def verdict(part: Slice) -> str:
    """Whether it stands out, and how."""
    if not part.stands_out or part.excess is None:
        return "as the others"
    return "costs more" if part.excess.value > 0 else "costs less"


def table(evaluation: Evaluation, column: SlicedBy, most: int | None = None) -> TextTable:
    """The slices that cost most; of numbers all, in their order, unless ``most`` is said."""
    parts = [part for part in evaluation.slices if part.column == column.column]
    if most is None:
        shown = parts if column.edges is not None else parts[:_MOST_LISTED]
    else:
        shown = _costliest(parts, most)
    title, note = f"By {printable(column.column, 40)}{looked(column)}", ""
    if len(shown) < len(parts) and most is not None:
        title += f": the {len(shown)} of {len(parts):,} slices that could save most"
    elif len(shown) < len(parts):
        note = f"{counted(len(parts) - len(shown), 'slice')} more: in the JSON, and on the page."
    return TextTable(
        title,
        ["slice", "rows", f"{evaluation.unit} a row", "95 % interval", "share", "could save", ""],
        [_cells(part) for part in shown],
        note,
        least=(4, 1),
    )


def _costliest(parts: Sequence[Slice], most: int) -> list[Slice]:
    """The slices that could save most, in the order that they stand in."""
    ranked = sorted(range(len(parts)), key=lambda at: -(parts[at].saving or 0.0))
    return [parts[at] for at in sorted(ranked[:most])]


def looked(column: SlicedBy) -> str:
    """Where the numbers of a column were cut; nothing of other columns."""
    if column.looked is None or column.edges is None:
        return ""
    return f", cut at quantiles of a first look at {counted(column.looked, 'row')}"


def _cells(part: Slice) -> list[str]:
    cost, saving = part.cross_entropy, part.saving
    return [
        ABSENT if part.value is None else printable(part.value, 24),
        f"{part.rows:,}",
        number(cost.value),
        interval(cost, "information"),
        ABSENT if part.share is None else share(part.share.value),
        ABSENT if saving is None or not saving > 0 else number(saving),
        verdict(part) if part.stands_out else "",
    ]


def chart(evaluation: Evaluation, column: SlicedBy, palette: Palette = NOTEBOOK) -> alt.LayerChart:
    """A point with its interval for each slice; the line is the mean of all rows."""
    import altair as alt

    parts = chosen(evaluation, column)
    names = distinct([part.value or ABSENT for part in parts])
    rows = [_point(name, part) for name, part in zip(names, parts, strict=True)]
    drawn = Intervals(
        name="slice",
        point="cost",
        kind="verdict",
        kinds=beside(("costs more", "as the others", "costs less"), palette),
        title=f"{evaluation.unit} a row",
        tooltips=("slice", "rows", "bits a row", "interval", "share", "verdict"),
        shown=number,
    )
    encoded, ends, dots, numbers = drawn.layers(rows)
    endless = (
        encoded.properties(data=inline([row for row in rows if math.isinf(row["cost"])]))
        .mark_text(align="left", text="infinite")
        .encode(x=alt.datum(0.0))
    )
    layers = layered(*_overall(evaluation, palette), ends, dots, numbers, endless)
    return layers.properties(width=WIDTH, height=STEP * len(rows))


def _overall(evaluation: Evaluation, palette: Palette) -> list[alt.Chart]:
    import altair as alt

    mean = evaluation.cross_entropy.value
    if not math.isfinite(mean):
        return []
    rule = alt.Chart(inline([{"mean": mean, "of": f"all rows: {number(mean)}"}]))
    return [
        rule.mark_rule(color=palette.muted, strokeDash=[4, 4], strokeWidth=2).encode(
            x="mean:Q", tooltip=tooltips("of")
        )
    ]


def _point(name: str, part: Slice) -> Row:
    cost = part.cross_entropy
    return {
        "slice": name,
        "cost": cost.value,
        "low": cost.low,
        "high": cost.high,
        "rows": f"{part.rows:,}",
        "bits a row": number(cost.value),
        "interval": interval(cost, "information"),
        "share": ABSENT if part.share is None else share(part.share.value),
        "verdict": verdict(part),
    }


def section(evaluation: Evaluation) -> Section | None:
    """A chart and a table for each column."""
    columns = evaluation.sliced_by
    if not columns:
        return None
    drawn = columns[:_MOST_CHARTS]
    return Section(
        "slices",
        "Which rows cost most?",
        [_found(evaluation)],
        [_chart(evaluation, index, column) for index, column in enumerate(drawn)],
        [_everything(evaluation)],
        advice=_advice(evaluation),
        terms=TERMS,
    )


def _found(evaluation: Evaluation) -> str:
    count, looked_at = len(evaluation.outstanding_slices), len(evaluation.slices)
    slices = counted(looked_at, "slice")
    if not count:
        return f"Of {slices}, none stands out: chance alone may explain how they differ."
    found, they = ("1 stands", "it costs") if count == 1 else (f"{count:,} stand", "they cost")
    return (
        f"Of {slices}, {found} out: chance alone does not explain what {they}, however many were "
        "looked at."
    )


def _chart(evaluation: Evaluation, index: int, column: SlicedBy) -> Chart:
    parts = chosen(evaluation, column)
    everything = sum(part.column == column.column for part in evaluation.slices)
    name = printable(column.column, 40)
    label = f"By {name}{looked(column)}, in {evaluation.unit} a row"
    if len(parts) < everything:
        label += f": {len(parts)} of {everything:,} slices"
    rows = [_row(part, part.value) for part in parts]
    table = HtmlTable(label, _header(evaluation), rows, names=2, keeps=2)
    return Chart(f"slices-{index}", label, lambda: spec(chart(evaluation, column, PAGE)), table)


def _everything(evaluation: Evaluation) -> HtmlTable:
    found = sorted(evaluation.slices, key=lambda part: -(part.saving or 0.0))
    note = ""
    if len(found) > _MOST_ROWS:
        note = f"{len(found) - _MOST_ROWS:,} slices more are in the JSON."
    return HtmlTable(
        "All slices, by what they could save",
        _header(evaluation),
        [_row(part, f"{part.column} = {part.value or ABSENT}") for part in found[:_MOST_ROWS]],
        note,
        names=2,
        keeps=2,
        sortable=True,
        searchable=True,
    )


def _header(evaluation: Evaluation) -> list[str]:
    unit = evaluation.unit
    return ["slice", "verdict", "could save", f"{unit} a row", "95 % interval", "share",
            "gap", "rows"]  # fmt: skip


def _row(part: Slice, name: str | None) -> list[Cell]:
    saving, gap = part.saving, part.confidence_gap
    said = verdict(part)
    mark = {"costs more": "more", "costs less": "less"}.get(said, "")
    return [
        named(name),
        Cell(said if mark else ABSENT, mark=mark),
        amount(saving if saving is not None and saving > 0 else None),
        amount(part.cross_entropy.value),
        ranged(part.cross_entropy),
        percent(None if part.share is None else part.share.value),
        amount(None if gap is None else gap.value),
        counting(part.rows),
    ]


def _advice(evaluation: Evaluation) -> str:
    costly = [part for part in evaluation.outstanding_slices if (part.saving or 0) > 0]
    if not costly:
        return ""
    part = costly[0]
    value = "without a value" if part.value is None else printable(part.value, 40)
    what = f"{printable(part.column, 40)} {value}"
    return (
        f"Look at {what} first: if it cost what the others do, the mean of all rows would fall by "
        f"{number(part.saving or 0.0)} {evaluation.unit}. More or better training rows like these "
        "help where its own over-confidence is small; recalibration by slice where it is large."
    )


TERMS = (
    ("share", "What the rows of the slice add to the total, as a share of it."),
    (
        "could save",
        "What the mean of all rows would lose if this slice cost as much as the others of its "
        "column: (its mean − theirs) × its weight.",
    ),
    (
        "costs more, costs less",
        "The slice differs from the other rows at a false discovery rate of 5 % among all slices "
        "that were looked at (Benjamini and Hochberg, 1995), by the jackknife.",
    ),
    ("gap", "Observed − expected surprisal, within the slice."),
)
