"""An evaluation as text: the first screen, or all of it."""

from __future__ import annotations

from unsurprised.evaluation.result import Evaluation
from unsurprised.report.evaluation import layout, overview, sentences
from unsurprised.report.evaluation.topics import figures, histogram, worst
from unsurprised.report.screen import Line, Screen, line, titled, wrapped
from unsurprised.report.tables import TextTable, laid_out

_SHORTEST_BAR = 4


def lines(evaluation: Evaluation, screen: Screen) -> list[Line]:
    """The report; the same evaluation gives the same text.

    Parameters
    ----------
    evaluation : Evaluation
        What :func:`unsurprised.evaluate` returned.
    screen : Screen
        Its width, whether all is to be said, and what can be done next.
    """
    return _everything(evaluation, screen) if screen.full else overview.lines(evaluation, screen)


def _everything(evaluation: Evaluation, screen: Screen) -> list[Line]:
    width = screen.width
    made = overview.opening(evaluation, screen)
    for title, groups in figures.titled(evaluation):
        body = _figures([[figures.below(title, each) for each in group] for group in groups], width)
        made += titled(title, body, width) if title else [line(), *body]
    made += _histogram(evaluation, width)
    for table in (*layout.tables(evaluation), worst.table(evaluation)):
        made += laid_out(table, width)
    missing = sentences.missing(evaluation)
    reasons = [part for text in missing for part in wrapped(text, width, first="  ", rest="  ")]
    return [*made, *titled("Not reported", reasons, width), *overview.closing(evaluation, screen)]


def _figures(groups: list[list[figures.FigureLine]], width: int) -> list[Line]:
    """One table, with an empty line between groups."""
    whole = figures.table([each for group in groups for each in group], width)
    made = laid_out(whole, width, figures.STYLES)
    if len(made) <= len(whole.rows):  # without a header: paragraphs, where it is very narrow
        return made
    header, *rest = made
    parts = [header]
    for index, group in enumerate(groups):
        parts += [line()] * bool(index) + rest[: len(group)]
        rest = rest[len(group) :]
    return parts + rest


def _histogram(evaluation: Evaluation, width: int) -> list[Line]:
    bars = histogram.bars(evaluation)
    ranges = max((len(bar.range) for bar in bars), default=0)
    amounts = max((len(bar.amount) for bar in bars), default=0)
    room = width - ranges - amounts - 6
    title = f"How the surprisal of the rows is spread, in {evaluation.unit}"
    if room < _SHORTEST_BAR:
        rows = [[bar.range, bar.amount] for bar in bars]
        return laid_out(TextTable(title, ["surprisal", "rows"], rows), width)
    drawn = [
        Line(
            (
                (f"  {bar.range:>{ranges}}  ", ""),
                (f"{histogram.blocks(bar.fill, room):<{room}}", "cyan"),
                (f"  {bar.amount:>{amounts}}", "dim"),
            )
        )
        for bar in bars
    ]
    return titled(title, drawn, width)
