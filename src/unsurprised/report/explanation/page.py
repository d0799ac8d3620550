"""The page of an explanation: the totals, and what each outcome costs and adds."""

from __future__ import annotations

from collections.abc import Sequence

from unsurprised.explanation.result import Explanation
from unsurprised.report.explanation import layout
from unsurprised.report.explanation.chart import on_page
from unsurprised.report.explanation.sentences import meaning, notes, totals
from unsurprised.report.explanation.text import legend
from unsurprised.report.pages.parts import Card, Cell, Chart, HtmlTable, Page, Section

_MOST_CARDS = 4


def page(explanation: Explanation) -> Page:
    """What the page of an explanation says.

    Parameters
    ----------
    explanation : Explanation
        What :func:`unsurprised.explain` returned.
    """
    lines = totals(explanation)
    cards = [
        Card(line.name, f"{line.value} {line.unit}", "", line.definition)
        for line in lines[:_MOST_CARDS]
    ]
    rows = [
        [Cell(line.name), Cell(f"{line.value} {line.unit}"), Cell(line.definition)]
        for line in lines
    ]
    figures = HtmlTable("The totals", ["total", "value", "what it is"], rows, words=1, keeps=2)
    return Page(
        "Where do the bits go?",
        meaning(explanation),
        notes(explanation),
        cards,
        [_outcomes(explanation), Section("totals", "The totals", tables=[figures])],
        result="explanation",
    )


def _outcomes(explanation: Explanation) -> Section:
    """The bars, and the table behind them."""
    shown = layout.shown(explanation)
    label = f"The ideal code length of each outcome, in {explanation.unit}"
    chart = Chart("lengths", label, lambda: on_page(explanation), _table(shown))
    return Section(
        "outcomes", "What does each outcome cost?", legend(explanation, shown), [chart], terms=TERMS
    )


def _table(shown: layout.Shown) -> HtmlTable:
    columns = sorted(shown.columns, key=lambda column: column.rank)  # what matters stands first
    header = ["outcome", *(f"{column.group}: {column.name}" for column in columns)]
    rows = [
        [Cell(f"{name} {layout.MARK}" if marked else name), *_cells(columns, index)]
        for index, (name, marked) in enumerate(zip(shown.names, shown.marked, strict=True))
    ]
    if shown.others:
        rows.append([Cell(shown.others), *(Cell(column.others.strip()) for column in columns)])
    rows.append([Cell("total"), *(Cell(column.total.strip()) for column in columns)])
    return HtmlTable("What each outcome costs and adds", header, rows)


def _cells(columns: Sequence[layout.LengthColumn], index: int) -> list[Cell]:
    return [Cell(column.cells[index].strip()) for column in columns]


TERMS = (
    (
        "code length",
        "−log of the probability: what the outcome costs in the best code for that distribution.",
    ),
    (
        "contribution",
        "Probability × length: what the outcome adds to a total, on average. Of the KL divergence "
        "it may be negative, the total never is.",
    ),
)
