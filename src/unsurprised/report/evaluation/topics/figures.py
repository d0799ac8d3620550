"""The figures in one table, as texts, terminals, notebooks and pages have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from unsurprised.evaluation.figures.text import ONE
from unsurprised.evaluation.records import Recalibration
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.evaluation.catalogue import GROUPS, QUANTILES, SUM_DEVIATION, Figure
from unsurprised.report.evaluation.definitions import anchor_of, definition_of
from unsurprised.report.numbers import counted, interval, number, share, valued
from unsurprised.report.pages.parts import Card, Cell, HtmlTable, Section
from unsurprised.report.tables import TextTable, described
from unsurprised.statistics.estimate import Estimate

#: The figures that may stand at the top of a page: the first of them that there are.
_CARDS = ("cross_entropy", "kl_divergence", "miscalibration", "confidence_gap", "accuracy",
          "perplexity", "information_gained")  # fmt: skip
_MOST_CARDS = 4
#: How a terminal shows the columns of a table of figures.
STYLES = ("", "bold", "cyan", "dim")
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
    return [group for _, parts in titled(evaluation) for group in parts]


def titled(evaluation: Evaluation) -> list[tuple[str, list[list[FigureLine]]]]:
    """The same under titles; the first have none."""
    shown = [
        [_line(figure, estimate) for figure in group if (estimate := _shown(figure, evaluation))]
        for group in GROUPS
    ]
    shown.append(_calibration(evaluation))
    if evaluation.largest_sum_deviation is not None:
        value = number(evaluation.largest_sum_deviation)
        about = (SUM_DEVIATION.definition, SUM_DEVIATION.brief)
        shown.append([FigureLine(SUM_DEVIATION.field, SUM_DEVIATION.name, value, "", *about)])
    ledger = _ledger(evaluation)
    quantiles = [_quantile(*pair) for pair in sorted(evaluation.quantiles.items())]
    sections = [
        ("", shown),
        ("The text", [text_lines(evaluation)]),
        ("Score decomposition (the ledger)", [ledger]),
        ("Percentiles of surprisal", [quantiles]),
    ]
    kept = [(title, [group for group in parts if group]) for title, parts in sections]
    return [(title, parts) for title, parts in kept if parts]


def text_lines(evaluation: Evaluation) -> list[FigureLine]:
    """What a token, word, byte and character of a text costs."""
    if evaluation.text is None:
        return []
    found = []
    for unit, score in evaluation.text.per_unit.items():
        about = f"all documents together: {score.amount:,.0f} {unit}"
        found.append(_per_unit(f"text/{unit}", f"by {ONE[unit]} (micro)", score.micro, about))
        if score.macro is not None:
            about = "the mean of the documents, all alike"
            found.append(_per_unit(f"text/{unit}/macro", "  macro", score.macro, about))
    return found


def _per_unit(key: str, name: str, found: Estimate, about: str) -> FigureLine:
    amount, ends = valued(found, "information"), interval(found, "information")
    return FigureLine(key, name, amount, ends, about, "")


def below(title: str, line: FigureLine) -> FigureLine:
    """A figure as it is called under a title that says the rest."""
    return replace(line, name=line.name.removesuffix(" of surprisal")) if title else line


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
    if curve is None:
        return []
    chance = share(curve.error_if_calibrated)
    error = FigureLine(
        "calibration_error",
        "calibration error",
        share(curve.error),
        "",
        f"expected calibration error (ECE); {chance} would be chance",
        f"ECE; {chance} by chance",
    )
    if brier is None:  # of many classes
        return [error]
    score = brier.score
    return [
        error,
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
        "median surprisal" if level == 0.5 else f"{ordinal(100 * level)} percentile of surprisal",
        valued(estimate, QUANTILES.style),
        interval(estimate, QUANTILES.style),
        f"{part} {QUANTILES.definition}",
        f"{part} lie below",
    )


def ordinal(value: float) -> str:
    """A number as a place.

    >>> ordinal(1.0), ordinal(5.0), ordinal(11.0), ordinal(99.5)
    ('1st', '5th', '11th', '99.5th')
    """
    ends = {"1": "st", "2": "nd", "3": "rd"}
    text = f"{value:g}"
    is_teen = text[-2:-1] == "1" or "." in text
    return text + ("th" if is_teen else ends.get(text[-1], "th"))


def table(lines: Sequence[FigureLine], width: int) -> TextTable:
    """Figures, each with the longest of its definitions that there is room for."""
    rows = [[line.name, line.value, line.interval] for line in lines]
    bare = TextTable("", ["", "value", "95 % interval"], rows, names=0)
    return described(bare, [(line.definition, line.brief) for line in lines], width)


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


def by_key(evaluation: Evaluation) -> dict[str, FigureLine]:
    """Each figure once, without the sign that it has in a sum."""
    lines: dict[str, FigureLine] = {}
    for group in groups(evaluation):
        for line in group:
            lines.setdefault(line.key, replace(line, name=line.name.removeprefix("+ ")))
    return lines


def cards(evaluation: Evaluation) -> list[Card]:
    """The few that stand at the top."""
    lines = by_key(evaluation)
    found = [lines[key] for key in _CARDS if key in lines][:_MOST_CARDS]
    return [
        Card(line.name, line.value, line.interval, line.definition, anchor_of(line.key))
        for line in found
    ]
