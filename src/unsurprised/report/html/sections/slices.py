"""What the slices of the rows cost, and which stand out."""

from __future__ import annotations

from unsurprised.evaluation.records import Slice, SlicedBy
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.charts import slices
from unsurprised.report.charts.palette import PAGE
from unsurprised.report.html.drawn import spec
from unsurprised.report.html.parts import (
    Cell,
    Chart,
    Section,
    Table,
    amount,
    counting,
    named,
    percent,
    ranged,
)
from unsurprised.report.numbers import ABSENT, counted, number, printable
from unsurprised.report.sections import looked, verdict

#: Columns that are drawn, and slices that the tables list, all columns together.
_MOST_CHARTS, _MOST_ROWS = 8, 250


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
    found = "none stands" if not count else "1 stands" if count == 1 else f"{count:,} stand"
    return (
        f"Of {counted(looked_at, 'slice')}, {found} out: chance alone does not explain what they "
        "cost, however many were looked at."
    )


def _chart(evaluation: Evaluation, index: int, column: SlicedBy) -> Chart:
    parts = slices.chosen(evaluation, column)
    everything = sum(part.column == column.column for part in evaluation.slices)
    name = printable(column.column, 40)
    label = f"By {name}{looked(column)}, in {evaluation.unit} a row"
    if len(parts) < everything:
        label += f": {len(parts)} of {everything:,} slices"
    table = Table(label, _header(evaluation)[1:], [_row(part)[1:] for part in parts], words=1)
    return Chart(f"slices-{index}", label, spec(slices.chart(evaluation, column, PAGE)), table)


def _everything(evaluation: Evaluation) -> Table:
    found = sorted(evaluation.slices, key=lambda part: -(part.saving or 0.0))
    note = ""
    if len(found) > _MOST_ROWS:
        note = f"{len(found) - _MOST_ROWS:,} slices more are in the JSON."
    return Table(
        "All slices, by what they could save",
        _header(evaluation),
        [_row(part) for part in found[:_MOST_ROWS]],
        note,
        names=2,
        words=1,
        sortable=True,
        searchable=True,
    )


def _header(evaluation: Evaluation) -> list[str]:
    unit = evaluation.unit
    return ["column", "slice", "rows", f"{unit} a row", "95 % interval", "share", "could save",
            "gap", "verdict"]  # fmt: skip


def _row(part: Slice) -> list[Cell]:
    saving, gap = part.saving, part.confidence_gap
    said = verdict(part)
    mark = {"costs more": "more", "costs less": "less"}.get(said, "")
    return [
        named(part.column),
        named(part.value),
        counting(part.rows),
        amount(part.cross_entropy.value),
        ranged(part.cross_entropy),
        percent(None if part.share is None else part.share.value),
        amount(saving if saving is not None and saving > 0 else None),
        amount(None if gap is None else gap.value),
        Cell(said if mark else ABSENT, mark=mark),
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
    ("gap", "cross-entropy − expected surprisal, within the slice."),
)
