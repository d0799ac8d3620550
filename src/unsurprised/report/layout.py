"""The order of a report, the same for plain text, terminals and notebooks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

from unsurprised.evaluation.records import HistogramBar
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.figures import GROUPS, QUANTILES, SUM_DEVIATION, Figure
from unsurprised.report.numbers import (
    ABSENT,
    counted,
    interval,
    number,
    printable,
    round_number,
    share,
    valued,
)
from unsurprised.statistics.estimate import Estimate

_MOST_BARS = 16
#: What goes without saying where a figure has little room.
_MIXED = "uniform mixing, then "
_EIGHTHS = " ▏▎▍▌▋▊▉█"


@dataclass(frozen=True, slots=True)
class Line:
    """One figure, ready to show."""

    name: str
    value: str
    interval: str
    definition: str
    brief: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the histogram: its range, its share of the largest, what it holds."""

    range: str
    fill: float
    amount: str


def groups(evaluation: Evaluation) -> list[list[Line]]:
    """The figures that the evaluation has, group by group."""
    shown = [
        [_line(figure, estimate) for figure in group if (estimate := _shown(figure, evaluation))]
        for group in GROUPS
    ]
    shown.insert(1, _ledger(evaluation))
    shown.append(_calibration(evaluation))
    shown.append([_quantile(*pair) for pair in sorted(evaluation.quantiles.items())])
    if evaluation.largest_sum_deviation is not None:
        value = number(evaluation.largest_sum_deviation)
        about = (SUM_DEVIATION.definition, SUM_DEVIATION.brief)
        shown.append([Line(SUM_DEVIATION.name, value, "", *about)])
    return [group for group in shown if group]


def _shown(figure: Figure, evaluation: Evaluation) -> Estimate | None:
    if figure.field == "cross_entropy_nats" and evaluation.unit == "nats":
        return None
    if figure.field == "finite_cross_entropy" and not evaluation.infinite_rows:
        return None
    ledger = evaluation.ledger
    if figure.field == "label_entropy" and ledger is not None and ledger.rows == evaluation.rows:
        return None  # it stands in the ledger
    estimate = getattr(evaluation, figure.field)
    return estimate if isinstance(estimate, Estimate) else None


def _line(figure: Figure, estimate: Estimate) -> Line:
    return Line(
        figure.name,
        valued(estimate, figure.style),
        interval(estimate, figure.style),
        figure.definition,
        figure.brief,
    )


def _ledger(evaluation: Evaluation) -> list[Line]:
    """The account: what is known beforehand, what the model knows, what it loses, what it pays."""
    ledger = evaluation.ledger
    if ledger is None:
        return []
    taken, tried = ledger.recalibration, ledger.recalibrations
    family = taken.family.removeprefix(_MIXED)
    place = tried.index(taken)
    others = [("  of it", each) for each in tried[:place]]
    others += [("  or", each) for each in tried[place + 1 :]]
    lines = [
        ("label entropy", ledger.label_entropy, "what knowing the class frequencies costs",
         "class frequencies alone"),
        ("− discrimination", taken.discrimination, "what the model knows of each row beyond them",
         "known of each row"),
        ("+ miscalibration", taken.miscalibration, f"what {family} saves on unseen rows",
         f"by {family}"),
        *((name, each.miscalibration, f"by {each.family.removeprefix(_MIXED)} alone",
           f"by {each.family.removeprefix(_MIXED)}") for name, each in others),
        ("= cross-entropy", ledger.cross_entropy, f"the model, on {counted(ledger.rows, 'row')}",
         "the model" if ledger.rows == evaluation.rows else f"on {counted(ledger.rows, 'row')}"),
    ]  # fmt: skip
    return [
        Line(name, valued(found, "information"), interval(found, "information"), about, brief)
        for name, found, about, brief in lines
    ]


def _calibration(evaluation: Evaluation) -> list[Line]:
    brier, curve = evaluation.brier, next(iter(evaluation.calibration), None)
    if brier is None or curve is None:
        return []
    calibrated = f"{share(curve.error_if_calibrated)} if calibrated"
    score = brier.score
    return [
        Line("calibration error", share(curve.error), "", f"top class; {calibrated}", calibrated),
        Line(
            "Brier score",
            valued(score, "number"),
            interval(score, "number"),
            "mean squared error of the probabilities",
            "mean squared error",
        ),
    ]


def _quantile(level: float, estimate: Estimate) -> Line:
    part = "half" if level == 0.5 else f"{100 * level:g} %"
    return Line(
        "median surprisal" if level == 0.5 else f"surprisal at {100 * level:g} %",
        valued(estimate, QUANTILES.style),
        interval(estimate, QUANTILES.style),
        f"{part} {QUANTILES.definition}",
        f"{part} of rows {QUANTILES.brief}",
    )


def definitions(groups: list[list[Line]], width: int) -> Callable[[Line], str]:
    """The full definitions if they fit beside the figures, else the brief ones, else none."""
    lines = [line for group in groups for line in group]
    room = width - 6
    for part in (attrgetter("name"), attrgetter("value"), attrgetter("interval")):
        room -= max((len(part(line)) for line in lines), default=0)
    for about in (attrgetter("definition"), attrgetter("brief")):
        if all(len(about(line)) <= room for line in lines):
            return about
    return lambda _: ""


def bars(evaluation: Evaluation) -> list[Bar]:
    """The histogram in at most sixteen bars, and one for the rows that are infinite."""
    merged = _merged(evaluation.histogram)
    largest = max((bar.weight for bar in merged), default=0.0)
    shown = [
        Bar(
            f"{round_number(bar.low)} to {round_number(bar.high)}",
            bar.weight / largest if largest else 0.0,
            _amount(bar.weight, evaluation),
        )
        for bar in merged
    ]
    if evaluation.infinite_rows and not any(math.isinf(bar.low) for bar in merged):
        rows = evaluation.infinite_rows
        fill = 0.0 if evaluation.weighted or not largest else min(rows / largest, 1.0)
        amount = counted(rows, "row") if evaluation.weighted else _amount(rows, evaluation)
        shown.append(Bar("infinite", fill, amount))
    return shown


def _merged(histogram: tuple[HistogramBar, ...]) -> list[HistogramBar]:
    step = -(-len(histogram) // _MOST_BARS) or 1
    parts = [histogram[start : start + step] for start in range(0, len(histogram), step)]
    return [
        HistogramBar(part[0].low, part[-1].high, sum(bar.weight for bar in part)) for part in parts
    ]


def _amount(weight: float, evaluation: Evaluation) -> str:
    part = share(weight / evaluation.weight) if evaluation.weight else ABSENT
    return part if evaluation.weighted else f"{weight:,.0f} ({part})"


def blocks(fill: float, width: int) -> str:
    """A bar of block characters; what is not zero shows.

    >>> blocks(1.0, 4), blocks(0.5, 3), blocks(0.001, 4), blocks(0.0, 4)
    ('████', '█▌', '▏', '')
    """
    eighths = max(round(fill * width * 8), 1 if fill > 0 else 0)
    whole, part = divmod(eighths, 8)
    return "█" * whole + _EIGHTHS[part].strip()


def worst_rows(evaluation: Evaluation) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the table of worst rows; columns without content are left out."""
    header = ["surprisal", "row", "label", "predicted", "confidence", "file"]
    rows = [
        [
            f"{number(row.surprisal)} {evaluation.unit}",
            printable(row.id, 24),
            _optional(row.label),
            _optional(row.predicted),
            ABSENT if row.confidence is None else share(row.confidence),
            _optional(row.file, 40),
        ]
        for row in evaluation.worst_rows
    ]
    files = {row.file for row in evaluation.worst_rows}
    kept = [
        index
        for index in range(len(header))
        if any(row[index] != ABSENT for row in rows) and (header[index] != "file" or len(files) > 1)
    ]
    return [header[index] for index in kept], [[row[index] for index in kept] for row in rows]


def _optional(text: str | None, width: int = 20) -> str:
    return ABSENT if text is None else printable(text, width)
