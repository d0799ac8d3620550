"""The figures in one table, as texts, terminals, notebooks and pages have them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

from unsurprised.evaluation.records import Recalibration
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.evaluation.catalogue import GROUPS, QUANTILES, SUM_DEVIATION, Figure
from unsurprised.report.evaluation.definitions import anchor_of, definition_of
from unsurprised.report.numbers import counted, interval, number, share, valued
from unsurprised.report.pages.parts import Card, Cell, HtmlTable, Section
from unsurprised.statistics.estimate import Estimate

#: The figures that may stand at the top of a page: the first of them that there are.
_CARDS = ("cross_entropy", "kl_divergence", "miscalibration", "confidence_gap", "accuracy",
          "perplexity", "information_gained")  # fmt: skip
_MOST_CARDS = 4
#: What goes without saying where a figure has little room.
_MIXED = "uniform mixing, then "


@dataclass(frozen=True, slots=True)
class FigureLine:
    """One figure, ready to show."""

    #: What it is of all figures, whatever it is called.
    key: str
    name: str
    value: str
    interval: str
    definition: str
    brief: str


def groups(evaluation: Evaluation) -> list[list[FigureLine]]:
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
        shown.append([FigureLine(SUM_DEVIATION.field, SUM_DEVIATION.name, value, "", *about)])
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


def _line(figure: Figure, estimate: Estimate) -> FigureLine:
    return FigureLine(
        figure.field,
        figure.name,
        valued(estimate, figure.style),
        interval(estimate, figure.style),
        figure.definition,
        figure.brief,
    )


def _ledger(evaluation: Evaluation) -> list[FigureLine]:
    """The account: what is known beforehand, what the model knows, what it loses, what it pays."""
    ledger = evaluation.ledger
    if ledger is None:
        return []
    taken, tried = ledger.recalibration, ledger.recalibrations
    family = taken.family.removeprefix(_MIXED)
    place = tried.index(taken)
    rows = counted(ledger.rows, "row")
    model = "the model" if ledger.rows == evaluation.rows else f"on {rows}"
    return [
        _account("label_entropy", "label entropy", ledger.label_entropy,
                 "what knowing the class frequencies costs", "class frequencies alone"),
        _account("discrimination", "− discrimination", taken.discrimination,
                 "what the model knows of each row beyond them", "known of each row"),
        _account("miscalibration", "+ miscalibration", taken.miscalibration,
                 f"what {family} saves on unseen rows", f"by {family}"),
        *(_part("  of it", each) for each in tried[:place]),
        *(_part("  or", each) for each in tried[place + 1 :]),
        _account("cross_entropy", "= cross-entropy", ledger.cross_entropy,
                 f"the model, on {rows}", model),
    ]  # fmt: skip


def _part(name: str, each: Recalibration) -> FigureLine:
    family = each.family.removeprefix(_MIXED)
    key = f"miscalibration/{each.family}"
    return _account(key, name, each.miscalibration, f"by {family} alone", f"by {family}")


def _account(key: str, name: str, found: Estimate, about: str, brief: str) -> FigureLine:
    amount, ends = valued(found, "information"), interval(found, "information")
    return FigureLine(key, name, amount, ends, about, brief)


def _calibration(evaluation: Evaluation) -> list[FigureLine]:
    brier, curve = evaluation.brier, next(iter(evaluation.calibration), None)
    if brier is None or curve is None:
        return []
    calibrated = f"{share(curve.error_if_calibrated)} if calibrated"
    score = brier.score
    return [
        FigureLine(
            "calibration_error",
            "calibration error",
            share(curve.error),
            "",
            f"top class; {calibrated}",
            calibrated,
        ),
        FigureLine(
            "brier",
            "Brier score",
            valued(score, "number"),
            interval(score, "number"),
            "mean squared error of the probabilities",
            "mean squared error",
        ),
    ]


def _quantile(level: float, estimate: Estimate) -> FigureLine:
    part = "half" if level == 0.5 else f"{100 * level:g} %"
    return FigureLine(
        f"quantiles/{level:g}",
        "median surprisal" if level == 0.5 else f"surprisal at {100 * level:g} %",
        valued(estimate, QUANTILES.style),
        interval(estimate, QUANTILES.style),
        f"{part} {QUANTILES.definition}",
        f"{part} of rows {QUANTILES.brief}",
    )


def definitions(groups: list[list[FigureLine]], width: int) -> Callable[[FigureLine], str]:
    """The full definitions if they fit beside the figures, else the brief ones, else none."""
    lines = [line for group in groups for line in group]
    room = width - 6
    for part in (attrgetter("name"), attrgetter("value"), attrgetter("interval")):
        room -= max((len(part(line)) for line in lines), default=0)
    for about in (attrgetter("definition"), attrgetter("brief")):
        if all(len(about(line)) <= room for line in lines):
            return about
    return lambda _: ""


def section(evaluation: Evaluation) -> Section:
    """The figures with their intervals and definitions."""
    rows = [
        [
            Cell(line.name.strip(), anchor=anchor_of(line.key)),
            Cell(line.value),
            Cell(line.interval),
            Cell(line.definition),
        ]
        for group in groups(evaluation)
        for line in group
    ]
    header = ["figure", "value", "95 % interval", "what it is"]
    table = HtmlTable("All figures", header, rows, words=1, keeps=2)
    return Section("figures", "All figures", tables=[table])


def defined(evaluation: Evaluation) -> Section:
    """What the figures are, each once, and what they are called elsewhere."""
    lines = [line for group in groups(evaluation) for line in group]
    found = {one.key: one for line in lines if (one := definition_of(line.key)) is not None}
    return Section("definitions", "Definitions of the figures", definitions=tuple(found.values()))


def cards(evaluation: Evaluation) -> list[Card]:
    """The few that stand at the top."""
    lines: dict[str, FigureLine] = {}
    for group in groups(evaluation):
        for line in group:
            lines.setdefault(line.key, line)
    found = [lines[key] for key in _CARDS if key in lines][:_MOST_CARDS]
    return [
        Card(
            line.name.removeprefix("+ "),
            line.value,
            line.interval,
            line.definition,
            anchor_of(line.key),
        )
        for line in found
    ]
