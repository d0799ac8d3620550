"""An explanation as plain text, at most 100 columns wide: its repr, and what is piped."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Literal

from unsurprised.explanation.result import Explanation
from unsurprised.report.explanation import layout
from unsurprised.report.explanation.sentences import meaning, notes, totals

WIDTH = 100
Role = Literal["header", "outcome", "marked", "others", "total"]


def summary(explanation: Explanation) -> str:
    """The whole explanation as text; the same explanation gives the same text.

    Parameters
    ----------
    explanation : Explanation
        What :func:`unsurprised.explain` returned.

    Returns
    -------
    str
        Lines of at most 100 columns, without a newline at the end.
    """
    shown = layout.fitting(layout.shown(explanation), WIDTH)
    parts = [
        textwrap.fill(meaning(explanation), WIDTH, break_on_hyphens=False),
        "",
        *(line for line, _ in table_lines(shown)),
        *legend(explanation, shown),
        "",
        *total_lines(explanation, WIDTH),
        "",
        *(textwrap.fill(note, WIDTH, break_on_hyphens=False) for note in notes(explanation)),
    ]
    return "\n".join(line.rstrip() for line in parts).rstrip()


def table_lines(shown: layout.Shown) -> Iterator[tuple[str, Role]]:
    """The lines of the table and what each is."""
    groups = layout.grouped(shown.columns)
    widths = [layout.group_width(*group) for group in groups]
    names = ("outcome", *shown.names, shown.others, "total")
    first = max(map(layout.wide, names))
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
        return "  ".join([layout.padded(name, first), *texts])

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
        found.append(f"not shown for want of room: {'; '.join(shown.left_out)}")
    return found


def total_lines(explanation: Explanation, width: int) -> list[str]:
    """The totals, and what they are as far as there is room."""
    lines = totals(explanation)
    names = max(len(line.name) for line in lines)
    values = max(len(line.value) for line in lines)
    units = max(len(line.unit) for line in lines)
    found = []
    for line in lines:
        text = f"{line.name:<{names}}  {line.value:>{values}} {line.unit:<{units}}"
        room = width - len(text) - 2
        about = next((one for one in (line.definition, line.brief) if len(one) <= room), "")
        found.append(f"{text}  {about}".rstrip())
    return found
