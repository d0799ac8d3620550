"""The calibrators that were tried, and which to take."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from unsurprised.calibration.result import Calibration, Trial
from unsurprised.report.calibration import text
from unsurprised.report.drawing.intervals import Intervals
from unsurprised.report.drawing.palette import NOTEBOOK, PAGE, Palette
from unsurprised.report.numbers import interval, number, printable
from unsurprised.report.pages.drawn import spec
from unsurprised.report.pages.parts import Cell, Chart, HtmlTable, Section, amount, counting, ranged

if TYPE_CHECKING:
    import altair as alt


def chart(calibration: Calibration, palette: Palette = NOTEBOOK) -> alt.LayerChart:
    """A point with its interval for each; left of zero a calibrator does harm."""
    rows = [
        {
            "method": trial.method,
            "saved": trial.saved.value,
            "low": trial.saved.low,
            "high": trial.saved.high,
            "kind": "to take" if trial.method == calibration.method else "tried",
            "saves": f"{number(trial.saved.value)} {calibration.unit} a row",
            "interval": interval(trial.saved, "information"),
        }
        for trial in calibration.trials
    ]
    return Intervals(
        name="method",
        point="saved",
        kind="kind",
        kinds={"to take": (palette.less, "diamond"), "tried": (palette.plain, "circle")},
        title=f"saves so many {calibration.unit} a row",
        tooltips=("method", "saves", "interval"),
    ).from_zero(rows, palette)


def drawn(calibration: Calibration) -> bool:
    """Whether there is anything to draw: what is saved of an infinite surprisal is infinite."""
    return any(math.isfinite(trial.saved.value) for trial in calibration.trials)


def section(calibration: Calibration) -> Section:
    """What each saves on unseen rows, and on those that it was fitted on."""
    unit = calibration.unit
    table = HtmlTable(
        "What was tried",
        ["calibrator", "verdict", f"saves {unit} a row", "95 % interval", "behind the best",
         "in sample", "parameters"],
        [_row(trial, calibration) for trial in calibration.trials],
        names=2,
        keeps=3,
        sortable=True,
    )  # fmt: skip
    figure = Chart(
        "trials",
        f"What each calibrator saves on rows that it was not fitted on, in {unit} a row",
        lambda: spec(chart(calibration, PAGE)),
        table,
    )
    said = [
        printable(f"{trial.method}: {note}") for trial in calibration.trials for note in trial.notes
    ]
    return Section(
        "trials",
        "What was tried?",
        said,
        [figure] if drawn(calibration) else [],
        [] if drawn(calibration) else [table],
        advice=text.advice(calibration),
        terms=TERMS,
    )


def _row(trial: Trial, calibration: Calibration) -> list[Cell]:
    behind = f"{number(trial.behind)} ± {number(trial.behind_error)}"
    best = trial.behind == 0 == trial.behind_error
    taken = trial.method == calibration.method
    return [
        Cell(trial.method),
        Cell("take" if taken else "", mark="less" if taken else ""),
        amount(trial.saved.value),
        ranged(trial.saved),
        Cell("the best" if best else behind, f"{trial.behind:.9g}"),
        amount(trial.saved_in_sample),
        counting(trial.parameters),
    ]


TERMS = (
    (
        "saves",
        "Cross-entropy before − after, on rows that the calibrator was not fitted on: rows are put "
        "into folds, and each fold is judged by calibrators fitted on the others.",
    ),
    (
        "which to take",
        "The simplest whose savings are within one standard error of the best. The model as it is "
        "counts as the simplest of all.",
    ),
    (
        "in sample",
        "The same on the very rows that it was fitted on: larger, and it promises nothing.",
    ),
)
