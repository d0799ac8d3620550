"""An explanation on a terminal: the table as wide as there is room, with colour."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from unsurprised.explanation.result import Explanation
from unsurprised.report.explanation import layout
from unsurprised.report.explanation.sentences import meaning, notes
from unsurprised.report.explanation.text import legend, table_lines, total_lines

#: The screen stays readable where the terminal is very wide.
_WIDEST = 110


def show(
    explanation: Explanation, choices: Iterable[str] = (), console: Console | None = None
) -> None:
    """Print the explanation.

    Parameters
    ----------
    explanation : Explanation
        What :func:`unsurprised.explain` returned.
    choices : iterable of str, optional
        What was taken from the files, shown first.
    console : rich.console.Console, optional
        Where to print; standard output by default.
    """
    console = console or Console(highlight=False)
    console.width = min(console.width, _WIDEST)
    for choice in choices:
        console.print(Text(choice, style="dim"))
        console.print()
    bad = explanation.cross_entropy == float("inf")
    console.print(Text(meaning(explanation), style="bold red" if bad else "bold"))
    console.print()
    shown = layout.fitting(layout.shown(explanation), console.width)
    marked = "bold cyan" if explanation.happened is not None and not bad else "bold red"
    styles = {"header": "dim", "outcome": "", "marked": marked, "others": "dim", "total": "bold"}
    for line, role in table_lines(shown):
        _print(line, console, styles[role])
    for line in legend(explanation, shown):
        console.print(Text(line, style="dim"))
    console.print()
    for line in total_lines(explanation, console.width):
        _print(line, console)
    for note in notes(explanation):
        console.print()
        console.print(Text(note))


def _print(line: str, console: Console, style: str = "") -> None:
    """A line that is cut rather than wrapped where the terminal is hopelessly narrow."""
    console.print(Text(line.rstrip(), style=style), no_wrap=True, overflow="ellipsis")
