"""An explanation as text: the table as wide as there is room, then the totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Literal

from unsurprised.explanation.result import Explanation
from unsurprised.report.explanation import layout
from unsurprised.report.explanation.sentences import meaning, notes, totals
from unsurprised.report.next_steps import next_steps
from unsurprised.report.screen import Line, Screen, line, padded, sized_for, wide, wrapped

Role = Literal["header", "outcome", "marked", "others", "total"]
#: Outcomes on the first screen, from the most to the least, and in the full report.
_MOST, _FULL = (layout.MOST, 16, 12, 8), 1000


def lines(explanation: Explanation, screen: Screen) -> list[Line]:
    """The report; the same explanation gives the same text.

    Parameters
    ----------
    explanation : Explanation
        What :func:`unsurprised.explain` returned.
    screen : Screen
        Its width, whether up to 1,000 outcomes are to be listed, and what can be done next.
    """
    sizes = ((most,) for most in _MOST)
    return sized_for(screen, partial(_sized, explanation, screen), (_FULL,), sizes)


def _sized(explanation: Explanation, screen: Screen, most: int) -> list[Line]:
    width = screen.width
    table = layout.fitting(layout.shown(explanation, most), width)
    bad = explanation.cross_entropy == float("inf")
    made = [*screen.taken, line()] if screen.taken else []
    made += [*wrapped(meaning(explanation), width, "bold red" if bad else "bold"), line()]
    marked = "bold cyan" if explanation.happened is not None and not bad else "bold red"
    styles = {"header": "dim", "outcome": "", "marked": marked, "others": "dim", "total": "bold"}
    made += [line(text, styles[role]) for text, role in table_lines(table)]
    for text in legend(explanation, table):
        made += wrapped(text, width, "dim")
    made += [line(), *map(line, total_lines(explanation, width))]
    for note in notes(explanation):
        made += [line(), *wrapped(note, width)]
    steps = [("html", "with charts")]
    if most < len(explanation.outcomes) and not screen.full:
        steps.append(("full", "all outcomes"))
    return made + next_steps(steps, screen)


def table_lines(shown: layout.Shown) -> Iterator[tuple[str, Role]]:
    """The lines of the table and what each is."""
    groups = layout.grouped(shown.columns)
    widths = [layout.group_width(*group) for group in groups]
    names = ("outcome", *shown.names, shown.others, "total")
    first = max(map(wide, names))
    heads = [name.rjust(width) for (name, _), width in zip(groups, widths, strict=True)]
    yield "  ".join([" " * first, *heads]), "header"

    def line(name: str, cells: Sequence[str]) -> str:
        texts, at = [], 0
        for (_, columns), width in zip(groups, widths, strict=True):
            part = "  ".join(
                cell.rjust(column.width)
                for column, cell in zip(columns, cells[at : at + len(columns)], strict=True)
            )
            texts.append(part.rjust(width))
            at += len(columns)
        return "  ".join([padded(name, first), *texts])

    columns = shown.columns
    yield line("outcome", [column.name for column in columns]), "header"
    for index, (name, marked) in enumerate(zip(shown.names, shown.marked, strict=True)):
        text = line(name, [column.cells[index] for column in columns])
        yield f"{text} {layout.MARK}" if marked else text, "marked" if marked else "outcome"
    if shown.others:
        yield line(shown.others, [column.others for column in columns]), "others"
    yield line("total", [column.total for column in columns]), "total"


def legend(explanation: Explanation, shown: layout.Shown) -> list[str]:
    """What the mark means and what is not in the table."""
    found = []
    if any(shown.marked):
        what = "what happened" if explanation.happened is not None else "infinite: Q = 0 < P"
        found.append(f"{layout.MARK} {what}")
    if shown.left_out:
        found.append(f"not shown for want of room: {'; '.join(dict.fromkeys(shown.left_out))}")
    return found


def total_lines(explanation: Explanation, width: int) -> list[str]:
    """The totals, and what they are as far as there is room."""
    shown = totals(explanation)
    names = max(len(total.name) for total in shown)
    values = max(len(total.value) for total in shown)
    units = max(len(total.unit) for total in shown)
    found = []
    for total in shown:
        text = f"{total.name:<{names}}  {total.value:>{values}} {total.unit:<{units}}"
        room = width - len(text) - 2
        about = next((one for one in (total.definition, total.brief) if len(one) <= room), "")
        found.append(f"{text}  {about}".rstrip())
    return found
