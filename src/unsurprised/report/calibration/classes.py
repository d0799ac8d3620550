"""Which classes moved: what the rows of each class save."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.calibration.result import Calibration, ClassSaving
from unsurprised.report.drawing.intervals import Intervals, beside
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
from unsurprised.report.drawing.parts import distinct
from unsurprised.report.numbers import ABSENT, counted, interval, number
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

if TYPE_CHECKING:
    import altair as alt

#: Classes that a chart draws, and that a table lists: a page must stay small.
_MOST_DRAWN, _MOST_ROWS = 20, 250
_VERDICTS = ("costs more", "as before", "costs less")


def verdict(part: ClassSaving) -> str:
    """Whether the rows of a class cost more after it, or less, beyond chance."""
    if not part.stands_out:
        return _VERDICTS[1]
    return _VERDICTS[2] if part.saved.value > 0 else _VERDICTS[0]


def chart(calibration: Calibration, palette: Palette = NOTEBOOK) -> alt.LayerChart:
    """A point with its interval for each class; left of zero it costs more than before."""
    parts = _ordered(calibration)[:_MOST_DRAWN]
    rows = [
        {
            "class": name,
            "saved": part.saved.value,
            "low": part.saved.low,
            "high": part.saved.high,
            "verdict": verdict(part),
            "rows": f"{part.rows:,}",
            "saves": f"{number(part.saved.value)} {calibration.unit} a row",
            "interval": interval(part.saved, "information"),
        }
        for name, part in zip(distinct([part.label for part in parts]), parts, strict=True)
    ]
    return Intervals(
        name="class",
        point="saved",
        kind="verdict",
        kinds=beside(_VERDICTS, palette),
        title=f"saves so many {calibration.unit} a row of the class",
        tooltips=("class", "rows", "saves", "interval", "verdict"),
    ).from_zero(rows, palette)


def section(calibration: Calibration) -> Section | None:
    """The classes that add most, and all of them in a table."""
    parts = _ordered(calibration)
    if not parts:
        return None
    unit, left = calibration.unit, len(parts) - _MOST_ROWS
    table = HtmlTable(
        "All classes",
        ["class", "verdict", f"saves {unit} a row", "95 % interval", "before", "after", "adds",
         "rows"],
        [_row(part) for part in parts[:_MOST_ROWS]],
        f"{left:,} more are in the JSON." if left > 0 else "",
        names=2,
        keeps=3,
        sortable=True,
        searchable=len(parts) > _MOST_DRAWN,
    )  # fmt: skip
    label = f"What {calibration.method} saves on the rows of each class, in {unit} a row"
    if len(parts) > _MOST_DRAWN:
        label += f": {_MOST_DRAWN} of {len(parts):,} classes"
    worse, better = (
        sum(verdict(part) == kind for part in parts) for kind in (_VERDICTS[0], _VERDICTS[2])
    )
    said = (
        f"By the class that happened: of {counted(len(parts), 'class')}, {better:,} cost less than "
        f"before and {worse:,} more, by more than chance explains, however many were looked at."
    )
    figure = Chart("classes", label, lambda: spec(chart(calibration, PAGE)), table)
    return Section(
        "classes",
        "Which classes moved?",
        [said],
        [figure],
        advice=_PAYS * bool(worse),
        terms=_TERMS,
    )


def _ordered(calibration: Calibration) -> list[ClassSaving]:
    return sorted(
        calibration.by_class, key=lambda part: (not part.stands_out, -abs(part.contribution))
    )


def _row(part: ClassSaving) -> list[Cell]:
    said = verdict(part)
    mark = {"costs more": "more", "costs less": "less"}.get(said, "")
    return [
        named(part.label),
        Cell(said if mark else ABSENT, mark=mark),
        amount(part.saved.value),
        ranged(part.saved),
        amount(part.cross_entropy.value),
        amount(part.cross_entropy_after.value),
        amount(part.contribution),
        counting(part.rows),
    ]


_PAYS = (
    "Some classes pay for what others save. Take the calibrator only if those that pay matter no "
    "more than the rest."
)
_TERMS = (
    (
        "saves",
        "Cross-entropy before − after of the rows of the class, on rows that the calibrator was "
        "not fitted on. Below 0 the class pays for what others save.",
    ),
    ("adds", "What the class adds to what all rows save; all classes add up to it."),
    (
        "costs more, costs less",
        "What the class saves is not 0 at a false discovery rate of 5 % among all classes "
        "(Benjamini and Hochberg, 1995).",
    ),
)
