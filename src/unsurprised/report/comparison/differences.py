"""Two models against each other: the difference, its parts, its slices, and its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from unsurprised.comparison.result import Comparison, Difference, RowDifference, SliceDifference
from unsurprised.report.comparison import text
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
from unsurprised.report.drawing.parts import (
    STEP,
    WIDTH,
    bits_axis,
    distinct,
    inline,
    known,
    layered,
    names_axis,
    tooltips,
)
from unsurprised.report.numbers import ABSENT, counted, interval, number, printable
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
from unsurprised.statistics.estimate import Estimate

if TYPE_CHECKING:
    import altair as alt

_KINDS = ("worse", "cannot be told", "better")


def chart(
    named: Sequence[tuple[str, Estimate]], unit: str, palette: Palette = NOTEBOOK
) -> alt.LayerChart:
    """A point with its interval for each; right of zero the new model is more surprised."""
    import altair as alt

    names = distinct([name for name, _ in named])
    rows = [
        {
            "part": name,
            "difference": found.value,
            "low": found.low,
            "high": found.high,
            "kind": kind_of(found),
            "new − base": f"{number(found.value)} {unit} a row",
            "interval": interval(found, "information"),
        }
        for name, (_, found) in zip(names, named, strict=True)
    ]
    legend = alt.Legend(title=None, orient="top")
    colors = alt.Scale(domain=list(_KINDS), range=[palette.more, palette.plain, palette.less])
    shapes = alt.Scale(domain=list(_KINDS), range=["triangle-right", "circle", "triangle-left"])
    encoded = alt.Chart().encode(
        y=alt.Y("part:N", sort=names, title=None, axis=names_axis()),
        color=alt.Color("kind:N", scale=colors, legend=legend),
    )
    ends = (
        encoded.properties(data=inline(known(rows, "low", "high")))
        .mark_rule(strokeWidth=2)
        .encode(x=bits_axis("low:Q", f"new − base, {unit} a row"), x2="high:Q")
    )
    dots = (
        encoded.properties(data=inline(known(rows, "difference")))
        .mark_point(filled=True, size=90, opacity=1)
        .encode(
            x="difference:Q",
            shape=alt.Shape("kind:N", scale=shapes, legend=legend),
            tooltip=tooltips("part", "new − base", "interval"),
        )
    )
    zero = alt.Chart(inline([{"at": 0.0}])).mark_rule(color=palette.muted).encode(x="at:Q")
    return layered(zero, ends, dots).properties(width=WIDTH, height=STEP * len(rows))


def kind_of(found: Estimate) -> str:
    """What an interval says of which model is better."""
    if found.low > 0:
        return _KINDS[0]
    return _KINDS[2] if found.high < 0 else _KINDS[1]


#: Slices that a chart draws, and that a table lists: a page must stay small.
_MOST_DRAWN, _MOST_ROWS = 20, 250


def sections(pair: Difference, comparison: Comparison, number: int) -> list[Section]:
    """The sections of one pair of models."""
    found = [_whole(pair, comparison, number)]
    if pair.slices:
        found.append(_slices(pair, comparison, number))
    if pair.most_worse or pair.most_better:
        found.append(_rows(pair, comparison, number))
    return found


def _most_rows(comparison: Comparison) -> int:
    """Rows of a table: the pairs share the page."""
    return max(_MOST_DRAWN, _MOST_ROWS // max(1, len(comparison.differences)))


def _title(question: str, pair: Difference, comparison: Comparison) -> str:
    if len(comparison.differences) == 1:
        return question
    return f"{question} {printable(pair.new, 40)} against {printable(pair.base, 40)}"


def _whole(pair: Difference, comparison: Comparison, number: int) -> Section:
    shown = parts(pair)
    rows = [[Cell(name), amount(found.value), ranged(found)] for name, found in shown]
    unit = comparison.unit
    table = HtmlTable(
        "The difference and its parts", ["part", f"{unit} a row", "95 % interval"], rows
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
    return Section(
        f"difference-{number}",
        _title("Which is better?", pair, comparison),
        [text.of_pair(pair, comparison)] if len(comparison.differences) > 1 else [],
        [figure],
        [HtmlTable("Besides", ["", "share", "95 % interval"], others)],
        advice=_advice(pair),
        terms=_TERMS,
    )


def parts(pair: Difference) -> list[tuple[str, Estimate]]:
    """The difference, and where it is known what it is made of."""
    found = [("difference", pair.difference)]
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
        return "Keep the base. Look at the slices and rows below for what the new model has lost."
    return "Take the new model. Look below whether it is worse on a slice that matters."


def _slices(pair: Difference, comparison: Comparison, number: int) -> Section:
    unit = comparison.unit
    ordered = _ordered(pair)
    drawn = drawn_slices(pair)
    standing = sum(part.stands_out for part in pair.slices)
    small = HtmlTable(
        "The slices drawn",
        ["slice", f"{unit} a row", "95 % interval"],
        [[Cell(name), amount(found.value), ranged(found)] for name, found in drawn],
    )
    most = _most_rows(comparison)
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
        _title("Where do they differ?", pair, comparison),
        [
            f"Of {counted(len(pair.slices), 'slice')}, {standing:,} differ by more than chance "
            "explains, however many were looked at."
        ],
        [Chart(f"by-slice-{number}", label, lambda: spec(chart(drawn, unit, PAGE)), small)],
        [table],
        terms=_SLICE_TERMS,
    )


def drawn_slices(pair: Difference) -> list[tuple[str, Estimate]]:
    """The slices that a chart shows: those that stand out, then those that add most."""
    return [(_slice_name(part), part.difference) for part in _ordered(pair)[:_MOST_DRAWN]]


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


def _rows(pair: Difference, comparison: Comparison, number: int) -> Section:
    unit, most = comparison.unit, _most_rows(comparison)
    made = [
        _row_table(f"The new model is most {word}", rows[:most], unit)
        for word, rows in (("worse", pair.most_worse), ("better", pair.most_better))
        if rows
    ]
    return Section(
        f"rows-{number}",
        _title("On which rows do they disagree most?", pair, comparison),
        tables=made,
        advice="Read a few of each: they say what the new model has learned, and forgotten.",
    )


def _row_table(caption: str, rows: Sequence[RowDifference], unit: str) -> HtmlTable:
    return HtmlTable(
        caption,
        ["row", "label", "base", "new", f"new − base, {unit}"],
        [
            [
                Cell(printable(row.id, 60), str(row.id) if isinstance(row.id, int) else None),
                named(row.label),
                amount(row.base),
                amount(row.new),
                amount(row.difference, mark="more" if row.difference > 0 else "less"),
            ]
            for row in rows
        ],
        names=2,
        sortable=True,
        searchable=True,
    )


_TERMS = (
    (
        "difference",
        "The mean of surprisal(new) − surprisal(base), row by row: what is hard for both cancels.",
    ),
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
_SLICE_TERMS = (
    ("adds", "What the slice adds to the difference of all rows; those of a column add up to it."),
    (
        "verdict",
        "The slice's difference is not 0 at a false discovery rate of 5 % among all slices that "
        "were looked at (Benjamini and Hochberg, 1995), by the jackknife.",
    ),
)
