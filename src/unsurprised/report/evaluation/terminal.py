"""An evaluation on a terminal: colour, a table that fits the width, a histogram in blocks."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from unsurprised.evaluation.result import Evaluation
from unsurprised.report.choices import choices as said
from unsurprised.report.evaluation import layout, sentences
from unsurprised.report.evaluation.topics import figures, histogram, worst
from unsurprised.report.tables import TextTable

#: The screen stays readable where the terminal is very wide.
_WIDEST = 110


def show(
    evaluation: Evaluation,
    choices: Mapping[str, str] | None = None,
    console: Console | None = None,
) -> None:
    """Print the report.

    Parameters
    ----------
    evaluation : Evaluation
        What :func:`unsurprised.evaluate` returned.
    choices : mapping of str to str, optional
        What was taken from the input, shown first.
    console : rich.console.Console, optional
        Where to print; standard output by default.
    """
    console = console or Console(highlight=False)
    console.width = min(console.width, _WIDEST)
    if choices:
        console.print(Text(said(choices, console.width), style="dim"))
        console.print()
    console.print(Text(sentences.headline(evaluation), style=_mood(evaluation)))
    console.print(Text(sentences.size(evaluation, console.width)))
    for note in sentences.notes(evaluation):
        console.print(Text(note))
    console.print()
    console.print(_figures(evaluation, console.width))
    _histogram(evaluation, console)
    for table in layout.tables(evaluation):
        _listed(table, console)
    _worst_rows(evaluation, console)
    _missing(evaluation, console)


def _mood(evaluation: Evaluation) -> str:
    gap = evaluation.confidence_gap
    if evaluation.infinite_rows or (gap is not None and gap.low > 0):
        return "bold red"
    return "bold yellow" if gap is not None and gap.high < 0 else "bold green"


def _figures(evaluation: Evaluation, width: int) -> Table:
    groups = figures.groups(evaluation)
    about = figures.definitions(groups, width)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", no_wrap=True)
    table.add_column("", no_wrap=True, justify="right", style="bold")
    table.add_column("95 % interval", no_wrap=True, justify="right", style="cyan")
    table.add_column("", style="dim", no_wrap=True)
    for index, group in enumerate(groups):
        if index:
            table.add_row()
        for line in group:
            cells = (line.name, line.value, line.interval, about(line))
            table.add_row(*(Text(cell) for cell in cells))
    return table


def _title(console: Console, title: str) -> None:
    console.print()
    console.print(Rule(Text(title, style="bold"), align="left", style="dim"))


def _histogram(evaluation: Evaluation, console: Console) -> None:
    bars = histogram.bars(evaluation)
    if not bars:
        return
    _title(console, f"How the surprisal of the rows is spread, in {evaluation.unit}")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True, style="cyan")
    table.add_column(justify="right", no_wrap=True, style="dim")
    room = max(console.width - 44, 10)
    for bar in bars:
        table.add_row(Text(bar.range), Text(histogram.blocks(bar.fill, room)), Text(bar.amount))
    console.print(table)


def _listed(shown: TextTable, console: Console) -> None:
    _title(console, shown.title)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for index, name in enumerate(shown.header):
        table.add_column(
            name,
            justify="right" if shown.aligned_right(index) else "left",
            overflow="ellipsis",
            no_wrap=True,
        )
    for row in shown.rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)
    if shown.note:
        console.print(Text(shown.note, style="dim"))


def _worst_rows(evaluation: Evaluation, console: Console) -> None:
    header, rows = worst.table(evaluation)
    if not rows:
        return
    _title(console, "The rows that surprised the model most")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for index, name in enumerate(header):
        is_number = name in ("surprisal", "confidence")
        table.add_column(
            name,
            justify="right" if is_number else "left",
            style="bold" if name == "surprisal" else "",
            min_width=max(len(row[index]) for row in [header, *rows]) if is_number else None,
            overflow="ellipsis",
            no_wrap=True,
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _missing(evaluation: Evaluation, console: Console) -> None:
    lines = sentences.missing(evaluation)
    if not lines:
        return
    _title(console, "Not reported")
    for line in lines:
        console.print(Padding(Text(line, style="dim"), (0, 0, 0, 2)))
