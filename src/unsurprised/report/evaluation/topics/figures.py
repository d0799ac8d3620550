"""Every figure in one table, as the text of the report has them."""

from __future__ import annotations

from unsurprised.evaluation.result import Evaluation
from unsurprised.report.evaluation import layout
from unsurprised.report.pages.parts import Card, Cell, Section, Table

_CARDS = ("cross-entropy", "KL divergence", "+ miscalibration", "confidence gap", "accuracy",
          "perplexity", "information gained")  # fmt: skip
_MOST_CARDS = 4


def section(evaluation: Evaluation) -> Section:
    """The figures with their intervals and definitions."""
    rows = [
        [Cell(line.name.strip()), Cell(line.value), Cell(line.interval), Cell(line.definition)]
        for group in layout.groups(evaluation)
        for line in group
    ]
    header = ["figure", "value", "95 % interval", "what it is"]
    return Section("figures", "All figures", tables=[Table("All figures", header, rows, words=1)])


def cards(evaluation: Evaluation) -> list[Card]:
    """The few that stand at the top."""
    lines = {line.name: line for group in layout.groups(evaluation) for line in group}
    found = [lines[name] for name in _CARDS if name in lines][:_MOST_CARDS]
    return [
        Card(line.name.removeprefix("+ "), line.value, line.interval, line.definition)
        for line in found
    ]
