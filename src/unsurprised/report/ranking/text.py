"""A ranking of columns, as text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from unsurprised.column_ranking.result import InformationRanking
from unsurprised.estimate.ranking import RankedColumn
from unsurprised.report.next_steps import in_python, next_steps
from unsurprised.report.numbers import interval, number, p_value, printable, share
from unsurprised.report.ranking.words import (
    headline,
    kind_of,
    name_of,
    notes_of,
    redundancy_of,
    sizes,
)
from unsurprised.report.screen import Line, Screen, line, sized_for, wrapped
from unsurprised.report.tables import TextTable, laid_out

__all__ = ["headline", "lines"]

_STYLES = ("", "bold", "cyan", "dim")
#: Columns that tell something, others, those without bits, and notes: in all, and on a screen.
_FULL = (10_000, 10_000, 10_000, 10_000)
_SIZES = ((20, 8, 8, 3), (14, 4, 5, 3), (12, 2, 3, 2), (10, 0, 3, 0), (8, 0, 2, 0), (5, 0, 1, 0))


def lines(ranking: InformationRanking, screen: Screen) -> list[Line]:
    """The report; the same result gives the same text.

    Parameters
    ----------
    ranking : InformationRanking
        What :func:`unsurprised.mi` returned.
    screen : Screen
        Its width, whether all is to be said, and what can be done next.
    """
    return sized_for(screen, partial(_sized, ranking, screen), _FULL, _SIZES)


def _sized(ranking: InformationRanking, screen: Screen, *most: int) -> list[Line]:
    told, others, apart, notes = most
    told = told if screen.worst is None else screen.worst
    width, informative = screen.width, ranking.informative
    made = wrapped(headline(ranking), width, "bold green" if informative else "bold yellow")
    for said in (sizes(ranking), *ranking.notes):
        made += wrapped(printable(said), width, "dim", rest="  ")
    made += [line()] if informative else []
    made += laid_out(_columns(ranking, informative, "", told), width, _STYLES)
    made += [line()] if ranking.redundancy and told > 1 else []
    for each in ranking.redundancy[: max(told - 1, 0)]:
        made += wrapped(redundancy_of(each), width, rest="  ")
    rest = [column for column in ranking.columns if column not in informative]
    made += laid_out(_columns(ranking, rest, "Nothing found", others), width)
    made += laid_out(_apart(ranking, apart), width)
    made += _noted(informative[:told], notes, width)
    steps = [("full", "all columns and notes"), ("html", "as a page, with bars")]
    return [*made, *(next_steps(steps, screen) or in_python("ranking", screen))]


def _columns(
    ranking: InformationRanking, columns: Sequence[RankedColumn], title: str, most: int
) -> TextTable:
    header = ["column", ranking.unit, "95 % interval", "q", "of H(y)"]
    rows = [
        [
            name_of(column),
            number(column.information.value),
            interval(column.information, "information"),
            p_value(column.q_value),
            share(column.share),
            printable(kind_of(column), 30),
        ]
        for column in columns[:most]
        if column.information is not None
    ]
    left = len(columns) - most
    note = f"And {left:,} more." if left > 0 and most else ""
    if ranking.y_entropy is None:
        rows, header = [[*row[:4], row[5]] for row in rows], header[:4]
    return TextTable(title, [*header, "holds"], rows, note, least=(len(header),))


def _apart(ranking: InformationRanking, most: int) -> TextTable:
    rows = [[name_of(column), printable(column.reason, 90)] for column in ranking.apart[:most]]
    left = len(ranking.apart) - most
    note = f"And {left:,} more." if left > 0 and most else ""
    return TextTable(f"Without {ranking.unit}", ["column", "why"], rows, note, names=2)


def _noted(columns: Sequence[RankedColumn], most: int, width: int) -> list[Line]:
    said = [note for column in columns for note in notes_of(column)]
    made = [line()] if said and most else []
    for note in said[:most]:
        made += wrapped(note, width, "dim", rest="  ")
    if len(said) > most > 0:
        made += wrapped(f"And {len(said) - most} more notes.", width, "dim")
    return made
