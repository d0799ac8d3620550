"""A calibration as text."""

from __future__ import annotations

import math
from collections.abc import Sequence

from unsurprised.calibration.result import Calibration, Trial
from unsurprised.report.next_steps import glossary, next_steps
from unsurprised.report.numbers import counted, in_brackets, interval, number, printable
from unsurprised.report.screen import Line, Screen, line, wrapped
from unsurprised.report.tables import TextTable, laid_out
from unsurprised.statistics.estimate import Estimate

#: What is no more than this behind is so by rounding alone.
_NOTHING = 1e-12
_HEADER = ["tried", "saves", "95 % interval", "behind the best", "in sample", ""]


def lines(calibration: Calibration, screen: Screen, written: Sequence[str] = ()) -> list[Line]:
    """The report; the same calibration gives the same text.

    Parameters
    ----------
    calibration : Calibration
        What :func:`unsurprised.calibrate` returned.
    screen : Screen
        Its width, and what can be done next; all of it fits the first screen.
    written : sequence of str
        What became of the files that were asked for.
    """
    width = screen.width
    made = [*screen.taken, line()] if screen.taken else []
    helps = calibration.method is not None
    made += wrapped(headline(calibration), width, "bold green" if helps else "bold yellow")
    made += wrapped(size(calibration), width)
    made += [line(), *laid_out(_table(calibration), width, ("", "bold", "cyan")), line()]
    for text in (advice(calibration), *notes(calibration), *written):
        made += wrapped(text, width)
    return [*made, *_closing(calibration, screen)]


def _closing(calibration: Calibration, screen: Screen) -> list[Line]:
    steps = [("html", "with charts")]
    if calibration.method is not None:
        steps = [("save", "keep the calibrator"), ("apply", "calibrate other rows"), *steps]
    return [*(next_steps(steps, screen) or [line()]), *glossary(screen)]


def headline(calibration: Calibration) -> str:
    """What can be removed, and what cannot."""
    unit = calibration.unit
    if calibration.method is None:
        return (
            f"None of these helps: the model's {_amount(calibration.cross_entropy)} {unit} a row "
            "are noise and what it does not know."
        )
    return (
        f"Removable by {calibration.method}: {_with_interval(calibration.removable, unit)}; "
        f"not removable by any of these: {_amount(calibration.cross_entropy_after)} (noise and "
        "what the model does not know)."
    )


def advice(calibration: Calibration) -> str:
    """Which to take, and why."""
    if calibration.method is None:
        return (
            "Leave the model as it is: to do nothing is within one standard error of the best, on "
            "rows that were not fitted on."
        )
    if not calibration.trials or len(calibration.trials) == 1:
        trial = calibration.trials[0]
        sure = trial.saved.low > 0 or math.isinf(trial.saved.value)
        return (
            f"Take {calibration.method}: it helps."
            if sure
            else f"{calibration.method[0].upper()}{calibration.method[1:]} was asked for; that it "
            "helps is not sure."
        )
    return (
        f"Take {calibration.method}: the simplest within one standard error of the best, on rows "
        "that were not fitted on."
    )


def notes(calibration: Calibration) -> list[str]:
    """What else must be said, a line each."""
    said = [f"Note: {note}." for note in calibration.notes]
    said += [f"Not tried: {name}: {why}." for name, why in calibration.not_tried.items()]
    if calibration.clusters is not None and math.isnan(calibration.removable.low):
        said.append(
            f"No intervals: {counted(calibration.clusters, 'cluster')} are too few to tell how "
            "clusters differ."
        )
    return [printable(line) for line in said]


def size(calibration: Calibration) -> str:
    """Rows, samples and folds, in a line."""
    rows = counted(calibration.rows, "row")
    if calibration.clusters is not None:
        rows += f" in {counted(calibration.clusters, 'cluster')}"
    parts = [rows]
    if calibration.fitted_rows < calibration.rows:
        parts.append(f"fitted on a sample of {calibration.fitted_rows:,}, judged on all")
    if calibration.skipped_rows:
        parts.append(f"{calibration.skipped_rows:,} left out (null, ignored or of weight 0)")
    parts.append(f"{calibration.folds} folds")
    return " · ".join(parts)


def _table(calibration: Calibration) -> TextTable:
    rows = [_line(trial, calibration) for trial in calibration.trials]
    return TextTable("", list(_HEADER), rows, least=(4,), cuts_names=False)


def _line(trial: Trial, calibration: Calibration) -> list[str]:
    behind = "0"
    if trial.behind > _NOTHING:
        behind = f"{number(trial.behind)} ± {number(trial.behind_error)}"
    return [
        trial.method,
        number(trial.saved.value),
        interval(trial.saved, "information"),
        behind,
        number(trial.saved_in_sample),
        "←" if trial.method == calibration.method else "",
    ]


def _amount(estimate: Estimate) -> str:
    return number(estimate.value)


def _with_interval(estimate: Estimate, unit: str) -> str:
    return f"{number(estimate.value)} {unit} a row{in_brackets(estimate, 'information')}"
