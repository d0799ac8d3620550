"""Drift between two data sets, as text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from unsurprised.dataset_drift.result import ColumnDrift, Drift, Moved, TimeWindow
from unsurprised.report.drift.words import (
    headline,
    made_of,
    name_of,
    reason_of,
    sizes,
)
from unsurprised.report.next_steps import in_python, next_steps
from unsurprised.report.numbers import ABSENT, interval, number, p_value, printable
from unsurprised.report.screen import Line, Screen, line, sized_for, wrapped
from unsurprised.report.tables import TextTable, laid_out

__all__ = ["headline", "lines"]

_STYLES = ("", "bold", "cyan", "dim")
#: Columns that drifted, others, and those apart: in all, and on the first screen.
_FULL = (10_000, 10_000, 10_000)
_SIZES = ((20, 8, 8), (12, 3, 5), (12, 2, 3), (12, 0, 3), (9, 0, 2), (6, 0, 2))


def lines(drift: Drift, screen: Screen, verdict: Sequence[Line] = ()) -> list[Line]:
    """The report; the same result gives the same text.

    Parameters
    ----------
    drift : Drift
        What :func:`unsurprised.drift` returned.
    screen : Screen
        Its width, whether all is to be said, and what can be done next.
    verdict : sequence of Line
        What conditions say of it, under the headline.
    """
    return sized_for(screen, partial(_sized, drift, screen, verdict), _FULL, _SIZES)


def _sized(drift: Drift, screen: Screen, verdict: Sequence[Line], *most: int) -> list[Line]:
    drifted, others, apart = most
    width = screen.width
    made = wrapped(headline(drift), width, "bold yellow" if drift.drifted else "bold green")
    made += [*wrapped(sizes(drift), width, "dim"), *verdict]
    for note in drift.notes:
        made += wrapped(note, width)
    made += [line()] if drift.drifted else []
    made += laid_out(_columns(drift.drifted, "", drifted), width, _STYLES)
    if drift.drifted:
        made += _made_of(drift.drifted[:drifted], width)
    still = [column for column in drift.columns if not column.drifted]
    made += laid_out(_columns(still, "No drift found", others), width)
    made += laid_out(_moved(drift.moved), width, _STYLES)
    made += laid_out(_windows(drift.windows), width)
    made += laid_out(_apart(drift, apart), width)
    steps = [("full", "all columns"), ("html", "with both histograms of each")]
    return [*made, *(next_steps(steps, screen) or in_python("drift", screen))]


def _columns(columns: Sequence[ColumnDrift], title: str, most: int) -> TextTable:
    rows = [
        [
            name_of(column),
            number(column.drift.value),
            interval(column.drift, "information"),
            p_value(column.q_value),
            number(column.psi),
            number(column.psi_noise),
        ]
        for column in columns[:most]
    ]
    left = len(columns) - most
    note = f"And {left:,} more." if left > 0 and most else ""
    header = ["column", "bits", "95 % interval", "q", "PSI", "its noise"]
    return TextTable(title, header, rows, note, least=(5, 4))


def _made_of(columns: Sequence[ColumnDrift], width: int) -> list[Line]:
    """What each is made of, a line each."""
    made = [line()]
    for column in columns:
        made += wrapped(f"{name_of(column)}: {made_of(column)}", width, rest="  ")
    return made


def _moved(moved: Sequence[Moved]) -> TextTable:
    rows = [
        [
            each.name,
            number(each.base.value),
            number(each.new.value),
            number(each.difference.value),
            interval(each.difference, "information"),
            p_value(each.p_value),
        ]
        for each in moved
    ]
    header = ["", "base", "new", "by", "95 % interval", "p"]
    return TextTable("Labels and the model's own surprise", header, rows, least=(5,))


def _windows(windows: Sequence[TimeWindow]) -> TextTable:
    rows = []
    for window in windows:
        most = max(window.columns, key=lambda column: column.drift.value, default=None)
        told = (
            [ABSENT, ""] if most is None else [number(most.drift.value), printable(most.name, 24)]
        )
        rows.append([window.name, f"{window.rows:,}", str(window.drifted), *told])
    header = ["window", "rows", "drifted", "most bits", "in"]
    return TextTable("Over time, each against the base", header, rows)


def _apart(drift: Drift, most: int) -> TextTable:
    rows = [
        [name_of(column), reason_of(column), printable(column.said, 48)]
        for column in drift.apart[:most]
    ]
    left = len(drift.apart) - most
    note = f"And {left:,} more." if left > 0 and most else ""
    return TextTable("Without bits", ["column", "why", "found"], rows, note, names=3)
